"""The unit of sound that travels through Offhook, and the key a caller can press instead."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAMPLE_RATE_HZ = 16_000
FRAME_SECONDS = 0.02
FRAME_SAMPLES = round(SAMPLE_RATE_HZ * FRAME_SECONDS)
FRAME_BYTES = FRAME_SAMPLES * 2

Int16 = npt.NDArray[np.int16]
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms of sound: `pcm` is little-endian int16, mono, 16 kHz, exactly `FRAME_BYTES` long.

    `at` is the media time in seconds of its first sample: since the call began for what a caller
    says, since the text began for what a voice speaks.
    """

    pcm: bytes
    at: float

    @property
    def samples(self) -> Int16:
        """The samples as a read-only int16 array of shape (FRAME_SAMPLES,)."""
        return np.frombuffer(self.pcm, dtype="<i2")


@dataclass(frozen=True, slots=True)
class SpokenFrame(Frame):
    """A frame of the assistant's voice: by its end this share of the text, 0 to 1, is said."""

    said: float


@dataclass(frozen=True, slots=True)
class GuardedFrame(Frame):
    """A frame of the caller's side, less the assistant's echo as far as that is known.

    `muted` is the same frame, silent where it may be nothing but echo. A VAD needs that; an ASR
    would miss soft consonants.
    """

    muted: Frame


@dataclass(frozen=True, slots=True)
class Digit:
    """A key the caller pressed: one of `0`-`9`, `*`, `#`, at media time `at` in seconds."""

    key: str
    at: float


SILENCE = bytes(FRAME_BYTES)


def frame_time(index: int) -> float:
    """Media time in seconds of the frame with this index, free of the drift of adding up."""
    return index * FRAME_SAMPLES / SAMPLE_RATE_HZ


class Framer:
    """Cuts 16 kHz sound that comes in pieces of any size into frames; the first is at 0."""

    def __init__(self) -> None:
        self._rest = b""
        self._made = 0

    def feed(self, samples: Int16) -> list[Frame]:
        """The frames that are whole now."""
        pcm = self._rest + samples.astype("<i2", copy=False).tobytes()
        whole = len(pcm) // FRAME_BYTES * FRAME_BYTES
        self._rest = pcm[whole:]
        return [
            self._frame(pcm[start : start + FRAME_BYTES]) for start in range(0, whole, FRAME_BYTES)
        ]

    def finish(self) -> list[Frame]:
        """The last frame, padded with silence, if something is left. Counting begins at 0 again."""
        last = [self._frame(self._rest.ljust(FRAME_BYTES, b"\0"))] if self._rest else []
        self._rest, self._made = b"", 0
        return last

    def _frame(self, pcm: bytes) -> Frame:
        frame = Frame(pcm, frame_time(self._made))
        self._made += 1
        return frame


def frames(pieces: Iterable[Int16]) -> Iterator[Frame]:
    """All frames of 16 kHz sound that comes in pieces of any size; the last is padded."""
    framer = Framer()
    for piece in pieces:
        yield from framer.feed(piece)
    yield from framer.finish()
