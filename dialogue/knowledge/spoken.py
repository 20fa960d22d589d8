"""Values of the graph as they are said."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache

from pyoxigraph import Literal, NamedNode

from dialogue.knowledge.graph import Row, Term, local_name
from dialogue.knowledge.linking import Thing
from dialogue.knowledge.shapes import Kind
from dialogue.phrasing import ordinal, spoken_day, spoken_money
from models.inflection import inflection

LISTED = 4  # of several values; the rest is counted
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def values(
    rows: Sequence[Row], kinds: Mapping[str, Kind], things: Mapping[str, Thing], today: date
) -> dict[str, str]:
    """Return what to say for each variable; several values are listed."""
    variables = dict.fromkeys(name for row in rows for name in row)
    return {
        name: listed(
            list(
                dict.fromkeys(
                    said(row[name], kinds.get(name, "text"), things, today)
                    for row in rows
                    if name in row
                )
            )
        )
        for name in variables
    }


def said(term: Term, kind: Kind, things: Mapping[str, Thing], today: date) -> str:
    """Return a term in words: a thing by its label, a value as it stands where it is none."""
    if isinstance(term, NamedNode):
        thing = things.get(term.value)
        return thing.label if thing else local_name(term.value)
    text = term.value if isinstance(term, Literal) else str(term)
    try:
        return _spoken(text, kind, today)
    except (ValueError, ArithmeticError):  # the graph says something else than its kind
        return text


def _spoken(text: str, kind: Kind, today: date) -> str:
    match kind:
        case "money":
            return spoken_money(text)
        case "months":
            return spoken_months(int(text))
        case "date":
            return spoken_past(date.fromisoformat(text), today)
        case _:
            return text


def listed(words: Sequence[str]) -> str:
    """'a', 'a and b', 'a, b and c', 'a, b, c, d and 3 more'."""
    if len(words) <= 1:
        return "".join(words)
    if len(words) > LISTED:
        return f"{', '.join(words[:LISTED])} and {len(words) - LISTED} more"
    return f"{', '.join(words[:-1])} and {words[-1]}"


def spoken_months(months: int) -> str:
    """24 → 'two years', 18 → '18 months', 12 → 'one year'."""
    count, unit = (months // 12, "year") if months and months % 12 == 0 else (months, "month")
    number = _COUNTS[count] if count < len(_COUNTS) else str(count)
    return f"{number} {unit}{'' if count == 1 else 's'}"


@lru_cache(maxsize=4096)
def be(label: str) -> str:
    """'kettle' → 'is', 'running shoes' → 'are'."""
    return "are" if inflection().singular_noun(label.rsplit(maxsplit=1)[-1]) else "is"


def spoken_past(day: date, today: date) -> str:
    """'yesterday', 'on Tuesday, November 24th'; of another year 'on October 1st, 2025'."""
    if day.year == today.year:
        return spoken_day(day, today)
    return f"on {day:%B} {ordinal(day.day)}, {day.year}"
