"""The line: where a caller's voice comes from and the assistant's goes to."""

from collections.abc import AsyncGenerator
from typing import Protocol

from voice.audio import Digit, Frame


class Line(Protocol):
    """One call's two directions. Media time is the frames': the call begins at 0."""

    @property
    def delay(self) -> float:
        """Seconds that sound takes to the caller and from them, together, as far as it is known."""
        ...

    @property
    def waiting_seconds(self) -> float:
        """Seconds of the caller's voice that the ears have not taken yet."""
        ...

    def frames(self) -> AsyncGenerator[Frame | Digit]:
        """The caller's side, gapless, until they hang up."""
        ...

    async def play(self, frame: Frame) -> None:
        """Queue 20 ms for the caller's ear; waits while the line's playback buffer is full."""
        ...

    async def drain(self) -> None:
        """Return when the caller has heard all that was queued."""
        ...

    async def clear(self) -> float:
        """Drop what is queued and end this playback.

        Returns the seconds of it that the caller heard: since the last `clear`, or since the call
        began.
        """
        ...
