"""tau2's retail tools as look-ups and changes, on tables of documents that the import makes.

A look-up finds the order, items and payment that the words mean and tries the tool on a copy; the
change that follows a yes finds the same, and keeps what the tool makes of it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, column, select, table, update

from dialogue import ActionError
from dialogue.actions import Found, LookUp, Profile, Request, callers, change, look_up
from dialogue.phrasing import spoken_money
from nlu.values import read
from tests.bench.tau2_retail import heard
from tests.bench.tau2_retail.tools import TOOLS, Document, Refused

USERS = table("shop_users", *map(column, ("user_id", "email", "zip", "document")))
ORDERS = table("shop_orders", *map(column, ("order_id", "user_id", "document")))
PRODUCTS = table("shop_products", *map(column, ("product_id", "name", "document")))
PLANNED = ("what", "how", "where", "why")  # what may be said of a plan
Shop = dict[str, dict[str, Document]]
Arguments = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a tool is to be called with, and how that is said."""

    arguments: Arguments
    said: Mapping[str, str]


class Unclear(Exception):
    """The words do not tell; its text is the case."""


def shop_of(request: Request) -> Shop:
    """Load what belongs to the caller, and the products."""
    shop: Shop = {"users": {}, "orders": {}, "products": {}}
    shop["users"] = {row.user_id: json.loads(row.document) for row in _users(request)}
    query = select(ORDERS).where(ORDERS.c.user_id.in_(list(shop["users"])))
    for row in request.connection.execute(query):
        shop["orders"][row.order_id] = json.loads(row.document)
    for row in request.connection.execute(select(PRODUCTS)):
        shop["products"][row.product_id] = json.loads(row.document)
    return shop


@callers(by=["who"])
def customers(request: Request) -> list[Profile]:
    """Whose ZIP code or e-mail it is; the name tells several apart."""
    users = [json.loads(row.document) for row in _users(request)]
    names = {user["user_id"]: user["name"] for user in users}
    return [
        Profile(key, {"name": f"{name['first_name']} {name['last_name']}"})
        for key, name in names.items()
    ]


def _users(request: Request) -> list[Any]:
    said = request.slots.get("who", "")
    email, code = read("email", said, request.now.date()), heard.number(said, heard.ZIP_DIGITS)
    same = USERS.c.email == email if email else USERS.c.zip == code
    return list(request.connection.execute(select(USERS).where(same)))


def _order(request: Request, shop: Shop, status: str) -> Document:
    orders = list(shop["orders"].values())
    order = heard.order(request.slots["order"], orders, status)
    if order is None:
        raise Unclear("no_order")
    return order


def _payment(request: Request, shop: Shop, order: Document) -> str:
    paid = order["payment_history"][0]["payment_method_id"]
    user = shop["users"][order["user_id"]]
    method = heard.payment(request.slots["payment"], user, paid)
    if method is None:
        raise Unclear("no_payment")
    return method


def _address(request: Request) -> dict[str, str]:
    address = heard.address(request.slots["address"])
    if address is None:
        raise Unclear("no_address")
    return address


def cancelling(request: Request, shop: Shop) -> Plan:
    """Which order, and why."""
    order = _order(request, shop, "pending")
    reason = heard.reason(request.slots["reason"])
    if reason is None:
        raise Unclear("no_reason")
    return Plan(
        {"order_id": order["order_id"], "reason": reason}, {"what": _listed(order["items"])}
    )


def returning(request: Request, shop: Shop) -> Plan:
    """Which items, and where the refund goes."""
    order = _order(request, shop, "delivered")
    items = heard.items(request.slots["items"], order["items"])
    if not items:
        raise Unclear("no_items")
    method = _payment(request, shop, order)
    arguments = {
        "order_id": order["order_id"],
        "item_ids": [item["item_id"] for item in items],
        "payment_method_id": method,
    }
    return Plan(arguments, {"what": _listed(items), "how": _method(method)})


def swapping(status: str) -> Callable[[Request, Shop], Plan]:
    """Return what finds the items to be swapped in an order of this status."""

    def plan(request: Request, shop: Shop) -> Plan:
        order = _order(request, shop, status)
        changes = heard.changes(request.slots["changes"], order["items"], shop["products"])
        if not changes:
            raise Unclear("no_items")
        method = _payment(request, shop, order)
        arguments = {
            "order_id": order["order_id"],
            "item_ids": [item["item_id"] for item, _ in changes],
            "new_item_ids": [variant["item_id"] for _, variant in changes],
            "payment_method_id": method,
        }
        what = " and ".join(
            f"the {item['name']} for one with {', '.join(variant['options'].values())}"
            for item, variant in changes
        )
        return Plan(arguments, {"what": what, "how": _method(method)})

    return plan


def paying(request: Request, shop: Shop) -> Plan:
    """Which order, and how it is paid."""
    order = _order(request, shop, "pending")
    method = _payment(request, shop, order)
    said = {"what": _listed(order["items"]), "how": _method(method)}
    return Plan({"order_id": order["order_id"], "payment_method_id": method}, said)


def readdressing(request: Request, shop: Shop) -> Plan:
    """Which order, and where it goes."""
    order, address = _order(request, shop, "pending"), _address(request)
    said = {"what": _listed(order["items"]), "where": _place(address)}
    return Plan({"order_id": order["order_id"], **address}, said)


def moving(request: Request, shop: Shop) -> Plan:
    """Whose default address becomes which."""
    address, users = _address(request), list(shop["users"])
    if len(users) != 1:  # of several at one ZIP code the slots do not tell who was verified
        raise Refused("several accounts have that ZIP code")
    return Plan({"user_id": users[0], **address}, {"where": _place(address)})


PLANS = {
    "cancel_pending_order": cancelling,
    "return_delivered_order_items": returning,
    "exchange_delivered_order_items": swapping("delivered"),
    "modify_pending_order_items": swapping("pending"),
    "modify_pending_order_payment": paying,
    "modify_pending_order_address": readdressing,
    "modify_user_address": moving,
}


def finding(tool: str, *said: str, unclear: tuple[str, ...]) -> LookUp:
    """Return the look-up that finds out whether the tool would do it."""

    def run(request: Request) -> Found:
        try:
            _, plan = _tried(request, tool)
        except Unclear as error:
            return Found(str(error))
        except Refused as error:
            return Found("refused", {"why": str(error)})
        return Found("possible", plan.said, str(plan.arguments.get("order_id", "")))

    cases = {"possible": said, "refused": ("why",), **dict.fromkeys(unclear, ())}
    return look_up(cases=cases)(run)


def _tried(request: Request, tool: str) -> tuple[Shop, Plan]:
    shop = shop_of(request)
    plan = PLANS[tool](request, shop)
    TOOLS[tool](shop, **plan.arguments)
    return shop, plan


def _make(request: Request, tool: str) -> None:
    try:
        shop, _ = _tried(request, tool)
    except (Unclear, Refused) as error:
        raise ActionError(f"{tool}: {error}") from error
    for rows, kept, key in ((USERS, "users", "user_id"), (ORDERS, "orders", "order_id")):
        same = rows.c[key] == bindparam("key")
        written = [{"key": k, "document": json.dumps(one)} for k, one in shop[kept].items()]
        new = update(rows).where(same).values(document=bindparam("document"))
        request.connection.execute(new, written)


ORDER, ITEMS, PAYMENT = "no_order", "no_items", "no_payment"
find_cancellable = finding("cancel_pending_order", "what", unclear=(ORDER, "no_reason"))
find_returnable = finding(
    "return_delivered_order_items", "what", "how", unclear=(ORDER, ITEMS, PAYMENT)
)
find_exchangeable = finding(
    "exchange_delivered_order_items", "what", "how", unclear=(ORDER, ITEMS, PAYMENT)
)
find_modifiable = finding(
    "modify_pending_order_items", "what", "how", unclear=(ORDER, ITEMS, PAYMENT)
)
find_payable = finding("modify_pending_order_payment", "what", "how", unclear=(ORDER, PAYMENT))
find_readdressable = finding(
    "modify_pending_order_address", "what", "where", unclear=(ORDER, "no_address")
)
find_account = finding("modify_user_address", "where", unclear=("no_address",))


@change(needs=["who", "order", "reason"])
def cancel_order(request: Request) -> None:
    """Cancel it."""
    _make(request, "cancel_pending_order")


@change(needs=["who", "order", "items", "payment"])
def return_items(request: Request) -> None:
    """Request the return."""
    _make(request, "return_delivered_order_items")


@change(needs=["who", "order", "changes", "payment"])
def exchange_items(request: Request) -> None:
    """Request the exchange."""
    _make(request, "exchange_delivered_order_items")


@change(needs=["who", "order", "changes", "payment"])
def modify_items(request: Request) -> None:
    """Put the other items in."""
    _make(request, "modify_pending_order_items")


@change(needs=["who", "order", "payment"])
def modify_payment(request: Request) -> None:
    """Have it paid otherwise."""
    _make(request, "modify_pending_order_payment")


@change(needs=["who", "order", "address"])
def modify_order_address(request: Request) -> None:
    """Send it elsewhere."""
    _make(request, "modify_pending_order_address")


@change(needs=["who", "address"])
def modify_user_address(request: Request) -> None:
    """Keep the new default address."""
    _make(request, "modify_user_address")


@look_up(needs=["who", "order"], cases={"found": ["what", "status"], "no_order": []})
def find_order(request: Request) -> Found:
    """Say what is in it, and how far it is."""
    try:
        order = _order(request, shop_of(request), "")
    except Unclear:
        return Found("no_order")
    said = {"what": _listed(order["items"]), "status": order["status"]}
    return Found("found", said, order["order_id"])


@look_up(needs=["product"], cases={"found": ["name", "count", "low", "high"], "unknown": []})
def find_product(request: Request) -> Found:
    """Count what there is of it."""
    for row in request.connection.execute(select(PRODUCTS)):
        product = json.loads(row.document)
        if heard.items(request.slots["product"], [{**product, "item_id": "", "options": {}}]):
            there = [one["price"] for one in product["variants"].values() if one["available"]]
            low, high = spoken_money(min(there)), spoken_money(max(there))
            said = {"name": row.name, "count": str(len(there)), "low": low, "high": high}
            return Found("found", said, row.product_id)
    return Found("unknown")


def _listed(items: list[Document]) -> str:
    return " and ".join(f"the {item['name']}" for item in items)


def _method(key: str) -> str:
    return key.rpartition("_")[0].replace("_", " ")


def _place(address: Mapping[str, str]) -> str:
    return ", ".join(
        filter(None, (address[k] for k in ("address1", "address2", "city", "state", "zip")))
    )
