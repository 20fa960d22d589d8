"""Digits and codes as people say them: "one five two oh six", "double five", "C Z D eight"."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from text_to_num import alpha2digit

_UNITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = [
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
]
_TENS = [
    *("twenty", "thirty", "forty", "fourty", "fifty"),
    *("sixty", "seventy", "eighty", "ninety"),
]
_ZEROS = {"oh", "o", "nought", "naught"}
_TIMES = {"double": 2, "triple": 3, "treble": 3}
_NUMBERS = {*_UNITS, *_TEENS, *_TENS, *_ZEROS, *_TIMES, "hundred", "thousand"}
# What a recogniser writes for a digit, believed only between two digits.
_HOMOPHONES = {"to": "two", "too": "two", "for": "four", "ate": "eight", "won": "one"}
_FILLERS = {"um", "uh", "er", "erm", "and", "then", "dash", "hyphen", "space", "so"}
_WORD = re.compile(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)?")
_GAP = re.compile(r"[\s,.()/+\u2013-]*")

_SPELLING = (
    "alpha alfa bravo charlie delta echo foxtrot golf hotel india juliet juliett kilo lima mike "
    "november oscar papa quebec romeo sierra tango uniform victor whiskey whisky yankee zulu"
)
_LETTER_NAMES = {
    **{name: name[0].upper() for name in _SPELLING.split(" ")},
    **{"xray": "X", "see": "C", "sea": "C", "bee": "B", "dee": "D", "gee": "G", "jay": "J"},
    **{"kay": "K", "el": "L", "em": "M", "en": "N", "pee": "P", "cue": "Q", "queue": "Q"},
    **{"ess": "S", "tee": "T", "vee": "V", "ex": "X", "zee": "Z", "zed": "Z"},
}
_AS_IN = re.compile(r"\b([a-z])[\s,]+(?:as in|for|like)\s+[a-z]+", re.IGNORECASE)
_DOUBLE_U = re.compile(r"\bdouble[\s-]+(?:u|you)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A value and where it stands: `text[start:end]`."""

    value: str
    start: int
    end: int


def numerals(text: str) -> str:
    """Write number words as numerals: "forty two dollars" → "42 dollars"."""
    words = [_spell(word) for word in re.sub(r"(?<=[a-z])-(?=[a-z])", " ", text.lower()).split()]
    return str(alpha2digit(" ".join(words), "en", threshold=0))


def digit_runs(text: str) -> Iterator[Found]:
    """Find the stretches of digits, said or written, fillers between them passed over."""
    run: list[re.Match[str]] = []
    pending: list[re.Match[str]] = []
    for word in _WORD.finditer(text):
        name = word.group().lower()
        if run and not _GAP.fullmatch(text, (pending or run)[-1].end(), word.start()):
            yield _run(run)
            run, pending = [], []
        if name.isdigit() or name in _NUMBERS:
            run += [*pending, word]
            pending = []
        elif run and (name in _HOMOPHONES or name in _FILLERS):
            pending.append(word)
        elif run:
            yield _run(run)
            run, pending = [], []
    if run:
        yield _run(run)


def find_digits(text: str, length: int | None = None) -> Found | None:
    """Find a number of `length` digits; said twice, the last one holds (people correct themselves).

    Without a run of that length, all runs together may make it; without `length` all runs count.
    """
    runs = [run for run in digit_runs(text) if run.value]
    if not runs:
        return None
    exact = [run for run in runs if len(run.value) == length]
    if exact:
        return exact[-1]
    whole = Found("".join(run.value for run in runs), runs[0].start, runs[-1].end)
    return whole if length is None or len(whole.value) == length else None


def find_code(text: str, length: int | None = None) -> Found | None:
    """Find a spelled code of letters and digits: "C as in Charlie, zed, D eight" → "CZD8"."""
    marked = _AS_IN.sub(lambda match: match.group(1).ljust(len(match.group())), text)
    marked = _DOUBLE_U.sub(lambda match: "W".ljust(len(match.group())), marked)
    for run in list(digit_runs(marked)):
        marked = marked[: run.start] + run.value.ljust(run.end - run.start) + marked[run.end :]
    pieces = [
        Found(piece, word.start(), word.end())
        for word in re.finditer(r"[a-z0-9']+", marked, re.IGNORECASE)
        if (piece := _code_piece(word.group()))
    ]
    value = "".join(piece.value for piece in pieces)
    if not value or (length is not None and len(value) != length):
        return None
    return Found(value, pieces[0].start, pieces[-1].end)


def _code_piece(word: str) -> str:
    if len(word) == 1 or any(letter.isdigit() for letter in word) or word.isupper():
        return word.upper()
    return _LETTER_NAMES.get(word.lower(), "")


def _spell(word: str) -> str:
    core = word.strip(",.")
    return word.replace(core, "zero") if core in _ZEROS else word


def _run(words: list[re.Match[str]]) -> Found:
    said: list[str] = []
    times = 1
    for word in words:
        name = word.group().lower()
        name = "zero" if name in _ZEROS else _HOMOPHONES.get(name, name)
        if name in _TIMES:
            times = _TIMES[name]
            continue
        said += [name] * times
        times = 1
    value = re.sub(r"\D", "", alpha2digit(" ".join(said), "en", threshold=0))
    return Found(value, words[0].start(), words[-1].end())
