"""Texts word by word, as they sound, and which words of two texts belong together. Pure functions.

"$42" sounds like "forty two dollars", "3rd" like "third", and each digit is a word of its own: what
is only written another way is the same here.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from rapidfuzz.distance import Levenshtein

from nlu.phonetics import coarse, sounds

ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
AMOUNTS = ("dollars", "pounds", "euros")
_DIGITS = frozenset("0123456789")
ORDINAL = "th"  # the word after the digits of an ordinal

_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_NUMBERS = {word: str(value) for value, word in enumerate((*ONES, *_TEENS))}
_TENS = {
    word: str(2 + i)
    for i, word in enumerate(
        ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
    )
}
_ORDINALS = {
    **{"first": "one", "second": "two", "third": "three", "fifth": "five", "eighth": "eight"},
    **{"ninth": "nine", "twelfth": "twelve"},
    **{name + "th": name for name in _NUMBERS},
    **{name[:-1] + "ieth": name for name in _TENS},
}
_LARGE = {"hundred": 2, "thousand": 3}  # zeros
_TIMES = {"double": 1, "triple": 2}  # digits more than the one that follows
_NUMBER_WORDS = frozenset({*_NUMBERS, *_TENS, *_LARGE, *_TIMES, "oh"})
_SIGNS = {"$": "dollars", "£": "pounds", "€": "euros", "%": "percent", "@": "at", "&": "and"}
_CENTS = frozenset({"cents", "cent", "pence"})
_LEADING = frozenset("$£€")
_ALIKE = {"ok": "okay", "dollar": "dollars", "pound": "pounds", "euro": "euros", ".": "dot"}
_PIECE = re.compile(
    r"\d|(?<=\d)(?:st|nd|rd|th)\b|\b[ap]\.m\b\.?|[^\W\d_]+(?:['\u2019][^\W\d_]+)*|[$£€%@&]"
    r"|(?<=\w)\.(?=[^\W\d_]{2})",
    re.IGNORECASE,
)

Step = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it sounds (a digit is one); `text[start:end]` says it, perhaps with others."""

    said: str
    start: int
    end: int


def spoken(text: str) -> list[Word]:
    """The words of a text as they sound, in the order in which they are said."""
    pieces = list(_PIECE.finditer(text))
    names = [piece[0].lower().replace("\u2019", "'") for piece in pieces]
    words: list[Word] = []
    currency: list[Word] = []  # said after the number: "$42", "forty dollars and ten cents"
    for at, piece in enumerate(pieces):
        if currency and text[currency[0].start] in _LEADING and text[piece.start() - 1].isspace():
            words += currency
            currency = []
        if _leads(names, at):
            words += currency
            currency = [Word(_SIGNS.get(names[at], names[at]), *piece.span())]
            continue
        said = _sounding(names, at)
        if currency and names[at] in _CENTS:
            words[-1] = replace(words[-1], end=piece.end())
            continue
        if currency and names[at] == "and":
            said = []
        elif currency and not "".join(said).isdigit():
            words += currency
            currency = []
        words += [Word(word, *piece.span()) for word in said]
    return words + currency


def numbers(words: Sequence[Word]) -> Iterator[range]:
    """The numbers, as indices: digits in a row, with their currency or an ordinal's ending."""
    start = 0
    while start < len(words):
        stop = start
        while stop < len(words) and words[stop].said.isdigit():
            stop += 1
        if stop == start:
            start += 1
            continue
        if stop < len(words) and words[stop].said in {*AMOUNTS, ORDINAL}:
            stop += 1
        yield range(start, stop)
        start = stop


def align(said: Sequence[Word], heard: Sequence[Word]) -> list[Step]:
    """Pair the indices of two texts' words, at the least cost; None stands for no word.

    To miss or to add a word costs 1, to confuse two 0.4 to 1.4 as their sounds differ.
    """
    cost = [[float(i + j) for j in range(len(heard) + 1)] for i in range(len(said) + 1)]
    for i, one in enumerate(said, 1):
        for j, other in enumerate(heard, 1):
            pair = cost[i - 1][j - 1] + _difference(one.said, other.said)
            cost[i][j] = min(pair, cost[i - 1][j] + 1, cost[i][j - 1] + 1)
    steps: list[Step] = []
    i, j = len(said), len(heard)
    while i or j:
        if (
            i
            and j
            and cost[i][j] == cost[i - 1][j - 1] + _difference(said[i - 1].said, heard[j - 1].said)
        ):
            i, j = i - 1, j - 1
            steps.append((i, j))
        elif i and cost[i][j] == cost[i - 1][j] + 1:
            i -= 1
            steps.append((i, None))
        else:
            j -= 1
            steps.append((None, j))
    return steps[::-1]


def differences(
    said: Sequence[Word], heard: Sequence[Word], steps: Sequence[Step]
) -> Iterator[tuple[list[int], list[int]]]:
    """The longest stretches in which the texts differ, as indices of words; either may be empty."""

    def same(step: Step) -> bool:
        i, j = step
        return i is not None and j is not None and said[i].said == heard[j].said

    for alike, stretch in groupby(steps, key=same):
        if not alike:
            pairs = list(stretch)
            yield [i for i, _ in pairs if i is not None], [j for _, j in pairs if j is not None]


def word_errors(said: str, heard: str) -> tuple[int, int]:
    """Count the words in error and the words said; another notation is no error."""
    one, other = ([word.said for word in spoken(text)] for text in (said, heard))
    return Levenshtein.distance(one, other), len(one)


def pronounced(word: str) -> str:
    """The sounds of a word of `spoken`, digits too."""
    return sounds(ONES[int(word)] if word in _DIGITS else word)


@lru_cache(maxsize=65_536)
def _difference(one: str, other: str) -> float:
    if one == other:
        return 0.0
    return 0.4 + Levenshtein.normalized_distance(coarse(pronounced(one)), coarse(pronounced(other)))


def _leads(names: Sequence[str], at: int) -> bool:
    """Whether a currency stands before (a part of) its amount."""
    rest = [name for name in names[at + 1 : at + 3] if name != "and"]
    between = names[at] in AMOUNTS and bool(_CENTS & {*names[at + 2 : at + 6]})
    return names[at] in _LEADING or (between and bool(rest) and _is_number(rest[0]))


def _sounding(names: Sequence[str], at: int) -> list[str]:
    """The words of one piece, given those around it."""
    name = names[at]
    before, after = _neighbour(names, at - 1), _neighbour(names, at + 1)
    if name in {"st", "nd", "rd"} and before in _DIGITS:
        return [ORDINAL]
    if name == "and" and before in _LARGE and _is_number(after):
        return []
    if name == "a" and after in _LARGE:
        return ["1"]
    digits = _digits(names, at)
    if digits is not None:
        return digits
    if re.fullmatch(r"[ap]\.m\.?", name):
        return [name[0] + "m"]
    return [_SIGNS.get(name, _ALIKE.get(name, name))]


def _digits(names: Sequence[str], at: int) -> list[str] | None:
    """The digits of a number word, perhaps none ("two thousand five hundred"); None of others."""
    name, after = names[at], _neighbour(names, at + 1)
    if name in _LARGE:
        return _zeros(names, at)
    if name in _ORDINALS:
        return [*_cardinal(_ORDINALS[name], ""), ORDINAL]
    if name in {"oh", "o"} and (_is_number(_neighbour(names, at - 1)) or _is_number(after)):
        return ["0"]
    if name in _TIMES and _digit(after):
        return [_digit(after)] * _TIMES[name]
    return _cardinal(name, after) or None


def _cardinal(name: str, after: str) -> list[str]:
    """The digits of a number word; "forty" is one digit before "two", else two."""
    if name in _TENS:
        unit = _ORDINALS.get(after, after)
        return [_TENS[name]] if unit in ONES[1:] else [_TENS[name], "0"]
    return [*_NUMBERS.get(name, "")]


def _zeros(names: Sequence[str], at: int) -> list[str]:
    """The digits that "hundred" or "thousand" adds: those that nothing after it fills."""
    rest = [name for name in names[at + 1 : at + 4] if name != "and"] + ["", ""]
    first = _ORDINALS.get(rest[0], rest[0])
    if first in ONES[1:]:
        filled = 3 if rest[1] == "hundred" else 1
    else:
        filled = 2 if first in _TENS or first in _TEENS else 0
    return ["0"] * max(_LARGE[names[at]] - filled, 0)


def _neighbour(names: Sequence[str], at: int) -> str:
    return names[at] if 0 <= at < len(names) else ""


def _digit(name: str) -> str:
    """The digit that a piece says, or ""."""
    return str(ONES.index(name)) if name in ONES else name * (name in _DIGITS)


def _is_number(name: str) -> bool:
    return name in _DIGITS or name in _NUMBER_WORDS
