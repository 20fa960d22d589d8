"""One value out of what a recogniser heard in several attempts, each an n-best list. Pure.

Without a store the hypotheses vote, weighted by their confidence or rank. With one, every known
value has a cost: how far it is from the nearest hypothesis of each attempt, where letters that
sound alike (B, D, E, P; M, N; five, nine) are half as far. An attempt costs no more than `_CAP`, so
that one that was not understood at all decides nothing. The costs give each known value a
probability beside that of none being meant, and a value counts only where it is likely enough: a
wrong one does more harm than a question more.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from nlu.dates import DEFAULT_REGION
from nlu.phonetics import coarse, sounds
from nlu.postcodes import heard_characters, read_postcode
from nlu.spelling import HEARD_AS_LETTERS, Piece, characters, pieces
from nlu.understand import Alternative
from nlu.values import LEAD_IN, read

Costs = npt.NDArray[np.float64]
Known = Callable[[str], bool] | Collection[str]

# Letters and digits by their vowel: over the telephone consonants are lost first.
_ALIKE = ("BCDEGPTVZ3", "AHJK8", "FLMNSX", "IY59", "QUW2", "O0")
_VOWELS = str.maketrans({letter: alike[0] for alike in _ALIKE for letter in alike})
_SHAPES = str.maketrans("VIOLH", "51018")  # what a recogniser writes for a digit it heard
_DATES = ("date", "birth_date")
_LEAST_SPELLED = 3  # words of a spelling that are certainly letters
_MOST_JOINED = 3  # letters that a recogniser writes as one word in capitals,
_MOST_UNSURE = 2  # or as one that may be anything
_SPELLED_SHARE = 0.75  # of the words that are letters, in a spelling that was misheard
_SPELLING = r"(?:spelled|spelt|spelling)[,:]?\s+"
_LEAD_IN = re.compile(rf"{LEAD_IN}(?:{_SPELLING})?|^{_SPELLING}", re.IGNORECASE)
_LEAD_OUT = re.compile(r"[,.]?\s+(?:please|thanks|thank you)[.!]?$", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s'\u2019]|(?<=\w)-")  # not the sign of a negative number


@dataclass(frozen=True, slots=True)
class Resolved:
    """A value, and its probability among all that may have been meant."""

    value: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Costing:
    """How costs become probabilities; chosen on a part of EVI's speakers (tests/bench/values)."""

    cap: float  # of one attempt
    none: float  # the cost of an attempt at none of the known values
    sharpness: float  # of the softmax over costs
    at_least: float  # probability of a value that is accepted


_FARTHEST = 8  # characters, from which on differing more makes no difference
_RIVALS = 40  # known values that are weighed; thousands unlike what was said are none of them
_RANK_COST = 0.15  # for each better hypothesis
_CODES = Costing(cap=2.0, none=1.5, sharpness=6.0, at_least=0.5)
_NAMES = Costing(cap=2.0, none=1.0, sharpness=4.0, at_least=0.95)
_DAYS = Costing(cap=1.5, none=0.75, sharpness=8.0, at_least=0.95)
_CLEAR = 0.6  # votes of the best over those of the two best, of what no store knows
_NEAR = 2.0  # cost of a spelling of a name that was said


def resolve(  # noqa: PLR0913, PLR0917 - the house allows six
    kind: str,
    attempts: Sequence[Sequence[Alternative]],
    today: date,
    length: int | None = None,
    known: Known | None = None,
    region: str = DEFAULT_REGION,
) -> Resolved | None:
    """Return the value that all attempts together speak for, or None where that is not clear.

    Attempts hold hypotheses, the best first. `known` is all that the store holds (values as `read`
    gives them), or says whether it holds a value.
    """
    heard = [attempt for attempt in attempts if attempt]
    if known is not None and not callable(known):
        return _nearest(kind, heard, today, sorted(set(known)), region)
    votes = _votes(kind, heard, today, length, region)
    if known is not None:
        votes = {value: weight for value, weight in votes.items() if known(value)}
    return _elected(kind, votes, length)


def _votes(
    kind: str,
    attempts: Sequence[Sequence[Alternative]],
    today: date,
    length: int | None,
    region: str,
) -> dict[str, float]:
    """Sum up the weights of each value; a spelling of a name votes for the names said like it."""
    votes: dict[str, float] = defaultdict(float)
    spelled: list[tuple[str, float]] = []
    for attempt in attempts:
        for hypothesis, weight in zip(attempt, _weights(attempt), strict=True):
            if kind == "name" and (letters := spelled_letters(hypothesis.text)):
                spelled.append((letters, weight))
                continue
            value = read(kind, hypothesis.text, today, length, region)
            if value is not None and (length is None or len(value) == length):
                votes[value] += weight
    said = tuple(votes)
    for letters, weight in spelled:
        if not said:
            votes[letters.title()] += weight
            continue
        costs = _spelled_costs(letters, _index(said, "name"))
        if costs.min() <= _NEAR:
            for i in np.flatnonzero(costs == costs.min()):
                votes[said[i]] += weight
    return votes


def _weights(attempt: Sequence[Alternative]) -> list[float]:
    """Share one vote among hypotheses by confidence, or each half of the one before it."""
    given = [hypothesis.confidence for hypothesis in attempt]
    raw = [0.5**rank if share is None else share for rank, share in enumerate(given)]
    total = sum(raw)
    return [weight / total if total else 1 / len(raw) for weight in raw]


def _elected(kind: str, votes: dict[str, float], length: int | None) -> Resolved | None:
    if not votes:
        return None
    best = max(votes, key=lambda value: votes[value])
    second = max((weight for value, weight in votes.items() if value != best), default=0.0)
    share = votes[best] / (votes[best] + second)
    if share < _CLEAR and (length is not None or kind == "postcode"):
        best, share = _by_position(kind, votes, best)
    return Resolved(best, share) if share >= _CLEAR else None


def _by_position(kind: str, votes: dict[str, float], best: str) -> tuple[str, float]:
    """Let values as long as the best vote on each character; the weakest gives the confidence."""
    alike = {value: weight for value, weight in votes.items() if len(value) == len(best)}
    total = sum(votes.values())
    merged, shares = "", []
    for i in range(len(best)):
        characters_here: dict[str, float] = defaultdict(float)
        for value, weight in alike.items():
            characters_here[value[i]] += weight
        letter = max(characters_here, key=lambda each: characters_here[each])
        merged += letter
        shares.append(characters_here[letter] / total)
    if kind == "postcode" and read_postcode(merged) != merged:
        return best, votes[best] / total
    return merged, min(shares)


def _nearest(
    kind: str,
    attempts: Sequence[Sequence[Alternative]],
    today: date,
    known: Sequence[str],
    region: str,
) -> Resolved | None:
    if not known:
        return None
    return decide(kind, [attempt_costs(kind, a, today, known, region) for a in attempts], known)


def decide(kind: str, costs: Sequence[Costs], known: Sequence[str]) -> Resolved | None:
    """Return the known value that the attempts speak for, by the costs of each: (known,)."""
    if not costs or not known:
        return None
    costing = _NAMES if kind == "name" else _DAYS if kind in _DATES else _CODES
    total = np.sum([cost.clip(max=costing.cap) for cost in costs], axis=0)
    best, confidence = _likeliest(total, len(costs), costing)
    return Resolved(known[best], confidence) if confidence >= costing.at_least else None


def _likeliest(total: Costs, attempts: int, costing: Costing) -> tuple[int, float]:
    """Return the known value of the least cost, and its probability; costs are (known,)."""
    best = int(total.argmin())
    rivals = np.sort(total)[:_RIVALS]
    weights = np.exp(-costing.sharpness * (rivals - total[best]))
    none = np.exp(-costing.sharpness * (costing.none * attempts - total[best]))
    return best, float(1 / (weights.sum() + none))


def attempt_costs(
    kind: str, attempt: Sequence[Alternative], today: date, known: Sequence[str], region: str
) -> Costs:
    """Give how far each known value is from what was heard once: (known,), in characters."""
    index = _index(tuple(known), kind)
    shares = _weights(attempt)
    given = all(hypothesis.confidence is not None for hypothesis in attempt)
    costs = np.full(len(known), np.inf)
    for rank, (hypothesis, share) in enumerate(zip(attempt, shares, strict=True)):
        behind = np.log(max(shares) / max(share, 1e-6)) / 5 if given else _RANK_COST * rank
        costs = np.minimum(costs, _costs(kind, hypothesis.text, today, index, region) + behind)
    return costs


@dataclass(frozen=True, slots=True)
class _Forms:
    """Known values as the costs compare them, each list as long as there are values."""

    plain: list[str]
    vowels: list[str]
    shapes: list[str]


@dataclass(frozen=True, slots=True)
class _Index:
    whole: _Forms
    first: _Forms  # word of a name
    last: _Forms
    lower: list[str]
    sounds: list[str]
    coarse: list[str]


@lru_cache(maxsize=8)
def _index(known: tuple[str, ...], kind: str) -> _Index:
    codes = [_plain(value) for value in known]
    if kind != "name":
        return _Index(_forms(codes), _forms([]), _forms([]), [], [], [])
    words = [name.upper().split() or [""] for name in known]
    first, last = _forms([of[0] for of in words]), _forms([of[-1] for of in words])
    lower = [name.lower() for name in known]
    spoken = [_sounds(name) for name in lower]
    return _Index(_forms(codes), first, last, lower, spoken, list(map(coarse, spoken)))


def _plain(value: str) -> str:
    """Reduce a value, known or heard, to what is compared: no capitals, nothing that separates."""
    return _SEPARATORS.sub("", value.upper())


def _forms(codes: list[str]) -> _Forms:
    return _Forms(
        codes,
        [code.translate(_VOWELS) for code in codes],
        [code.translate(_SHAPES) for code in codes],
    )


def _costs(kind: str, text: str, today: date, index: _Index, region: str) -> Costs:
    match kind:
        case "name":
            if letters := spelled_letters(text):
                return _spelled_costs(letters, index)
            return _said_costs(read("name", text, today) or text, index)
        case "postcode":  # what is read is free of the words beside it: "sorry, six one eight …"
            told = {heard_characters(text), read_postcode(text, region) or ""}
            costs = [_code_costs(_plain(one), index.whole) for one in told]
            return np.asarray(np.min(costs, axis=0))
        case "code":
            heard = characters(text)
        case _:
            heard = read(kind, text, today, region=region) or ""
    return _code_costs(_plain(heard), index.whole)


def _code_costs(heard: str, known: _Forms) -> Costs:
    if not heard:
        return np.full(len(known.plain), np.inf)
    vowels = _differing(heard.translate(_VOWELS), known.vowels)
    shapes = _differing(heard.translate(_SHAPES), known.shapes)
    return np.asarray((_differing(heard, known.plain) + np.minimum(vowels, shapes)) / 2)


def _differing(heard: str, codes: Sequence[str]) -> Costs:
    found = cdist([heard], codes, scorer=Levenshtein.distance, score_cutoff=_FARTHEST)
    return np.asarray(found[0], dtype=np.float64)


def spelled_letters(text: str) -> str:
    """Read the letters of a name that was spelled, "" where it was said instead.

    Nearly all words must be letters, their names or the alphabet. What a recogniser may write for
    letters ("are", "wa") speaks neither for a spelling nor against it. A name said before its
    spelling is for `read`.
    """
    said = _LEAD_OUT.sub("", _LEAD_IN.sub("", text.strip()))
    words = list(pieces(said, digits=False))
    sure = [_is_letters(word, capitals_tell=not said.isupper()) for word in words]
    letters = sum(sure)
    if letters < _LEAST_SPELLED:
        return ""
    first = sure.index(True)
    if words[first].word[0].upper() in {word.word[0].upper() for word in words[:first]}:
        return ""  # "Katie, K A T I E"
    unsure = sum(_may_be_letters(word) for word, is_sure in zip(words, sure, strict=True)
                 if not is_sure)  # fmt: skip
    others = len(words) - letters - unsure
    spelled = letters >= max(unsure, _SPELLED_SHARE * (letters + others))
    return characters(said).replace("0", "O") if spelled else ""


def _is_letters(piece: Piece, capitals_tell: bool) -> bool:
    """Whether the word is nothing but letters: "b", "bee", "bravo", "double l", "RL" in "b RL"."""
    one = len(set(piece.letters)) == 1 and piece.letters.isalpha()
    word = piece.word
    joined = capitals_tell and word.isupper() and word.isalpha() and len(word) <= _MOST_JOINED
    return one or joined or word.lower() == "oh"


def _may_be_letters(piece: Piece) -> bool:
    return len(piece.word) <= _MOST_UNSURE or piece.word.lower() in HEARD_AS_LETTERS


def _spelled_costs(letters: str, known: _Index) -> Costs:
    """Compare with the whole names, or with the part of each that was spelled."""
    parts = (known.whole, known.first, known.last)
    return np.asarray(np.min([_code_costs(letters, part) for part in parts], axis=0))


def _said_costs(name: str, known: _Index) -> Costs:
    heard = name.lower()
    fine = _differing(_sounds(heard), known.sounds)
    rough = _differing(coarse(_sounds(heard)), known.coarse)
    return np.asarray((_differing(heard, known.lower) + (fine + rough) / 2) / 2)


def _sounds(name: str) -> str:
    return " ".join(map(sounds, name.split()))
