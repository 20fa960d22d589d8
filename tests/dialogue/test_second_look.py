"""What else the caller may have said is asked for where the words leave the meaning in doubt."""

import pytest

from dialogue.conversation import FlowAgent
from nlu.understand import YES_NO, Alternative, Context
from tests.dialogue.caller import Caller, WordsNlu

pytestmark = pytest.mark.anyio

CLEAR = (Alternative("when are you open", 0.8), Alternative("win are you open", 0.7))
UNCLEAR = (Alternative("maybe open", 0.8), Alternative("are you open", 0.7))


async def test_a_doubtful_meaning_is_asked_for_once_and_understood_in_all_ways(
    caller: Caller, nlu: WordsNlu
) -> None:
    await caller.may_have_said(*UNCLEAR)
    assert caller.looks == ["maybe open"]
    assert nlu.contexts == [Context(confidence=0.8), Context("", UNCLEAR, confidence=0.8)]


async def test_keys_and_written_words_are_told_from_what_a_recogniser_wrote(
    caller: Caller, nlu: WordsNlu
) -> None:
    await caller.says("where is my order")
    await caller.presses("15213")
    await caller.writes("yes")
    assert [context.spoken for context in nlu.contexts] == [True, False, False]


async def test_a_clear_meaning_is_not_asked_for(caller: Caller, nlu: WordsNlu) -> None:
    await caller.may_have_said(*CLEAR)
    assert caller.looks == []
    assert nlu.contexts == [Context(confidence=0.8)]


async def test_a_whole_answer_to_what_was_asked_for_needs_no_second_look(
    caller: Caller, nlu: WordsNlu
) -> None:
    await caller.says("where is my order")
    await caller.may_have_said(Alternative("maybe 15213", 0.8))
    assert nlu.contexts[-1] == Context("order_number", confidence=0.8)
    await caller.may_have_said(Alternative("maybe that is right", 0.8))
    assert nlu.contexts[-1].waiting_for == YES_NO
    assert caller.looks == []


async def test_the_exchange_does_not_keep_the_sound(caller: Caller, agent: FlowAgent) -> None:
    await caller.may_have_said(*CLEAR)
    assert agent.exchange is not None
    assert agent.exchange.caller.look_again is None  # type: ignore[union-attr]


async def test_words_that_went_unanswered_stand_before_every_way(
    caller: Caller, nlu: WordsNlu
) -> None:
    await caller.hears_nothing_of_the_answer_to("well")
    await caller.may_have_said(*UNCLEAR)
    assert [way.text for way in nlu.contexts[-1].heard] == ["well maybe open", "well are you open"]


async def test_doubts_about_words_that_went_unanswered_last(caller: Caller, nlu: WordsNlu) -> None:
    await caller.may_have_said(*UNCLEAR, words_heard=0)
    await caller.says("today")
    heard = [way.text for way in nlu.contexts[-1].heard]
    assert heard == ["maybe open today", "are you open today"]


async def test_where_both_parts_are_in_doubt_the_first_stays_as_it_was(
    caller: Caller, nlu: WordsNlu
) -> None:
    await caller.may_have_said(*UNCLEAR, words_heard=0)
    await caller.may_have_said(Alternative("to day", 0.5), Alternative("today", 0.5))
    heard = [way.text for way in nlu.contexts[-1].heard]
    assert heard == ["maybe open to day", "maybe open today"]
