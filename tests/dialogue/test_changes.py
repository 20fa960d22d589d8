"""New addresses and other ways to pay: asked for, said back, and changed after a clear yes."""

import pytest
from sqlalchemy import select

from dialogue.assistant import Assistant
from dialogue.conversation import FlowAgent
from dialogue.store import Store
from dialogue.tables import ORDERS
from tests.dialogue.caller import FRIDAY_AFTERNOON, RETAIL_WORDS, Caller, Words, WordsNlu

pytestmark = pytest.mark.anyio

CHANGES = {"change_address": r"send it|address", "change_payment": r"payment|pay for"}
WAYS = {"payment_method": ("", r"invoice|paypal|gift card|4242 4242 4242 4242")}
WORDS = Words(
    CHANGES | dict(RETAIL_WORDS.intents),
    RETAIL_WORDS.number,
    dict(RETAIL_WORDS.slots) | WAYS | {"address": ("address", r"\d+ \w+ lane\b")},
    RETAIL_WORDS.bare,
)
CARD = "4242 4242 4242 4242"


@pytest.fixture
def caller(retail: Assistant, store: Store) -> Caller:
    nlu = WordsNlu(WORDS)
    return Caller(FlowAgent(retail, nlu, store, lambda: FRIDAY_AFTERNOON, call="call-1"))


def stored(store: Store, column: str) -> object:
    with store.reading() as connection:
        return connection.execute(
            select(ORDERS.c[column]).where(ORDERS.c.number == "15206")
        ).scalar_one()


async def test_a_bare_address_that_nobody_marked_is_taken_when_it_was_asked_for(
    caller: Caller, store: Store
) -> None:
    await caller.rings()
    await caller.says("send it to another address")
    await caller.says("15206")
    assert "ZIP code" in await caller.says("yes")
    assert await caller.proves() == "What is the new address?"
    assert await caller.says("it's twelve oak avenue, springfield, 62704") == (
        "Order 1 5 2 0 6 has not been sent yet."
        " Shall I have it sent to 12 Oak Avenue, Springfield, 6 2 7 0 4?"
    )
    assert stored(store, "address") is None
    assert (await caller.says("yes")).startswith("All right, I'm having order 1 5 2 0 6 sent to 12")
    assert stored(store, "address") == "12 Oak Avenue, Springfield, 62704"


async def test_words_without_a_number_are_no_address(caller: Caller) -> None:
    await caller.rings()
    await caller.says("send it to another address, order 15206")
    await caller.says("yes")
    assert await caller.proves() == "What is the new address?"
    assert (await caller.says("just round the corner")).endswith(
        "Please say the number, the street, the town and the ZIP code."
    )


async def test_a_no_brings_the_question_for_the_address_once_more(
    caller: Caller, store: Store
) -> None:
    await caller.rings()
    await caller.says("please send it to 5 oak lane, order 15206")
    await caller.says("yes")
    await caller.says("5 oak lane")
    assert (await caller.proves()).endswith("Shall I have it sent to 5 Oak Lane?")
    assert await caller.says("no") == "Then nothing is changed yet. What is the new address?"
    assert (await caller.says("9 elm lane")).endswith("Shall I have it sent to 9 Elm Lane?")
    await caller.says("yes")
    await caller.says("no")
    assert stored(store, "address") == "9 Elm Lane"


async def test_a_stranger_is_not_asked_for_the_address(caller: Caller, store: Store) -> None:
    await caller.rings()
    await caller.says("send it to another address, order 15206")
    said = await caller.says("yes")
    for _ in range(3):
        assert "address?" not in said.replace("ZIP code of your address?", "")
        said = await caller.says("nine oh two one oh")
    assert "I can't be sure that it's you" in said
    assert stored(store, "address") is None


async def test_who_is_known_already_is_asked_at_once(caller: Caller) -> None:
    await caller.rings()
    await caller.says("cancel order 15206")
    await caller.says("yes")
    assert (await caller.proves()).endswith("Shall I cancel it?")
    await caller.says("no")
    assert await caller.says("then send it to another address") == "What is the new address?"


async def test_after_two_ways_to_pay_that_do_not_work_a_person_takes_over(caller: Caller) -> None:
    await caller.rings()
    await caller.says("I'd like to change the payment, order 15206")
    await caller.says("yes")
    await caller.proves()
    assert (await caller.says(CARD)).endswith("How would you like to pay instead?")
    offered = await caller.says(CARD)
    assert offered.endswith("Would you like to speak to a person?")


async def test_a_card_number_is_neither_used_nor_written_down(caller: Caller, store: Store) -> None:
    await caller.rings()
    await caller.says("I'd like to change the payment")
    await caller.says("15206")
    await caller.says("yes")
    assert await caller.proves() == "How would you like to pay instead?"
    assert caller.agent.waiting.private
    said = await caller.says(CARD)
    assert said.startswith("I can't take down a card here")
    assert said.endswith("How would you like to pay instead?")
    assert (await caller.says("a gift card")).endswith("Shall I have it paid by gift card?")
    await caller.says("yes")
    await caller.says("no")
    assert stored(store, "payment") == "gift card"
    history = " ".join(turn.text for turn in store.history("call-1"))
    assert CARD not in history
    assert "•••• •••• •••• 4242" in history


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("with PayPal please", "with PayPal please"),
        ("put it on a gift card", "put it on a gift card"),
        (f"my credit card, {CARD}", "my credit card, •••• •••• •••• 4242"),
        ("code four two four", "•••• •••• ••• ••••"),
        ("gift card, it is AB7K-9QXZ-PLMN", "•••• ••••, •• •• ••••-••••-••••"),
        ("PayPal, grace@example.com", "••••••, •••••@•••••••.•••"),
        ("my card, the name is Grace Hall", "•• ••••, ••• •••• •• ••••• ••••"),
    ],
)
async def test_of_how_they_pay_all_is_masked_but_the_usual_answers(
    caller: Caller, store: Store, said: str, written: str
) -> None:
    await caller.rings()
    await caller.says("I'd like to change the payment, order 15206")
    await caller.says("yes")
    await caller.proves()
    assert caller.agent.waiting.private  # the recording pauses all the same
    await caller.says(said)
    texts = [turn.text for turn in store.history("call-1") if turn.speaker == "caller"]
    assert texts[-1] == written
