"""What the assistant looks up and changes. Replace the SQL by calls to your own systems."""

from datetime import date, timedelta

from rapidfuzz import fuzz, process, utils
from sqlalchemy import RowMapping, select, update

from dialogue import ActionError
from dialogue.actions import Found, Profile, Request, callers, change, look_up
from dialogue.phrasing import spoken_day, spoken_money, spoken_time
from dialogue.tables import CATALOG, CUSTOMERS, ORDERS

FEW = 3  # in stock: say how many are left
ALIKE = 80  # of 100: how near a spoken product must come to a name in the catalogue
NOT_SENT = ("processing", "delayed")
NOT_FOUND = Found("not_found")


@callers(by=["order_number", "phone_number"])
def customers(request: Request) -> list[Profile]:
    """Whose order it is; or all of a household who share a telephone."""
    query = select(CUSTOMERS).order_by(CUSTOMERS.c.id)
    if number := request.slots.get("order_number"):
        query = query.join(ORDERS).where(ORDERS.c.number == number)
    else:
        query = query.where(CUSTOMERS.c.phone == request.slots["phone_number"])
    return [
        Profile(
            row.id,
            {
                "name": row.name,
                "postcode": row.postcode or "",
                "birth_date": row.birth_date.isoformat() if row.birth_date else "",
            },
        )
        for row in request.connection.execute(query)
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
    order = _order(request)
    if order is None:
        return NOT_FOUND
    status = order["status"]
    name = (
        "possible" if status in NOT_SENT else "cancelled" if status == "cancelled" else "too_late"
    )
    return Found(name, _spoken(order, request), _source(order))


@change(needs=["order_number"])
def cancel_order(request: Request) -> None:
    """Cancel it, if it is still here."""
    number = request.slots["order_number"]
    here = (ORDERS.c.number == number) & ORDERS.c.status.in_(NOT_SENT)
    done = request.connection.execute(update(ORDERS).where(here).values(status="cancelled"))
    if done.rowcount != 1:
        raise ActionError(f"order {number} cannot be cancelled any more")


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
    names = request.connection.execute(select(CATALOG.c.name)).scalars().all()
    match = process.extractOne(
        request.slots["product"],
        names,
        scorer=fuzz.token_set_ratio,
        processor=utils.default_process,
        score_cutoff=ALIKE,
    )
    if match is None:
        return Found("unknown")
    query = select(CATALOG).where(CATALOG.c.name == match[0])
    row = request.connection.execute(query).mappings().one()
    stock = row["stock"]
    values = {"item": row["name"], "price": spoken_money(row["price"]), "count": str(stock)}
    if row["restock"]:
        values["restock"] = spoken_day(row["restock"], request.now.date())
    case = "sold_out" if stock == 0 else "few_left" if stock <= FEW else "in_stock"
    return Found(case, values, f"catalog/{row['name']}")


@look_up(
    cases={
        "open_now": ["closes"],
        "opens_later": ["opens", "at"],
        "open_on_day": ["day", "at", "closes"],
        "closed_on_day": ["day", "opens", "at"],
    }
)
def opening_hours(request: Request) -> Found:
    """Now, or on the day that the caller named."""
    now, hours = request.now, request.hours
    today = now.date()
    day = date.fromisoformat(request.slots.get("date", today.isoformat()))
    span = hours.on(day)
    if day != today and span:
        values = {
            "day": _capital(spoken_day(day, today)),
            "at": spoken_time(span.opens),
            "closes": spoken_time(span.closes),
        }
        return Found("open_on_day", values, "assistant.toml#hours")
    if span and hours.is_open(now):
        return Found("open_now", {"closes": spoken_time(span.closes)}, "assistant.toml#hours")
    before = (
        now if day == today else now.replace(hour=0, minute=0) + timedelta(days=(day - today).days)
    )
    opening = hours.next_opening(before)
    if opening is None:
        raise ActionError("the business never opens; mend [hours] in assistant.toml")
    values = {
        "day": _capital(spoken_day(day, today)),
        "opens": spoken_day(opening.date(), today),
        "at": spoken_time(opening.time()),
    }
    case = "closed_on_day" if day != today else "opens_later"
    return Found(case, values, "assistant.toml#hours")


def _order(request: Request) -> RowMapping | None:
    query = select(ORDERS).where(ORDERS.c.number == request.slots["order_number"])
    return request.connection.execute(query).mappings().one_or_none()


def _source(order: RowMapping) -> str:
    return f"orders/{order['number']}"


def _spoken(order: RowMapping, request: Request) -> dict[str, str]:
    """Put days and amounts as they are said."""
    spoken = {}
    for key in ("expected", "delivered", "refunded"):
        if order[key]:
            spoken[key] = spoken_day(order[key], request.now.date())
    for key in ("total", "refund"):
        if order[key] is not None:
            spoken[key] = spoken_money(order[key])
    return spoken


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]
