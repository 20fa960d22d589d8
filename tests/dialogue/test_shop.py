"""What the retail assistant does in the shop's own tables: whole, once, or not at all."""

from collections.abc import Callable

import pytest
from sqlalchemy import Select, select, update

from dialogue import ActionError
from dialogue.actions import Change, Found, LookUp, Request
from dialogue.agent import Waiting
from dialogue.assistant import Assistant
from dialogue.store import Store
from dialogue.tables import CATALOG, ORDER_LINES, ORDERS, RETURNS, TICKETS
from tests.dialogue.caller import FRIDAY_AFTERNOON, Caller


@pytest.fixture
def finds(retail: Assistant, store: Store) -> Callable[..., Found]:
    def find(name: str, **slots: str) -> Found:
        action = retail.actions[name]
        assert isinstance(action, LookUp)
        with store.reading() as connection:
            return action.run(Request(slots, FRIDAY_AFTERNOON, retail.hours, connection, "call-1"))

    return find


@pytest.fixture
def does(retail: Assistant, store: Store) -> Callable[..., None]:
    keys = iter(range(100))

    def do(name: str, **slots: str) -> None:
        action = retail.actions[name]
        assert isinstance(action, Change)
        store.change(
            f"call-1 {next(keys)}",
            name,
            FRIDAY_AFTERNOON,
            lambda connection: action.run(
                Request(slots, FRIDAY_AFTERNOON, retail.hours, connection, "call-1")
            ),
        )

    return do


def rows(store: Store, query: Select[tuple[object, ...]]) -> list[tuple[object, ...]]:
    with store.reading() as connection:
        return [tuple(row) for row in connection.execute(query)]


def order(store: Store, number: str, column: str) -> object:
    return rows(store, select(ORDERS.c[column]).where(ORDERS.c.number == number))[0][0]


def stock(store: Store, product: str) -> object:
    return rows(store, select(CATALOG.c.stock).where(CATALOG.c.name == product))[0][0]


@pytest.mark.parametrize(
    ("number", "found"),
    [
        (
            "15217",
            Found(
                "possible",
                {
                    "what": "the wool sweater",
                    "refund": "$59.95",
                    "until": "Wednesday, December 16th",
                },
                "orders/15217",
            ),
        ),
        ("15213", Found("not_delivered", {}, "orders/15213")),
        ("94086", Found("already", {}, "orders/94086")),
        ("99999", Found("not_found")),
    ],
)
def test_what_was_delivered_may_come_back(
    finds: Callable[..., Found], number: str, found: Found
) -> None:
    assert finds("find_returnable", order_number=number) == found


def test_after_thirty_days_it_is_too_late(store: Store, finds: Callable[..., Found]) -> None:
    with store.writing() as connection:
        long_ago = FRIDAY_AFTERNOON.date().replace(month=9)
        connection.execute(
            update(ORDERS).where(ORDERS.c.number == "15217").values(delivered=long_ago)
        )
    assert finds("find_returnable", order_number="15217").case == "too_late"


def test_a_return_is_noted_and_its_money_waits_for_the_goods(
    store: Store, finds: Callable[..., Found], does: Callable[..., None]
) -> None:
    does("return_items", order_number="15217")
    assert rows(store, select(RETURNS.c.line, RETURNS.c.kind)) == [("15217-1", "return")]
    assert order(store, "15217", "refunded") is None
    assert finds("find_returnable", order_number="15217").case == "already"
    with pytest.raises(ActionError, match="cannot be sent back"):
        does("return_items", order_number="15217")


def test_only_the_product_that_was_named_comes_back(
    store: Store, finds: Callable[..., Found], does: Callable[..., None]
) -> None:
    with store.writing() as connection:
        line = {"id": "15217-2", "order_number": "15217", "product": "kettle", "quantity": 1}
        connection.execute(ORDER_LINES.insert().values(price="49.00", **line))
    assert finds("find_returnable", order_number="15217").values["refund"] == "$108.95"
    lamp = finds("find_returnable", order_number="15217", product="desk lamp")
    assert lamp.values["what"] == "the wool sweater and the kettle"
    does("return_items", order_number="15217", product="sweater")
    assert rows(store, select(RETURNS.c.line)) == [("15217-1",)]
    assert finds("find_returnable", order_number="15217").values["what"] == "the kettle"


def test_an_exchange_takes_another_off_the_shelf(store: Store, does: Callable[..., None]) -> None:
    before = stock(store, "wool sweater")
    does("exchange_items", order_number="15217")
    assert stock(store, "wool sweater") == int(str(before)) - 1
    assert rows(store, select(RETURNS.c.kind)) == [("exchange",)]


def test_an_exchange_for_what_is_sold_out_leaves_nothing_half_done(
    store: Store, does: Callable[..., None]
) -> None:
    with store.writing() as connection:
        connection.execute(update(CATALOG).where(CATALOG.c.name == "wool sweater").values(stock=0))
    with pytest.raises(ActionError, match="no other wool sweater"):
        does("exchange_items", order_number="15217")
    assert rows(store, select(RETURNS)) == []
    does("return_items", order_number="15217")


def test_an_order_that_is_here_goes_to_another_address(
    store: Store, finds: Callable[..., Found], does: Callable[..., None]
) -> None:
    assert finds("find_changeable", order_number="15206").case == "possible"
    does("change_address", order_number="15206", address="5 Oak Lane, Peoria")
    assert order(store, "15206", "address") == "5 Oak Lane, Peoria"
    assert finds("find_changeable", order_number="15213").case == "too_late"
    with pytest.raises(ActionError, match="cannot be changed any more"):
        does("change_address", order_number="15213", address="5 Oak Lane, Peoria")
    assert order(store, "15213", "address") is None


def test_it_is_paid_in_another_way_but_no_card_is_taken_down(
    store: Store, does: Callable[..., None]
) -> None:
    does("change_payment", order_number="15206", payment_method="by invoice please")
    assert order(store, "15206", "payment") == "invoice"
    for refused in ("card 4242 4242 4242 4242", "my new card", "seashells"):
        with pytest.raises(ActionError):
            does("change_payment", order_number="15206", payment_method=refused)
    assert order(store, "15206", "payment") == "invoice"


@pytest.mark.parametrize(
    ("order_number", "payment_method", "case"),
    [
        ("15206", "by invoice please", "possible"),
        ("15206", "my Visa", "known_card"),
        ("15206", "card", "known_card"),
        ("15206", "put it on my gift card", "possible"),
        ("15206", "pay pal", "possible"),
        ("15206", "another card", "new_card"),
        ("15206", "4242 4242 4242 4242", "new_card"),
        ("15206", " ".join(["four two"] * 8), "new_card"),
        ("15206", "a cheque", "unknown"),
        ("15213", "PayPal", "too_late"),
        ("20418", "PayPal", "cancelled"),
        ("99999", "PayPal", "not_found"),
    ],
)
def test_what_an_order_may_be_paid_with(
    finds: Callable[..., Found], order_number: str, payment_method: str, case: str
) -> None:
    found = finds("find_payable", order_number=order_number, payment_method=payment_method)
    assert found.case == case


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("用礼品卡付", ("possible", {"payment": "gift card"})),
        ("账单吧", ("possible", {"payment": "invoice"})),
        ("你们存着的那张卡", ("known_card", {})),
        ("我的新卡", ("new_card", {})),
        ("支票", ("unknown", {})),
    ],
)
def test_ways_to_pay_in_chinese(
    retail: Assistant, store: Store, said: str, found: tuple[str, dict[str, str]]
) -> None:
    names, action = retail.variants["zh"].names, retail.actions["find_payable"]
    assert isinstance(action, LookUp)
    slots = {"order_number": "15206", "payment_method": said}
    with store.reading() as connection:
        request = Request(slots, FRIDAY_AFTERNOON, retail.hours, connection, names=names)
        came = action.run(request)
    assert (came.case, came.values) == found


def test_a_new_gift_card_is_no_card(finds: Callable[..., Found]) -> None:
    found = finds("find_payable", order_number="15206", payment_method="a new gift card")
    assert found.values == {"payment": "gift card"}


def test_what_is_sold_out_cannot_be_exchanged(store: Store, finds: Callable[..., Found]) -> None:
    assert finds("find_exchangeable", order_number="15217").case == "possible"
    with store.writing() as connection:
        connection.execute(update(CATALOG).where(CATALOG.c.name == "wool sweater").values(stock=0))
    assert finds("find_exchangeable", order_number="15217").case == "sold_out"
    assert finds("find_exchangeable", order_number="15213").case == "not_delivered"


@pytest.mark.anyio
async def test_who_asks_about_returns_is_offered_one(caller: Caller, store: Store) -> None:
    await caller.rings()
    assert (await caller.says("what about returns")).endswith("Shall I start a return for you?")
    assert caller.agent.waiting == Waiting()  # they may well ask for something else
    assert await caller.says("yes please") == "What is your order number?"
    await caller.says("15217")
    assert "ZIP code" in await caller.says("yes")
    assert await caller.proves("15217") == (
        "You can send back the wool sweater until Wednesday, December 16th."
        " Shall I start that return?"
    )
    assert rows(store, select(RETURNS)) == []
    assert (await caller.says("yes")).startswith(
        "All right, I'm starting the return of order 1 5 2 1 7."
    )
    assert rows(store, select(RETURNS.c.line, RETURNS.c.kind)) == [("15217-1", "return")]


@pytest.mark.anyio
async def test_an_offer_is_left_by_a_no_and_by_any_other_request(caller: Caller) -> None:
    await caller.rings()
    await caller.says("what about returns")
    assert "Shall I start a return" in await caller.keeps_silent()
    assert await caller.says("no") == "All right. Is there anything else?"
    await caller.says("what about returns")
    assert (await caller.says("what is shipping")).endswith("Is there anything else?")
    assert (await caller.says("no")).endswith("Goodbye.")


def tickets(store: Store) -> list[tuple[object, ...]]:
    columns = (TICKETS.c.number, TICKETS.c.kind, TICKETS.c.call, TICKETS.c.order_number)
    return rows(store, select(*columns).order_by(TICKETS.c.opened))


@pytest.mark.anyio
async def test_a_complaint_becomes_a_ticket_with_the_number_that_was_said(
    caller: Caller, store: Store
) -> None:
    await caller.rings()
    await caller.says("where is my order 15213")
    await caller.says("yes")
    await caller.says("my lamp is broken")
    assert tickets(store) == []
    said = await caller.says("yes")
    number = int("".join(letter for letter in said.partition(".")[0] if letter.isdigit()))
    assert said == (
        f"I'm opening ticket {' '.join(str(number))} for you. A colleague will get back to you"
        " within two working days. Would you like to speak to a person?"
    )
    assert tickets(store) == [(number, "complaint", "call-1", "15213")]


@pytest.mark.anyio
async def test_a_second_complaint_has_a_number_of_its_own(caller: Caller, store: Store) -> None:
    await caller.rings()
    for _ in range(2):
        await caller.says("my lamp is broken")
        await caller.says("yes")
        await caller.says("no")
    first, second = sorted(int(str(number)) for number, *_ in tickets(store))
    assert second == first + 1


@pytest.mark.anyio
async def test_a_ticket_whose_number_was_taken_meanwhile_is_owned_up_to(
    caller: Caller, store: Store, finds: Callable[..., Found]
) -> None:
    await caller.rings()
    await caller.says("my lamp is broken")
    number = int(finds("new_ticket").values["ticket"].replace(" ", ""))
    with store.writing() as connection:
        other = {"number": number, "kind": "complaint", "status": "open", "call": "call-2"}
        connection.execute(TICKETS.insert().values(opened=FRIDAY_AFTERNOON, **other))
    assert "I'm opening ticket" in await caller.says("yes")
    assert (await caller.says("no")).startswith("I'm sorry, that did not go through.")
    assert [ticket[2] for ticket in tickets(store)] == ["call-2"]
