"""How loud somebody speaks, and when they fall silent."""

import numpy as np

from voice.audio import FRAME_SAMPLES, Frame
from voice.loudness import Faintness


def frame(amplitude: float) -> Frame:
    wave = np.sin(np.arange(FRAME_SAMPLES) / 5) * amplitude * 32767
    return Frame(wave.astype("<i2").tobytes(), 0.0)


def test_what_is_far_below_the_voice_is_faint() -> None:
    voice = Faintness()
    assert not any(voice.is_faint(frame(0.5)) for _ in range(20))
    assert not voice.is_faint(frame(0.1))
    assert voice.is_faint(frame(0.02))


def test_in_steady_noise_nothing_is_faint() -> None:
    voice = Faintness()
    assert not any(voice.is_faint(frame(amplitude)) for amplitude in (0.5, 0.2) * 20)


def test_a_voice_may_become_quieter() -> None:
    voice = Faintness()
    voice.is_faint(frame(0.5))
    heard = [voice.is_faint(frame(0.02)) for _ in range(100)]
    assert heard[0]
    assert not heard[-1]
