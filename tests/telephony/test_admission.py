"""When one more call would be too many; measured on a virtual clock."""

from dataclasses import dataclass, replace

import anyio
import pytest
from trio.testing import MockClock

from telephony.admission import (
    FIRST_GUESS_CORES,
    LOST_SECONDS,
    REPLY_AGE_SECONDS,
    REPLY_SECONDS,
    WAITING_SECONDS,
    WINDOW_SECONDS,
    CallCost,
    Declined,
    Gate,
    Limits,
    Load,
    overload,
)
from telephony.record import TurnRecord
from telephony.timings import TurnTimings

pytestmark = pytest.mark.anyio

HEADROOM = Limits().headroom
FINE = Load(calls=2, cores=4, cost=HEADROOM)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


@dataclass
class Machine:
    """A machine whose process burns so much, with so many calls."""

    calls: int = 0
    base: float = 0.0  # cores
    each: float = 0.0  # cores a call
    others: float = 0.0  # cores of other programs
    burnt: float = 0.0
    burnt_by_all: float = 0.0

    def cpu_seconds(self) -> float:
        return self.burnt

    async def work(self) -> None:
        while True:
            await anyio.sleep(0.1)
            own = 0.1 * (self.base + self.calls * self.each)
            self.burnt += own
            self.burnt_by_all += own + 0.1 * self.others


def gate(machine: Machine, cores: int = 4, **limits: int) -> Gate:
    return Gate(
        Limits(**limits),
        calls=lambda: machine.calls,
        cores=cores,
        cpu_seconds=machine.cpu_seconds,
        busy_seconds=lambda: machine.burnt_by_all,
    )


def turn(seconds: float | None) -> TurnRecord:
    took = TurnTimings.from_seconds(None, None, None, None, None, seconds)
    return TurnRecord("assistant", 0.0, 1.0, "Hello.", "Hello.", timings_ms=took)


def test_what_declines_a_call() -> None:
    slow = (REPLY_SECONDS + 0.1,) * 3
    for load, reason in (
        (FINE, None),
        (replace(FINE, calls=3), None),  # one more makes 4 calls: just HEADROOM of 4 cores
        (replace(FINE, calls=4), Declined.HEADROOM),
        (replace(FINE, others=HEADROOM), None),
        (replace(FINE, others=HEADROOM + 0.01), Declined.HEADROOM),
        (replace(FINE, lost=LOST_SECONDS), None),
        (replace(FINE, lost=LOST_SECONDS + 0.01), Declined.BEHIND),
        (replace(FINE, waiting=WAITING_SECONDS + 0.01), Declined.BEHIND),
        (replace(FINE, waiting_jobs=4), None),
        (replace(FINE, waiting_jobs=5), Declined.QUEUED),
        (replace(FINE, replies=slow), Declined.REPLIES),
        (replace(FINE, replies=slow[:2]), None),
        (replace(FINE, replies=(*slow, 0.5, 0.5, 0.5, 0.5)), None),
    ):
        assert overload(load, Limits()) is reason, load


def test_the_first_call_is_not_declined_for_what_it_would_cost() -> None:
    assert overload(Load(calls=0, cores=1, cost=3.0, replies=(9.0,) * 8), Limits()) is None
    assert overload(Load(calls=0, lost=1.0), Limits()) is Declined.BEHIND


def test_the_hard_cap() -> None:
    assert overload(FINE, Limits(at_once=3)) is None
    assert overload(FINE, Limits(at_once=2)) is Declined.TOO_MANY


def test_the_operator_may_take_more_calls() -> None:
    assert overload(replace(FINE, calls=9), Limits(headroom=1.0)) is Declined.HEADROOM
    assert overload(replace(FINE, calls=9), Limits(headroom=1.25)) is None


def test_the_cost_of_a_call_is_learned_without_what_the_process_takes_anyway() -> None:
    cost = CallCost()
    for _ in range(600):
        cost.learn(0, cpu_seconds=0.2, seconds=1)
    for _ in range(600):
        cost.learn(4, cpu_seconds=0.2 + 4 * 0.15, seconds=1)
    assert cost.cores == pytest.approx(0.15, abs=0.01)


def test_a_burst_of_one_second_does_not_make_calls_dear() -> None:
    cost = CallCost()
    cost.learn(1, cpu_seconds=2.0, seconds=1)
    assert FIRST_GUESS_CORES < cost.cores < 1.3 * FIRST_GUESS_CORES


@pytest.mark.parametrize("others", [0.0, 1.0])
async def test_calls_are_admitted_until_they_and_others_take_the_headroom(others: float) -> None:
    machine = Machine(each=0.25, others=others)
    door = gate(machine, cores=4)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(machine.work)
        tasks.start_soon(door.measure)
        for _ in range(60):
            await anyio.sleep(20)
            if not door.admits(ready=True, callers=0):
                machine.calls += 1
        assert machine.calls == pytest.approx((HEADROOM * 4 - others) / 0.25, abs=1)
        assert door.admits(ready=True, callers=0) is Declined.HEADROOM
        tasks.cancel_scope.cancel()


async def test_calls_that_come_at_once_count_before_they_show_what_they_cost() -> None:
    machine = Machine(each=0.25)
    door = gate(machine, cores=4)
    for _ in range(100):
        if not door.admits(ready=True, callers=0):
            machine.calls += 1
    assert machine.calls == int(HEADROOM * 4 / FIRST_GUESS_CORES)


async def test_a_machine_that_others_fill_takes_one_call_at_a_time() -> None:
    machine = Machine(each=0.1, others=3.5)
    door = gate(machine, cores=4)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(machine.work)
        tasks.start_soon(door.measure)
        await anyio.sleep(60)
        assert door.admits(ready=True, callers=0) is None
        machine.calls = 1
        assert door.admits(ready=True, callers=0) is Declined.HEADROOM
        tasks.cancel_scope.cancel()


async def test_lags_decline_for_a_while() -> None:
    machine = Machine(calls=1)
    door = gate(machine)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(door.measure)
        await anyio.sleep(1)
        assert door.admits(ready=True, callers=0) is None
        door.late(0.3)  # a stall
        assert door.admits(ready=True, callers=0) is None
        door.late(0.3)  # and another
        assert door.admits(ready=True, callers=0) is Declined.BEHIND
        await anyio.sleep(WINDOW_SECONDS + 0.2)
        assert door.admits(ready=True, callers=0) is None
        tasks.cancel_scope.cancel()


async def test_slow_replies_decline_until_they_are_old() -> None:
    door = gate(Machine(calls=1))
    for _ in range(3):
        door.note_turn(turn(3.0))
        door.note_turn(turn(None))
    assert door.admits(ready=True, callers=0) is Declined.REPLIES
    await anyio.sleep(REPLY_AGE_SECONDS + 1)
    assert door.admits(ready=True, callers=0) is None


async def test_voice_that_waits_declines() -> None:
    door = gate(Machine(calls=2))
    door.waiting = lambda: [0.1, 2.0]
    assert door.admits(ready=True, callers=0) is Declined.BEHIND


async def test_jobs_that_wait_for_a_thread_decline() -> None:
    door = gate(Machine(calls=1), cores=2)
    limiter = anyio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = 1
    async with anyio.create_task_group() as tasks:
        for _ in range(4):  # one works, three wait
            tasks.start_soon(_hold, limiter)
        await anyio.sleep(0.1)
        assert door.admits(ready=True, callers=0) is Declined.QUEUED
    assert door.admits(ready=True, callers=0) is None


async def _hold(limiter: anyio.CapacityLimiter) -> None:
    async with limiter:
        await anyio.sleep(1)


async def test_the_order_of_refusals() -> None:
    door = gate(Machine(calls=9), at_once=1, per_caller=2)
    assert door.admits(ready=True, callers=0) is Declined.TOO_MANY
    assert door.admits(ready=True, callers=2) is Declined.CALLER
    assert door.admits(ready=False, callers=2) is Declined.NOT_READY
    door.draining = True
    assert door.admits(ready=False, callers=2) is Declined.DRAINING
