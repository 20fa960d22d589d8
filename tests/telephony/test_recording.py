"""A recording pauses for what is private, and never harms the call."""

from dataclasses import dataclass, field

import pytest
from anyio import current_time, move_on_after, sleep
from anyio.lowlevel import checkpoint
from trio.testing import MockClock

from dialogue.agent import Waiting
from telephony.recording import recording
from telephony.twilio_api import Recording
from tests.telephony.rest import RememberingApi

pytestmark = pytest.mark.anyio

CARD = Waiting("card", "digits", 16, private=True)
OPEN = Waiting()


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


@dataclass
class Call:
    api: RememberingApi
    noted: list[str] = field(default_factory=list)

    async def waits_for(self, *waitings: Waiting) -> list[str]:
        """Hold a call in which the dialogue waits for these, one after another."""
        async with recording(self.api, "CA1", self.noted.append) as tell:
            for waiting in waitings:
                tell(waiting)
                await sleep(1)
            await sleep(1)
        return [what for what, *_ in self.api.done]


async def test_it_pauses_while_a_card_number_is_spoken() -> None:
    call = Call(RememberingApi())
    asked = await call.waits_for(OPEN, CARD, CARD, OPEN)
    assert asked == ["start", "paused", "in-progress", "stopped"]
    assert call.noted == ["recording paused", "recording resumed"]


async def test_what_waits_privately_from_the_start_is_never_recorded_on() -> None:
    assert await Call(RememberingApi()).waits_for(CARD) == ["start", "paused", "stopped"]


async def test_a_call_without_a_recording() -> None:
    call = Call(RememberingApi(fails_at={"start"}))
    assert await call.waits_for(OPEN, CARD, OPEN) == ["start"]
    assert call.noted == ["not recorded"]


async def test_a_recording_that_cannot_be_paused_ends() -> None:
    call = Call(RememberingApi(fails_at={"paused"}))
    asked = await call.waits_for(OPEN, CARD, OPEN)
    assert asked[:4] == ["start", "paused", "paused", "stopped"]
    assert "in-progress" not in asked
    assert call.noted == ["recording ended"]


async def test_a_recording_that_cannot_be_ended_is_told(caplog: pytest.LogCaptureFixture) -> None:
    await Call(RememberingApi(fails_at={"paused", "stopped"})).waits_for(CARD)
    assert "goes on though it should not: delete RE1" in caplog.text


async def test_a_recording_that_cannot_go_on_stays_paused_until_the_next_change() -> None:
    call = Call(RememberingApi(fails_at={"in-progress"}))
    asked = await call.waits_for(CARD, OPEN, CARD)
    assert asked == ["start", "paused", "in-progress", "in-progress", "stopped"]


async def test_the_end_of_the_call_waits_for_no_slow_api() -> None:
    class Slow(RememberingApi):
        async def change_recording(self, call_sid: str, recording: str, to: Recording) -> None:
            await sleep(60)

    began = current_time()
    await Call(Slow()).waits_for(OPEN)
    assert current_time() - began < 10


async def test_a_call_that_is_cut_ends_its_recording() -> None:
    api = RememberingApi()
    with move_on_after(1):
        async with recording(api, "CA1", lambda what: None):
            await sleep(60)
    await checkpoint()
    assert [what for what, *_ in api.done] == ["start", "stopped"]
