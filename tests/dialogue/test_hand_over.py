"""What becomes of a hand-over that fails, of calls that we place, and of private values."""

from dataclasses import replace

import pytest

from dialogue.agent import Brief, NobodyCame, Opening, Said, Waiting, not_yet
from dialogue.assistant import Assistant
from dialogue.conversation import FlowAgent
from dialogue.identity import HandOff
from dialogue.privacy import mask, masked, secrets
from dialogue.state import AskSlot, Outcome, State
from dialogue.store import Store
from nlu.understand import Context
from tests.dialogue.caller import FRIDAY_AFTERNOON, Caller, WordsNlu

pytestmark = pytest.mark.anyio

NOBODY = "I'm sorry, none of my colleagues is free right now."
CONSENT = "This call may be recorded."
PICKUP = "Your kettle is ready for pickup. Shall I keep it until Sunday?"


async def test_who_comes_back_from_a_hand_over_goes_on(caller: Caller) -> None:
    await caller.rings()
    await caller.says("15213")
    await caller.says("yes")
    await caller.says("a person please")
    assert caller.agent.outcome == Outcome.HANDED_OVER
    assert await caller.comes_back() == f"{NOBODY} Is there anything else?"
    assert caller.agent.outcome is None
    assert caller.agent.waiting == Waiting("", "more")
    assert caller.agent.brief.slots == {"order_number": "15213"}
    assert (await caller.says("what about a refund")).startswith("I see no refund for order 1 5")
    await caller.says("a person please")
    assert caller.agent.outcome == Outcome.HANDED_OVER


async def test_what_was_known_is_known_when_nobody_came(caller: Caller) -> None:
    await caller.rings()
    await caller.says("a person please")
    assert await caller.comes_back() == f"{NOBODY} What can I do for you?"
    assert (await caller.says("where is my order 15213")).startswith("I heard order")


async def test_nobody_came_though_the_caller_did_not_let_us_say_so(caller: Caller) -> None:
    await caller.rings()
    await caller.says("a person please")
    await caller.comes_back(words_heard=0)
    assert caller.agent.outcome is None
    assert (await caller.says("where is my order 15213")).startswith("I heard order")


async def test_the_reason_goes_with_the_caller(caller: Caller) -> None:
    await caller.rings()
    await caller.says("a person please")
    assert caller.agent.brief == Brief("caller_asked", {})
    await caller.comes_back()
    for _ in range(3):
        await caller.says("perhaps blue")
    assert caller.agent.brief.reason == "not_understood"


async def test_the_assistant_breaks_twice(caller: Caller) -> None:
    await caller.rings()
    await caller.meets_trouble()
    await caller.meets_trouble()
    assert caller.agent.outcome == Outcome.HANDED_OVER
    assert caller.agent.brief.reason == "trouble"


async def test_we_call_and_say_why(caller: Caller) -> None:
    assert await caller.is_called(PICKUP) == f"{CONSENT} {PICKUP}"
    assert (await caller.says("when do you close")).startswith("We are open now")


async def test_who_is_called_says_hello_first(caller: Caller) -> None:
    assert await caller.is_called(PICKUP, words_heard=6)
    assert await caller.says("Hello?") == f"{CONSENT} {PICKUP}"
    assert await caller.says("perhaps blue") != PICKUP


async def test_who_is_called_interrupts_with_a_request(caller: Caller) -> None:
    await caller.is_called(PICKUP, words_heard=6)
    assert "open now" in await caller.says("when do you close")


async def test_who_is_called_wants_nothing(caller: Caller) -> None:
    await caller.is_called(PICKUP, words_heard=6)
    assert "Goodbye" in await caller.says("no, that's all")


async def test_our_words_are_no_template(caller: Caller) -> None:
    assert await caller.is_called("Your code is {business}.") == (
        f"{CONSENT} Your code is {{business}}."
    )


async def test_a_hand_over_needs_somebody() -> None:
    with pytest.raises(ValueError, match="no queue is named"):
        HandOff(kind="queue")
    with pytest.raises(ValueError, match="nobody is named"):
        HandOff(kind="warm")


@pytest.fixture
def secretive(retail: Assistant) -> Assistant:
    texts = dict(retail.slot_texts)
    texts["order_number"] = texts["order_number"].model_copy(update={"private": True})
    return replace(retail, slot_texts=texts)


@pytest.fixture
def discreet(secretive: Assistant, nlu: WordsNlu, store: Store) -> Caller:
    return Caller(FlowAgent(secretive, nlu, store, lambda: FRIDAY_AFTERNOON, call="call-1"))


async def test_a_private_value_is_not_written_down(discreet: Caller, store: Store) -> None:
    await discreet.rings()
    await discreet.says("where is my order")
    assert discreet.agent.waiting.private
    assert await discreet.says("it's one five two, one three") == (
        "I heard order 1 5 2 1 3, is that right?"
    )
    assert discreet.agent.waiting.private
    await discreet.says("yes")
    assert not discreet.agent.waiting.private
    history = " ".join(turn.text for turn in store.history("call-1"))
    assert "I heard order • • • • •, is that right?" in history
    assert "it's ••• •••• •••, ••• •••••" in history
    assert "1 5 2" not in history
    assert discreet.agent.brief.slots == {"order_number": "•••••"}


async def test_the_pieces_of_a_private_number_are_not_written_down(
    discreet: Caller, store: Store
) -> None:
    await discreet.rings()
    await discreet.says("where is my order")
    assert "I heard 1 5 2," in await discreet.says("one five two")
    await discreet.says("um one and three")
    history = " ".join(turn.text for turn in store.history("call-1"))
    assert "I heard • • •, but an order number has" in history
    assert "I heard order • • • • •, is that right?" in history


async def test_a_private_number_that_has_begun_is_hidden(secretive: Assistant) -> None:
    begun = State(step=AskSlot("order_number", "152"))
    assert "152" in secrets(Said("what?"), None, (begun, begun), secretive)


async def test_a_private_value_in_the_first_sentence_is_masked(
    discreet: Caller, store: Store
) -> None:
    await discreet.rings()
    await discreet.says("where is my order 15213")
    history = [turn.text for turn in store.history("call-1")]
    assert "where is my order •••••" in history


async def test_a_private_value_understood_otherwise_than_written_masks_the_turn(
    secretive: Assistant,
) -> None:
    understood = WordsNlu().understand("where is order 15213", Context())
    hidden = secrets(Said("where is order 15212"), understood, (State(), State()), secretive)
    assert "where is order 15212" in hidden


async def test_an_exchange_that_came_to_nothing_hides_all_of_a_private_turn() -> None:
    said = Said("4242 um")
    assert not_yet(said, Waiting("card", private=True)).secrets == ("4242 um",)
    assert not_yet(said, Waiting("order")).secrets == ()
    assert not_yet(Opening(), Waiting("card", private=True)).secrets == ()
    assert not_yet(NobodyCame(), Waiting()).secrets == ()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("4242424242424242", "••••••••••••4242"),
        ("4242 4242 4242 4242", "•••• •••• •••• 4242"),
        ("1234", "••••"),
        ("1 2 3 4", "• • • •"),
    ],
)
async def test_the_end_of_a_long_value_stays(value: str, shown: str) -> None:
    assert mask(value) == shown
    assert masked(f"Card {value}, or {value}.", [value]) == f"Card {shown}, or {shown}."
