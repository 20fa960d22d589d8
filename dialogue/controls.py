"""What callers may say at any time, whatever is being asked: recognised by the words themselves.

The wordings are the assistant's own (`controls:` of flows.yaml), in its language. A wording counts
when it is all that was said, little words and a few others apart; a request with the same words in
it ("never mind the price, how fast is it") is a request.
"""

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache

from rapidfuzz import fuzz

ALIKE = 88.0  # of 100: how near the words must come to a wording; a misheard letter is let through
BESIDE = 2  # words that may stand beside a wording: "oh, never mind, thanks"


class Control(StrEnum):
    """What the caller wants of the conversation itself."""

    NEVER_MIND = "never_mind"  # drop what is under way
    SLOWER = "slower"
    ROBOT = "robot"  # are they talking with a machine?
    FIRST = "first"  # of the two that were offered
    SECOND = "second"


def control(text: str, wordings: Mapping[Control, tuple[str, ...]]) -> Control | None:
    """Return what the caller wants of the conversation, if that is all they said."""
    said = _words(text)
    best = max(_nearness(said, wordings), default=(0.0, None), key=lambda found: found[0])
    return best[1] if best[0] >= ALIKE else None


def _nearness(
    said: str, wordings: Mapping[Control, tuple[str, ...]]
) -> Iterator[tuple[float, Control | None]]:
    for name, phrases in wordings.items():
        for phrase in map(_words, phrases):
            if len(said.split()) <= len(phrase.split()) + BESIDE and len(said) >= len(phrase) - 2:
                yield fuzz.partial_ratio(phrase, said), name


@lru_cache  # the wordings come again with every turn
def _words(text: str) -> str:
    return " ".join(re.findall(r"[\w']+", text.lower()))
