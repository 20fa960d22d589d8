"""What of the assistant's voice has reached the caller's ear: an account, without a clock or I/O.

The far end buffers what we send, plays it in order and tells, by echoing a mark, that it has played
what was sent before. It cannot be asked. So its playback is modelled, in seconds of our own clock:
a packet is played when it comes, or when the one before it ends. The time that it travels cancels
out: a `clear` that we send now travels as long as the sound did, and the caller hears until it
arrives. Echoes then correct the model where the far end is behind it.

A mark that comes back after a `clear` proves nothing, as clearing sends all of them back: a `clear`
begins a new generation, which knows only its own marks.
"""

from collections import deque
from dataclasses import dataclass

from telephony.media_stream import PACKET_SECONDS

ROUND_TRIP_SECONDS = 0.4  # of a sound and its mark's echo, until the first echo tells
ROUND_TRIP_LIMIT = 1.0  # what takes longer is no network but a far end that stood still
ROUND_TRIPS = 16  # the shortest of so many is the network's own; the rest is jitter
JITTER_SECONDS = 0.08  # an echo this late does not yet mean that the sound was late
PENDING_MARKS = 64  # more clauses than a far end is ever behind; the oldest are given up
RUNS = 50  # stretches of gapless sound that `position` remembers: 1 s of a far end that starves


@dataclass(slots=True)
class _Run:
    """Gapless sound, played from `start` on; `position` packets had been sent before it."""

    start: float
    position: int
    delayed: float = 0.0  # seconds of `start` that late echoes told of
    cut: float | None = None  # cleared then


@dataclass(slots=True)
class _Mark:
    name: str
    position: int
    due: float  # when the model has played what is before it
    delayed: float  # seconds of `due`, likewise


class Playback:
    """One call's playback. Times are seconds of any steady clock, and never go back."""

    def __init__(self) -> None:
        self._sent = 0  # packets, since the call began
        self._begin = 0  # of them, before this generation
        self._echoed = 0  # of them, known to have been played, or cleared
        self._generation = 0
        self._names = 0
        self._runs: deque[_Run] = deque(maxlen=RUNS)
        self._pending: deque[_Mark] = deque(maxlen=PENDING_MARKS)
        self._trips: deque[float] = deque(maxlen=ROUND_TRIPS)

    @property
    def round_trip(self) -> float:
        """Seconds from here to the far end and back."""
        return min(self._trips, default=ROUND_TRIP_SECONDS)

    @property
    def certain(self) -> bool:
        """Whether all that was sent is known to have been played."""
        return self._echoed == self._sent

    def send(self, now: float) -> None:
        """Note that a packet leaves for the far end."""
        if now >= self._end():
            self._runs.append(_Run(now, self._sent))
        self._sent += 1

    def mark(self, now: float) -> str:
        """Note that a mark leaves for the far end; return its name."""
        self._names += 1
        name = f"{self._generation}.{self._names}"
        delayed = self._runs[-1].delayed if self._runs else 0.0
        due, undelayed = max(now, self._end()), max(now, self._end() - delayed)
        self._pending.append(_Mark(name, self._sent, due, due - undelayed))
        return name

    def echo(self, name: str, now: float) -> None:
        """Note that a mark came back. One that is not awaited moves nothing."""
        if not any(mark.name == name for mark in self._pending):
            return
        while (mark := self._pending.popleft()).name != name:
            pass
        self._echoed = mark.position
        taken = now - mark.due
        early = min(self.round_trip - taken, mark.delayed)
        if early > 0:  # an echo before was late, and not its sound
            self._undo_delay(early)
            taken += early
        self._trips.append(min(max(0.0, taken), ROUND_TRIP_LIMIT))
        late = taken - self.round_trip - JITTER_SECONDS
        if late > 0:
            self._delay(mark.position, mark.due + late)

    def clear(self, now: float) -> float:
        """Note that the far end is told to drop the rest; return the seconds heard before that.

        They are those of this generation, which ends.
        """
        heard = self.heard(now)
        if self._runs and now < self._end():
            self._runs[-1].cut = now
        self._pending.clear()
        self._begin = self._echoed = self._sent
        self._generation += 1
        return heard

    def heard(self, now: float) -> float:
        """Return the seconds of this generation that the caller's ear gets if it is cleared now."""
        played = self._sent - self.buffered(now) / PACKET_SECONDS
        slack = (self.round_trip + JITTER_SECONDS) / PACKET_SECONDS
        for mark in self._pending:
            if mark.position > self._begin:
                played = min(played, mark.position + slack)
        return (max(played, self._echoed) - self._begin) * PACKET_SECONDS

    def buffered(self, now: float) -> float:
        """Return the seconds that the far end has yet to play, by the model."""
        return max(0.0, self._end() - now)

    def position(self, at: float) -> float | None:
        """Return what played then, in seconds of all that was ever sent; None is silence.

        `at` is our clock's time, less the time that the sound travels.
        """
        after = self._sent
        for run in reversed(self._runs):
            if run.start <= at:
                played = run.position + (at - run.start) / PACKET_SECONDS
                over = played >= after or (run.cut is not None and at >= run.cut)
                return None if over else played * PACKET_SECONDS
            after = run.position
        return None

    def _end(self) -> float:
        """Return when all that was sent has been played."""
        if not self._runs:
            return float("-inf")
        run = self._runs[-1]
        if run.cut is not None:
            return run.cut
        return run.start + (self._sent - run.position) * PACKET_SECONDS

    def _delay(self, position: int, played: float) -> None:
        """Correct the model: what is before this position had been played only then."""
        if not self._runs:
            return
        run = self._runs[-1]
        late = played - (position - run.position) * PACKET_SECONDS - run.start
        if late > 0:
            run.start += late
            run.delayed += late
        for mark in self._pending:
            due = max(mark.due, played + (mark.position - position) * PACKET_SECONDS)
            mark.delayed += due - mark.due
            mark.due = due

    def _undo_delay(self, seconds: float) -> None:
        """Correct the model: the far end is not as far behind as a late echo made it seem."""
        run = self._runs[-1]
        back = min(seconds, run.delayed)
        run.start -= back
        run.delayed -= back
        for mark in self._pending:
            back = min(seconds, mark.delayed)
            mark.due -= back
            mark.delayed -= back
