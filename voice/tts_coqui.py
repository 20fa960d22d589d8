"""The engine `coqui`: any Coqui VITS voice, streamed."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from models.cache import kept, key_of
from models.registry import file_sha256
from voice import EngineError, vits_onnx
from voice.coqui_imports import prepare_coqui
from voice.tts_voice import Piece
from voice.vits import Vits
from voice.vits_torch import TorchNetworks, load_weights, weights_file


class CoquiVoice:
    """A Coqui VITS voice with its own text front end.

    A sentence's noise is drawn from the sentence itself, so that it always sounds the same.
    """

    def __init__(self, vits: Vits) -> None:
        from TTS.tts.utils.text.tokenizer import TTSTokenizer

        self._vits = vits
        if vits.config.use_phonemes and not vits.config.phonemizer:
            vits.config.phonemizer = "espeak"
        self._tokenizer, _ = TTSTokenizer.init_from_config(vits.config)

    @property
    def sample_rate_hz(self) -> int:
        """The rate the voice was trained at."""
        return self._vits.sample_rate_hz

    def pieces(self, sentence: str, speed: float = 1.0) -> Iterator[Piece]:
        """Say a sentence; see `Voice`."""
        ids = self._tokenizer.text_to_ids(sentence)
        seed = int.from_bytes(hashlib.sha256(sentence.encode()).digest()[:8])
        yield from self._vits.pieces(ids, seed, speed=speed)


def load_coqui(
    folder: Path, *, speaker: str = "", speed: float = 1.0, device: str = "cpu", threads: int = 1
) -> CoquiVoice:
    """Load a Coqui VITS folder; see `load_vits`. `speed` 1.2 speaks 20 % faster."""
    vits = load_vits(folder, speaker=speaker, device=device, threads=threads)
    vits.length_scale /= speed
    return CoquiVoice(vits)


def load_vits(folder: Path, *, speaker: str = "", device: str = "cpu", threads: int = 1) -> Vits:
    """Load a Coqui VITS folder: `config.json`, and weights as `.safetensors` or `.pth`.

    `speaker` is the name or number of one of several speakers, "" the first. The first load of a
    speaker on a CPU makes ONNX graphs of the weights. Raises EngineError.
    """
    config = _config(folder)
    weights = weights_file(folder)
    load = partial(_networks, config, weights, speaker)
    if device != "cpu":
        return Vits(config, load(device))
    files = map(file_sha256, (folder / "config.json", weights))
    key = key_of(*files, speaker, vits_onnx.REVISION)
    graphs = kept("vits", key, lambda into: vits_onnx.export_vits(load("cpu"), into))
    return Vits(config, vits_onnx.OnnxNetworks(graphs, threads))


def _config(folder: Path) -> Any:
    path = folder / "config.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EngineError(f"{folder} is not a Coqui voice: it has no config.json") from None
    except ValueError as error:
        raise EngineError(f"{path} is not JSON: {error}") from None
    if raw.get("model") != "vits":
        raise EngineError(f"{path} is a {raw.get('model')} voice; only Coqui's vits can be used")
    prepare_coqui()
    from TTS.tts.configs.vits_config import VitsConfig

    config = VitsConfig()
    with _whole(folder):
        config.from_dict(raw)
        for name in ("speakers_file", "language_ids_file"):  # they name the trainer's own disk
            if config.model_args[name]:
                config.model_args[name] = str(folder / Path(config.model_args[name]).name)
    return config


def _networks(config: Any, weights: Path, speaker: str, device: str) -> TorchNetworks:
    with _whole(weights.parent):
        return TorchNetworks(config, load_weights(weights), speaker, device)


@contextmanager
def _whole(folder: Path) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise EngineError(f"{folder} does not hold a whole VITS voice: {reason}") from error
