"""What the caller's ear got, as we account for it, and as a far end that shows it has it."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.media_stream import PACKET_SECONDS
from telephony.playback import JITTER_SECONDS, ROUND_TRIP_LIMIT, ROUND_TRIP_SECONDS, Playback

STEP_SECONDS = 0.005
AHEAD_SECONDS = 0.6


def sent(seconds: float, at: float = 0.0, playback: Playback | None = None) -> Playback:
    """Return a playback to which so many seconds of sound were sent at once."""
    playback = playback or Playback()
    for _ in range(round(seconds / PACKET_SECONDS)):
        playback.send(at)
    return playback


def test_before_anything_was_sent_nothing_was_heard() -> None:
    playback = Playback()
    assert playback.heard(5.0) == 0
    assert playback.buffered(5.0) == 0
    assert playback.position(5.0) is None
    assert playback.certain


def test_what_is_heard_grows_with_time_up_to_what_was_sent() -> None:
    playback = sent(1.0, at=3.0)
    assert playback.heard(3.4) == pytest.approx(0.4)
    assert playback.buffered(3.4) == pytest.approx(0.6)
    assert playback.heard(9.0) == pytest.approx(1.0)
    assert playback.buffered(9.0) == 0


def test_after_an_underrun_what_follows_is_later() -> None:
    playback = sent(1.0, at=3.0)
    sent(1.0, at=5.0, playback=playback)
    assert playback.heard(5.5) == pytest.approx(1.5)


def test_a_clear_begins_anew() -> None:
    playback = sent(1.0)
    assert playback.clear(0.3) == pytest.approx(0.3)
    assert playback.heard(0.3) == playback.heard(0.9) == playback.buffered(0.3) == 0
    assert playback.certain
    sent(1.0, at=0.5, playback=playback)
    assert playback.heard(0.7) == pytest.approx(0.2)


def test_an_echo_makes_certain() -> None:
    playback = sent(1.0)
    name = playback.mark(0.0)
    assert not playback.certain
    playback.echo(name, 1.0)
    assert playback.certain


def test_a_mark_of_a_cleared_generation_proves_nothing() -> None:
    playback = sent(1.0)
    cleared = playback.mark(0.0)
    playback.clear(0.1)
    sent(1.0, at=0.2, playback=playback)
    playback.mark(0.2)
    playback.echo(cleared, 0.25)
    assert playback.heard(0.3) == pytest.approx(0.1)
    assert not playback.certain


@pytest.mark.parametrize("name", ["", "0.2", "never sent", "1.1"])
def test_a_mark_that_was_never_sent_moves_nothing(name: str) -> None:
    playback = sent(1.0)
    playback.mark(0.0)
    playback.echo(name, 0.2)
    assert playback.heard(0.3) == pytest.approx(0.3)
    assert playback.round_trip == ROUND_TRIP_SECONDS


def test_a_second_echo_of_a_mark_moves_nothing() -> None:
    playback = sent(1.0)
    name = playback.mark(0.0)
    playback.echo(name, 1.1)
    sent(1.0, at=2.0, playback=playback)
    playback.echo(name, 2.1)
    assert playback.heard(2.3) == pytest.approx(1.3)


def test_an_echo_also_answers_the_marks_before_it() -> None:
    playback = sent(1.0)
    playback.mark(0.0)
    sent(1.0, playback=playback)
    playback.echo(playback.mark(0.0), 2.1)
    assert playback.certain
    assert playback.heard(2.1) == pytest.approx(2.0)


def test_without_an_echo_no_more_is_heard_than_up_to_the_mark() -> None:
    playback = sent(1.0)
    playback.mark(0.0)
    sent(9.0, playback=playback)
    assert playback.heard(8.0) == pytest.approx(1.0 + ROUND_TRIP_SECONDS + JITTER_SECONDS)


def test_the_first_echo_tells_the_round_trip_and_a_stall_is_none() -> None:
    playback = Playback()
    playback.echo(playback.mark(0.0), 0.13)
    assert playback.round_trip == pytest.approx(0.13)
    stalled = Playback()
    stalled.echo(stalled.mark(0.0), 60.0)
    assert stalled.round_trip == ROUND_TRIP_LIMIT


def test_a_far_end_that_stood_still_is_known_from_its_late_echo() -> None:
    playback = Playback()
    playback.echo(playback.mark(0.0), 0.1)
    sent(1.0, at=1.0, playback=playback)
    first = playback.mark(1.0)
    sent(3.0, at=1.0, playback=playback)
    playback.echo(first, 4.1)  # two seconds late
    assert playback.heard(4.5) == pytest.approx(1.5, abs=JITTER_SECONDS + 0.01)


def test_an_echo_that_alone_was_late_is_found_out_by_the_next() -> None:
    playback = Playback()
    playback.echo(playback.mark(0.0), 0.2)
    sent(1.0, at=1.0, playback=playback)
    first = playback.mark(1.0)
    sent(1.0, at=1.0, playback=playback)
    second = playback.mark(1.0)
    sent(2.0, at=1.0, playback=playback)
    playback.echo(first, 2.7)  # half a second late
    playback.echo(second, 3.2)
    assert playback.round_trip == pytest.approx(0.2)
    assert playback.heard(3.5) == pytest.approx(2.5)


def test_what_played_when_is_remembered_through_gaps_and_clears() -> None:
    playback = sent(1.0, at=1.0)
    sent(1.0, at=3.0, playback=playback)
    playback.clear(3.5)
    sent(1.0, at=5.0, playback=playback)
    times = [0.5, 1.25, 2.5, 3.25, 3.6, 4.5, 5.5, 6.5]
    assert [playback.position(at) for at in times] == [
        None,
        pytest.approx(0.25),
        None,
        pytest.approx(1.25),
        None,
        None,
        pytest.approx(2.5),
        None,
    ]


@dataclass
class Network:
    """Delays in seconds; `jitter` is the most that a message takes longer, order kept."""

    there: float
    back: float
    jitter: float
    dice: np.random.Generator
    last: dict[str, float] = field(default_factory=dict)

    def arrival(self, way: str, now: float) -> float:
        base = self.there if way == "there" else self.back
        arrives = now + base + float(self.dice.uniform(0, self.jitter))
        self.last[way] = max(arrives, self.last.get(way, 0.0))
        return self.last[way]


class FarBuffer:
    """A far end that plays what it has on a 20 ms clock of its own."""

    def __init__(self, network: Network, phase: float) -> None:
        self._network = network
        self._coming: deque[tuple[float, str]] = deque()
        self._buffer: deque[str] = deque()
        self._tick = phase
        self.going: deque[tuple[float, str]] = deque()
        self.played = 0.0  # seconds, since the last clear

    def send(self, now: float, what: str) -> None:
        self._coming.append((self._network.arrival("there", now), what))

    def advance(self, now: float) -> None:
        while self._tick <= now:
            while self._coming and self._coming[0][0] <= self._tick:
                self._buffer.append(self._coming.popleft()[1])
            self._echo()
            if self._buffer:
                self._buffer.popleft()
                self.played += PACKET_SECONDS
            self._tick += PACKET_SECONDS
        self._echo()

    def clear(self) -> float:
        """Drop all that was sent before; return the seconds played since the last time."""
        self._buffer += [what for _, what in self._coming]
        self._coming.clear()
        while self._buffer:
            if (what := self._buffer.popleft()) != "sound":
                self._answer(what)
        played, self.played = self.played, 0.0
        return played

    def _echo(self) -> None:
        while self._buffer and self._buffer[0] != "sound":
            self._answer(self._buffer.popleft())

    def _answer(self, name: str) -> None:
        self.going.append((self._network.arrival("back", self._tick), name))


@dataclass
class Conversation:
    """Replies, each of some clauses, each interrupted somewhere or heard to its end."""

    network: Network
    stalls: bool  # the voice does not always keep up
    errors: list[float] = field(default_factory=list)

    def run(self, replies: int) -> list[float]:
        """Return the error of every reply's account in seconds."""
        self.now = 0.0
        self.far = FarBuffer(self.network, float(self.network.dice.uniform(0, PACKET_SECONDS)))
        self.account = Playback()
        self._mark()
        for _ in range(replies):
            self._pass(0.3 + float(self.network.dice.exponential(0.7)))
            self._reply()
        return self.errors

    def _reply(self) -> None:
        dice = self.network.dice
        clauses = [int(dice.integers(20, 200)) for _ in range(int(dice.integers(1, 5)))]
        until = self.now + float(dice.uniform(0, sum(clauses) * PACKET_SECONDS + 1))
        for number, clause in enumerate(clauses):
            if number:
                self._mark()
            for _ in range(clause):
                while self.account.buffered(self.now) + PACKET_SECONDS > AHEAD_SECONDS:
                    self._pass(STEP_SECONDS)
                if self.now >= until:
                    self._interrupt()
                    return
                self.account.send(self.now)
                self.far.send(self.now, "sound")
                if self.stalls and dice.random() < 0.01:
                    self._pass(float(dice.uniform(0, 1.2)))
        self._mark()
        self._pass(max(0.0, until - self.now))
        self._interrupt()

    def _interrupt(self) -> None:
        heard = self.account.clear(self.now)
        self._pass(self.network.arrival("there", self.now) - self.now)
        self.errors.append(heard - self.far.clear())

    def _mark(self) -> None:
        self.far.send(self.now, self.account.mark(self.now))

    def _pass(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.now = min(until, self.now + STEP_SECONDS)
            self.far.advance(self.now)
            while self.far.going and self.far.going[0][0] <= self.now:
                at, name = self.far.going.popleft()
                self.account.echo(name, at)


def errors(seed: int, there: float, back: float, jitter: float, stalls: bool) -> list[float]:
    network = Network(there, back, jitter, np.random.default_rng(seed))
    return Conversation(network, stalls).run(replies=8)


@given(
    st.integers(0, 10_000),
    st.floats(0, 0.3),
    st.floats(0, 0.3),
    st.floats(0, 0.06),
    st.booleans(),
)
def test_the_account_is_right_on_any_network(
    seed: int, there: float, back: float, jitter: float, stalls: bool
) -> None:
    assert max(map(abs, errors(seed, there, back, jitter, stalls))) <= 0.1


def test_the_account_is_close_on_a_200_ms_network_with_jitter() -> None:
    off = [error for seed in range(20) for error in errors(seed, 0.2, 0.2, 0.06, seed % 2 == 0)]
    assert np.percentile(np.abs(off), 95) <= 0.05
    assert abs(np.mean(off)) <= 0.01


DOINGS = st.sampled_from(["send", "mark", "echo", "clear", "wait"])


@given(st.lists(st.tuples(DOINGS, st.floats(0, 3), st.integers(0, 9)), max_size=60))
def test_a_lying_far_end_cannot_make_more_heard_than_was_sent(
    steps: list[tuple[str, float, int]],
) -> None:
    playback, names, now, packets = Playback(), [""], 0.0, 0
    for what, seconds, which in steps:
        now += seconds
        match what:
            case "send":
                packets += which
                sent(which * PACKET_SECONDS, now, playback)
            case "mark":
                names.append(playback.mark(now))
            case "echo":
                playback.echo(names[which % len(names)], now)
            case "clear":
                assert playback.clear(now) <= (packets + 0.01) * PACKET_SECONDS
                packets = 0
        assert -1e-9 <= playback.heard(now) <= (packets + 0.01) * PACKET_SECONDS
        assert playback.heard(now) <= playback.heard(now + 1)
        assert playback.buffered(now) >= 0
        assert 0 <= playback.round_trip <= ROUND_TRIP_LIMIT
