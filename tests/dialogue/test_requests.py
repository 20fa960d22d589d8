"""Calls with more than one request: in one breath, in between, or in doubt which it is."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import text

from dialogue.store import Store
from nlu.understand import Context, Understanding
from tests.dialogue.caller import INTENTS, Caller, WordsNlu

pytestmark = pytest.mark.anyio

ANYTHING_ELSE = "Is there anything else?"
ASK_NUMBER = "What is your order number?"
ON_ITS_WAY = "Order 1 5 2 1 3 is on its way. It should arrive on Sunday, November 22nd."
OPEN_NOW = "We are open now, until 8 PM."
READ_BACK = "I heard order 1 5 2 1 3, is that right?"


class BreathNlu(WordsNlu):
    """Hears further requests after "and also"; with "or" in the words it may be one or the other.

    (Parts of a sentence are looked up in the same table of words.)
    """

    def understand(self, text: str, context: Context) -> Understanding:
        """See `nlu.understand.Nlu`."""
        first, *others = text.split("and also")
        understood = super().understand(text, context)
        intent = super().understand(first, context).intent
        more = tuple(super(BreathNlu, self).understand(other, context).intent for other in others)
        found = [name for name, words in INTENTS.items() if re.search(words, text.lower())]
        maybe = tuple(found[:2]) if " or " in text else ()
        return replace(understood, text=text, intent=intent, more=more, maybe=maybe)


@pytest.fixture
def nlu() -> BreathNlu:
    return BreathNlu()


async def test_two_requests_in_one_breath_are_both_answered(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("where is order 15213 and also when are you open") == READ_BACK
    assert await caller.says("yes") == (
        f"{ON_ITS_WAY} Now, about our opening hours. {OPEN_NOW} {ANYTHING_ELSE}"
    )
    assert caller.agent.exchange is not None
    assert caller.agent.exchange.sources == ("orders/15213", "assistant.toml#hours")


async def test_a_yes_with_a_request_in_the_same_breath(caller: Caller) -> None:
    await caller.rings()
    await caller.says("15213")
    assert await caller.says("yes and also what does shipping cost") == (
        f"{ON_ITS_WAY} Now, about the cost of shipping. {SHIPPING} {ANYTHING_ELSE}"
    )


SHIPPING = "Shipping is $4.95, and free from $50. Express is $12.95."


async def test_what_was_left_for_another_request_is_gone_back_to(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("I need to cancel something") == ASK_NUMBER
    assert await caller.says("wait, do you have something in stock") == "Which product is it?"
    answer = await caller.says("the kettle")
    assert answer.startswith("Yes, we have the")
    assert answer.endswith(f"Back to cancelling an order. {ASK_NUMBER}")
    assert (await caller.says("15206")).startswith("I heard order 1 5 2 0 6")
    await caller.says("yes")
    assert (await caller.proves("15206")).endswith("Shall I cancel it?")


async def test_never_mind_drops_what_is_under_way_and_what_waits(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order and also when are you open")
    assert await caller.says("oh, never mind") == "All right. What can I do for you?"
    assert await caller.says("do you have a kettle") != ASK_NUMBER


async def test_never_mind_inside_a_request_is_a_request(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    answer = await caller.says("never mind that, what does shipping cost to my address")
    assert answer.startswith(SHIPPING)


async def test_a_change_is_made_though_another_request_follows(
    caller: Caller, store: Store
) -> None:
    await caller.rings()
    await caller.says("cancel order 15206 and also when are you open")
    await caller.says("yes")
    await caller.proves("15206")
    answer = await caller.says("yes please")
    assert answer.startswith("All right, I'm cancelling order 1 5 2 0 6.")
    assert answer.endswith(f"Now, about our opening hours. {OPEN_NOW} {ANYTHING_ELSE}")
    with store.reading() as connection:
        query = text("SELECT status FROM orders WHERE number = '15206'")
        assert connection.execute(query).scalar_one() == "cancelled"


@pytest.mark.parametrize(
    ("choice", "answer"),
    [
        ("the first one", ASK_NUMBER),
        ("the latter please", ASK_NUMBER),
        ("the refund", ASK_NUMBER),
        ("no", "Sorry. What can I do for you?"),
        ("yes", "Is this about a refund?"),
    ],
)
async def test_in_doubt_between_two_it_asks_which(caller: Caller, choice: str, answer: str) -> None:
    await caller.rings()
    assert await caller.says("a refund or the status maybe") == (
        "Is this about a refund, or about the status of an order?"
    )
    assert await caller.says(choice) == answer


async def test_which_one_was_chosen_is_what_is_done(caller: Caller) -> None:
    await caller.rings()
    await caller.says("a refund or the status of 15213 maybe")
    assert await caller.says("the second") == READ_BACK
    assert (await caller.says("yes")).startswith(ON_ITS_WAY)


async def test_no_the_other_kind_is_a_correction_and_not_a_goodbye(caller: Caller) -> None:
    await caller.rings()
    await caller.says("do you have a desk lamp")
    answer = await caller.says("no, the oak one")
    assert "lamp" in answer.lower()
    assert caller.agent.outcome is None
    assert caller.agent.exchange is not None
    assert caller.agent.exchange.trace[0] == "another one is meant"


async def test_what_was_left_keeps_its_own_number(caller: Caller, store: Store) -> None:
    await caller.rings()
    await caller.says("cancel order 15206")
    await caller.says("yes")
    await caller.proves("15206")
    assert await caller.says("hang on, where is order 15213") == READ_BACK
    assert (await caller.says("yes")).endswith(
        "Back to cancelling an order. Order 1 5 2 0 6 has not been sent yet. Shall I cancel it?"
    )
    await caller.says("yes, cancel it")
    with store.reading() as connection:
        query = text("SELECT number FROM orders WHERE status = 'cancelled' ORDER BY number")
        assert connection.execute(query).scalars().all() == ["15206", "20418"]


async def test_a_no_with_a_request_in_the_same_breath(caller: Caller) -> None:
    await caller.rings()
    await caller.says("I want to cancel order 15206")
    await caller.says("yes")
    await caller.proves("15206")
    answer = await caller.says("no, what does shipping cost")
    assert answer.startswith(
        "All right, the order stays as it is. Now, about the cost of shipping."
    )


@pytest.mark.parametrize(
    "said", ["okay, but what does shipping cost", "right, and when are you open"]
)
async def test_a_question_that_begins_with_okay_changes_nothing(
    caller: Caller, store: Store, said: str
) -> None:
    await caller.rings()
    await caller.says("cancel order 15206")
    await caller.says("yes")
    await caller.proves("15206")
    assert (await caller.says(said)).endswith("Shall I cancel it?")
    with store.reading() as connection:
        query = text("SELECT status FROM orders WHERE number = '15206'")
        assert connection.execute(query).scalar_one() == "processing"


async def test_what_waits_on_a_changed_order_is_looked_up_after_the_change(caller: Caller) -> None:
    await caller.rings()
    await caller.says("cancel order 15206 and also what about my refund")
    await caller.says("yes")
    await caller.proves("15206")
    assert (await caller.says("yes, cancel it")).endswith(ANYTHING_ELSE)
    answer = await caller.says("no")
    assert answer.startswith("Now, about a refund. Order 1 5 2 0 6 was cancelled.")
