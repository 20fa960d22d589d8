"""Times of day and durations as people say them, to ISO 8601. Pure: now is an argument."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from nlu.dates import MONTHS
from nlu.numbers import numerals, squeezed

_PAST = re.compile(
    r"\b(half|quarter|\d{1,2})(?: minutes?)? (past|after|before) (\d{1,2})\b"
    r"|\b(?<!\d[:. ])(half|quarter|5|10|20|25|\d{1,2}(?= minutes?))(?: minutes?)?"
    r" (to|till?|until) (\d{1,2})\b"
    r"|\b(quarter) (of) (\d{1,2})\b|\b(half) ()(\d{1,2})\b(?! (?:hours?|minutes?))"
)
_FROM_TILL = re.compile(r"\b(?:from|between) (?=\d)")
_CLOCK = re.compile(
    r"\b(\d{1,2})(?:[:. ]([0-5]\d))?\b"
    r"(?!\s*(?:st|nd|rd|th|%|(?:hour|minute|min|second|day|night|week|month|year)s?\b))"
)
_MILITARY = re.compile(r"\b([01]?\d|2[0-3])([0-5]\d)(?= ?(?:hours?\b|[ap]\.?m\b))")
_BARE_MILITARY = re.compile(
    r"(?:(?:yes|yeah|um|uh|okay|so|it's|it is|at|around|about|by|from|after|before|say|for)[,.]? )*"
    r"([01]?\d|2[0-3])([0-5]\d)(?:,? (?:please|thanks))?[.!?]?"
)
_HOURS = re.compile(r"\d\d ?hours?\b")
_NO_CLOCK = re.compile(
    r"\b(?:in )?(?:an?|\d+) (?:day|night|week|month|year)s?(?: ago| from now)?\b"
    r"|\bfor (?:an?|\d+|half an?) (?:hour|minute|min|second)s?\b"
    rf"|\b(?:{MONTHS})\b\.? (?:the )?\d{{1,2}}(?:st|nd|rd|th)?\b(?![:.]\d)(?:,? \d{{4}})?"
    rf"|\b(?:{MONTHS})\b\.?,? \d{{4}}\b"
    rf"|\b\d{{1,2}} (?:of )?(?:{MONTHS})\b"
)
_ISH = re.compile(r"[\s-]?ish\b")
_MORNING = re.compile(r"\d\s*a\.?m\b|\bmorning\b")
_EVENING = re.compile(r"\d\s*p\.?m\b|\b(?:afternoon|evening|tonight)\b")
_NIGHT = re.compile(r"\bnight\b")
_FROM_NOW = re.compile(
    r"\bin (?:about |around )?((?:an?|\d|half|3 quarters|quarter)\b.*)|^(.+?) (?:from now|(ago))\b"
)
_NOON = 12 * 60  # minutes
_DAWN, _DUSK = 6 * 60, 18 * 60

_UNITS = "(?:year|month|fortnight|week|day|night|hour|minute|min|second)"
_PART = re.compile(rf"\b({_UNITS})s?\b")
_AMOUNT = re.compile(
    rf"\b(?:(\d+(?:\.\d+)?)|an?|1)(?: and a (half|quarter))? "
    rf"({_UNITS})s?\b(?: and a (half|quarter))?"
)
_EITHER = re.compile(
    rf"(?:\b\d+|\ban?|\b{_UNITS}s?) (?:(?:to|or|till|until) (?:\d|an? )|(?<=\d )\d)"
    r"|\bbetween \d+ and \d"
)
_LONGEST = 12  # digits of an amount
_MINUTES = {"month": 0, "week": 7 * 1440, "day": 1440, "hour": 60, "minute": 1}


def read_time(text: str, today: date | None = None) -> str | None:
    """Read a time of day as HH:MM, or None; "in an hour" where `today` is a datetime.

    Without am, pm or a part of the day, one to seven o'clock are in the afternoon: shops' hours.
    """
    said = numerals(_ISH.sub(" ", squeezed(text).lower().replace("\u2019", "'")))
    try:
        if isinstance(today, datetime) and (moment := _from_now(said, today)):
            return f"{moment:%H:%M}"
    except (OverflowError, ValueError):
        return None
    said = _NO_CLOCK.sub(" ", said)
    if "midnight" in said:
        return "00:00"
    if "noon" in said.replace("afternoon", "") or "midday" in said or "lunchtime" in said:
        return "12:00"
    shown = _clock(said)
    if shown is None or (_FROM_NOW.search(said) and read_duration(said)):
        return None
    clock = _of_the_day(said, *shown)
    return f"{clock // 60:02}:{clock % 60:02}" if 0 <= clock < 24 * 60 else None


def _of_the_day(said: str, clock: int, of_24_hours: bool) -> int:
    if _MORNING.search(said):
        return clock % _NOON
    if _EVENING.search(said) or (_NIGHT.search(said) and clock % _NOON >= _DAWN):
        return clock % _NOON + _NOON
    if _NIGHT.search(said):
        return clock % _NOON if clock < _DUSK else clock
    return clock + _NOON if 60 <= clock < 8 * 60 and not of_24_hours else clock


def _clock(said: str) -> tuple[int, bool] | None:
    """Read what the hands show, in minutes, and whether it can only be of 24 hours.

    "Ten till five" is before five; "nine till five" and "from ten till five" are spans: from nine.
    """
    if (match := _PAST.search(said)) and not _FROM_TILL.search(said):
        part, sign, hour = match.groups()[(match.lastindex or 3) - 3 : match.lastindex]
        minutes = {"half": 30, "quarter": 15}.get(part) or int(part)
        minutes = minutes if sign in {"past", "after", ""} else -minutes
        return int(hour) * 60 + minutes, hour.startswith("0")
    bare = _BARE_MILITARY.fullmatch(said.strip())
    if match := _MILITARY.search(said) or bare or _CLOCK.search(said):
        military = match.re is _MILITARY and bool(_HOURS.search(said))
        return int(match[1]) * 60 + int(match[2] or 0), military or match[1].startswith("0")
    return None


def _from_now(said: str, now: datetime) -> datetime | None:
    if re.search(r"\bright now\b|^now$", said):
        return now
    match = _FROM_NOW.search(said)
    minutes = _as_minutes(read_duration(match[1] or match[2])) if match else None
    if match is None or minutes is None:
        return None
    return now + timedelta(minutes=-minutes if match[3] else minutes)


def _as_minutes(duration: str | None) -> int | None:
    match = re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?", duration or "")
    return 60 * int(match[1] or 0) + int(match[2] or 0) if match else None


def read_duration(text: str) -> str | None:
    """Read how long something lasts as ISO 8601: "half an hour" → PT30M, "two nights" → P2D."""
    said = numerals(squeezed(text).lower()).replace("-", " ")
    for shape, written in _FRACTIONS:
        said = shape.sub(written, said)
    found = list(_AMOUNT.finditer(said))
    if not found or len(_PART.findall(said)) != len(found) or _EITHER.search(said):
        return None
    sizes: dict[str, Decimal] = {}
    for match in found:
        unit = {"fortnight": "week", "night": "day", "min": "minute"}.get(match[3], match[3])
        if unit in sizes or len(match[1] or "") > _LONGEST:
            return None  # "two nights three nights": which?
        more = {"half": Decimal("0.5"), "quarter": Decimal("0.25")}.get(match[2] or match[4] or "")
        amount = Decimal(match[1] or 1) + (more or 0)
        sizes[unit] = amount * (2 if match[3] == "fortnight" else 1)
    return _iso_duration(sizes)


_FRACTIONS = (
    (re.compile(r"\b(?:a )?couple(?: of)?\b"), "2"),
    (re.compile(r"\b3 quarters of an hour\b"), "45 minutes"),
    (re.compile(r"\b(?:a )?quarter (?:of an )?hour\b"), "15 minutes"),
    (re.compile(r"\b(?:a )?half (?:an? )?hour\b"), "30 minutes"),
    (re.compile(r"\b(?:a )?half (?:an? )?(?:minute|min)\b"), "30 seconds"),
    (re.compile(r"\b(?:a )?half (?:an? )?day\b"), "12 hours"),
    (re.compile(rf"\b(?:a )?half (?:an? )?(?={_UNITS}\b)"), "0.5 "),
    (re.compile(rf"\b(?:a )?quarter (?:of )?an? (?={_UNITS}\b)"), "0.25 "),
    (re.compile(rf"\b3 quarters of an? (?={_UNITS}\b)"), "0.75 "),
    (re.compile(r"\bovernight\b"), "1 night"),
)


def _iso_duration(sizes: dict[str, Decimal]) -> str | None:
    """Write amounts of units as ISO 8601; parts of a unit in smaller ones, never of a month."""
    months = 12 * sizes.get("year", Decimal()) + sizes.get("month", Decimal())
    seconds = sizes.get("second", Decimal())
    minutes = sum((sizes.get(unit, 0) * each for unit, each in _MINUTES.items()), Decimal())
    if months % 1 or seconds % 1 or minutes % 1:
        return None
    days, rest = divmod(int(minutes), 1440)
    if set(sizes) == {"minute"}:
        return f"PT{rest + 1440 * days}M"
    if set(sizes) == {"hour"} and not rest % 60:
        return f"PT{int(minutes) // 60}H"
    if set(sizes) == {"week"} and not days % 7 and not rest:
        return f"P{days // 7}W"
    parts = ((int(months) // 12, "Y"), (int(months) % 12, "M"), (days, "D"))
    clock = ((rest // 60, "H"), (rest % 60, "M"), (int(seconds), "S"))
    of_day = "".join(f"{n}{unit}" for n, unit in clock if n)
    written = "".join(f"{n}{unit}" for n, unit in parts if n) + (f"T{of_day}" if of_day else "")
    return "P" + (written or "0D")
