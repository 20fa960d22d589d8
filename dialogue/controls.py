"""What callers may say at any time, whatever is being asked: recognised by the words themselves.

The wordings are the assistant's own (`controls:` of flows.yaml), in its language. A wording counts
when it is all that was said, little words and a few others apart; a request with the same words in
it ("never mind the price, how fast is it") is a request.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from rapidfuzz import fuzz

ALIKE = 88.0  # of 100: how near the words must come to a wording; a misheard letter is let through
MISSING = 2  # letters of a wording, at most, and no more than a third of them
BESIDE = 2  # words that may stand beside a wording: "oh, never mind, thanks"

_HAN = re.compile(r"[\u4e00-\u9fff]")

NameT = TypeVar("NameT")


class Control(StrEnum):
    """What the caller wants of the conversation itself."""

    NEVER_MIND = "never_mind"  # drop what is under way
    SLOWER = "slower"
    ROBOT = "robot"  # are they talking with a machine?
    FIRST = "first"  # of the two that were offered
    SECOND = "second"
    THIS_LANGUAGE = "this_language"  # speak the one whose texts have this wording


def control(text: str, wordings: Mapping[NameT, tuple[str, ...]]) -> NameT | None:
    """Return what the caller wants of the conversation, if that is all they said."""
    said = _wording(text)
    near = list(_nearness(said, wordings))
    best = max(near, key=lambda found: found[0], default=None)
    return best[1] if best and best[0] >= ALIKE else None


@dataclass(frozen=True, slots=True)
class _Wording:
    """Words in lower case; of Chinese, that has no spaces, two characters count as one word.

    Who says it says no fewer letters than `fewest`.
    """

    words: str
    count: float
    fewest: float


def _nearness(
    said: _Wording, wordings: Mapping[NameT, tuple[str, ...]]
) -> Iterator[tuple[float, NameT]]:
    letters = len(said.words)
    for name, phrases in wordings.items():
        for phrase in _known(phrases):
            if phrase.fewest <= letters and said.count <= phrase.count + BESIDE:
                yield fuzz.partial_ratio(phrase.words, said.words, score_cutoff=ALIKE), name


@lru_cache  # they come again with every turn
def _known(phrases: tuple[str, ...]) -> tuple[_Wording, ...]:
    return tuple(map(_wording, phrases))


def _wording(text: str) -> _Wording:
    words = " ".join(re.findall(r"[\w']+", text.lower()))
    characters = len(_HAN.findall(words))
    count = len(_HAN.sub(" ", words).split()) + characters / 2
    return _Wording(words, count, len(words) - min(MISSING, len(words) / 3))
