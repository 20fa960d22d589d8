"""What a known customer most likely calls about: a scorer whose every term can be read. Pure.

Each order that gives a reason to call has a weight; "something else" always has one, too. A need's
probability is its share of all weights. The weights are judgement, not learned: there are no calls
yet to learn them from.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

ELSE = 1.0  # the weight of "something else"
FRESH_DAYS = 5  # for so long after it happened, news is a reason to call
WARRANTY_DAYS = 30  # before its end
LATE_PER_DAY, LATEST = 0.5, 3.0  # what each day of being late adds to a weight, and at most


@dataclass(frozen=True, slots=True)
class Order:
    """What the business knows of an order; days that are not known are None."""

    number: str
    status: str  # processing, shipped, delayed, delivered, partly_returned, returned, cancelled
    ordered: date | None = None
    expected: date | None = None
    delivered: date | None = None
    refunded: date | None = None
    warranty_until: date | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Who is known to call by their number, and their orders."""

    customer: str
    orders: tuple[Order, ...] = ()


@dataclass(frozen=True, slots=True)
class Need:
    """What they may call about: `reason` is a key of `guesses` in flows.yaml."""

    intent: str
    reason: str
    order: str
    probability: float


def needs(orders: Iterable[Order], today: date) -> tuple[Need, ...]:
    """Return what the caller may want, likeliest first."""
    weighed = [
        (weight, intent, reason, order.number)
        for order in orders
        for weight, intent, reason in _reasons(order, today)
        if weight > 0
    ]
    total = ELSE + sum(weight for weight, *_ in weighed)
    found = (
        Need(intent, reason, number, weight / total) for weight, intent, reason, number in weighed
    )
    return tuple(sorted(found, key=lambda need: (-need.probability, need.order)))


def _reasons(order: Order, today: date) -> Iterable[tuple[float, str, str]]:
    """Yield weight, intent and reason."""
    late = _days(order.expected, today)
    match order.status:
        case "shipped" if late > 0:
            yield 3 + min(late * LATE_PER_DAY, LATEST), "order_status", "overdue"
        case "shipped":
            yield 2 + _fresh(order.expected, today, before=True), "order_status", "on_its_way"
        case "delayed":
            yield 4.0, "order_status", "delayed"
        case "processing":
            yield 0.5 + _fresh(order.ordered, today), "order_status", "being_packed"
        case "delivered":
            yield 1.5 * _fresh(order.delivered, today), "return_policy", "arrived"
        case "returned" | "partly_returned" | "cancelled" if order.refunded is None:
            yield 3.0, "refund_status", "refund_open"
        case "returned" | "partly_returned":
            yield 2 * _fresh(order.refunded, today), "refund_status", "refund_sent"
    if order.warranty_until and 0 <= -_days(order.warranty_until, today) <= WARRANTY_DAYS:
        yield 0.5, "warranty", "warranty_ends"


def _days(day: date | None, today: date) -> int:
    """Return how many days ago that was; 0 where it is not known."""
    return (today - day).days if day else 0


def _fresh(day: date | None, today: date, *, before: bool = False) -> float:
    """Return 1 on the day itself, falling to 0 over FRESH_DAYS after it, or before it."""
    if day is None:
        return 0.0
    ago = _days(day, today) * (-1 if before else 1)
    return max(0.0, 1 - ago / FRESH_DAYS) if ago >= 0 else 0.0
