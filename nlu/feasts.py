"""Feast days by the names that people say: which date one is in a year. Pure."""

import re
from collections.abc import Callable
from datetime import date, timedelta

from dateutil.easter import easter
from dateutil.relativedelta import MO, SU, TH, relativedelta, weekday

Feast = Callable[[int], date]  # by the year


def _fixed(month: int, day: int) -> Feast:
    return lambda year: date(year, month, day)


def _nth(month: int, which: weekday, days: int = 0) -> Feast:
    """The nth such weekday of a month (from its end where negative), and some days after it."""
    start = 31 if (which.n or 1) < 0 else 1
    return lambda year: (
        date(year, month, 1) + relativedelta(day=start, weekday=which) + timedelta(days=days)
    )


def _from_easter(days: int) -> Feast:
    return lambda year: easter(year) + timedelta(days=days)


FEASTS: dict[str, Feast] = {
    "new year's day": _fixed(1, 1),
    "martin luther king day": _nth(1, MO(+3)),
    "presidents day": _nth(2, MO(+3)),
    "valentine's day": _fixed(2, 14),
    "st patrick's day": _fixed(3, 17),
    "good friday": _from_easter(-2),
    "easter monday": _from_easter(1),
    "easter": _from_easter(0),
    "mother's day": _nth(5, SU(+2)),
    "memorial day": _nth(5, MO(-1)),
    "juneteenth": _fixed(6, 19),
    "father's day": _nth(6, SU(+3)),
    "independence day": _fixed(7, 4),
    "labor day": _nth(9, MO(+1)),
    "columbus day": _nth(10, MO(+2)),
    "halloween": _fixed(10, 31),
    "veterans day": _fixed(11, 11),
    "thanksgiving": _nth(11, TH(+4)),
    "black friday": _nth(11, TH(+4), days=1),
    "cyber monday": _nth(11, TH(+4), days=4),
    "christmas eve": _fixed(12, 24),
    "christmas": _fixed(12, 25),
    "boxing day": _fixed(12, 26),
    "new year's eve": _fixed(12, 31),
}
ELSEWHERE: dict[str, dict[str, Feast]] = {  # ISO 3166: what falls on another day there
    "GB": {"mother's day": _from_easter(-21)},
    "IE": {"mother's day": _from_easter(-21)},
    "CA": {"thanksgiving": _nth(10, MO(+2))},
    "AU": {"father's day": _nth(9, SU(+1))},
    "NZ": {"father's day": _nth(9, SU(+1))},
}


def _plain(said: str) -> str:
    return said.replace("'", "").replace(".", "")


_KNOWN = {_plain(name): name for name in FEASTS} | {
    "mlk day": "martin luther king day",
    "martin luther king jr day": "martin luther king day",
    "saint patricks day": "st patrick's day",
    "labour day": "labor day",
}
_NAMES = "|".join(sorted(_KNOWN, key=len, reverse=True))
_FEAST = re.compile(
    r"(?:(?:\b(\d+|a) )?\b(day|week)s? )?(?:\b(before|after) )?(?:\b(last|this|next) )?"
    rf"\b({_NAMES})\b(?: (?:of )?(\d{{4}})\b| (last|this|next) year\b)?"
)


def find_feast(said: str) -> tuple[re.Match[str], str] | None:
    """Find a feast in a text of lower case and figures, and give the text without it."""
    plain = _plain(said)
    found = _FEAST.search(plain)
    return (found, plain[: found.start()] + plain[found.end() :]) if found else None


def is_reckoned_from(found: re.Match[str]) -> bool:
    """Whether it only tells from when to count: "the Friday after Thanksgiving"."""
    _, unit, side, *_ = found.groups()
    return bool(side) != bool(unit)


def read_feast(found: re.Match[str], today: date, region: str) -> date:
    """Give the date of what was found: the coming one, or that of the year that was said."""
    count, unit, side, which, said, year, yearly = found.groups()
    feast = ELSEWHERE.get(region, {}).get(_KNOWN[said], FEASTS[_KNOWN[said]])
    days = {"day": 1, "week": 7}.get(unit or "", 0) * int(count if count and count != "a" else 1)
    if year or yearly:
        in_year = int(year) if year else today.year + {"last": -1, "this": 0, "next": 1}[yearly]
    elif which == "last":
        in_year = today.year - (feast(today.year) >= today)
    else:
        in_year = today.year + (feast(today.year) < today)
    return feast(in_year) + timedelta(days=-days if side == "before" else days)
