"""The Whisper engines on real weights: the same words, and none where nobody speaks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.device import place
from models.registry import digest, model_path
from tests.bench.tones import TONES
from tests.bench.vad_data import line, read
from tests.bench.wer import rates
from tests.clips.script import Script, load_script, scripts
from voice.asr_faster import FasterWhisperDecoder
from voice.asr_onnx import OnnxWhisperDecoder
from voice.asr_openai import OpenAiWhisperDecoder
from voice.asr_whisper import ATTEMPTS, Decoder, transcribe
from voice.audio import SAMPLE_RATE_HZ, Float32, Int16

pytestmark = [
    pytest.mark.slow,
    # openai-whisper leaves its vocabulary file to the garbage collector
    pytest.mark.filterwarnings("ignore:unclosed file .*tiktoken:ResourceWarning"),
]

AN4 = ["an87-fbbh-b", "an90-fbbh-b", "cen2-fbbh-b", "cen6-fbbh-b", "cen8-fbbh-b"]
# words are no mistake where people talk; and the dog does say "hey"
WITH_VOICES = {"people_talking", "coffee_shop", "sb_noise5", "burst_dog_bark"}


@pytest.fixture(scope="module", params=["onnx-whisper", "faster-whisper"])
def quick(request: pytest.FixtureRequest) -> Decoder:
    base = model_path("whisper-base")
    if request.param == "onnx-whisper":
        return OnnxWhisperDecoder(base, digest("whisper-base"), "en", place("cpu"))
    return FasterWhisperDecoder(base, "en", place("cpu"))


@pytest.fixture(scope="module")
def openai() -> Decoder:
    return OpenAiWhisperDecoder(model_path("whisper-base-torch"), "en", place("cpu"))


def hear(decoder: Decoder, sound: Int16) -> str:
    samples: Float32 = sound.astype(np.float32) / np.float32(32_768)
    return transcribe(decoder, samples, prompt="").text


def turns(script: Script) -> list[Int16]:
    """Cut the caller's turns out of a clip, as the ears would."""
    sound = read(script.wav)
    return [
        sound[round((turn.start - 0.4) * SAMPLE_RATE_HZ) : round((turn.end + 0.4) * SAMPLE_RATE_HZ)]
        for turn in script.turns
    ]


@pytest.mark.parametrize("script", scripts(), ids=lambda script: script.name)
def test_the_clips_are_understood(quick: Decoder, script: Script) -> None:
    heard = [hear(quick, sound) for sound in turns(script)]
    heard = [text.replace("where's", "where is") for text in heard]  # one and the same
    assert rates([turn.says for turn in script.turns], heard).wer <= 0.05


@pytest.mark.parametrize(
    ("model", "clip"), [("base", "returns_and_hours"), ("tiny.en", "order_status")]
)
def test_both_engines_write_the_same_from_the_same_weights(model: str, clip: str) -> None:
    whole = replace(place("cpu"), compute_type="float32")  # type: ignore[arg-type] # not for use
    faster = FasterWhisperDecoder(model_path(f"whisper-{model}"), "en", whole)
    openai = OpenAiWhisperDecoder(model_path(f"whisper-{model}-torch"), "en", place("cpu"))
    for sound in turns(load_script(clip)):
        assert hear(faster, sound) == hear(openai, sound) != ""


def test_engines_understand_people_alike(
    quick: Decoder, openai: Decoder, shared_data: Path
) -> None:
    sounds = [read(shared_data / "an4" / "dev" / f"{name}.flac") for name in AN4]
    assert (
        rates([hear(openai, sound) for sound in sounds], [hear(quick, s) for s in sounds]).wer == 0
    )


def test_the_full_context_hears_the_same_words_as_the_short_one(quick: Decoder) -> None:
    sound = turns(scripts()[0])[0]
    padded = np.pad(sound, (0, 10 * SAMPLE_RATE_HZ - sound.size))
    assert ATTEMPTS[1].context_seconds == 10.0
    assert hear(quick, padded) == hear(quick, sound)


def test_the_same_sound_gives_the_same_transcript(quick: Decoder, openai: Decoder) -> None:
    samples: Float32 = turns(scripts()[0])[0].astype(np.float32) / np.float32(32_768)
    for decoder in (quick, openai):
        once, twice = (transcribe(decoder, samples, "") for _ in range(2))
        assert once == twice


@pytest.mark.parametrize("name", TONES)
def test_the_network_s_own_sounds_are_no_words(quick: Decoder, openai: Decoder, name: str) -> None:
    sound = line(TONES[name]())[: 6 * SAMPLE_RATE_HZ]
    assert hear(quick, sound) == ""
    assert hear(openai, sound) == ""


@pytest.mark.parametrize("dbfs", [-60, -45, -30])
def test_white_noise_is_no_words(quick: Decoder, dbfs: int) -> None:
    noise = np.random.default_rng(11).normal(size=3 * SAMPLE_RATE_HZ) * 10 ** (dbfs / 20) * 32_767
    assert hear(quick, noise.astype(np.int16)) == ""


def test_recorded_noise_is_no_words(quick: Decoder, shared_data: Path) -> None:
    heard = {}
    for file in sorted((shared_data / "noise-rir" / "noise").glob("*.flac")):
        if file.stem not in WITH_VOICES:
            sound = read(file)
            end = sound.size - sound.size // 3  # the bounds were not chosen here
            heard[file.stem] = hear(quick, line(sound[end : end + 4 * SAMPLE_RATE_HZ]))
    assert {name: text for name, text in heard.items() if text} == {}


def test_a_monologue_is_heard_to_its_end(quick: Decoder) -> None:
    clips = [load_script("correction"), load_script("returns_and_hours")]
    monologue = np.concatenate([read(clip.wav) for clip in clips])
    assert monologue.size > 35 * SAMPLE_RATE_HZ
    heard = hear(quick, monologue)
    assert heard.startswith("Hello, where")
    assert heard.endswith("speak to a person, please.")
