"""What the text in a picture holds: values of a slot, as they are printed. Pure functions.

Print is not speech: a receipt has dates, amounts and telephone numbers beside the order number, so
digits count only as a number of their own, and a label ("Order no.", "#") comes before its absence.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from nlu.dataset import SlotType
from nlu.values import find

_DIGITS = re.compile(r"(?<![\d$€£])(?<!\d[.,/:-])\d+(?!\d|[.,/:-]\d)")
_CODE = re.compile(r"(?<![\w-])(?=\w*\d)[A-Z\d]+(?![\w-])")
_NO_LABEL = {"number", "code", "id", "no", "of", "the"}  # of a slot's name: on every receipt
_LOOKALIKES = str.maketrans("015", "ols")  # "0rder": OCR, of a word's letters
_SHORTEST_DIGITS = 4  # of a number whose length is not known: fewer are quantities


@dataclass(frozen=True, slots=True)
class Printed:
    """A value, and whether its label stands before it."""

    value: str
    labelled: bool


def values_seen(pictures: Iterable[str], slot: SlotType, today: date) -> tuple[str, ...]:
    """Return the values of the slot in the pictures' text, each once: the labelled ones, if any."""
    found = [printed for text in pictures for printed in _printed(text, slot, today)]
    labelled = [printed for printed in found if printed.labelled]
    return tuple(dict.fromkeys(printed.value for printed in labelled or found))


def _printed(text: str, slot: SlotType, today: date) -> Iterator[Printed]:
    words = [word for word in slot.name.split("_") if word not in _NO_LABEL]
    label = re.compile("|".join(words), re.IGNORECASE) if words else None
    above = False  # the line before was a label without a value: a column's head
    for line in text.splitlines():
        values = list(_values(line, slot, today))
        for value, start in values:
            before = line[:start].rstrip()
            yield Printed(value, above or _names(label, before) or before.endswith("#"))
        above = not values and _names(label, line)


def _names(label: re.Pattern[str] | None, text: str) -> bool:
    return label is not None and bool(
        label.search(text) or label.search(text.translate(_LOOKALIKES))
    )


def _values(line: str, slot: SlotType, today: date) -> Sequence[tuple[str, int]]:
    """Return the values in a line of print, and where each begins."""
    match slot.kind:
        case "digits":
            runs = [(run[0], run.start()) for run in _DIGITS.finditer(line)]
            length = slot.length
            return [
                (run, start)
                for run, start in runs
                if (len(run) >= _SHORTEST_DIGITS if length is None else len(run) == length)
            ]
        case "code":
            codes = [(code[0], code.start()) for code in _CODE.finditer(line)]
            return [pair for pair in codes if slot.length in {None, len(pair[0])}]
        case _:
            found = find(slot.kind, line, today, slot.length)
            return [(found.value, found.start)] if found else []
