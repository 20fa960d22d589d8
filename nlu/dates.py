"""Dates as people say them, to ISO 8601. Pure: today is an argument."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import product

from nlu.feasts import find_feast, is_reckoned_from, read_feast
from nlu.numbers import HOMOPHONES, numerals, squeezed

DEFAULT_REGION = "US"  # ISO 3166: who says the month before the day
_MONTH_FIRST = {"US"}
_OLDEST = 120  # years, of a caller
_LONGEST_TURNED = 183  # days, of a span whose end was said as if before its beginning

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTH_NAMES = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
MONTHS = (
    "january|february|march|april|may|june|july|august|september|october|november|december"
    "|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec"
)
_DAYS = "|".join(_WEEKDAYS)
_WEEKDAY = re.compile(rf"(?:\b(next|last|past|this|coming) )?\b({_DAYS}|weekend)s?\b")
_WEEK_ON = re.compile(
    rf"\b(?:(?:a|1|(\d)) weeks? (?:(?:from|on|after) )?|in (?:a|1|(\d)) weeks?(?: on)? )"
    rf"({_DAYS}|today|tomorrow)\b|\b({_DAYS}|today|tomorrow) (?:week|in a week)\b"
)
_OF_WEEK = re.compile(
    rf"\b({_DAYS})(?:,? of)? (last|this|next) week\b|\b(last|this|next) week,?(?: on)? ({_DAYS})\b"
)
_DAY_OF_MONTH = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)\b")
_DAY_OF_THAT = re.compile(
    r"\b(?:(\d{1,2})(?:st|nd|rd|th)|(end)) (?:of )?(the|this|next|last) month\b"
)
_CALENDAR = re.compile(
    rf"\b\d{{4}}-\d\d-\d\d\b|\b\d{{1,2}}/\d{{1,2}}(?:/\d{{2,4}})?\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th)? (?:day )?(?:of )?(?:{MONTHS})\b\.?(?:,? \d{{4}}\b)?"
    rf"|\b(?:{MONTHS})\b\.? (?:the )?\d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}}\b)?"
)
_SPOKEN_YEAR = re.compile(rf"((?:\b(?:{MONTHS})\b|\d(?:st|nd|rd|th)\b)[.,]* )(19|20) (\d\d)\b")
_RELATIVE = re.compile(
    r"day after tomorrow|day before yesterday|\b(?:today|tonight|tomorrow|yesterday|last night)\b"
    r"|\bthis (?:morning|afternoon|evening)\b|\b(?:next|last) (?:week|month|year)\b"
    r"|\bin (?:a|an|\d+) (?:day|week|month|year)s?\b"
    r"|\b(?:a|an|\d+) (?:day|week|month|year)s? (?:ago|from now|from today)\b"
)
_MONTH = re.compile(rf"(?:^|\b(in|by|until|this|next|last|since) )({MONTHS})(?:,? (\d{{4}}))?$")

_EARLIEST = re.compile(  # "the 1st available" is no first of the month
    r"(?:\bas soon as possible\b|\basap\b|\b(?:the|your) (?:very )?earliest\b|^earliest$"
    r"|\b(?:1st|first|next|soonest|earliest) (?:available|possible|free|you have)\b)"
    rf"(?!.*\b(?:{_DAYS}|tomorrow|\d+(?:st|nd|rd|th))\b)"  # nor where a day is named after it
)

_YEAR_PARTED = re.compile(r"\b((?:19|20)\d0)(?: and)? ([1-9])(?:st|nd|rd|th)?\b")
_YEAR_UNIT = re.compile(rf"(?<=\b19\d0) ({'|'.join(HOMOPHONES)})\b")
_YEAR_AFTER = re.compile(
    rf"((?:\b\d{{1,2}}(?:st|nd|rd|th)? (?:day )?(?:of )?)?\b(?:{MONTHS})\b"
    rf"(?: (?:the )?\d{{1,2}}(?:st|nd|rd|th)?)?),?(?: of)? (this|next|last) year\b"
)


def read_date(text: str, today: date, region: str = DEFAULT_REGION) -> str | None:
    """Read a date ("next Thursday", "the 5th", "March 3rd") as YYYY-MM-DD, or None.

    What could be past or to come is taken to come. "Thursday" is the next one after today, "next
    Thursday" the one of the week after this (weeks begin on Monday), "last Thursday" the one before
    today. A span ("next week", "May") is its first day, or today's counterpart in it. "3/5" is
    March 5th in the region US, elsewhere the 3rd of May.
    """
    said = _said(text)
    if re.search(r"\d/\d", said) and region not in _MONTH_FIRST:
        said = re.sub(r"\b(\d{1,2})/(\d{1,2})(/\d{2,4})?\b", _month_first, said)
    said = _YEAR_AFTER.sub(lambda match: _with_year(match, _day(today)), said)
    feast, rest = find_feast(said) or (None, said)
    if feast and is_reckoned_from(feast):
        return None
    try:
        for shape, read in _SHAPES:
            if match := shape.search(rest):
                return read(match, _day(today))
        return read_feast(feast, _day(today), region).isoformat() if feast else None
    except (ValueError, OverflowError):  # before the year 1, or after 9999
        return None


def _with_year(match: re.Match[str], today: date) -> str:
    return f"{match[1]} {today.year + {'this': 0, 'next': 1, 'last': -1}[match[2]]}"


def read_birth_date(text: str, today: date, region: str = DEFAULT_REGION) -> str | None:
    """Read a date of the last 120 years as YYYY-MM-DD: "the fifth of March eighty four".

    Without a year, or where digits alone ("1121984") may be two dates, it is None.
    """
    said = _YEAR_UNIT.sub(lambda match: f" {HOMOPHONES[match[1]]}", _said(text))
    said = _YEAR_PARTED.sub(lambda match: str(int(match[1]) + int(match[2])), said)
    named = re.search(rf"\b({MONTHS})\b", said)
    if named:
        month = _month_number(named[1])
        dates = _named_month(month, said[: named.start()], said[named.end() :], _day(today))
    else:
        dates = _all_digits(re.findall(r"\d+", said), _day(today), region in _MONTH_FIRST)
    found = {day for day in dates if day is not None}
    return found.pop().isoformat() if len(found) == 1 else None


def read_date_range(text: str, today: date, region: str = DEFAULT_REGION) -> str | None:
    """Read days from and to, both within: "next week" → "2025-03-17/2025-03-23" (ISO 8601).

    A week begins on Monday; "the last ten days" end today, "the next ten" begin tomorrow.
    """
    said, day = _said(text), _day(today)
    if both := _FROM_TO.search(said):
        last = read_date(both[2], day, region)
        first = read_date(both[1] + _month_of(both), day, region)
        if first and last and first > last:  # "between Monday and Friday", on a Wednesday
            last = read_date(both[2], first_day := date.fromisoformat(first), region)
            if last and (date.fromisoformat(last) - first_day).days > _LONGEST_TURNED:
                return None
        return f"{first}/{last}" if first and last and first <= last else None
    for shape, read in _SPANS:
        if match := shape.search(said):
            try:
                return "/".join(each.isoformat() for each in read(match, day))
            except (ValueError, OverflowError):  # before the year 1, or after 9999
                return None
    return None


def _said(text: str) -> str:
    said = numerals(squeezed(text).replace("\u2019", "'").replace("\u2013", "-"))
    said = re.sub(r"(?<=\d) (?:slash|stroke) (?=\d)", "/", said)
    said = re.sub(r"\b(?:a )?couple(?: of)?\b", "2", said)
    said = re.sub(r"\b(?:a |1 )?fortnight\b", "2 weeks", said)
    return _SPOKEN_YEAR.sub(r"\1\2\3", said)


def _day(today: date) -> date:
    return today.date() if isinstance(today, datetime) else today


def _month_first(match: re.Match[str]) -> str:
    day, month, year = match[1], match[2], match[3] or ""
    return f"{month}/{day}{year}" if int(month) <= len(_MONTH_NAMES) else match[0]


def _calendar(match: re.Match[str], today: date) -> str | None:
    return _parse(re.sub(r"\b(?:day|of|the)\b ?", "", match.group()), today)


@lru_cache(maxsize=64)  # a turn's words are read for several slots, and each takes some ms
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


def _week_on(match: re.Match[str], today: date) -> str:
    """Read "a week on Tuesday": the coming one and a week more."""
    weeks = int(match[1] or match[2] or 1)
    name = match[3] or match[4]
    if name in _WEEKDAYS:
        ahead = (_WEEKDAYS.index(name) - today.weekday()) % 7 or 7
    else:
        ahead = 1 if name == "tomorrow" else 0
    return (today + timedelta(days=ahead + 7 * weeks)).isoformat()


def _of_week(match: re.Match[str], today: date) -> str:
    name, which = match[1] or match[4], match[2] or match[3]
    monday = today - timedelta(days=today.weekday())
    weeks = {"last": -1, "this": 0, "next": 1}[which]
    return (monday + timedelta(days=7 * weeks + _WEEKDAYS.index(name))).isoformat()


def _month(match: re.Match[str], today: date) -> str | None:
    which, name, year = match.groups()
    if year:
        return date(int(year), _month_number(name), 1).isoformat()
    first = _parse(f"1 {name}", today)
    if first and which in {"last", "since"} and first > today.isoformat():
        return date.fromisoformat(first).replace(year=int(first[:4]) - 1).isoformat()
    return first


def _day_of_month(match: re.Match[str], today: date) -> str | None:
    """Find the next month (this one included) that has such a day still to come."""
    day = int(match.group(1))
    for months in range(12):
        found = _date(*_month_after(today, months), day)
        if found and found >= today:
            return found.isoformat()
    return None


def _day_of_that(match: re.Match[str], today: date) -> str | None:
    year, month = _month_after(today, {"next": 1, "last": -1}.get(match[3], 0))
    found = _date(year, month, int(match[1] or monthrange(year, month)[1]))
    return found.isoformat() if found else None


def _month_after(today: date, months: int) -> tuple[int, int]:
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return year, month + 1


def _month_number(name: str) -> int:
    return next(i for i, month in enumerate(_MONTH_NAMES, 1) if month.startswith(name[:3]))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _past(year: int | None, month: int, day: int, today: date) -> date | None:
    found = _date(year, month, day) if year else None
    return found if found and today.year - _OLDEST <= found.year and found <= today else None


def _year(digits: str, today: date) -> int | None:
    """Read "1984", or "84": of the century that makes it past."""
    if len(digits) == 2:
        century = today.year // 100 * 100
        return century + int(digits) - (100 if int(digits) > today.year % 100 else 0)
    return int(digits) if len(digits) == 4 else None


def _named_month(month: int, before: str, after: str, today: date) -> Iterator[date | None]:
    """Read "the 5th of", 3, "1984" or "", 3, "the 5th, 84"."""
    day = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)?(?: day)?(?: of)?(?: the)?\s*$", before)
    groups = re.findall(r"\d+", after)
    if not day and len(groups) == 1 and int(groups[0]) > today.year:  # "April twenty, ninety three"
        groups = [groups[0][:2], groups[0][2:]]
    if day:
        yield _past(_year("".join(groups), today), month, int(day[1]), today)
    elif groups:
        yield _past(_year("".join(groups[1:]), today), month, int(groups[0]), today)


def _all_digits(groups: list[str], today: date, month_first: bool) -> Iterator[date | None]:
    """Read "05", "03", "84" or "0503", "1984": all ways to divide it that are dates."""
    if len(groups) == 3 and len(groups[0]) == 4:
        yield _past(int(groups[0]), int(groups[1]), int(groups[2]), today)
        return
    apart = len(groups) > 2 and len(groups[0]) <= 2 and len(groups[1]) <= 2
    for swapped in (month_first, not month_first):
        found = [
            _past(_year(digits, today), *((int(first), int(second)) if swapped
                                          else (int(second), int(first))), today)
            for first, second, digits in (
                [(groups[0], groups[1], "".join(groups[2:]))] if apart else _divisions(groups)
            )
        ]  # fmt: skip
        if any(found):
            yield from found
            return


def _divisions(groups: list[str]) -> Iterator[tuple[str, str, str]]:
    whole = "".join(groups)
    for first, second in product((2, 1), (2, 1)):
        parts = whole[:first], whole[first : first + second], whole[first + second :]
        if len(groups) > 1 and len(groups[-1]) == 4 and groups[-1] != parts[2]:
            continue
        if all(parts) and (len(parts[2]) == 4 or (len(parts[2]) == 2 and first + second == 4)):
            yield parts


_FROM_TO = re.compile(r"\b(?:from|between) (.+?) (?:to|until|till|and|through) (.+)")
_UNIT_SPAN = re.compile(
    r"\b(this|current|next|coming|last|past|previous) (week|weekend|month|quarter|year)\b"
)
_SOME_SPAN = re.compile(r"\b(last|past|next|coming|previous) (\d+) (day|week|month)s\b")
_MONTH_SPAN = re.compile(
    rf"\b(?:(this|last|next) )?({MONTHS})(?: (?:of )?(this|last|next) year|,? (\d{{4}}))?$"
)


def _month_of(both: re.Match[str]) -> str:
    """Give "the 3rd" of "from the 3rd to the 5th of May" its month."""
    named = re.search(rf"\b(?:{MONTHS})\b(?:,? \d{{4}})?", both[2])
    bare = re.fullmatch(r"(?:the )?\d{1,2}(?:st|nd|rd|th)?", both[1])
    return f" of {named[0]}" if named and bare else ""


def _unit_span(match: re.Match[str], today: date) -> tuple[date, date]:
    which, unit = match.groups()
    step = {"this": 0, "current": 0, "next": 1, "coming": 1}.get(which, -1)
    if unit.startswith("week"):
        monday = today + timedelta(days=7 * step - today.weekday())
        return monday + timedelta(days=5 * (unit == "weekend")), monday + timedelta(days=6)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    into = (today.month - 1) % months
    return _months(today, step * months - into, months)


def _some_span(match: re.Match[str], today: date) -> tuple[date, date]:
    number, unit = int(match[2]), match[3]
    if unit == "month":
        year, month = _month_after(today, number if match[1] in {"next", "coming"} else -number)
        then = date(year, month, min(today.day, monthrange(year, month)[1]))
    else:
        days = number * (7 if unit == "week" else 1)
        then = today + timedelta(days=days if match[1] in {"next", "coming"} else -days)
    if then > today:
        return today + timedelta(days=1), then
    return min(then + timedelta(days=1), today), today


def _month_span(match: re.Match[str], today: date) -> tuple[date, date]:
    month, which = _month_number(match[2]), match[3] or match[1]
    ahead = (month - today.month) % 12
    if match[4]:
        ahead = (int(match[4]) - today.year) * 12 + month - today.month
    elif match[3]:
        ahead = {"this": 0, "last": -12, "next": 12}[match[3]] + month - today.month
    elif which == "last":
        ahead -= 12
    return _months(today, ahead, 1)


def _months(today: date, ahead: int, number: int) -> tuple[date, date]:
    first = date(*_month_after(today, ahead), 1)
    return first, date(*_month_after(today, ahead + number), 1) - timedelta(days=1)


_SPANS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], tuple[date, date]]], ...] = (
    (_MONTH_SPAN, _month_span),
    (_UNIT_SPAN, _unit_span),
    (_SOME_SPAN, _some_span),
)

# In this order: "Saturday the 5th of May" is a calendar date first, and a Saturday last.
_SHAPES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], str | None]], ...] = (
    (_CALENDAR, _calendar),
    (_WEEK_ON, _week_on),
    (_OF_WEEK, _of_week),
    (_EARLIEST, lambda _, today: today.isoformat()),
    (_DAY_OF_THAT, _day_of_that),
    (_DAY_OF_MONTH, _day_of_month),
    (_WEEKDAY, _weekday),
    (_RELATIVE, lambda match, today: _parse(match.group(), today)),
    (_MONTH, _month),
)
