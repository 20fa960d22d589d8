"""Which language was spoken: told by the decoder's first step, where an assistant has several."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.device import place
from models.registry import digest, model_path
from tests.bench.vad_data import read
from tests.clips.script import load_script
from tests.voice.espeak_speech import RATE_HZ
from tests.voice.test_asr_whisper import ScriptedDecoder
from voice import EngineError
from voice.asr import AsrOptions, load_asr
from voice.asr_faster import FasterWhisperDecoder
from voice.asr_onnx import OnnxWhisperDecoder
from voice.asr_openai import OpenAiWhisperDecoder
from voice.asr_whisper import Decoded, Decoder, transcribe
from voice.audio import SAMPLE_RATE_HZ, Float32
from voice.resample import Resampler

LANGUAGES = ("en", "zh")
TONE: Float32 = np.sin(np.arange(2 * SAMPLE_RATE_HZ) / 10).astype(np.float32)


def test_the_likeliest_language_is_told() -> None:
    decoder = ScriptedDecoder(Decoded("你好", 2, -0.1, 0.0, languages={"en": 0.2, "zh": 0.8}))
    heard = transcribe(decoder, TONE, prompt="")
    assert (heard.text, heard.language, heard.language_confidence) == ("你好", "zh", 0.8)


def test_a_decoder_of_one_language_tells_none() -> None:
    heard = transcribe(ScriptedDecoder(Decoded("hello", 1, -0.1, 0.0)), TONE, prompt="")
    assert (heard.language, heard.language_confidence) == ("", 0.0)


def test_long_speech_is_of_the_language_of_its_longest_window() -> None:
    decoder = ScriptedDecoder(
        Decoded("是的", 2, -0.1, 0.0, languages={"en": 0.1, "zh": 0.9}),
        Decoded("and a good deal more", 6, -0.1, 0.0, languages={"en": 0.7, "zh": 0.3}),
    )
    heard = transcribe(decoder, np.tile(TONE, 20), prompt="")
    assert (heard.language, heard.language_confidence) == ("en", 0.7)


def test_an_english_model_cannot_tell_languages_apart() -> None:
    with pytest.raises(EngineError, match="cannot tell languages apart: choose base"):
        load_asr(AsrOptions(model="tiny.en", languages=LANGUAGES))


def chinese() -> Float32:
    said = "你好，我想查一下我的订单到哪里了，谢谢。"
    script = Path(__file__).with_name("espeak_speech.py")
    pcm = subprocess.run(
        [sys.executable, script, "cmn", said], capture_output=True, check=True
    ).stdout
    resampler = Resampler(RATE_HZ, SAMPLE_RATE_HZ)
    sound = np.concatenate((resampler.feed(np.frombuffer(pcm, "<i2")), resampler.finish()))
    return sound.astype(np.float32) / np.float32(32_768)


def english() -> Float32:
    script = load_script("order_status")
    turn = script.turns[0]
    first, last = (round(at * SAMPLE_RATE_HZ) for at in (turn.start - 0.4, turn.end + 0.4))
    return read(script.wav)[first:last].astype(np.float32) / np.float32(32_768)


@pytest.fixture(params=["onnx-whisper", "faster-whisper", "openai-whisper"])
def decoder(request: pytest.FixtureRequest) -> Decoder:
    base = model_path("whisper-base")
    if request.param == "onnx-whisper":
        return OnnxWhisperDecoder(base, digest("whisper-base"), "en", place("cpu"), LANGUAGES)
    if request.param == "faster-whisper":
        return FasterWhisperDecoder(base, "en", place("cpu"), LANGUAGES)
    return OpenAiWhisperDecoder(model_path("whisper-base-torch"), "en", place("cpu"), LANGUAGES)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:unclosed file .*tiktoken:ResourceWarning")
def test_whisper_tells_english_from_chinese(decoder: Decoder) -> None:
    for sound, language in ((english(), "en"), (chinese(), "zh")):
        heard = transcribe(decoder, sound, prompt="")
        assert heard.language == language
        assert heard.language_confidence > 0.8


@pytest.mark.slow
def test_words_are_the_same_whether_the_language_is_told_or_not() -> None:
    plain = FasterWhisperDecoder(model_path("whisper-base"), "en", place("cpu"))
    telling = FasterWhisperDecoder(model_path("whisper-base"), "en", place("cpu"), LANGUAGES)
    one, other = (transcribe(decoder, english(), prompt="") for decoder in (plain, telling))
    assert one.text == other.text != ""
    assert one.confidence == pytest.approx(other.confidence, abs=1e-3)
