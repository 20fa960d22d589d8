"""What is thought about a turn that may not be over: it is taken up, or it was never so."""

import pytest

from dialogue.agent import Said, Waiting
from tests.dialogue.caller import Caller, WordsNlu

pytestmark = pytest.mark.anyio

ASK_NUMBER = "What is your order number?"


async def test_what_was_foreseen_is_said_and_not_thought_twice(
    caller: Caller, nlu: WordsNlu
) -> None:
    await caller.rings()
    assert await caller.agent.foresee(Said("where is my order", 0.9)) == ASK_NUMBER
    assert await caller.says("where is my order") == ASK_NUMBER
    assert len(nlu.contexts) == 1


async def test_nobody_waits_for_what_was_foreseen(caller: Caller) -> None:
    await caller.rings()
    await caller.agent.foresee(Said("where is my order", 0.9))
    await caller.says("where is my order")
    exchange = caller.agent.exchange
    assert exchange is not None
    assert exchange.nlu_seconds is not None
    assert exchange.dialogue_seconds is not None
    assert exchange.nlu_seconds + exchange.dialogue_seconds < 0.01


async def test_the_caller_went_on_and_nothing_is_left_of_what_was_foreseen(
    caller: Caller, nlu: WordsNlu
) -> None:
    await caller.rings()
    before = caller.agent.state
    await caller.agent.foresee(Said("where is my order", 0.9))
    assert caller.agent.state is before
    assert caller.agent.waiting == Waiting()
    assert caller.agent.exchange is None or caller.agent.exchange.understanding is None
    assert (await caller.says("where is my order 15213")).startswith("I heard order")
    assert len(nlu.contexts) == 2


async def test_the_same_words_in_another_place_are_thought_about_anew(
    caller: Caller, nlu: WordsNlu
) -> None:
    await caller.rings()
    await caller.agent.foresee(Said("15213", 0.9))
    await caller.says("where is my order")
    await caller.says("15213")
    assert [context.waiting_for for context in nlu.contexts] == ["", "", "order_number"]
