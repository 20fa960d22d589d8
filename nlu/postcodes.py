"""Postcodes as callers say them: British ("S W one A one A A"), American ("nine four one oh five").

The British form is that of BS 7666: area, district, a space, sector, unit. Pure functions.
"""

import re
from collections.abc import Iterator

from nlu.numbers import HOMOPHONES, corrected, digit_runs, squeezed
from nlu.spelling import ALPHABET, characters

_AREA_NAMES = (
    "AB AL B BA BB BD BH BL BN BR BS BT CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E "
    "EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL "
    "LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM "
    "SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE"
)
_AREAS = set(_AREA_NAMES.split(" "))
_SHAPES = ("A9 9BB", "A99 9BB", "AA9 9BB", "AA99 9BB", "A9A 9BB", "AA9A 9BB")
_UNIT_LETTERS = frozenset("ABDEFGHJLNPQRSTUWXYZ")  # the last two: those hard to misread
# Characters heard where the shape has room only for the other kind.
_AS_DIGIT = {"O": "0", "I": "1", "V": "5", "H": "8", "L": "1"}
_AS_LETTER = {"0": "O"}
_AS_UNIT_LETTER = {"M": "N", "0": "O"}
_DIGITS = HOMOPHONES | {"four": 4, "sex": 6, "fife": 5, "niner": 9, "tree": 3}
_DIGIT = re.compile(rf"\b(?:{'|'.join(_DIGITS)})\b", re.IGNORECASE)
_AS_IN = re.compile(
    rf"\b[a-z]\s+(?:for|four(?!\s+(?:{'|'.join(ALPHABET)})\b))\s+[a-z]{{3,}}", re.IGNORECASE
)
_TENS = re.compile(
    r"\b(?:(twen)|(thir)|(four?)|(fif)|(six)|(seven)|(eigh)|(nine))ty[\s-]+"
    r"(?=(?:one|two|three|four|five|six|seven|eight|nine)\b)",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"^.*\b(?:post ?code|zip(?: ?code)?)\b(?:'s|\s+(?:is|was|for me is|would be))?"
    r"|^(?:it's|it is|that's|that is|yes|yeah|um|uh|er|okay|so|the|my|sure)\b[,.]?\s",
    re.IGNORECASE,
)
_TAIL = re.compile(r"\b(?:please|thanks|thank you)\b.*$", re.IGNORECASE)
_ZIP = re.compile(r"(?<!\d)(\d{5})(?:[\s-]*(\d{4}))?(?!\d)")
_ZIP_LENGTHS = (5, 9)


def read_postcode(text: str, region: str | None = None) -> str | None:
    """Read a postcode, as "SW1A 1AA" or "94105" or "94105-1234"; None where its form is not met.

    `region` (ISO 3166: GB or US) leaves only its own form. A letter that can only be a digit where
    it stands ("O" for nought, "V" for five) is read as one.
    """
    said = squeezed(text)
    last = corrected(said)
    value = _read(last, region)
    if value or last == said or any(run.value for run in digit_runs(last)):
        return value
    return _read(said, region)


def _read(text: str, region: str | None) -> str | None:
    british = None
    if region != "US":  # "sixty one": 61, or 60 and 1
        apart = _TENS.sub(lambda tens: f"{(tens.lastindex or 0) + 1}0 ", text)
        readings = {read_british(heard_characters(said)) for said in (text, apart)} - {None}
        if len(readings) > 1:
            return None
        british = readings.pop() if readings else None
    return british or (_zip(text) if region != "GB" else None)


def heard_characters(text: str) -> str:
    """Spell out all that was said, lead-in aside, as letters and digits: "double u 2" → "W2"."""
    said, before = text.strip(), ""
    while said != before:
        before, said = said, _LEAD_IN.sub("", said).strip()
    said = _TAIL.sub("", said)
    kept = {match.start() for shape in _AS_IN.finditer(said)
            for match in _DIGIT.finditer(said, *shape.span())}  # fmt: skip
    said = _DIGIT.sub(
        lambda match: match[0] if match.start() in kept else str(_DIGITS[match[0].lower()]), said
    )
    return re.sub(r"[^A-Z0-9]", "", characters(said))


def read_british(heard: str) -> str | None:
    """Read characters as a British postcode with a space; None unless one reading is nearest."""
    readings = sorted((_repairs(code, heard), code) for code in _readings(heard))
    if not readings or [repairs for repairs, _ in readings].count(readings[0][0]) > 1:
        return None
    return readings[0][1]


def british_shapes(length: int) -> Iterator[str]:
    """Give the shapes with that many characters: A a letter, 9 a digit, B a letter of the unit."""
    return (shape for shape in _SHAPES if len(shape) - 1 == length)


def _readings(heard: str) -> Iterator[str]:
    for shape in british_shapes(len(heard)):
        code = [
            _fit(letter, room) for letter, room in zip(heard, shape.replace(" ", ""), strict=True)
        ]
        if None in code or "".join(map(str, code))[: shape.index("9")] not in _AREAS:
            continue
        at = shape.index(" ")
        yield "".join(map(str, code[:at])) + " " + "".join(map(str, code[at:]))


def _repairs(code: str, heard: str) -> int:
    return sum(a != b for a, b in zip(code.replace(" ", ""), heard, strict=True))


def _fit(letter: str, room: str) -> str | None:
    if room == "9":
        return letter if letter.isdigit() else _AS_DIGIT.get(letter)
    if room == "A":
        return letter if letter.isalpha() else _AS_LETTER.get(letter)
    return letter if letter in _UNIT_LETTERS else _AS_UNIT_LETTER.get(letter)


def _zip(text: str) -> str | None:
    runs = [run for run in digit_runs(text) if len(run.value) in _ZIP_LENGTHS]
    match = _ZIP.fullmatch(runs[-1].value) if runs else None
    return "-".join(filter(None, match.groups())) if match else None
