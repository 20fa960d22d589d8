"""Admission: decline call N+1 before the N in progress degrade.

A call is admitted when four things hold, each measured over the last seconds:

1. *Headroom.* A call costs so many CPU cores in the mean (the process's own CPU time over the calls
   that ran meanwhile, smoothed over minutes). All calls, the new one included, and whatever else
   runs on the machine may take OFFHOOK_HEADROOM of its cores. Calls are bursty, and what is left
   keeps two callers who stop speaking at the same moment from waiting for each other: by the
   queue's arithmetic (Erlang C) a transcription of 0.35 s waits 0.1 s in the mean when two cores
   are half busy, and 0.45 s when three quarters are. Calls that have just been admitted count at
   the same cost before they show any.
2. *Real time.* The event loop wakes when it should: a stall now and then is what the far end's
   buffer is for, a tenth of the time lost is not. And no caller's voice waits to be heard.
3. *Room.* Not more jobs wait for a worker thread (ASR, NLU and TTS run there) than there are cores.
4. *Replies.* The median of the last turns' voice to voice is what callers accept.

The first predicts; the others notice where the prediction was wrong.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median

from anyio import current_time, sleep, to_thread

from telephony.machine import busy_seconds, cores
from telephony.record import TurnRecord

FIRST_GUESS_CORES = 0.15  # a call's cost until calls have shown it: what Whisper base takes
OTHERS_SECONDS = 10.0  # how fast the estimate of what others take follows
COST_SECONDS = 60.0  # of one call: how fast the estimate follows what is measured
LOST_SECONDS = 0.5  # of the last WINDOW_SECONDS; the far end has 0.6 s of sound ahead
PUNCTUAL_SECONDS = 0.02  # who wakes a frame late has lost nothing
WAITING_SECONDS = 1.0  # of a caller's voice: it waits while the ASR works, so up to 0.6 s is usual
REPLY_SECONDS = 2.5  # median voice to voice from which on callers ask whether anybody is there
REPLIES = 8  # the last so many are looked at,
REPLIES_NEEDED = 3  # at least so many,
REPLY_AGE_SECONDS = 60.0  # those that are no older than this
HEARTBEAT_SECONDS = 0.1
WINDOW_SECONDS = 5.0  # all lags of so long count
COST_STEP_SECONDS = 1.0  # how often the CPU time is read


class Declined(StrEnum):
    """Why a call was not admitted."""

    DRAINING = "the server is shutting down"
    NOT_READY = "the models are not loaded"
    TOO_MANY = "as many calls are in progress as OFFHOOK_CALLS_AT_ONCE allows"
    CALLER = "this caller has as many calls as OFFHOOK_CALLS_PER_CALLER allows"
    HEADROOM = "the calls in progress need the machine"
    BEHIND = "the server runs behind real time"
    QUEUED = "too much computing is waiting"
    REPLIES = "replies take too long"


@dataclass(frozen=True, slots=True)
class Load:
    """What the server does at a moment.

    `cost` is in cores a call, `others` what the machine's other programs take. In seconds: `lost`
    by the event loop, `waiting`: a caller's voice not heard yet, `replies`: what each took.
    """

    calls: int = 0
    cores: float = 1
    cost: float = FIRST_GUESS_CORES
    others: float = 0.0
    lost: float = 0.0
    waiting: float = 0.0
    waiting_jobs: int = 0
    replies: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """The operator's own limits; see `Settings`."""

    at_once: int = 0  # calls; 0: no such limit
    per_caller: int = 3
    headroom: float = 0.5  # of the cores


def overload(load: Load, limits: Limits) -> Declined | None:
    """Say why one more call would be too many.

    What it would cost does not count against the first call: it has the machine to itself.
    """
    others, expected = load.calls > 0, load.others + (load.calls + 1) * load.cost
    checks = (
        (Declined.TOO_MANY, limits.at_once and load.calls >= limits.at_once),
        (Declined.BEHIND, load.lost > LOST_SECONDS or load.waiting > WAITING_SECONDS),
        (Declined.HEADROOM, others and expected > limits.headroom * load.cores),
        (Declined.QUEUED, others and load.waiting_jobs > load.cores),
        (Declined.REPLIES, others and too_slow(load.replies)),
    )
    return next((reason for reason, holds in checks if holds), None)


def too_slow(replies: Sequence[float]) -> bool:
    """Say whether callers wait too long; one or two slow replies tell nothing."""
    return len(replies) >= REPLIES_NEEDED and median(replies) > REPLY_SECONDS


class CallCost:
    """The CPU cores that one call takes in the mean, learned from all calls there were."""

    def __init__(self, first_guess: float = FIRST_GUESS_CORES) -> None:
        self.cores = first_guess
        self._idle = 0.0  # what the process takes without any call

    def learn(self, calls: float, cpu_seconds: float, seconds: float) -> None:
        """Take in that so many calls ran for these seconds and took this CPU time."""
        if seconds <= 0:
            return
        used = cpu_seconds / seconds
        if not calls:
            self._idle += (used - self._idle) * min(1.0, seconds / COST_SECONDS)
            return
        share = min(1.0, calls * seconds / COST_SECONDS)
        self.cores += (max(0.0, used - self._idle) / calls - self.cores) * share


@dataclass(slots=True)
class Gate:
    """Measures, and admits.

    Of the calls that are ours `calls` tells the number, `waiting` the voice that waits in each.
    """

    limits: Limits
    calls: Callable[[], int]
    waiting: Callable[[], Iterable[float]] = tuple
    cores: float = field(default_factory=cores)
    cpu_seconds: Callable[[], float] = time.process_time
    busy_seconds: Callable[[], float | None] = busy_seconds
    draining: bool = False
    cost: CallCost = field(default_factory=CallCost)
    others: float = 0.0  # cores that other programs take
    _lags: deque[tuple[float, float]] = field(default_factory=deque)  # when, seconds late
    _replies: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=REPLIES))

    def admits(self, ready: bool, callers: int) -> Declined | None:
        """Say why a call is declined, or None; its caller has so many calls in progress."""
        if self.draining:
            return Declined.DRAINING
        if not ready:
            return Declined.NOT_READY
        if callers >= self.limits.per_caller:
            return Declined.CALLER
        return overload(self.load(), self.limits)

    def load(self) -> Load:
        """Return what was measured."""
        now = current_time()
        lost = [late for at, late in self._lags if now - at <= WINDOW_SECONDS]
        replies = [took for at, took in self._replies if now - at <= REPLY_AGE_SECONDS]
        return Load(
            calls=self.calls(),
            cores=self.cores,
            cost=self.cost.cores,
            others=self.others,
            lost=sum(lost),
            waiting=max(self.waiting(), default=0.0),
            waiting_jobs=to_thread.current_default_thread_limiter().statistics().tasks_waiting,
            replies=tuple(replies),
        )

    def note_turn(self, turn: TurnRecord) -> None:
        """Take in how long a turn's reply took: a `Record` calls this."""
        if turn.timings_ms.voice_to_voice is not None:
            self._replies.append((current_time(), turn.timings_ms.voice_to_voice / 1000))

    def late(self, seconds: float) -> None:
        """Take in how late the event loop woke just now."""
        now = current_time()
        self._lags.append((now, max(0.0, seconds - PUNCTUAL_SECONDS)))
        while now - self._lags[0][0] > WINDOW_SECONDS:
            self._lags.popleft()

    async def measure(self) -> None:
        """Measure until cancelled."""
        before = self._used()
        while True:
            due = current_time() + HEARTBEAT_SECONDS
            await sleep(HEARTBEAT_SECONDS)
            self.late(current_time() - due)
            if current_time() - before.at >= COST_STEP_SECONDS:
                before = self._learn(before)

    def _used(self) -> "_Used":
        return _Used(current_time(), self.cpu_seconds(), self.busy_seconds())

    def _learn(self, before: "_Used") -> "_Used":
        """Take in what was used since then."""
        now = self._used()
        seconds, own = now.at - before.at, now.own - before.own
        self.cost.learn(self.calls(), own, seconds)
        if now.all is not None and before.all is not None:
            others = max(0.0, now.all - before.all - own) / seconds
            self.others += (others - self.others) * min(1.0, seconds / OTHERS_SECONDS)
        return now


@dataclass(frozen=True, slots=True)
class _Used:
    """CPU seconds up to a moment: this process's, and everybody's where that is known."""

    at: float
    own: float
    all: float | None
