"""Corrections that leave out what stays: "no, the blue one", "the last digit is a three".

Pure; English.
"""

import re

from nlu.numbers import find_digits

_ONE = re.compile(r"\b(?:the|a|an|that|this)\s+(?P<which>(?:[\w'-]+\s+){1,3}?)ones?\b")
_POINTING = frozenset(  # to one of what was said, not to another kind of thing
    {"first", "second", "third", "last", "next", "other", "same", "wrong", "right", "only"}
)

_PLACES = {"first": 0, "second": 1, "third": 2, "fourth": 3, "fifth": 4, "sixth": 5, "last": -1}
_PLACE = re.compile(
    rf"\b(?:(?P<place>{'|'.join(_PLACES)})\s+(?:digit|number|figure|one)|(?P<end>(?:it\s+)?ends?))"
    r"\s+(?:is|was|should be|with|in|on)\s+(?:an?\s+)?(?P<digit>[\w']+)",
    re.IGNORECASE,
)


def completed(text: str, before: str) -> str | None:
    """Return what was meant, given the last value: "the blue one", "steel kettle" → "blue kettle".

    None where the words point to nothing, or to one of several that were said ("the first one").
    """
    found = _ONE.search(text.lower())
    if not found or not before.split():
        return None
    which = found["which"].split()
    head = before.rsplit(maxsplit=1)[-1]
    return None if _POINTING.intersection(which) else " ".join((*which, head))


def with_digit(text: str, before: str) -> str | None:
    """Return the number with the one digit that was corrected: "the last digit is a three".

    None where no single digit is given a place, or the number has no such place.
    """
    found = _PLACE.search(text)
    digit = find_digits(text[found.start("digit") :]) if found else None
    if not before or not found or digit is None or len(digit.value) != 1:
        return None
    place = -1 if found["end"] else _PLACES[found["place"].lower()]
    if place >= len(before):
        return None
    at = place % len(before)
    return before[:at] + digit.value + before[at + 1 :]
