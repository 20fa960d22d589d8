"""Conversations of text messages and pictures: what is written, and what must be answered."""

from contextlib import aclosing

import pytest

from dialogue.agent import Said
from dialogue.conversation import FlowAgent
from dialogue.state import Outcome
from tests.dialogue.caller import PROOFS

pytestmark = pytest.mark.anyio

ASK_NUMBER = "What is your order number?"
ONE_BY_ONE = "Please say the five digits one by one, or key them in."
NO_USE = "I can't find what I need in your picture."
ON_ITS_WAY = "Order 15213 is on its way. It should arrive on Sunday, November 22nd."
RECEIPT = "MAPLEWOOD\nSpringfield 60601\nOrder number: 15213\n11/20/2026\nTotal $47.45"
SCREENSHOT = "Order 15213\nOrder 15216"
CAT = "GOOD MORNING"


def seen(number: str) -> str:
    return f"I see {number} in your picture. Is that right?"


class Writer:
    def __init__(self, agent: FlowAgent) -> None:
        self.agent = agent

    async def writes(self, text: str, *pictures: str) -> str:
        said = Said(text, written=True, pictures=pictures)
        async with aclosing(self.agent.reply(said)) as clauses:
            reply = " ".join([clause async for clause in clauses])
        await self.agent.commit(reply, reply)
        return reply

    async def sends(self, *pictures: str) -> str:
        return await self.writes("", *pictures)


@pytest.fixture
def writer(agent: FlowAgent) -> Writer:
    return Writer(agent)


async def test_a_message_is_answered_without_greeting_consent_or_read_back(writer: Writer) -> None:
    assert await writer.writes("where is my order 15213") == (
        f"{ON_ITS_WAY} Is there anything else?"
    )
    assert await writer.writes("no") == "Thank you for writing to Maplewood. Goodbye."
    assert writer.agent.outcome == Outcome.RESOLVED


async def test_a_written_number_of_the_wrong_length_is_asked_again(writer: Writer) -> None:
    assert await writer.writes("where is my order 1521") == ASK_NUMBER
    assert await writer.writes("1521") == (
        f"I heard 1521, but an order number has five digits. {ONE_BY_ONE}"
    )


async def test_a_person_writes_back(writer: Writer) -> None:
    assert await writer.writes("I want to speak to a person") == (
        "A colleague will get back to you on this number."
    )
    assert writer.agent.outcome == Outcome.HANDED_OVER


async def test_a_receipt_answers_the_question(writer: Writer) -> None:
    assert await writer.writes("where is my order") == ASK_NUMBER
    assert await writer.sends(RECEIPT) == seen("15213")
    assert (await writer.writes("yes")).startswith(ON_ITS_WAY)


async def test_what_was_seen_can_be_denied_and_corrected(writer: Writer) -> None:
    await writer.writes("where is my order")
    await writer.sends(RECEIPT)
    assert await writer.writes("no") == f"Sorry. {ONE_BY_ONE}"
    await writer.sends(RECEIPT)
    assert "We are packing order 15206." in await writer.writes("no, 15206")


async def test_the_same_number_in_a_second_picture_says_yes(writer: Writer) -> None:
    await writer.writes("where is my order")
    await writer.sends(RECEIPT)
    assert (await writer.sends("#15213")).startswith(ON_ITS_WAY)


async def test_several_numbers_are_asked_about(writer: Writer) -> None:
    await writer.writes("where is my order")
    assert await writer.sends(SCREENSHOT) == (
        "I see several numbers in your picture: 15213, 15216. Which one is it?"
    )
    assert (await writer.writes("15213")).startswith(ON_ITS_WAY)


async def test_a_picture_of_no_use_is_asked_past_and_in_the_end_brings_a_person(
    writer: Writer,
) -> None:
    await writer.writes("where is my order")
    assert await writer.sends(CAT) == f"{NO_USE} {ONE_BY_ONE}"
    assert (await writer.sends("")).startswith(NO_USE)
    assert await writer.sends(CAT) == f"{NO_USE} A colleague will get back to you on this number."


async def test_a_receipt_alone_is_a_request(writer: Writer) -> None:
    assert await writer.sends(RECEIPT) == seen("15213")
    assert (await writer.writes("yes")).startswith(ON_ITS_WAY)


async def test_the_words_decide_and_the_picture_gives_the_number(writer: Writer) -> None:
    assert await writer.writes("please cancel this order", RECEIPT) == seen("15213")
    await writer.writes("yes")
    for words in PROOFS["15213"]:
        said = await writer.writes(words)
    assert "so I can't cancel it" in said


@pytest.mark.parametrize("words", ["hi", "look at this"])
async def test_words_that_ask_for_nothing_leave_it_to_the_picture(
    writer: Writer, words: str
) -> None:
    assert await writer.writes(words, RECEIPT) == seen("15213")


async def test_a_number_in_words_comes_before_the_picture(writer: Writer) -> None:
    assert "We are packing order 15206." in await writer.writes("where is order 15206", RECEIPT)


async def test_a_picture_of_another_order_is_about_that_one(writer: Writer) -> None:
    await writer.writes("where is my order 15206")
    assert await writer.writes("and please cancel this one", RECEIPT) == seen("15213")


async def test_a_picture_says_neither_yes_nor_no(writer: Writer) -> None:
    await writer.writes("please cancel order 15206")
    assert "ZIP code" in await writer.sends(RECEIPT)
    for words in PROOFS["15206"]:
        await writer.writes(words)
    assert (await writer.sends(RECEIPT)).endswith("Shall I cancel it?")
    assert writer.agent.outcome is None


async def test_an_empty_message_gets_the_open_question(writer: Writer) -> None:
    assert await writer.writes("") == "What can I do for you?"
    await writer.writes("where is my order")
    assert await writer.writes("") == ASK_NUMBER


async def test_pictures_of_an_answer_that_was_not_sent_are_kept(
    writer: Writer, agent: FlowAgent
) -> None:
    async with aclosing(agent.reply(Said("", written=True, pictures=(RECEIPT,)))) as clauses:
        reply = [clause async for clause in clauses]
    await agent.commit(" ".join(reply), "")
    assert await writer.writes("where is my order") == seen("15213")
