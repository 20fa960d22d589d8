"""Rules that turn written figures into words: addresses, dates, times, money, codes, numbers.

`FIGURES` is ordered: what looks most like something particular (an e-mail address, a phone number,
a date) comes first, plain numbers last. A numeric date is read as month, day, year, the American
way, unless the first number can only be a day.
"""

import calendar
import re
from collections.abc import Callable, Iterable
from datetime import date

from voice.spoken_numbers import (
    cardinal,
    clock,
    counted,
    decade,
    digits,
    grouped_digits,
    money,
    ordinal,
    year,
)

Match = re.Match[str]
Rule = tuple[re.Pattern[str], str | Callable[[Match], str]]

CURRENCIES = {
    "$": ("dollar", "cent"),
    "USD": ("dollar", "cent"),
    "€": ("euro", "cent"),
    "EUR": ("euro", "cent"),
    "£": ("pound", "penny"),
    "GBP": ("pound", "penny"),
    "¥": ("yen", ""),
}
UNITS = {
    "kg": "kilogram",
    "g": "gram",
    "mg": "milligram",
    "lb": "pound",
    "lbs": "pound",
    "oz": "ounce",
    "km": "kilometer",
    "m": "meter",
    "cm": "centimeter",
    "mm": "millimeter",
    "mi": "mile",
    "ft": "foot",
    "l": "liter",
    "L": "liter",
    "ml": "milliliter",
    "KB": "kilobyte",
    "MB": "megabyte",
    "GB": "gigabyte",
    "TB": "terabyte",
    "W": "watt",
    "kW": "kilowatt",
    "kWh": "kilowatt hour",
    "V": "volt",
    "Hz": "hertz",
    "mph": "mile per hour",
    "km/h": "kilometer per hour",
    "°C": "degree Celsius",
    "°F": "degree Fahrenheit",
    "°": "degree",
    "h": "hour",
    "hr": "hour",
    "hrs": "hour",
    "min": "minute",
    "mins": "minute",
    "sec": "second",
    "secs": "second",
    "yr": "year",
    "yrs": "year",
}
SCALES = {"k": "thousand", "K": "thousand", "m": "million", "M": "million", "bn": "billion"}
FRACTIONS = {
    "1/2": "a half",
    "1/3": "one third",
    "2/3": "two thirds",
    "1/4": "a quarter",
    "3/4": "three quarters",
}
CODE_WORDS = (
    "order|orders|number|numbers|no|code|codes|reference|ref|account|tracking|ticket|invoice|case|"
    "confirmation|pin|zip|id|serial|item|sku|extension|ext|ending in|voucher|customer|booking"
)
ADDRESS_SIGNS = {".": "dot", "@": "at", "_": "underscore", "-": "dash", "+": "plus", "/": "slash"}
SPELLED_DOMAINS = {"io", "uk", "us", "eu", "de", "fr", "ie", "ca", "au", "nz", "tv", "ai"}
DOMAINS = "com|org|net|co|info|biz|shop|store|app|dev|edu|gov"

_MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()} | {"Sept": 9}
_DAYS = {name[:3]: name for name in calendar.day_name}
_DAYS |= {"Tues": "Tuesday", "Thur": "Thursday", "Thurs": "Thursday"}


def _either(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
_TO = r"\s?[-—]\s?"
_LOW = rf"(?:(?P<low>{_NUMBER}){_TO})?"
_SIGN = "[" + "".join(c for c in CURRENCIES if len(c) == 1) + "]"
_SCALE = rf"(?:\s?(?P<scale>thousand|million|billion|{'|'.join(SCALES)})\b)?"
_MONTH = rf"(?P<month>{_either(_MONTHS)})\b\.?"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_YEAR = r"(?:,?\s(?P<year>(?:19|20)\d\d)\b)?"
_HOST = rf"(?:[\w-]+\.)+(?:{DOMAINS}|{_either(SPELLED_DOMAINS)})\b(?!@)"
_HALF = r"(?P<half>[AaPp]\.[Mm]\.|[AaPp][Mm]\b)"


def _address(match: Match) -> str:
    """An e-mail address, or a host name and path, sign by sign."""
    address = match["address"]
    words = []
    for part in re.findall(r"[^\W\d_]+|\d+|[.@_+/-]", address.rstrip("/.-")):
        if part in ADDRESS_SIGNS:
            words.append(ADDRESS_SIGNS[part])
        elif part.isdecimal():
            words.append(digits(part))
        elif part in SPELLED_DOMAINS and words:
            words.append(" ".join(part.upper()))
        else:
            words.append(part)
    return " ".join(words) + ("." if address.endswith(".") else "")


def _phone(match: Match) -> str:
    return ("plus " if match[0].startswith("+") else "") + grouped_digits(match[0])


def _date(match: Match) -> str:
    """A date; what is no day of the calendar stays as it is."""
    found = match.groupdict()
    month = _MONTHS.get(found["month"]) or int(found["month"])
    day, written_year = int(found["day"]), found.get("year")
    if month > 12 and "day_first" in found:
        month, day = day, month
    try:
        date(int(written_year or 2000), month, day)  # 2000 has a 29th of February
    except ValueError:
        return match[0]
    name, nth = calendar.month_name[month], ordinal(str(day))
    spoken = f"the {nth} of {name}" if found.get("of") else f"{name} {nth}"
    if last := found.get("last"):
        spoken += f" to {ordinal(last)}"
    return spoken + (f", {year(written_year)}" if written_year else "")


def _time(match: Match) -> str:
    hour, minute, half = int(match["hour"]), int(match["minute"] or 0), match["half"] or ""
    return clock(hour, minute, half[:1].lower() if 1 <= hour <= 12 else "")


def _low(match: Match) -> str:
    """The lower end of a range."""
    return f"{cardinal(match['low'])} to " if match["low"] else ""


def _money(match: Match) -> str:
    unit, part = CURRENCIES[match["currency"]]
    start = ("minus " if match["sign"] else "") + _low(match)
    if scale := match["scale"]:
        many = counted("2", unit).split(" ", 1)[1]
        return f"{start}{cardinal(match['amount'])} {SCALES.get(scale, scale)} {many}"
    return start + money(match["amount"], unit, part)


def _spelled(code: str) -> str:
    """`AB-1234` is "A, B, one two three four"; the comma keeps "A" from being an article."""
    if not re.search(r"[^\W\d_]", code):
        return grouped_digits(code)
    parts = []
    for part in re.findall(r"[^\W\d_]+|\d+", code):
        if part.isdecimal():
            parts.append(grouped_digits(part))
        elif part.isupper() or len(part) <= 2:
            parts.append(re.sub(r"A (?=\w)", "A, ", " ".join(part.upper())))
        else:
            parts.append(part)
    return ", ".join(parts)


def _code(match: Match) -> str:
    """What follows "order number" and the like; one or two digits are a number even so."""
    if re.fullmatch(r"\d{1,2}|\d{1,2}-\d{1,2}", match["code"]):
        return match[0]
    return match["before"] + _spelled(match["code"])


def _mixed(match: Match) -> str:
    """Letters and digits in one: `iPhone15` is a word and a number, `SKU4521` a code."""
    if word := re.fullmatch(r"([A-Za-z]*[a-z][A-Za-z]{2,})(\d{1,2})", match[0]):
        return f"{word[1]} {cardinal(word[2])}"
    spelled = _spelled(match[0])
    return spelled.replace(", ", " ") if len(match[0]) <= 3 and "A" not in spelled else spelled


def _fraction(match: Match) -> str:
    """`2 1/2` is "two and a half", alone `1/2` is "half"."""
    part = FRACTIONS[match["part"]]
    if match["whole"]:
        return f"{cardinal(match['whole'])} and {part}"
    return part.removeprefix("a ")


def _long_number(match: Match) -> str:
    """Five digits or more, without a comma, are dictated; unless they are round."""
    if match[0].endswith("000") and match[0][0] != "0":
        return cardinal(match[0])
    return grouped_digits(match[0])


def rule(pattern: str, replacement: str | Callable[[Match], str]) -> Rule:
    """A pattern, and what it becomes."""
    return re.compile(pattern), replacement


FIGURES: tuple[Rule, ...] = (
    # addresses
    rule(r"(?P<address>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)", _address),
    rule(rf"(?:https?://)?(?:www\.)?(?P<address>{_HOST}(?:/[\w./-]*)?)", _address),
    # phone numbers: +1 and 1 with ten digits, ten digits, other countries, seven digits
    rule(r"(?<![\w-])(?:\+?1[-. ])?(?:\(\d{3}\)\s?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])", _phone),
    rule(r"(?<!\w)\+\d{1,3}(?:[- ]?\(?\d{2,5}\)?){2,4}(?![\w-])", _phone),
    rule(r"(?<![\w-])\d{3}-\d{4}(?![\w-])", _phone),
    # dates
    rule(r"(?<=\d)T(?=\d\d:\d\d)", " at "),
    rule(rf"(?<=\d(?:st|nd|rd|th)){_TO}(?=\d)", " to "),
    rule(
        rf"\b{_MONTH}\s{_DAY}{_TO}(?P<last>[0-3]?\d)(?:st|nd|rd|th)?\b{_YEAR}",
        _date,
    ),
    rule(r"\b(?P<year>(?:19|20)\d\d)-(?P<month>[01]\d)-(?P<day>[0-3]\d)\b", _date),
    rule(
        r"\b(?P<month>[0-3]?\d)(?P<day_first>[/.])(?P<day>[0-3]?\d)[/.](?P<year>(?:19|20)\d\d)\b",
        _date,
    ),
    rule(rf"\b{_MONTH}\s{_DAY}\b(?![:%]|[.,]?\d){_YEAR}", _date),
    rule(rf"\b(?:the\s)?{_DAY}\s(?P<of>of\s|){_MONTH}{_YEAR}", _date),
    rule(
        rf"\b(?P<low>{_either(_DAYS)})\.?{_TO}(?P<high>{_either(_DAYS)})\b",
        lambda m: f"{_DAYS[m['low']]} to {_DAYS[m['high']]}",
    ),
    # times
    rule(rf"(?<=\d){_TO}(?=\d?\d(?::\d\d)?\s?[AaPp]\.?[Mm]\b)|(?<=[AaPp][Mm]){_TO}(?=\d)", " to "),
    rule(rf"(?<=:\d\d){_TO}(?=\d?\d:\d\d)", " to "),
    rule(rf"\b(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::00)?(?:\s?{_HALF})?", _time),
    rule(rf"\b(?P<hour>0?\d|1\d)(?P<minute>)\s?{_HALF}", _time),
    # money, percentages, measures
    rule(
        rf"(?P<sign>(?<!\w)-)?(?P<currency>{_SIGN})\s?(?:(?P<low>{_NUMBER}){_TO}{_SIGN}?)?"
        rf"(?P<amount>{_NUMBER}|\.\d\d){_SCALE}",
        _money,
    ),
    rule(
        rf"(?P<sign>(?<!\w)-)?{_LOW}(?P<amount>{_NUMBER}){_SCALE}"
        r"\s?(?P<currency>USD|EUR|GBP|€|£)(?!\w)",
        _money,
    ),
    rule(
        rf"{_LOW}(?P<amount>{_NUMBER})\s?%", lambda m: f"{_low(m)}{cardinal(m['amount'])} percent"
    ),
    rule(
        rf"(?<![\w.-]){_LOW}(?P<amount>-?{_NUMBER})\s?(?P<unit>{_either(UNITS)})(?![\w/])",
        lambda m: _low(m) + counted(m["amount"], UNITS[m["unit"]]),
    ),
    rule(r"\b(\d+)\s?x\s?(?=\d)", lambda m: f"{cardinal(m[1])} by "),
    rule(r"\b(\d+)x(?!\w)", lambda m: f"{cardinal(m[1])} times"),
    # codes
    rule(r"#\s?(\d{3,})\b", lambda m: f"number {grouped_digits(m[1])}"),
    rule(
        rf"\b(?P<before>(?i:{CODE_WORDS})\b(?:\s(?i:number|no|code|id|is)\b)*[.:]?\s#?)"
        r"(?P<code>(?=[A-Z-]*\d)[A-Z\d]+(?:-[A-Z\d]+)*)(?![\w/%]|[.,:]\d)",
        _code,
    ),
    rule(r"\b[A-Z]{1,4}(?:-\d+)+\b", lambda m: _spelled(m[0])),
    rule(r"\b'?(1[89]|20)?([2-9])0s\b", lambda m: decade(m[1] or "", m[2])),
    rule(r"\b(?!\d+(?:st|nd|rd|th)\b)(?:\d+[A-Za-z]|[A-Za-z]+\d)[A-Za-z\d]*\b", _mixed),
    # numbers
    rule(r"(?<=[\w%])/(?=(?:month|year|week|day|night|hour|minute|person|item)\b)", " per "),
    rule(r"#\s?(?=\d)", "number "),
    rule(r"\b(\d[\d,]*)(?:st|nd|rd|th)\b", lambda m: ordinal(m[1])),
    rule(rf"(?<![\d/])(?:(?P<whole>\d+) )?(?P<part>{_either(FRACTIONS)})(?![\d/])", _fraction),
    rule(r"(?<=\d)/(?=\d)", " "),  # 24/7
    rule(
        r"(?P<before>\b(?i:in|of|since|until|by|from)\s)(?P<year>(?:19|20)\d\d)(?![\w%]|[.,:]\d)",
        lambda m: m["before"] + year(m["year"]),
    ),
    rule(r"\b\d+(?:\.\d+){2,}\b", lambda m: " point ".join(map(cardinal, m[0].split(".")))),
    rule(r"(?<![\w-])(\d{1,4})\s?[-—]\s?(?=\d{1,4}\b(?!-))", lambda m: f"{cardinal(m[1])} to "),
    rule(r"\b\d(?:[- ]\d){2,}\b", lambda m: digits(m[0])),
    rule(r"(?<![\d.,])\d{5,}(?![.,]?\d)|(?<![\d.,])0\d+(?![.,]?\d)", _long_number),
    rule(rf"(?:(?<![\w)])-(?=\d))?{_NUMBER}", lambda m: f" {cardinal(m[0])} "),
)
