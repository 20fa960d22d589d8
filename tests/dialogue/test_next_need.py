"""What a known customer calls about, and how they are greeted then."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dialogue.agent import Opening
from dialogue.assistant import Assistant
from dialogue.conversation import FlowAgent
from dialogue.identity import KnownCallers
from dialogue.next_need import Order, needs
from dialogue.store import Store
from tests.dialogue.caller import FRIDAY_AFTERNOON, TODAY, Caller, WordsNlu

ON_ITS_WAY = "+12175550102"  # and another order of theirs is being packed
OF_TWO_CUSTOMERS = "+12175550101"
STATEMENT = "This call may be recorded. Thank you for calling Maplewood."
GREETING = f"{STATEMENT} How can I help you?"
ASKS = f"{STATEMENT} Are you calling about order 9 0 2 7 4, which is on its way?"


def days(number: int) -> timedelta:
    return timedelta(days=number)


@pytest.mark.parametrize(
    ("order", "intent", "reason"),
    [
        (Order("1", "shipped", expected=TODAY + days(1)), "order_status", "on_its_way"),
        (Order("1", "shipped", expected=TODAY - days(2)), "order_status", "overdue"),
        (Order("1", "delayed", expected=TODAY + days(9)), "order_status", "delayed"),
        (Order("1", "processing", ordered=TODAY), "order_status", "being_packed"),
        (Order("1", "delivered", delivered=TODAY), "return_policy", "arrived"),
        (Order("1", "returned"), "refund_status", "refund_open"),
        (Order("1", "cancelled"), "refund_status", "refund_open"),
        (Order("1", "returned", refunded=TODAY - days(1)), "refund_status", "refund_sent"),
        (Order("1", "kept", warranty_until=TODAY + days(20)), "warranty", "warranty_ends"),
    ],
)
def test_what_one_order_gives_reason_for(order: Order, intent: str, reason: str) -> None:
    (need,) = needs([order], TODAY)
    assert (need.intent, need.reason, need.order) == (intent, reason, "1")
    assert 0 < need.probability < 1


def test_old_news_and_warranties_that_last_are_no_reason() -> None:
    old = TODAY - days(40)
    orders = [
        Order("1", "delivered", delivered=old, warranty_until=TODAY + days(400)),
        Order("2", "returned", refunded=old),
        Order("3", "unheard of"),
    ]
    assert needs(orders, TODAY) == ()


def test_the_likeliest_comes_first_and_more_reasons_make_each_less_sure() -> None:
    late, packed = Order("1", "shipped", expected=TODAY - days(3)), Order("2", "processing")
    alone, both = needs([late], TODAY), needs([packed, late], TODAY)
    assert [need.order for need in both] == ["1", "2"]
    assert both[0].probability < alone[0].probability
    assert sum(need.probability for need in both) < 1


def test_the_longer_it_is_late_the_likelier() -> None:
    def sure(late: int) -> float:
        return needs([Order("1", "shipped", expected=TODAY - days(late))], TODAY)[0].probability

    assert sure(1) < sure(3) < sure(6) == sure(60)


@pytest.fixture
def agent(retail: Assistant, nlu: WordsNlu, store: Store) -> FlowAgent:
    guessing = replace(retail, known_callers=KnownCallers(guess=True))
    return FlowAgent(guessing, nlu, store, lambda: FRIDAY_AFTERNOON)


@pytest.mark.anyio
async def test_a_known_caller_is_asked_whether_it_is_about_their_order(caller: Caller) -> None:
    assert await caller.rings(ON_ITS_WAY) == ASKS
    assert (await caller.says("yes")).startswith("Order 9 0 2 7 4 is on its way. It should arrive")


@pytest.mark.anyio
async def test_a_yes_that_says_it_again_is_one_request(caller: Caller) -> None:
    await caller.rings(ON_ITS_WAY)
    said = await caller.says("yes, where is my order")
    assert said.startswith("Order 9 0 2 7 4 is on its way.")
    assert said.endswith("Is there anything else?")


@pytest.mark.anyio
async def test_a_no_with_another_request_begins_that(caller: Caller) -> None:
    await caller.rings(ON_ITS_WAY)
    said = await caller.says("no, I want to cancel an order")
    assert said.endswith("What is your order number?")


@pytest.mark.anyio
async def test_their_number_does_not_prove_who_they_are(caller: Caller) -> None:
    await caller.rings(ON_ITS_WAY)
    await caller.says("yes")
    await caller.says("cancel 15206")
    assert "ZIP code" in await caller.says("yes")


@pytest.mark.anyio
async def test_it_is_about_something_else(caller: Caller) -> None:
    await caller.rings(ON_ITS_WAY)
    assert await caller.says("no") == "All right. What can I do for you?"
    assert await caller.says("where is my order") == "What is your order number?"


@pytest.mark.anyio
async def test_they_just_say_what_they_want(caller: Caller) -> None:
    await caller.rings(ON_ITS_WAY)
    assert (await caller.says("what is your return policy")).startswith("You can return anything")


@pytest.mark.anyio
@pytest.mark.parametrize("number", ["", "+19995550100", OF_TWO_CUSTOMERS, "' OR 1=1 --"])
async def test_who_is_not_known_for_certain_is_greeted_as_ever(caller: Caller, number: str) -> None:
    assert await caller.rings(number) == GREETING


@pytest.mark.anyio
async def test_unless_the_folder_says_so_nothing_is_guessed(
    retail: Assistant, nlu: WordsNlu, store: Store
) -> None:
    caller = Caller(FlowAgent(retail, nlu, store, lambda: FRIDAY_AFTERNOON))
    assert await caller.rings(ON_ITS_WAY) == GREETING


@pytest.mark.anyio
async def test_what_is_not_sure_enough_is_not_asked(
    retail: Assistant, nlu: WordsNlu, store: Store
) -> None:
    sure = replace(retail, known_callers=KnownCallers(guess=True, sure=0.9))
    caller = Caller(FlowAgent(sure, nlu, store, lambda: FRIDAY_AFTERNOON))
    assert await caller.rings(ON_ITS_WAY) == GREETING


@pytest.mark.anyio
async def test_a_call_that_we_place_says_what_it_is_about(agent: FlowAgent) -> None:
    words = [clause async for clause in agent.reply(Opening("Your kettle is ready.", ON_ITS_WAY))]
    assert words == ["This call may be recorded.", "Your kettle is ready."]
    assert agent.waiting.type == "open"
