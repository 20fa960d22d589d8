"""Digits and counts as people say them: "one five two oh six", "double five", "half a dozen"."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

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
_TIMES = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
_NUMBERS = {*_UNITS, *_TEENS, *_TENS, *_ZEROS, *_TIMES, "hundred", "thousand"}
HOMOPHONES = {"to": 2, "too": 2, "for": 4, "ate": 8, "won": 1}  # what recognisers write for digits
_FILLERS = {"um", "uh", "er", "erm", "and", "then", "dash", "hyphen", "space", "so"}
_WORD = re.compile(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)?")
_A_WHILE = re.compile(  # "one moment" has no digit, "one Second Street" has
    r"(?:one|1)\s+(?:moment|second|sec|minute)\b"
    r"(?!\s+(?:\w+\s+)?(?:street|st|avenue|ave|road|rd|lane|drive|place|court)\b)",
    re.IGNORECASE,
)
_GAP = re.compile(r"[\s,.()/+\u2013-]*")

# A caller takes back what was said before: what comes after holds. "No" does so only between
# pauses or with another such word: "no receipt", "No. 4" and "no later than" take nothing back.
_AGAIN = (
    r"oops|i mean(?:t)?|scratch that|correction|make (?:that|it)"
    r"|(?:start|try|say) (?:that )?again|start over"
)
_APOLOGY = r"(?:sorry|wait|actually)(?! (?:for|about|to|if|but|until|till|a)\b)"
_CORRECTION = re.compile(
    rf"(?:(?<=[,.;:!?\u2013-])\s*\b(?:(?:oh|um|uh|er),? )?"
    rf"(?:(?:no|nope|nah)(?:[,;:!\u2013-]|\.(?!\s*(?:\d|of\b)))|{_APOLOGY})"
    rf"|(?<!i'm )(?<!am )(?<!so )(?<!very )\b(?:sorry|wait)(?=[,.!])"
    rf"|\b(?:no|nope|wait)[,.]?\s(?:no|wait|sorry|actually|it's)\b|\b(?:{_AGAIN})\b)"
    rf"(?:[\s,.:;!]*\b(?:(?:no|nope|um|uh)[,.]|{_APOLOGY}\b|(?:{_AGAIN})\b))*[\s,.:;!]*",
    re.IGNORECASE,
)
# Said without a pause, right before a value, it may take back the value before it.
_PERHAPS = re.compile(
    r"\b(?:no|nope|sorry|wait|actually)[,;]?\s"
    r"(?=(?:(?:the|on|at|in|next|for|a) )?(?:[$\u00a3\u20ac]?\d|(?:"
    rf"{'|'.join([*_UNITS, *_TEENS, *_TENS])}|(?:mon|tues|wednes|thurs|fri|satur|sun|to)day"
    r"|hundred|tomorrow|week)))|[.,;]\sno\.\s(?=\d)",
    re.IGNORECASE,
)
_BETWEEN_DIGITS = re.compile(
    r"[\s,]*(?:(?:no|nope|sorry|oops|wait|actually)[\s,]*)+", re.IGNORECASE
)
_COUNTS = (
    (re.compile(r"\bhalf (?:a )?dozen\b"), "6"),
    (re.compile(r"\b(?:a )?(?:couple|pair)\b(?: of)?|\bboth\b|\btwice\b"), "2"),
    (re.compile(r"\bonce\b"), "1"),
    (re.compile(r"\bnone\b"), "0"),
)
_DOZENS = re.compile(r"\b(a|\d+(?:\.\d+)?) dozens?\b")
_THOUSANDS = re.compile(
    r"\b(\d[\d,]*(?:\.\d+)?) ?(1000000|1000|grand|k|thousand|million)\b"
    r"(?:(?: and)? (\d{1,3})\b(?! ?(?:cents?|pence|p\b|[.\d])))?"
)
_TWO_NUMBERS = re.compile(r"\d (?:and|plus|times|or|to) (?:an? )?\d")
_HALVES = re.compile(r"\b(\d+) and (?:a |1 )?(half|quarter)\b")
_PARTS = re.compile(r"\b(?:(\d) |a )?(half|halves|quarters?)\b")
_NO_COUNT = re.compile(r"\b(?:an?|one|1|just a) (?:second|moment)\b|\b(?:at first|first of all)\b")
_NUMBER = re.compile(
    r"(?:\bminus |(?<![\w.])-)?(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?:st|nd|rd|th)?\b"
)
_SOLE_HOMOPHONE = re.compile(rf"(?:(?:just|only|um|uh|it's) )*({'|'.join(HOMOPHONES)})")


@dataclass(frozen=True, slots=True)
class Found:
    """A value and where it stands: `text[start:end]`."""

    value: str
    start: int
    end: int


def squeezed(text: str) -> str:
    """Write every stretch of blanks as one: patterns take long over them."""
    return " ".join(text.split())


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
        if (name.isdigit() or name in _NUMBERS) and not _A_WHILE.match(text, word.start()):
            run += [*pending, word]
            pending = []
        elif run and (name in HOMOPHONES or name in _FILLERS):
            pending.append(word)
        elif run:
            yield _run(run)
            run, pending = [], []
    if run:
        yield _run(run)


def find_digits(text: str, length: int | None = None) -> Found | None:
    """Find a number of `length` digits; said twice, the last one holds (people correct themselves).

    Without a run of that length, all runs together may make it; without `length` all runs count.
    Of a number that the caller corrects ("four seven, no, four eight two nine"), digits said before
    the correction hold only where `length` says that its beginning was not repeated.
    """
    runs = [run for run in digit_runs(text) if run.value]
    exact = [run for run in runs if len(run.value) == length]
    if exact or not runs:
        return exact[-1] if exact else None
    marks = list(_CORRECTION.finditer(text))
    cuts = [i for i in range(1, len(runs)) if _taken_back(text, runs[i - 1], runs[i], marks)]
    after = _joined(runs[cuts[-1] :] if cuts else runs)
    if length is None or len(after.value) == length:
        return after
    if not cuts:
        return None
    before = _joined(runs[cuts[-2] if len(cuts) > 1 else 0 : cuts[-1]])
    kept = length - len(after.value)
    if 0 < kept <= len(before.value) <= length:
        return Found(before.value[:kept] + after.value, before.start, after.end)
    return None


def heard_once(digits: str, length: int) -> str:
    """Leave out what a recogniser wrote twice ("269-887" → "26987"), if it can be but one digit.

    Only of speech: a key that is pressed twice was pressed twice.
    """
    if len(digits) != length + 1:
        return digits
    doubled = [i for i in range(length) if digits[i] == digits[i + 1]]
    left = {digits[:i] + digits[i + 1 :] for i in doubled}
    return left.pop() if len(left) == 1 else digits


def corrected(text: str) -> str:
    """Return what was said after the last correction ("five, no, six" → "six"), or all of it.

    One with nothing after it takes nothing back: "five, sorry" → "five".
    """
    said = text
    for match in reversed(list(_CORRECTION.finditer(text))):
        if match.end() < len(said.rstrip(" .,!?")):
            return said[match.end() :]
        said = said[: match.start()]
    return said


def takes_back(between: str) -> bool:
    """Tell whether these words, between two numbers, take the first of them back: "no, sorry"."""
    return _BETWEEN_DIGITS.fullmatch(between) is not None


def perhaps_corrected(text: str) -> Iterator[str]:
    """Give what was said after each word that may be a correction: "five no six" → "six"."""
    return (text[match.end() :] for match in _PERHAPS.finditer(text))


def multiplied(said: str) -> str:
    """Write a numeral and its thousands as one: "2 million" → "2000000", "1 grand 50" → "1050"."""
    return _THOUSANDS.sub(_times_thousands, said)


def read_number(text: str) -> str | None:
    """Read a count or an ordinal as a decimal: "half a dozen" → "6", "two and a half" → "2.5".

    Two numbers without a correction between them are none.
    """
    said = _NO_COUNT.sub(" ", squeezed(text).lower())
    said = re.sub(r"\b(thousand|million), ", r"\1 ", said)
    said = re.sub(r"(?<=\dst|\dnd|\drd|\dth) 1\b", "", multiplied(numerals(said)))
    said = _HALVES.sub(lambda halves: halves[1] + {"half": ".5"}.get(halves[2], ".25"), said)
    for shape, value in _COUNTS:
        said = shape.sub(value, said)
    said = _DOZENS.sub(lambda dozens: str(12 * Decimal(dozens[1].replace("a", "1"))), said)
    said = _PARTS.sub(_part, said)
    if sole := _SOLE_HOMOPHONE.fullmatch(said.strip(" .,!?")):
        return str(HOMOPHONES[sole[1]])
    numbers = {match[0] for match in _NUMBER.finditer(said)}
    if len(numbers) != 1 or _TWO_NUMBERS.search(said):
        return None
    number = numbers.pop().replace(",", "").replace("minus ", "-").rstrip("stndrh")
    return _shortest(number)


def _shortest(number: str) -> str:
    """Write a number without the zeros that say nothing: "-007.50" → "-7.5", "-0" → "0"."""
    whole, _, part = number.lstrip("-").partition(".")
    shortest = ".".join(filter(None, (whole.lstrip("0") or "0", part.rstrip("0"))))
    return "-" * (number.startswith("-") and shortest != "0") + shortest


def _times_thousands(match: re.Match[str]) -> str:
    zeros = 6 if match[2] in {"1000000", "million"} else 3
    whole, _, part = match[1].replace(",", "").partition(".")
    shifted = f"{whole}{part[:zeros].ljust(zeros, '0')}.{part[zeros:]}".rstrip(".")
    if match[3] and not part:
        shifted = shifted[: -len(match[3])] + match[3]
    return shifted if match[3] is None or not part else match[0]


def _taken_back(text: str, before: Found, after: Found, marks: Sequence[re.Match[str]]) -> bool:
    """Whether a correction stands between two runs of digits."""
    return bool(_BETWEEN_DIGITS.fullmatch(text, before.end, after.start)) or any(
        before.end <= mark.start() and mark.end() <= after.start for mark in marks
    )


def _part(match: re.Match[str]) -> str:
    return str(int(match[1] or 1) * (Decimal("0.5") if "hal" in match[2] else Decimal("0.25")))


def _joined(runs: Sequence[Found]) -> Found:
    return Found("".join(run.value for run in runs), runs[0].start, runs[-1].end)


def _spell(word: str) -> str:
    core = word.strip(",.")
    return word.replace(core, "zero") if core in _ZEROS else word


def _run(words: list[re.Match[str]]) -> Found:
    said: list[str] = []
    times = 1
    while len(words) > 1 and words[-1].group().lower() in _TIMES:  # "four, double L"
        words = words[:-1]
    for word in words:
        name = word.group().lower()
        name = "zero" if name in _ZEROS else name
        name = _UNITS[HOMOPHONES[name]] if name in HOMOPHONES else name
        if name in _TIMES:
            times = _TIMES[name]
            continue
        again = name[0] if name.isdigit() else name  # of "double 189" the one
        said += [again] * (times - 1) + [name]
        times = 1
    value = re.sub(r"\D", "", alpha2digit(" ".join(said), "en", threshold=0))
    return Found(value, words[0].start(), words[-1].end())
