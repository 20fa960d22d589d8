"""Dates and times as people say them, to ISO 8601. Pure: today is an argument."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from nlu.numbers import numerals

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
)
_HOLIDAYS = {  # (month, day)
    "new year's day": (1, 1),
    "valentine's day": (2, 14),
    "halloween": (10, 31),
    "christmas eve": (12, 24),
    "christmas": (12, 25),
    "new year's eve": (12, 31),
}
_HOLIDAY = re.compile("|".join(_HOLIDAYS))
_WEEKDAY = re.compile(rf"(?:\b(next|last|past|this|coming) )?\b({'|'.join(_WEEKDAYS)}|weekend)s?\b")
_DAY_OF_MONTH = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b")
_CALENDAR = re.compile(
    rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_MONTHS})\b\.?(?:,? \d{{4}}\b)?"
    rf"|\b(?:{_MONTHS})\b\.? (?:the )?\d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?"
)
_RELATIVE = re.compile(
    r"day after tomorrow|day before yesterday|\b(?:today|tonight|tomorrow|yesterday|last night)\b"
    r"|\bthis (?:morning|afternoon|evening)\b|\b(?:next|last) (?:week|month|year)\b"
    r"|\bin (?:a|an|\d+) (?:day|week|month|year)s?\b"
    r"|\b(?:a|an|\d+) (?:day|week|month|year)s? (?:ago|from now)\b"
)
_MONTH = re.compile(rf"(?:^|\b(in|by|until|this|next|last|since) )({_MONTHS})$")

_PAST = re.compile(r"\b(half|quarter|\d{1,2})(?: minutes)? (past|to|after|before) (\d{1,2})\b")
_CLOCK = re.compile(r"\b(\d{1,2})(?:[:. ]([0-5]\d))?\b(?!\s*(?:st|nd|rd|th|%))")
_MORNING = re.compile(r"\d\s*a\.?m\b|\bmorning\b")
_EVENING = re.compile(r"\d\s*p\.?m\b|\b(?:afternoon|evening|tonight|at night)\b")


def read_date(text: str, today: date) -> str | None:
    """Read a date ("next Thursday", "the 5th", "March 3rd") as YYYY-MM-DD, or None.

    What could be past or to come is taken to come. "Thursday" is the next one after today, "next
    Thursday" the one of the week after this (weeks begin on Monday), "last Thursday" the one before
    today. A span ("next week", "May") is its first day, or today's counterpart in it.
    """
    said = numerals(text.replace("\u2019", "'"))
    for shape, read in _SHAPES:
        if match := shape.search(said):
            return read(match, today)
    return None


def read_time(text: str) -> str | None:
    """Read a time of day as HH:MM, or None.

    Without am, pm or a part of the day, one to seven o'clock are in the afternoon: shops' hours.
    """
    said = numerals(text.replace("\u2019", "'"))
    if "midnight" in said:
        return "00:00"
    if "noon" in said.replace("afternoon", "") or "midday" in said:
        return "12:00"
    if match := _PAST.search(said):
        minutes = {"half": 30, "quarter": 15}.get(match.group(1)) or int(match.group(1))
        sign = 1 if match.group(2) in {"past", "after"} else -1
        clock = int(match.group(3)) * 60 + sign * minutes
    elif match := _CLOCK.search(said):
        clock = int(match.group(1)) * 60 + int(match.group(2) or 0)
    else:
        return None
    if _MORNING.search(said):
        clock %= 12 * 60
    elif _EVENING.search(said):
        clock = clock % (12 * 60) + 12 * 60
    elif 60 <= clock < 8 * 60:
        clock += 12 * 60
    return f"{clock // 60:02}:{clock % 60:02}" if 0 <= clock < 24 * 60 else None


def _calendar(match: re.Match[str], today: date) -> str | None:
    return _parse(re.sub(r"\b(?:of|the)\b ?", "", match.group()), today)


def _parse(phrase: str, today: date) -> str | None:
    import dateparser

    moment = dateparser.parse(
        phrase,
        languages=["en"],
        settings={
            "RELATIVE_BASE": datetime(today.year, today.month, today.day, 12),
            "PREFER_DATES_FROM": "future",
        },
    )
    return moment.date().isoformat() if moment else None


def _weekday(match: re.Match[str], today: date) -> str:
    which, name = match.groups()
    weekday = _WEEKDAYS.index("saturday" if name == "weekend" else name)
    ahead = (weekday - today.weekday()) % 7
    if which in {"last", "past"}:
        ahead -= 7
    elif which == "next":
        ahead = 7 - today.weekday() + weekday
    elif ahead == 0:
        ahead = 7
    return (today + timedelta(days=ahead)).isoformat()


def _month(match: re.Match[str], today: date) -> str | None:
    which, name = match.groups()
    first = _parse(f"1 {name}", today)
    if first and which in {"last", "since"} and first > today.isoformat():
        return date.fromisoformat(first).replace(year=int(first[:4]) - 1).isoformat()
    return first


def _holiday(match: re.Match[str], today: date) -> str:
    month, day = _HOLIDAYS[match.group()]
    this_year = date(today.year, month, day)
    return (this_year if this_year >= today else date(today.year + 1, month, day)).isoformat()


def _day_of_month(match: re.Match[str], today: date) -> str | None:
    """Find the next month (this one included) that has such a day still to come."""
    day = int(match.group(1))
    for months in range(12):
        year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
        try:
            found = date(year, month + 1, day)
        except ValueError:
            continue
        if found >= today:
            return found.isoformat()
    return None


# In this order: "Saturday the 5th of May" is a calendar date first, and a Saturday last.
_SHAPES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], str | None]], ...] = (
    (_CALENDAR, _calendar),
    (_HOLIDAY, _holiday),
    (_DAY_OF_MONTH, _day_of_month),
    (_WEEKDAY, _weekday),
    (_RELATIVE, lambda match, today: _parse(match.group(), today)),
    (_MONTH, _month),
)
