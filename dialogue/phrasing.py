"""Texts with {names} in them, and the spoken forms of English: see `dialogue.forms`."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from string import Formatter

YES = "yes"
HARMLESS = frozenset({
    "a", "an", "and", "another", "by", "can", "card", "change", "different", "do", "don't",
    "else", "for", "from", "have", "i", "i'd", "i'll", "if", "in", "instead", "is", "it", "it's",
    "like", "my", "new", "no", "not", "number", "of", "okay", "on", "one", "or", "other", "pay",
    "paying", "please", "put", "rather", "see", "so", "sorry", "sure", "take", "that", "that's",
    "the", "then", "this", "to", "um", "uh", "use", "want", "we", "well", "will", "with", "would",
    "yes", "you", "your",
})  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_SENTENCE_END = re.compile(
    r"(?<!\bMr\.)(?<!\bMs\.)(?<!\bDr\.)(?<!\bSt\.)(?<!\bMrs\.)(?<=[.!?])\s+(?=[A-Z0-9{\"'])"
    r"|(?<=[。！？])(?![”』」）])\s*(?=\S)|(?<=[。！？][”』」）])\s*(?=\S)"
)
_LONG_NUMBER = re.compile(r"\d{5,}")  # a ZIP code: nobody says it as a number


def sentences(text: str) -> tuple[str, ...]:
    """Cut a text into the clauses that are spoken one by one."""
    return tuple(part for part in _SENTENCE_END.split(" ".join(text.split())) if part)


def names(text: str) -> frozenset[str]:
    """Return the {names} in a text.

    Raises ValueError: a brace is not closed, or holds something other than a plain name.
    """
    try:
        fields = [(field, spec, how) for _, field, spec, how in Formatter().parse(text)]
    except ValueError as error:
        raise ValueError(f"{error} in '{text}'; write {{name}}, or {{{{ for a brace") from error
    found = {field for field, _, _ in fields if field is not None}
    for field, spec, how in fields:
        if field is not None and (not field.isidentifier() or spec or how):
            raise ValueError(f"'{{{field}}}' in '{text}' is not a plain name; write {{name}}")
    return frozenset(found)


def render(text: str, values: Mapping[str, str]) -> tuple[str, ...]:
    """Cut the text into clauses and fill in the values."""
    return tuple(sentence.format_map(values) for sentence in sentences(text))


def spoken_digits(digits: str) -> str:
    """'15213' → '1 5 2 1 3'."""
    return " ".join(digits)


def spoken_address(address: str) -> str:
    """'12 Oak Avenue, 62704' → '12 Oak Avenue, 6 2 7 0 4'."""
    return _LONG_NUMBER.sub(lambda number: spoken_digits(number[0]), address)


def spoken_time(at: time) -> str:
    """09:00 → '9 AM', 12:00 → 'noon', 17:30 → '5:30 PM'."""
    if (at.hour, at.minute) == (12, 0):
        return "noon"
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes} {'AM' if at.hour < 12 else 'PM'}"


def spoken_money(amount: str | Decimal) -> str:
    """'42.50' → '$42.50', '20.00' → '$20': speech synthesis reads the sign as dollars."""
    value = Decimal(amount)
    return f"${value:.2f}".removesuffix(".00")


def spoken_date(day: date, today: date) -> str:
    """'today', 'tomorrow', 'yesterday', or 'Tuesday, November 24th'."""
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    return near.get((day - today).days) or f"{WEEKDAYS[day.weekday()]}, {day:%B} {ordinal(day.day)}"


def spoken_day(day: date, today: date) -> str:
    """Like `spoken_date`, with 'on' where English wants it: 'on Tuesday, November 24th'."""
    spoken = spoken_date(day, today)
    return f"on {spoken}" if "," in spoken else spoken


def spoken_moment(at: datetime | None, today: date) -> str:
    """'on Tuesday, November 24th at 9 AM'; None → 'another day'."""
    return f"{spoken_day(at.date(), today)} at {spoken_time(at.time())}" if at else "another day"


def spoken_minutes(count: int) -> str:
    """1 → '1 minute', 2 → '2 minutes'."""
    return f"{count} minute{'s' if count > 1 else ''}"


def spoken_things(names: Sequence[str]) -> str:
    """['kettle', 'desk lamp'] → 'the kettle and the desk lamp'."""
    return " and ".join(f"the {name}" for name in names)


def spoken_list(values: Sequence[str]) -> str:
    """['15213', '15206'] → '15213, 15206'."""
    return ", ".join(values)


def is_question(clause: str) -> bool:
    """Tell whether the clause asks, by its last sign."""
    return clause.rstrip().endswith(("?", "？"))


def capital(words: str) -> str:
    """'on Monday' → 'On Monday', and no other letter changes."""
    return words[:1].upper() + words[1:]


def ordinal(number: int) -> str:
    """24 → '24th', 1 → '1st'."""
    teens = 10 < number % 100 < 14
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
