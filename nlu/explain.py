"""Which words decided: each is left out in turn, and what is then understood compared.

Occlusion (Zeiler, Fergus 2014, arXiv:1311.2901), in the log odds of the intent. It asks the engine
as it serves, so it explains what a caller gets, calibration included.
"""

import math
import re
from dataclasses import dataclass

from nlu.understand import OUT_OF_SCOPE, Context, Nlu, Understanding

_WORD = re.compile(r"\S+")
_LEAST = 1e-4  # probabilities are bounded away from 0 and 1 by this


@dataclass(frozen=True, slots=True)
class Influence:
    """How much `text[start:end]` spoke for the intent: the log odds lost without it."""

    word: str
    start: int
    end: int
    weight: float


def influences(nlu: Nlu, understood: Understanding, context: Context) -> list[Influence]:
    """Weigh each word of an utterance; one inference a word."""
    text, intent = understood.text, understood.intent
    whole = _log_odds(understood, intent)
    found = []
    for word in _WORD.finditer(text):
        without = f"{text[: word.start()]}{text[word.end() :]}".strip()
        odds = _log_odds(nlu.understand(without, context), intent) if without else _odds(_LEAST)
        found.append(Influence(word.group(), word.start(), word.end(), whole - odds))
    return found


def _log_odds(understood: Understanding, intent: str) -> float:
    probabilities = dict(understood.ranking)
    if intent != OUT_OF_SCOPE:
        return _odds(probabilities.get(intent, 0.0))
    probabilities.pop(OUT_OF_SCOPE, None)
    return _odds(1 - max(probabilities.values(), default=0.0))


def _odds(probability: float) -> float:
    bounded = min(max(probability, _LEAST), 1 - _LEAST)
    return math.log(bounded / (1 - bounded))
