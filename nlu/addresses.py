"""Addresses as callers say them: "twelve oak avenue, springfield, six two seven oh four".

What is written is what goes on a parcel: "12 Oak Avenue, Springfield, 62704". Pure functions.
"""

import re

from nlu.numbers import corrected, digit_runs, squeezed

_LEAD_IN = re.compile(
    r"^(?:yes|yeah|yep|sure|okay|ok|right|um|uh|er|well|so|and|no|please|just"
    r"|it'?s|it is|that'?s|that is|(?:it|that) (?:would|will|should) be|that'll be|i(?:'m| am) at"
    r"|(?:i|we) (?:now )?live(?: now)?(?: at)?|(?:i|we)(?:'ve| have)? moved to"
    r"|(?:can|could) you (?=send|ship|deliver)"
    r"|(?:send|ship|deliver|mail|post)(?: (?:it|that|them|this|everything))?(?= (?:to|at)\b)"
    r"|(?:my|the|our)? ?(?:new |right |correct |delivery |shipping |street |mailing )*"
    r"address (?:is|would be|should be)(?: now)?|to|at|now)\b[,.:]?\s+",
    re.IGNORECASE,
)
_LEAD_OUT = re.compile(r"[,.]?\s+(?:please|thanks|thank you|instead|now)$", re.IGNORECASE)
_ADDRESS = re.compile(r"\d.*[a-z]{3}|[a-z]{3}.*\d", re.IGNORECASE)  # a number, and a name
_RECOGNISED = (
    (re.compile(r"(?<![\d,])(\d{1,3}),(?=\d{3}\b(?!,))"), r"\1"),  # "1,184 Oak Road"
    (re.compile(r"(?<=\d)-(?=[a-z]{3})", re.IGNORECASE), " "),  # "47-alder court"
)
_ORDINAL = re.compile(r"\b\d+(?:st|nd|rd|th)\b")  # of a street
_INITIAL = re.compile(r"(?<![\w'])[a-z]")


def read_address(text: str) -> str | None:
    """Read an address, its numbers in digits; None where no number and no name is in it."""
    said = corrected(_as_said(squeezed(text))).strip(" .,!?")
    before = ""
    while said != before:
        before, said = said, _LEAD_OUT.sub("", _LEAD_IN.sub("", said)).strip(" .,!?")
    said = "".join(part if _ORDINAL.match(part) else _in_digits(part) for part in _parts(said))
    if not _ADDRESS.search(said):
        return None
    return _INITIAL.sub(lambda letter: letter[0].upper(), said) if said.islower() else said


def _as_said(heard: str) -> str:
    """Undo what recognisers write otherwise than it goes on a parcel."""
    for written, said in _RECOGNISED:
        heard = written.sub(said, heard)
    return heard


def _parts(said: str) -> list[str]:
    return re.split(rf"({_ORDINAL.pattern})", said)


def _in_digits(said: str) -> str:
    for run in reversed(list(digit_runs(said))):
        said = said[: run.start] + _figures(said[run.start : run.end]) + said[run.end :]
    return said


def _figures(said: str) -> str:
    """Write numbers in digits; a pause parts two of them, but not the digits of one."""
    parts = re.split(r"[,.]\s*", said)
    numbers = ["".join(run.value for run in digit_runs(part)) for part in parts]
    spelled = all(len(number) == 1 for number in numbers)
    return ("" if spelled else ", ").join(numbers)
