"""tau2's shop: what its tools refuse and write, and what a caller's words mean in it."""

from copy import deepcopy
from typing import Any

import pytest

from tests.bench.tau2_retail import heard
from tests.bench.tau2_retail.caller import judged
from tests.bench.tau2_retail.convert import DATA, read_tasks
from tests.bench.tau2_retail.tools import TOOLS, Document, Refused


def lamp(item_id: str, color: str, usb: str, price: float) -> Document:
    return {"item_id": item_id, "options": {"color": color, "usb port": usb}, "price": price}


VARIANTS = [
    lamp("1", "black", "no", 20.0),
    lamp("2", "white", "no", 25.0),
    lamp("3", "white", "yes", 30.0),
]


def shop(status: str, *item_ids: str, balance: float = 100.0) -> dict[str, dict[str, Any]]:
    """One user, with one order of lamps and a mug, paid by card."""
    variants = {one["item_id"]: {**one, "available": one["item_id"] != "9"} for one in VARIANTS}
    items = [{**variants[item_id], "name": "Desk Lamp", "product_id": "p"} for item_id in item_ids]
    mug = {"item_id": "7", "name": "Mug", "product_id": "m", "options": {}, "price": 5.0}
    return {
        "products": {"p": {"name": "Desk Lamp", "variants": variants}},
        "users": {
            "ann": {
                "address": {},
                "payment_methods": {
                    "gift_card_1": {"source": "gift_card", "balance": balance},
                    "credit_card_1": {
                        "source": "credit_card", "brand": "visa", "last_four": "1234",
                    },
                },
            }
        },
        "orders": {
            "#W1000001": {
                "order_id": "#W1000001",
                "user_id": "ann",
                "status": status,
                "items": [*items, mug],
                "payment_history": [
                    {
                        "transaction_type": "payment",
                        "amount": 25.0,
                        "payment_method_id": "credit_card_1",
                    }
                ],
            }
        },
    }  # fmt: skip


def named(item_id: str, name: str) -> Document:
    return {"item_id": item_id, "name": name, "options": {}}


ORDER = {"order_id": "#W1000001"}
CARD = {"payment_method_id": "gift_card_1"}
SWAP = {"item_ids": ["1"], "new_item_ids": ["2"]}


@pytest.mark.parametrize(
    ("status", "tool", "arguments"),
    [
        ("delivered", "cancel_pending_order", {"reason": "no longer needed"}),
        ("pending", "cancel_pending_order", {"reason": "too expensive"}),
        ("pending", "return_delivered_order_items", {"item_ids": ["1"], **CARD}),
        ("delivered", "return_delivered_order_items", {"item_ids": ["1", "1"], **CARD}),
        ("pending", "exchange_delivered_order_items", {**SWAP, **CARD}),
        ("pending (item modified)", "modify_pending_order_items", {**SWAP, **CARD}),
        ("pending", "modify_pending_order_payment", {"payment_method_id": "credit_card_1"}),
    ],
)  # fmt: skip
def test_what_the_policy_forbids_changes_nothing(
    status: str, tool: str, arguments: dict[str, Any]
) -> None:
    data = shop(status, "1")
    before = deepcopy(data)
    with pytest.raises(Refused):
        TOOLS[tool](data, **ORDER, **arguments)
    assert data == before


def test_other_items_are_paid_for_and_no_more_can_be_changed() -> None:
    data = shop("pending", "1")
    TOOLS["modify_pending_order_items"](data, **ORDER, **SWAP, payment_method_id="gift_card_1")
    order = data["orders"]["#W1000001"]
    assert order["status"] == "pending (item modified)"
    assert order["items"][0]["item_id"] == "2"
    assert data["users"]["ann"]["payment_methods"]["gift_card_1"]["balance"] == 95.0


def test_a_gift_card_that_is_empty_pays_nothing() -> None:
    data = shop("delivered", "1", balance=4.0)
    with pytest.raises(Refused):
        TOOLS["exchange_delivered_order_items"](
            data, **ORDER, **SWAP, payment_method_id="gift_card_1"
        )


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("the lamp and the mug", ["1", "7"]),
        ("everything", ["1", "2", "7"]),
        ("the white desk lamp", ["2"]),
        ("the desk lamp", []),  # which of the two?
        ("the bicycle", []),
    ],
)
def test_items_are_told_by_name_and_by_their_options(words: str, found: list[str]) -> None:
    there = shop("delivered", "1", "2")["orders"]["#W1000001"]["items"]
    if words == "the lamp and the mug":
        there = [there[0], there[2]]
    assert [one["item_id"] for one in heard.items(words, there)] == found


@pytest.mark.parametrize(
    ("words", "new"),
    [
        ("the desk lamp to color white, without usb port", ["2"]),
        ("my desk lamp to a white one with usb port", ["3"]),
        ("the desk lamp to a purple one", []),
        ("the desk lamp", []),
    ],
)
def test_a_change_names_the_item_and_what_it_becomes(words: str, new: list[str]) -> None:
    data = shop("pending", "1")
    items = data["orders"]["#W1000001"]["items"]
    found = heard.changes(words, items, data["products"])
    assert [variant["item_id"] for _, variant in found] == new


def test_an_order_is_told_by_its_number_or_by_what_is_in_it() -> None:
    orders = [
        {"order_id": "#W1000001", "status": "pending", "items": [named("7", "Mug")]},
        {"order_id": "#W1000002", "status": "pending", "items": [named("8", "Sofa")]},
    ]
    spoken = heard.order("one zero zero zero zero zero two", orders, "pending")
    told = heard.order("the one with the mug", orders, "pending")
    assert spoken is orders[1]
    assert told is orders[0]
    assert heard.order("the one with the mug", orders, "delivered") is None
    assert heard.order("the big one", orders, "pending") is None


@pytest.mark.parametrize(
    ("words", "method"),
    [
        ("my visa card that ends in 1234", "credit_card_1"),
        ("gift card please", "gift_card_1"),
        ("the original one", "credit_card_1"),
        ("in cash", None),
    ],
)
def test_a_payment_method_is_one_that_the_user_has(words: str, method: str | None) -> None:
    assert heard.payment(words, shop("pending")["users"]["ann"], "credit_card_1") == method


def test_an_address_is_read_with_or_without_its_second_line() -> None:
    assert heard.address("1234 Elm St, Springfield, IL 62701") == {
        "address1": "1234 Elm St",
        "address2": "",
        "city": "Springfield",
        "state": "IL",
        "zip": "62701",
        "country": "USA",
    }
    flat = heard.address("921 Park Avenue, Suite 892, Chicago, IL 60612")
    assert flat
    assert (flat["address2"], flat["city"]) == ("Suite 892", "Chicago")
    assert heard.address("somewhere in Chicago") is None


@pytest.mark.skipif(not DATA.is_dir(), reason="tau2's data are not here")
def test_each_judgement_is_of_a_training_task() -> None:
    assert judged().keys() <= {task["id"] for task in read_tasks()}
