"""How words sound, nearly: spelling to sound classes, for finding known words in misheard text.

English spelling, reduced by rules to one letter a sound in the manner of Metaphone (L. Philips,
1990), but with its vowels, which tell "latte" from "light". `coarse` also merges what a telephone
and noise confuse most: voiced and voiceless consonants, nasals, and vowels among each other.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from models.inflection import inflection

Costs = npt.NDArray[np.float64]

_PIECE = re.compile(r"\d+|[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
_LONGEST_NUMBER = 3  # digits; longer ones are said one by one
_WRITTEN = {"oz": "ounce", "ozs": "ounces", "lb": "pound", "lbs": "pounds", "ok": "okay"}

_SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z]", ""),
        (r"^(?:kn|gn|pn)", "n"), (r"^wr", "r"), (r"^x", "s"), (r"^wh", "w"), (r"mb$", "m"),
        (r"tch", "C"), (r"tt[ei]$", "tai"), (r"sch", "sk"), (r"ch", "C"), (r"[ts]ion", "San"),
        (r"sh", "S"), (r"th", "T"), (r"ph", "f"), (r"gh(?=t|$)", ""), (r"gh", "g"), (r"dge", "J"),
        (r"ck", "k"), (r"qu", "kw"), (r"q", "k"), (r"x", "ks"), (r"sc(?=[eiy])", "s"),
        (r"c(?=[eiy])", "s"), (r"c", "k"), (r"g(?=[eiy])", "J"), (r"j", "J"), (r"ng", "N"),
        (r"(?<=[aeiou][^aeiouwy])e$", ""), (r"(?<=..)e?d$", "d"), (r"(?<=[^aeiou])y", "i"),
        (r"ee|ea|ie|ei", "i"), (r"oo|ou|ow|ew|ue", "u"), (r"ai|ay|ey", "e"), (r"au|aw|oa", "o"),
        (r"(.)\1+", r"\1"),
    )
]  # fmt: skip
_COARSE = str.maketrans("bdgvzJNnTieoauy", "ptkfsCmmfaaaaaa")


def words(text: str) -> list[str]:
    """The words as they are said, in lower case: "A 12-oz latte." → a, twelve, ounce, latte.

    Numbers of more than three digits are said digit by digit: nobody says how else.
    """
    found: list[str] = []
    for piece in _PIECE.findall(text.lower().replace("\u2019", "'")):
        spoken = _said(piece) if piece.isdecimal() else piece
        found += re.split(r"[\s,-]+", _WRITTEN.get(spoken, spoken))
    return found


@lru_cache(maxsize=4096)
def _said(digits: str) -> str:
    """Digits as words."""
    numbers = [digits] if len(digits) <= _LONGEST_NUMBER else [*digits]
    return " ".join(inflection().number_to_words(str(int(number))) for number in numbers)


@lru_cache(maxsize=65_536)
def sounds(word: str) -> str:
    """A letter for each sound of an English word."""
    said = word.lower()
    for pattern, sound in _SOUNDS:
        said = pattern.sub(sound, said)
    return said


def coarse(said: str) -> str:
    """Merge the sounds that are easily taken for each other."""
    return said.translate(_COARSE)


def distances(heard: Sequence[str], known: Sequence[str]) -> Costs:
    """How many sounds differ, for every pair of sounds (not spellings): (heard, known).

    A confusion within a coarse class counts half.
    """
    fine = cdist(heard, known, scorer=Levenshtein.distance, dtype=np.float64)
    rough = cdist(
        [coarse(each) for each in heard],
        [coarse(each) for each in known],
        scorer=Levenshtein.distance,
        dtype=np.float64,
    )
    mean: Costs = (fine + rough) / 2
    return mean
