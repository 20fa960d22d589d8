"""What the far end does to sound: loudness, echo, background noise. 8 kHz, int16, 20 ms blocks."""

from collections import deque

import numpy as np

from telephony.far_end.protocol import PACKET_SAMPLES, PACKET_SECONDS, SAMPLE_RATE_HZ
from voice.audio import Float32, Int16
from voice.loudness import AUDIBLE_DBOV, FULL_SCALE, speech_from
from voice.loudness import levels as levels_of

SILENT: Int16 = np.zeros(PACKET_SAMPLES, np.int16)
SILENT.flags.writeable = False
SPEECH_DBOV = -26.0  # how loud speech is on a well set telephone line (ITU-T P.56)
BEEP_SECONDS, BEEP_HZ = 0.4, 1000
ECHO_SECONDS = 0.1  # from the loudspeaker through the room to the microphone, and both networks
_DULL = 0.6 * 0.8 ** np.arange(24)  # a low-pass filter that keeps white noise's power


def loudness(block: Int16) -> float:
    """Return the block's level in dB relative to the loudest square wave."""
    block = block if len(block) else SILENT
    return float(levels_of(block, len(block))[0])


def is_audible(block: Int16) -> bool:
    """Say whether a person would hear something."""
    return loudness(block) >= AUDIBLE_DBOV


def levels(samples: Int16) -> Float32:
    """Return the level in dB of each whole block."""
    return levels_of(samples, PACKET_SAMPLES)


def speech_threshold(samples: Int16) -> float:
    """Return the level from which a block of this recording is speech, whatever noise is in it."""
    return speech_from(levels(samples))


def speech_level(samples: Int16) -> float:
    """Return how loud the speech in a recording is, in dB; without any, ordinary speech."""
    found = levels(samples)
    loud = found[found >= speech_threshold(samples)]
    return float(10 * np.log10(np.mean(10 ** (loud / 10)))) if len(loud) else SPEECH_DBOV


def beep() -> Int16:
    """Return the tone of an answering machine."""
    time = np.arange(round(BEEP_SECONDS * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tone: Int16 = np.rint(8000 * np.sin(2 * np.pi * BEEP_HZ * time)).astype(np.int16)
    return tone


class Microphone:
    """Adds to the caller's voice what their microphone picks up besides.

    `echo_db` is the loudness of the assistant in it, relative to the ear, like -10; `noise_db` that
    of the speech above the noise around the caller, like 20. None is none.
    """

    def __init__(
        self,
        echo_db: float | None = None,
        noise_db: float | None = None,
        speech_db: float = SPEECH_DBOV,
        seed: int = 0,
    ) -> None:
        self._echo = 0.0 if echo_db is None else 10 ** (echo_db / 20)
        self._noise = 0.0
        if noise_db is not None:
            self._noise = FULL_SCALE * 10 ** ((speech_db - noise_db) / 20)
        self._random = np.random.default_rng(seed)
        delay = round(ECHO_SECONDS / PACKET_SECONDS)
        self._played: deque[Int16] = deque([SILENT] * delay, maxlen=delay)

    def pick_up(self, voice: Int16, ear: Int16) -> Int16:
        """Return the block that goes down the line while the ear hears `ear`."""
        late = self._played[0]
        self._played.append(ear)
        if not self._echo and not self._noise:
            return voice
        mixed = voice + late * self._echo + self._hum()
        rounded: Int16 = np.clip(np.rint(mixed), -32768, 32767).astype(np.int16)
        return rounded

    def _hum(self) -> Float32:
        """Return noise that falls with the frequency, as the noise of rooms and streets does."""
        if not self._noise:
            return np.zeros(PACKET_SAMPLES, np.float32)
        white = self._random.standard_normal(PACKET_SAMPLES + len(_DULL) - 1)
        hum: Float32 = (self._noise * np.convolve(white, _DULL, "valid")).astype(np.float32)
        return hum
