"""What the assistant looks up and changes. Replace the SQL by calls to your own systems."""

import hashlib
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from rapidfuzz import fuzz, process, utils
from sqlalchemy import BindParameter, Row, RowMapping, bindparam, insert, select, update

from dialogue import ActionError
from dialogue.actions import Found, Profile, Request, callers, change, known_caller, look_up
from dialogue.next_need import Known, Order
from dialogue.opening import opening_hours
from dialogue.tables import CATALOG, CUSTOMERS, ORDER_LINES, ORDERS, RETURNS, TICKETS
from nlu.numbers import find_digits

__all__ = ["opening_hours"]  # is as it comes
FEW = 3  # in stock: say how many are left
ALIKE = 80  # of 100: how near a spoken product must come to a name in the catalogue
NOT_SENT = ("processing", "delayed")
RETURN_DAYS = 30  # after delivery
PAYMENTS = {  # what callers say → what the order holds; a card is the one that we know already
    "invoice": "invoice", "bill": "invoice", "gift card": "gift card", "voucher": "gift card",
    "PayPal": "PayPal", "pay pal": "PayPal", "card": "card", "Visa": "card", "Mastercard": "card",
}  # fmt: skip
CARD_DIGITS = 12  # from so many on it is a card's number, which nobody may take down here
ANOTHER = re.compile(r"\b(?:new|another|different|other)\b|新|别的|另|其他", re.IGNORECASE)
TICKETS_FROM, TICKETS_TO = 100_000, 1_000_000
NOT_FOUND = Found("not_found")

# Put together once: that takes longer than to ask.
ORDER_NUMBER: BindParameter[str] = bindparam("order_number")
ORDER = select(ORDERS).where(ORDERS.c.number == ORDER_NUMBER)
OWNER = select(CUSTOMERS).join(ORDERS).where(ORDERS.c.number == ORDER_NUMBER)
HOUSEHOLD = select(CUSTOMERS).where(CUSTOMERS.c.phone == bindparam("phone"))
PRODUCTS = select(CATALOG.c.name)
PRODUCT = select(CATALOG).where(CATALOG.c.name == bindparam("name"))
KEPT = (  # lines of an order that have not been sent back
    select(ORDER_LINES)
    .outerjoin(RETURNS)
    .where(ORDER_LINES.c.order_number == ORDER_NUMBER, RETURNS.c.id.is_(None))
    .order_by(ORDER_LINES.c.id)
)


@callers(by=["order_number", "phone_number"])
def customers(request: Request) -> list[Profile]:
    """Whose order it is; or all of a household who share a telephone."""
    if number := request.slots.get("order_number"):
        found = request.connection.execute(OWNER, {"order_number": number})
    else:
        found = request.connection.execute(HOUSEHOLD, {"phone": request.slots["phone_number"]})
    return [
        Profile(
            row.id,
            {
                "name": row.name,
                "postcode": row.postcode or "",
                "birth_date": row.birth_date.isoformat() if row.birth_date else "",
            },
        )
        for row in found
    ]


@look_up(
    needs=["order_number"],
    cases={
        "processing": ["expected"],
        "shipped": ["expected"],
        "overdue": ["expected"],
        "delayed": ["expected"],
        "delivered": ["delivered"],
        "partly_returned": ["delivered", "refund"],
        "returned": ["refund", "refunded"],
        "cancelled": [],
        "not_found": [],
    },
)
def find_order(request: Request) -> Found:
    """Find out where it is."""
    order = _order(request)
    if order is None:
        return NOT_FOUND
    due = order["expected"]
    late = order["status"] == "shipped" and due is not None and due < request.now.date()
    return Found("overdue" if late else order["status"], _spoken(order, request), _source(order))


@look_up(
    needs=["order_number"],
    cases={"possible": ["total"], "too_late": [], "cancelled": [], "not_found": []},
)
def find_cancellable(request: Request) -> Found:
    """Find out whether it may be cancelled."""
    return _unsent(request)


@change(needs=["order_number"])
def cancel_order(request: Request) -> None:
    """Cancel it, if it is still here."""
    _change_unsent(request, status="cancelled")


@look_up(
    needs=["order_number"],
    cases={"possible": ["total"], "too_late": [], "cancelled": [], "not_found": []},
)
def find_changeable(request: Request) -> Found:
    """Find out whether address or payment may still be changed."""
    return _unsent(request)


@change(needs=["order_number", "address"])
def change_address(request: Request) -> None:
    """Send it elsewhere, if it is still here."""
    _change_unsent(request, address=request.slots["address"])


@change(needs=["order_number", "payment_method"])
def change_payment(request: Request) -> None:
    """Have it paid in another way, if it is still here."""
    said = request.slots["payment_method"]
    payment = _payment(request)
    if payment is None or _is_new_card(said, payment):
        raise ActionError("a new card is not taken down, and nothing else is known by that name")
    _change_unsent(request, payment=payment)


@look_up(
    needs=["order_number", "payment_method"],
    cases={
        "possible": ["payment"],
        "known_card": [],
        "new_card": [],
        "unknown": [],
        "too_late": [],
        "cancelled": [],
        "not_found": [],
    },
)
def find_payable(request: Request) -> Found:
    """Find out whether it may still be paid in that way."""
    found, said = _unsent(request), request.slots["payment_method"]
    if found.case != "possible":
        return found
    payment = _payment(request)
    if _is_new_card(said, payment):
        return Found("new_card", {}, found.source)
    if payment is None:
        return Found("unknown", {}, found.source)
    if payment == "card":
        return Found("known_card", {}, found.source)
    return Found("possible", {"payment": payment}, found.source)


@look_up(
    needs=["order_number"],
    cases={
        "possible": ["what", "refund", "until"],
        "not_delivered": [],
        "too_late": ["until"],
        "already": [],
        "not_found": [],
    },
)
def find_returnable(request: Request) -> Found:
    """Find out whether it, or the product of it that was named, may come back."""
    order = _order(request)
    if order is None:
        return NOT_FOUND
    if order["delivered"] is None:
        return Found("not_delivered", {}, _source(order))
    last = order["delivered"] + timedelta(RETURN_DAYS)
    until = {"until": request.forms.spoken_date(last, request.now.date())}
    lines = _returnable(request)
    if not lines or order["refunded"]:
        return Found("already", {}, _source(order))
    if last < request.now.date():
        return Found("too_late", until, _source(order))
    what = request.things(line.product for line in lines)
    refund = sum(line.price * line.quantity for line in lines)
    return Found(
        "possible",
        {"what": what, "refund": request.forms.spoken_money(refund), **until},
        _source(order),
    )


@look_up(
    needs=["order_number"],
    cases={
        "possible": ["what", "until"],
        "sold_out": ["what", "refund", "until"],
        "not_delivered": [],
        "too_late": ["until"],
        "already": [],
        "not_found": [],
    },
)
def find_exchangeable(request: Request) -> Found:
    """Find out whether it may come back, and there is another to send."""
    found = find_returnable.run(request)
    if found.case == "possible" and not all(_is_in_stock(request, o) for o in _returnable(request)):
        return Found("sold_out", found.values, found.source)
    return found


@change(needs=["order_number"])
def return_items(request: Request) -> None:
    """Expect them back; the money goes when they are here."""
    _send_back(request, "return")


@change(needs=["order_number"])
def exchange_items(request: Request) -> None:
    """Expect them back, and put new ones aside."""
    for line in _send_back(request, "exchange"):
        enough = (CATALOG.c.name == line.product) & (CATALOG.c.stock >= line.quantity)
        one_less = update(CATALOG).where(enough).values(stock=CATALOG.c.stock - line.quantity)
        if request.connection.execute(one_less).rowcount != 1:
            raise ActionError(f"there is no other {line.product} to send")


@look_up(cases={"new": ["ticket"]})
def new_ticket(request: Request) -> Found:
    """Find a number that no ticket has; the same again in the same call."""
    digest = hashlib.sha256(request.call.encode()).digest()
    number = int.from_bytes(digest[:8], "big") % (TICKETS_TO - TICKETS_FROM) + TICKETS_FROM
    taken = select(TICKETS.c.number).where(TICKETS.c.number >= number)
    for other in request.connection.execute(taken.order_by(TICKETS.c.number)).scalars():
        if other > number:
            break
        number += 1
    return Found("new", {"ticket": request.forms.spoken_digits(str(number))}, f"tickets/{number}")


@change()
def open_ticket(request: Request) -> None:
    """Note that a colleague is to get back to the caller; what it is about, the history tells."""
    known = "order_number" in request.slots and _order(request)
    row = insert(TICKETS).values(
        number=int(request.values["ticket"].replace(" ", "")),
        kind="complaint",
        status="open",
        opened=request.now,
        call=request.call,
        order_number=known["number"] if known else None,
    )
    request.connection.execute(row)


def _unsent(request: Request) -> Found:
    order = _order(request)
    if order is None:
        return NOT_FOUND
    status = order["status"]
    name = (
        "possible" if status in NOT_SENT else "cancelled" if status == "cancelled" else "too_late"
    )
    return Found(name, _spoken(order, request), _source(order))


def _change_unsent(request: Request, **values: str) -> None:
    number = request.slots["order_number"]
    here = (ORDERS.c.number == number) & ORDERS.c.status.in_(NOT_SENT)
    if request.connection.execute(update(ORDERS).where(here).values(values)).rowcount != 1:
        raise ActionError(f"order {number} cannot be changed any more")


def _returnable(request: Request) -> Sequence[Row[Any]]:
    """Give the order's lines that have not been sent back; if one was named, that alone."""
    number = {"order_number": request.slots["order_number"]}
    lines = request.connection.execute(KEPT, number).all()
    named = request.slots.get("product", "")  # perhaps of an earlier request, and not in here
    return [line for line in lines if _is_called(line.product, named)] or lines


def _send_back(request: Request, kind: str) -> Sequence[Row[Any]]:
    """Note that they come back; raises where nothing is left that could."""
    lines = _returnable(request)
    if find_returnable.run(request).case != "possible":
        raise ActionError(f"order {request.slots['order_number']} cannot be sent back")
    rows = [{"line": line.id, "kind": kind, "opened": request.now} for line in lines]
    request.connection.execute(insert(RETURNS), rows)
    return lines


def _is_in_stock(request: Request, line: Row[Any]) -> bool:
    product = request.connection.execute(PRODUCT, {"name": line.product}).one_or_none()
    return product is not None and product.stock >= line.quantity


def _payment(request: Request) -> str | None:
    said = request.names.thing(request.slots["payment_method"])
    near = process.extract(
        said, list(PAYMENTS), processor=utils.default_process, scorer=fuzz.token_set_ratio,
        score_cutoff=ALIKE, limit=None,
    )  # fmt: skip
    if not near:
        return None
    return PAYMENTS[max(near, key=lambda one: (one[1], fuzz.ratio(one[0], said)))[0]]


def _is_new_card(said: str, payment: str | None) -> bool:
    digits = find_digits(said)
    if digits and len(digits.value) >= CARD_DIGITS:
        return True
    return payment == "card" and ANOTHER.search(said) is not None


def _is_called(product: str, named: str) -> bool:
    likeness = fuzz.token_set_ratio(named, product, processor=utils.default_process)
    return likeness >= ALIKE


@look_up(
    needs=["order_number"],
    cases={"refunded": ["refund", "refunded"], "cancelled": ["total"], "none": [], "not_found": []},
)
def find_refund(request: Request) -> Found:
    """Find out whether the money has been sent."""
    order = _order(request)
    if order is None:
        return NOT_FOUND
    case = "refunded" if order["refunded"] else "none"
    name = "cancelled" if order["status"] == "cancelled" else case
    return Found(name, _spoken(order, request), _source(order))


@look_up(
    needs=["product"],
    cases={
        "in_stock": ["item", "price"],
        "few_left": ["item", "price", "count"],
        "sold_out": ["item", "restock"],
        "unknown": [],
    },
)
def find_product(request: Request) -> Found:
    """Find out whether we have it."""
    names = request.connection.execute(PRODUCTS).scalars().all()
    match = process.extractOne(
        request.slots["product"],
        names,
        scorer=fuzz.token_set_ratio,
        processor=utils.default_process,
        score_cutoff=ALIKE,
    )
    if match is None:
        return Found("unknown")
    row = request.connection.execute(PRODUCT, {"name": match[0]}).mappings().one()
    stock = row["stock"]
    values = {
        "item": row["name"],
        "price": request.forms.spoken_money(row["price"]),
        "count": str(stock),
    }
    if row["restock"]:
        values["restock"] = request.forms.spoken_day(row["restock"], request.now.date())
    case = "sold_out" if stock == 0 else "few_left" if stock <= FEW else "in_stock"
    return Found(case, values, f"catalog/{row['name']}")


@known_caller
def known_customer(request: Request) -> Known | None:
    """Know a customer by their number, unless several share it."""
    query = select(CUSTOMERS.c.id).where(CUSTOMERS.c.phone == request.slots["phone"])
    found = request.connection.execute(query).scalars().all()
    if len(found) != 1:
        return None
    rows = request.connection.execute(select(ORDERS).where(ORDERS.c.customer == found[0]))
    orders = (
        Order(row.number, row.status, row.ordered, row.expected, row.delivered, row.refunded)
        for row in rows
    )
    return Known(found[0], tuple(orders))


def _order(request: Request) -> RowMapping | None:
    number = {"order_number": request.slots["order_number"]}
    return request.connection.execute(ORDER, number).mappings().one_or_none()


def _source(order: RowMapping) -> str:
    return f"orders/{order['number']}"


def _spoken(order: RowMapping, request: Request) -> dict[str, str]:
    """Put days and amounts as they are said."""
    spoken = {}
    for key in ("expected", "delivered", "refunded"):
        if order[key]:
            spoken[key] = request.forms.spoken_day(order[key], request.now.date())
    for key in ("total", "refund"):
        if order[key] is not None:
            spoken[key] = request.forms.spoken_money(order[key])
    return spoken
