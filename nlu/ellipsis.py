"""A correction that leaves out what stays: "no, the blue one", after a kettle. Pure; English."""

import re

_ONE = re.compile(r"\b(?:the|a|an|that|this)\s+(?P<which>(?:[\w'-]+\s+){1,3}?)ones?\b")
_POINTING = frozenset(  # to one of what was said, not to another kind of thing
    {"first", "second", "third", "last", "next", "other", "same", "wrong", "right", "only"}
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
