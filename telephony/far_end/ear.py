"""The caller's ear: Twilio's playback buffer and what came out of it. Pure: time is `step`.

Sound plays in order. A mark is echoed when the sound before it has played; `clear` empties the
buffer and echoes all pending marks at once, in order.
"""

from collections import deque
from dataclasses import dataclass

from telephony.far_end.protocol import PACKET_SAMPLES, PACKET_SECONDS, SAMPLE_RATE_HZ
from telephony.far_end.sound import is_audible
from voice.audio import Int16
from voice.codec import decode_ulaw

BUFFER_SECONDS = 600.0  # so much sound waits at most; what comes beyond is dropped and counted
UNDERRUN_SECONDS = 0.5  # a longer gap is a pause between two sentences
_QUIET = b"\xff"  # µ-law's zero


@dataclass(frozen=True, slots=True)
class Underrun:
    """The sound broke off within speech at this second of the call, and went on so much later."""

    at: float
    seconds: float


class Ear:
    """One call's ear; `underruns` tells how choppy it was."""

    def __init__(self) -> None:
        self.now = 0.0  # seconds of the call that this ear has heard
        self.underruns: list[Underrun] = []
        self.dropped_bytes = 0
        self._buffer = bytearray()
        self._received = 0  # bytes, as positions of marks are
        self._played = 0
        self._marks: deque[tuple[int, str]] = deque()  # after so many bytes, this name
        self._last_mark = 0  # where the last mark was that was reached
        self._loud = False  # the last sound that was played, if the buffer has not run dry since
        self._dry_since: float | None = None  # the buffer ran dry within speech

    @property
    def buffered_seconds(self) -> float:
        """How much sound waits to be played."""
        return len(self._buffer) / SAMPLE_RATE_HZ

    def play(self, payload: bytes) -> None:
        """Put µ-law sound after what is there."""
        room = round(BUFFER_SECONDS * SAMPLE_RATE_HZ) - len(self._buffer)
        self.dropped_bytes += max(0, len(payload) - room)
        self._buffer += payload[:room]
        self._received += len(payload[:room])
        if self._dry_since is not None:
            gap = self.now - self._dry_since
            if gap <= UNDERRUN_SECONDS:
                self.underruns.append(Underrun(round(self._dry_since, 3), round(gap, 3)))
            self._dry_since = None

    def mark(self, name: str) -> tuple[str, ...]:
        """Set a mark behind the sound that is there; returns it if all of that has played."""
        self._marks.append((self._received, name))
        return self._reached()

    def clear(self) -> tuple[str, ...]:
        """Throw away what was not played; returns all pending marks, in order."""
        self._buffer.clear()
        self._played = self._received
        self._dry_since, self._loud = None, False
        return self._reached()

    def step(self) -> tuple[Int16, tuple[str, ...]]:
        """Let 20 ms pass; returns what was heard in them, and the marks that were reached."""
        taken = bytes(self._buffer[:PACKET_SAMPLES])
        del self._buffer[: len(taken)]
        heard = decode_ulaw(taken.ljust(PACKET_SAMPLES, _QUIET))
        self._played += len(taken)
        reached = self._reached()
        if taken:
            self._loud = is_audible(heard)
        if len(taken) < PACKET_SAMPLES and self._loud:
            self._loud = False
            if self._last_mark != self._played:
                self._dry_since = self.now + len(taken) / SAMPLE_RATE_HZ
        self.now += PACKET_SECONDS
        return heard, reached

    def _reached(self) -> tuple[str, ...]:
        reached = []
        while self._marks and self._marks[0][0] <= self._played:
            self._last_mark, name = self._marks.popleft()
            reached.append(name)
        return tuple(reached)
