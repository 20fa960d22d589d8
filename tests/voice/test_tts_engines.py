"""The engines with their real voices, against references that are not ours."""

import json
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

from models import ModelError
from models.registry import model_path
from tests.bench.wer import rates
from tests.voice.tts_conformance import check_tts, speak
from voice.asr import AsrOptions, load_asr
from voice.audio import Float32
from voice.espeak import Espeak
from voice.expectation import OPEN_SPEECH
from voice.speakable import speakable
from voice.tts import Tts, TtsOptions, load_tts
from voice.tts_coqui import load_vits
from voice.vits import FIRST_FRAMES, Noise, Vits, piece_ends

pytestmark = [pytest.mark.slow, pytest.mark.anyio]

SHORT = "Your order has shipped."
LONG = "Your order one five two one three has shipped, and will arrive on Friday before ten."
SENTENCES = Path(__file__).with_name("service_sentences.txt").read_text(encoding="utf-8")
STILL = Noise(0, 0)


def folder(name: str) -> Path:
    try:
        return model_path(name)
    except ModelError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=["coqui", "hibari"])
def tts(request: pytest.FixtureRequest) -> Tts:
    folder({"coqui": "coqui-joe", "hibari": "hibari-heart"}[request.param])
    return load_tts(TtsOptions(engine=request.param))


@pytest.fixture(scope="module")
def vits() -> Vits:
    return load_vits(folder("coqui-joe"))


@pytest.fixture(scope="module")
def piper() -> Iterator["Piper"]:
    piper = Piper(folder("piper-joe"))
    yield piper
    piper.espeak.close()


class Piper:
    """The source voice, run as Piper runs it: the reference."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime

        (self.onnx,) = folder.glob("*.onnx")
        voice = json.loads(self.onnx.with_name(self.onnx.name + ".json").read_text("utf-8"))
        self.symbols: dict[str, list[int]] = voice["phoneme_id_map"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # more of them spin, and starve whatever else runs
        self.session = onnxruntime.InferenceSession(self.onnx, options)
        self.espeak = Espeak()

    def ids(self, text: str) -> list[int]:
        padded = "".join(f"{letter}_" for letter in self.espeak.phonemes("en-us", text))
        return [self.symbols[symbol][0] for symbol in f"^_{padded}$"]

    def say(self, text: str) -> Float32:
        ids = self.ids(text)
        inputs = {
            "input": np.array([ids]),
            "input_lengths": np.array([len(ids)]),
            "scales": np.array([0, 1, 0], np.float32),  # no noise, as it is, no noise in durations
        }
        sound: Float32 = self.session.run(None, inputs)[0].squeeze()
        return sound


def ids(vits: Vits, text: str) -> list[int]:
    from TTS.tts.utils.text.tokenizer import TTSTokenizer

    tokenizer: Any = TTSTokenizer.init_from_config(vits.config)[0]
    found: list[int] = tokenizer.text_to_ids(text)
    return found


def sound(vits: Vits, text: str, seed: int = 1, noise: Noise | None = None) -> Float32:
    return np.concatenate([piece.samples for piece in vits.pieces(ids(vits, text), seed, noise)])


@pytest.mark.parametrize("text", [SHORT, LONG, "Yes?", "No: it's not; really!"])
def test_coqui_sounds_like_the_source_voice(vits: Vits, piper: Piper, text: str) -> None:
    ours, reference = sound(vits, text, noise=STILL), piper.say(text)
    assert len(ours) == len(reference)
    assert float(np.abs(ours - reference).max()) < 1e-3


def test_pieces_join_into_the_whole(vits: Vits, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its noise: every frame of it lies where one pass would have it."""
    in_pieces = sound(vits, LONG)
    monkeypatch.setattr("voice.vits.FIRST_FRAMES", 1 << 20)
    assert float(np.abs(in_pieces - sound(vits, LONG)).max()) < 1e-4


def test_a_seed_is_a_way_to_say_it(vits: Vits) -> None:
    once = sound(vits, SHORT, seed=1)
    assert np.array_equal(once, sound(vits, SHORT, seed=1))
    other = sound(vits, SHORT, seed=2)
    assert len(once) != len(other) or not np.array_equal(once, other)


async def test_engines_conform(tts: Tts) -> None:
    await check_tts(tts, ["One moment, please. I'm looking it up.", SHORT, "Yes."])


async def test_cancelled_in_mid_sentence_it_stops_at_once(tts: Tts) -> None:
    text = " and ".join([LONG.rstrip(".")] * 3)
    with anyio.CancelScope() as scope:
        async with aclosing(tts.synthesize(text)) as frames:
            async for _ in frames:
                scope.cancel()
    assert scope.cancelled_caught


@pytest.mark.timeout(300)  # 150 s of speech, spoken and heard
async def test_what_it_says_is_understood(tts: Tts) -> None:
    folder("whisper-base")
    asr = load_asr(AsrOptions(model="base"))
    heard = []
    written = SENTENCES.splitlines()
    for sentence in written:
        stream = asr.open(OPEN_SPEECH)
        for frame in await speak(tts, sentence):
            stream.feed(frame)
        heard.append((await stream.finish()).text)
    found = rates([speakable(text) for text in written], [speakable(text) for text in heard])
    assert found.wer <= 0.05, "\n".join(map(" | ".join, zip(written, heard, strict=True)))


def test_coqui_itself_accepts_the_converted_checkpoint(tmp_path: Path) -> None:
    """Its own class, its own strict loading: only the file format, a pickle, is not ours."""
    import torch
    from safetensors.torch import load_file

    converted = folder("coqui-joe")
    load_vits(converted)  # makes `import TTS` work
    from TTS.tts.configs.vits_config import VitsConfig
    from TTS.tts.models.vits import Vits as CoquiVits

    torch.save({"model": load_file(converted / "model.safetensors")}, tmp_path / "model.pth")
    (tmp_path / "config.json").write_bytes((converted / "config.json").read_bytes())
    config = VitsConfig()
    config.load_json(str(tmp_path / "config.json"))
    model = CoquiVits(config)
    model.load_checkpoint(config, tmp_path / "model.pth", eval=True, strict=True)
    model.inference_noise_scale = model.inference_noise_scale_dp = 0.0
    ours = load_vits(tmp_path)
    symbols = ids(ours, SHORT)
    reference = model.inference(torch.tensor([symbols]))["model_outputs"][0, 0].numpy()
    assert float(np.abs(sound(ours, SHORT, noise=STILL) - reference).max()) < 1e-4


def test_pieces_grow_and_leave_no_crumb() -> None:
    for length in range(1, 500):
        ends = list(piece_ends(length))
        sizes = np.diff([0, *ends])
        assert ends[-1] == length
        assert all(sizes >= min(FIRST_FRAMES, length))
        assert sizes[0] <= 2 * FIRST_FRAMES
