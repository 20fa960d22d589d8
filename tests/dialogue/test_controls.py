"""What callers say about the conversation itself, and the trace of why they are answered so."""

import pytest

from dialogue.assistant import Assistant
from dialogue.controls import Control, control
from dialogue.conversation import SLOW_SPEED
from tests.dialogue.caller import Caller

ASK_NUMBER = "What is your order number?"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("Never mind.", Control.NEVER_MIND),
        ("oh forget about it", Control.NEVER_MIND),
        ("could you speak more slowly please", Control.SLOWER),
        ("Could you speak more slow lee, please?", Control.SLOWER),
        ("Are you a robot?", Control.ROBOT),
        ("hang on, am I talking to a machine", Control.ROBOT),
        ("the first one please", Control.FIRST),
        ("never mind the price, how fast is it", None),
        ("are you a robot, give me a human right now", None),
        ("I got my first order yesterday", None),
        ("mind", None),
        ("", None),
    ],
)
def test_a_control_is_all_that_was_said(
    retail: Assistant, said: str, wanted: Control | None
) -> None:
    assert control(said, retail.controls) == wanted


@pytest.mark.anyio
async def test_slower_says_it_again_and_stays_slow(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    assert caller.agent.speed == 1.0
    assert await caller.says("can you slow down") == (
        f"Of course, I'll speak more slowly. {ASK_NUMBER}"
    )
    assert caller.agent.speed == SLOW_SPEED
    await caller.says("15213")
    assert caller.agent.speed == SLOW_SPEED


@pytest.mark.anyio
async def test_a_robot_says_so_and_goes_on(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    assert await caller.says("are you a robot") == (
        f"I'm an automatic assistant. You can ask for a person at any time. {ASK_NUMBER}"
    )


@pytest.mark.anyio
async def test_every_reply_tells_why(caller: Caller) -> None:
    await caller.rings()
    traces = []
    for words in ("where is my order", "gibberish", "15213", "yes", "goodbye"):
        await caller.says(words)
        assert caller.agent.exchange is not None
        traces.append(caller.agent.exchange.trace)
    assert traces == [
        ("intent order_status 0.90, sure", "begins order_status", "needs order_number"),
        ("intent out_of_scope 0.90: beyond", "asks again"),
        ("reads back order_number",),
        ("looks up find_order", "find_order found shipped"),
        ("intent goodbye 0.90, sure", "begins goodbye"),
    ]
