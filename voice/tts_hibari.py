"""The engine `hibari`: small and fast on a CPU (24 kHz, 130 times real time on one core)."""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from voice import EngineError
from voice.audio import Float32
from voice.tts_voice import Piece

AUDIBLE = 0.01  # of full scale
LEAD_SECONDS = 0.05  # kept before the first audible sample: soft consonants begin below it
TAIL_SECONDS = 0.2  # kept after the last


class HibariVoice:
    """A hibari voice, with the package's own lexicon."""

    def __init__(self, hibari: Any, speed: float) -> None:
        self._hibari = hibari
        self._speed = speed

    @property
    def sample_rate_hz(self) -> int:
        """The one rate that hibari has."""
        return int(self._hibari.sample_rate)

    def pieces(self, sentence: str, speed: float = 1.0) -> Iterator[Piece]:
        """Say a sentence; see `Voice`."""
        seed = int.from_bytes(hashlib.sha256(sentence.encode()).digest()[:8])
        parts = self._hibari.phonemize(sentence)
        symbols = sum(len(part) for part in parts)
        before = 0
        for part in parts:
            wave = self._hibari.from_phonemes(part, self._speed * speed, seed)
            before += len(part)
            yield Piece(self._trimmed(wave.astype(np.float32, copy=False)), before / symbols)

    def _trimmed(self, wave: Float32) -> Float32:
        """Without the third of a second of silence that hibari puts before and after a sentence."""
        audible = np.flatnonzero(np.abs(wave) > AUDIBLE)
        if not len(audible):
            return wave
        begin = audible[0] - round(LEAD_SECONDS * self.sample_rate_hz)
        end = audible[-1] + round(TAIL_SECONDS * self.sample_rate_hz)
        return wave[max(begin, 0) : end]


def load_hibari(folder: Path, *, speed: float = 1.0, threads: int = 1) -> HibariVoice:
    """Load `hibari.onnx` of the folder, with the reading rules of the installed package."""
    try:
        from hibari import Hibari
        from hibari.g2p import G2P

        # its own normaliser reads the end of "yes or no." as "number"; ours has done the work
        read = partial(G2P(), normalize_text=False)
        hibari = Hibari(model=str(folder / "hibari.onnx"), threads=threads, g2p=read)
    except ImportError:
        raise EngineError("hibari is missing: run `pip install hibari-tts`") from None
    except Exception as error:  # ONNX Runtime raises its own kinds
        raise EngineError(f"{folder}/hibari.onnx cannot be loaded: fetch it again") from error
    return HibariVoice(hibari, speed)
