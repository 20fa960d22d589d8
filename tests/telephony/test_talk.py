"""A whole call over the microphone, on fakes and a sound card that runs fast."""

import signal
from collections.abc import Callable
from io import StringIO

import anyio
import numpy as np
import pytest
from rich.console import Console

from telephony import LineError
from telephony.cli_calls import converse
from telephony.parts import Parts
from tests.fakes import FakeAgent, FakeAsr, FakeTts, FakeVad, said
from tests.telephony.cards import HandTurnedCard

pytestmark = pytest.mark.anyio

Then = Callable[[HandTurnedCard], object] | None
HOURS = "when are you open"
STEP_SECONDS = 0.001  # of the test for 20 ms of the call
TAIL_SECONDS = 60.0  # nobody waits that long


@pytest.fixture(params=["trio", "asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def turn(card: HandTurnedCard, *parts: list[bytes]) -> None:
    """Say this into the microphone, and let the loudspeaker play."""
    for pcm in [frame for part in parts for frame in part]:
        card.hear(np.frombuffer(pcm, "<i2"))
        card.pull(0.02)
        await anyio.sleep(STEP_SECONDS)


async def call(agent: FakeAgent, *caller: list[bytes], then: Then = None) -> str:
    """Hold a call, and return what the terminal showed."""
    parts = Parts(FakeVad, FakeAsr(), FakeTts(), lambda: agent, "fake", {})
    card, output = HandTurnedCard(), StringIO()

    async def person() -> None:
        await anyio.sleep(STEP_SECONDS)
        await turn(card, *caller)
        if then is not None:
            then(card)
            await turn(card, said(TAIL_SECONDS))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(person)
            try:
                await converse(parts, card, Console(file=output, width=100))
            finally:
                tasks.cancel_scope.cancel()
    return output.getvalue()


async def test_a_person_asks_is_answered_and_the_assistant_hangs_up() -> None:
    agent = FakeAgent({HOURS: ["From nine to five.", "Goodbye."]})
    shown = await call(agent, said(1), said(1.2, HOURS), said(TAIL_SECONDS))
    assert "assistant  Good morning." in shown
    assert f"caller     {HOURS}" in shown
    assert "assistant  From nine to five. Goodbye." in shown
    assert "resolved after" in shown
    assert agent.heard == agent.said


async def test_ctrl_c_hangs_up_and_what_was_said_until_then_is_shown() -> None:
    agent = FakeAgent({})
    shown = await call(agent, said(2), then=lambda card: signal.raise_signal(signal.SIGINT))
    assert "assistant  Good morning." in shown
    assert "caller hung up after" in shown


async def test_a_lost_microphone_ends_the_call_with_one_line() -> None:
    with pytest.raises(ExceptionGroup) as lost:
        await call(FakeAgent({}), said(2), then=HandTurnedCard.lose)
    assert lost.group_contains(LineError, match="the microphone is gone")
