"""The way of one reply's sound to the caller's ear, which can pause and go on."""

import numpy as np
from anyio import CancelScope, Event, Lock

from telephony.line import Line
from voice.audio import FRAME_SECONDS, Frame

REWIND_SECONDS = 0.5  # a held reply goes on at the quietest moment of the last so many seconds


class Playout:
    """Plays one reply.

    Who speaks calls `play` and `drain`; who listens may `hold` the reply at once, for as long as it
    is not clear whether the caller wants the floor, and `resume` it when they do not.
    """

    def __init__(self, line: Line) -> None:
        self.held_at: float | None = None  # media time when the reply fell silent, until it resumes
        self._line = line
        self._frames: list[Frame] = []  # of the reply so far
        self._clauses: list[tuple[int, str]] = []  # each with its first frame
        self._sent = 0  # of the frames, to the line
        self._begin = 0  # the first that was sent since the line was cleared
        self._heard = 0  # how many reached the ear
        self._going = Event()
        self._going.set()
        self._alone = Lock()  # on the line
        self._sending = CancelScope()

    @property
    def clause(self) -> str:
        """The clause in which the caller's ear was when the reply was held."""
        begun = [text for first, text in self._clauses if first <= self._heard]
        return begun[-1] if begun else ""

    def begin(self, clause: str) -> None:
        """Note that the frames of this clause come next."""
        self._clauses.append((len(self._frames), clause))

    async def play(self, frame: Frame) -> None:
        """Queue the reply's next 20 ms; waits while the line is full, or the reply is held."""
        self._frames.append(frame)
        await self._send(drain=False)

    async def drain(self) -> None:
        """Return when the caller has heard the whole reply."""
        await self._send(drain=True)

    async def hold(self, at: float) -> None:
        """Silence the caller's ear at this media time; the reply waits where it was."""
        if self.held_at is None:
            self.held_at = at
            self._going = Event()
            await self._stop()

    def resume(self, *, rewind: bool = False) -> None:
        """Go on where the reply was held, or with `rewind` from about the word before."""
        if self.held_at is None:
            return
        if rewind:
            self._sent = self._begin = _quietest(self._frames, self._heard)
        self.held_at = None
        self._going.set()

    async def clear(self) -> float:
        """Drop the rest of the reply; return the seconds of it that reached the caller's ear."""
        await self._stop()
        heard = self._heard * FRAME_SECONDS
        self._frames.clear()
        self._clauses.clear()
        self._sent = self._begin = self._heard = 0
        return heard

    async def _stop(self) -> None:
        self._sending.cancel()
        async with self._alone:
            with CancelScope(shield=True):  # it tells what was heard but once
                played = round(await self._line.clear() / FRAME_SECONDS)
        self._heard = max(self._heard, self._begin + played)
        self._sent = self._begin = self._heard

    async def _send(self, *, drain: bool) -> None:
        while True:
            await self._going.wait()
            async with self._alone:
                if not self._going.is_set():
                    continue
                with CancelScope() as self._sending:
                    while self._sent < len(self._frames):
                        await self._line.play(self._frames[self._sent])
                        self._sent += 1
                    if drain:
                        await self._line.drain()
                    return


def _quietest(frames: list[Frame], before: int) -> int:
    """Return which of the frames shortly before this one is the quietest: between two words."""
    first = max(0, before - round(REWIND_SECONDS / FRAME_SECONDS))
    if first >= before:
        return before
    loudness = [np.abs(frame.samples.astype(np.int32)).mean() for frame in frames[first:before]]
    return first + int(np.argmin(loudness))
