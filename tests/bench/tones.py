"""What a telephone network makes itself heard with, in North America (ITU-T E.180, Q.23)."""

from collections.abc import Callable

import numpy as np

from voice.audio import SAMPLE_RATE_HZ, Int16

AMPLITUDE = 0.1  # of full scale, for each frequency: -20 dBFS


def dtmf() -> Int16:
    """All sixteen keys, 100 ms each with 100 ms between, twice."""
    rows, columns = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
    keys = [_beep((row, column), on=0.1, off=0.1) for row in rows for column in columns]
    return np.concatenate(keys * 2)


def ringback() -> Int16:
    """The far end rings: 2 s on, 4 s off."""
    return np.tile(_beep((440, 480), on=2.0, off=4.0), 3)


def busy() -> Int16:
    """Half a second on, half a second off."""
    return np.tile(_beep((480, 620), on=0.5, off=0.5), 10)


def dial_tone() -> Int16:
    """Five seconds of it."""
    return _beep((350, 440), on=5.0, off=0.0)


def line_noise() -> Int16:
    """White noise at -50 dBFS."""
    noise = np.random.default_rng(seed=0).normal(size=10 * SAMPLE_RATE_HZ)
    return (noise * 10 ** (-50 / 20) * 32767).astype(np.int16)


TONES: dict[str, Callable[[], Int16]] = {
    "dtmf": dtmf,
    "ringback": ringback,
    "busy": busy,
    "dial_tone": dial_tone,
    "line_noise": line_noise,
}


def _beep(frequencies: tuple[int, ...], on: float, off: float) -> Int16:
    at = np.arange(round(on * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tone = sum(np.sin(2 * np.pi * frequency * at) for frequency in frequencies) * AMPLITUDE
    silence = np.zeros(round(off * SAMPLE_RATE_HZ))
    return (np.concatenate([tone, silence]) * 32767).astype(np.int16)
