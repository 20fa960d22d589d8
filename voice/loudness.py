"""How loud sound is: levels of its blocks, and from which level on they are speech. Pure.

Levels are in dB relative to the loudest square wave; a line that carries no sound is at -78.
"""

import numpy as np

from voice.audio import FRAME_SAMPLES, Float32, Frame, Int16

AUDIBLE_DBOV = -48.0  # a block at or above it is heard
SPEECH_RANGE_DB = 25.0  # speech is so much softer than its loudest blocks at most
FAINT_DB = 20.0  # below how loud somebody has just spoken
_FADING_DB = 0.2  # a frame: how loud they spoke counts less with time
FULL_SCALE = 32768.0


def levels(samples: Int16, block: int) -> Float32:
    """Return the level of each whole block of so many samples."""
    whole = len(samples) // block * block
    blocks = samples[:whole].reshape(-1, block).astype(np.float32)
    power = np.maximum(np.square(blocks).mean(axis=1), 1e-3) / np.float32(FULL_SCALE**2)
    in_db: Float32 = (10 * np.log10(power)).astype(np.float32)
    return in_db


def speech_from(found: Float32) -> float:
    """Return the level from which such blocks are speech, whatever noise is in them; 0 if none."""
    loud = found[found >= AUDIBLE_DBOV]
    return max(AUDIBLE_DBOV, float(np.percentile(loud, 95)) - SPEECH_RANGE_DB) if len(loud) else 0.0


class Faintness:
    """Follows how loud somebody speaks, to tell when they fall silent."""

    def __init__(self) -> None:
        self._loudest = -np.inf

    def is_faint(self, frame: Frame) -> bool:
        """Whether a frame is much fainter than those not long before it."""
        (level,) = levels(frame.samples, FRAME_SAMPLES)
        self._loudest = max(float(level), self._loudest - _FADING_DB)
        return bool(level < self._loudest - FAINT_DB)
