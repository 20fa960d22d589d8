"""The engine `espeak`: a hundred languages, each plainly by rule, where no better voice is at hand.

eSpeak NG runs as a program of its own: see `voice/espeak.py`.
"""

from collections.abc import Iterator

import numpy as np

from voice.audio import Float32
from voice.espeak import SPEECH_HZ, Espeak
from voice.tts_voice import Piece


class EspeakVoice:
    """One of eSpeak's voices: cmn, de, es, en-us."""

    def __init__(self, espeak: Espeak, name: str, speed: float) -> None:
        self._espeak = espeak
        self._name = name
        self._speed = speed

    @property
    def sample_rate_hz(self) -> int:
        """The one rate that eSpeak has."""
        return SPEECH_HZ

    def pieces(self, sentence: str, speed: float = 1.0) -> Iterator[Piece]:
        """Say a sentence; see `Voice`."""
        pcm = self._espeak.speech(self._name, sentence, self._speed * speed)
        samples: Float32 = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32_768)
        yield Piece(samples, 1.0)


def as_written(text: str) -> str:
    """Leave the figures to eSpeak, which reads them in its voice's own language."""
    return " ".join(text.split())


def load_espeak(name: str, *, speed: float = 1.0) -> EspeakVoice:
    """Start eSpeak. Raises EngineError: it is not installed, or has no such voice."""
    espeak = Espeak()
    espeak.phonemes(name, "")
    return EspeakVoice(espeak, name, speed)
