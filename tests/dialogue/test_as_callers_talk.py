"""How people talk on a telephone: in pieces, with thanks in between, and with a yes taken back."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from dialogue.assistant import Assistant
from dialogue.conversation import FlowAgent
from dialogue.store import Store
from tests.dialogue.caller import FRIDAY_AFTERNOON, RETAIL_WORDS, Caller, WordsNlu

pytestmark = pytest.mark.anyio

READ_BACK = "I heard order 1 5 2 1 3, is that right?"
ZIP = "So that I know it's you, what is the ZIP code of your address?"


@pytest.mark.parametrize(
    "pieces",
    [
        ("one five", "two one three"),
        ("it's one five two one", "three"),
        ("one five", "two one", "three"),
        ("one five", "one five two", "one three"),  # begun anew
        ("one five", "one five two one three"),
        ("two two nine nine nine nine", "one five two one three"),
    ],
)
async def test_a_number_in_pieces_is_put_together(caller: Caller, pieces: tuple[str, ...]) -> None:
    await caller.rings()
    await caller.says("where is my order")
    for piece in pieces[:-1]:
        assert "an order number has five digits" in await caller.says(piece)
    assert await caller.says(pieces[-1]) == READ_BACK


async def test_a_single_digit_alone_is_no_piece(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    assert "an order number has" not in await caller.says("I have just one")


@pytest.mark.parametrize(
    "said", ["just one moment please", "one second", "I only have one of those with me"]
)
async def test_a_single_digit_among_words_is_no_piece(caller: Caller, said: str) -> None:
    await caller.rings()
    await caller.says("where is my order")
    await caller.says("one five two")
    assert "I heard" not in await caller.says(said)


async def test_who_asks_for_a_moment_says_no_digit(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    assert await caller.says("one moment, it's one five two one three") == READ_BACK


@pytest.mark.parametrize(
    "said",
    [
        "yes uh no wait don't cancel it",
        "yes, hold on",
        "yes, sorry, I'd better not cancel it yet",
        "yes, hold on, let me ask my wife",
        "yes, wait, I want to keep it",
        "yes, on second thought keep it",
        "yes let me think",
    ],
)
async def test_a_yes_that_is_taken_back_changes_nothing(
    caller: Caller, store: Store, said: str
) -> None:
    await caller.rings()
    await caller.says("cancel order 15206")
    await caller.says("yes")
    await caller.proves()
    assert "Shall I cancel it?" in await caller.says(said)
    assert status(store) == "processing"
    await caller.says("yes")
    assert status(store) == "cancelled"


def status(store: Store) -> object:
    with store.reading() as connection:
        return connection.execute(
            text("SELECT status FROM orders WHERE number = '15206'")
        ).scalar_one()


async def test_what_is_to_be_returned_is_not_asked_for_again(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("I want to return order 15213") == READ_BACK
    assert await caller.says("yes") == ZIP


@pytest.mark.parametrize("answer", ["15213", "sure it's 15213", "yes, it's 15213"])
async def test_an_offer_is_taken_up_by_what_it_needs(caller: Caller, answer: str) -> None:
    await caller.rings()
    assert (await caller.says("can I return things")).endswith("Shall I start a return for you?")
    assert await caller.says(answer) == READ_BACK
    assert await caller.says("yes") == ZIP


@pytest.mark.parametrize("answer", ["no, 15213", "no but what about 15213", "nope, it's 15213"])
async def test_a_no_with_a_number_does_not_take_up_an_offer(caller: Caller, answer: str) -> None:
    await caller.rings()
    await caller.says("can I return things")
    await caller.says(answer)
    assert await caller.says("yes") != ZIP


async def test_another_request_is_no_yes_to_an_offer(caller: Caller) -> None:
    await caller.rings()
    await caller.says("can I return things")
    assert await caller.says("first of all where is order 15213") == READ_BACK
    assert "on its way" in await caller.says("yes")


@pytest.mark.parametrize(
    "said", ["thank you, and what about 15213", "I'm calling about number 15213"]
)
async def test_a_number_among_words_that_ask_for_nothing_is_a_request(
    caller: Caller, said: str
) -> None:
    await caller.rings()
    assert await caller.says(said) == READ_BACK


async def test_a_guess_is_confirmed_by_what_it_needs(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("maybe a refund") == "Is this about a refund?"
    assert await caller.says("15213") == READ_BACK
    assert "I see no refund" in await caller.says("yes")


async def test_uh_huh_is_a_yes_though_it_may_be_a_what(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is order 15213")
    assert "on its way" in await caller.says("uh huh")


async def test_a_number_that_was_asked_for_is_kept_beside_another_question(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    said = "it's 15213 and by the way what do you want for shipping"
    assert await caller.says(said) == READ_BACK
    assert "Now, about the cost of shipping. Shipping is $4.95" in await caller.says("yes")


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("what do you want for shipping to 62711", False),
        ("15213 and what do you want for shipping", True),
    ],
)
async def test_a_number_of_a_question_is_not_the_one_asked_for(
    retail: Assistant, store: Store, said: str, taken: bool
) -> None:
    no_tags = replace(RETAIL_WORDS, number=("order_number", 9))  # no number is tagged as an order's
    agent = FlowAgent(retail, WordsNlu(no_tags), store, lambda: FRIDAY_AFTERNOON, call="call-1")
    caller = Caller(agent)
    await caller.rings()
    await caller.says("where is my order")
    assert ("I heard order" in await caller.says(said)) is taken


async def test_another_request_about_another_order_is_followed(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    await caller.says("actually no I want to cancel order 15206")
    assert await caller.says("yes") == ZIP


async def test_who_cannot_decide_is_asked_again(caller: Caller, store: Store) -> None:
    await caller.rings()
    await caller.says("cancel order 15206")
    await caller.says("yes")
    await caller.proves()
    assert (await caller.says("no idea, hmm, I'm not sure")).endswith("Shall I cancel it?")
    assert "stays as it is" in await caller.says("no")


async def test_thanks_and_that_is_all_end_the_call(caller: Caller) -> None:
    await caller.rings()
    await caller.says("what do you want for shipping")
    assert "Goodbye" in await caller.says("great, that's everything, thanks")


@pytest.mark.parametrize(
    "said", ["thank you, that's all about order 15213", "thanks for 15213, goodbye"]
)
async def test_who_is_done_hears_no_status_again(caller: Caller, said: str) -> None:
    await caller.rings()
    await caller.says("where is order 15213")
    await caller.says("yes")
    assert "Goodbye" in await caller.says(said)


async def test_thanks_with_a_complaint_do_not_end_the_call(caller: Caller) -> None:
    await caller.rings()
    await caller.says("what do you want for shipping")
    said = "thank you, that is all I know but it is still late"
    assert "Goodbye" not in await caller.says(said)
