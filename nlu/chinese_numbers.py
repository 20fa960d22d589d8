"""Numbers as Chinese callers say them: 一二三, 一千二百, 三百五, 幺, 两, 三个八; and figures."""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

from nlu.numbers import Found

DIGITS = {
    **{str(i): i for i in range(10)},
    **{one: i for i, one in enumerate("零一二三四五六七八九")},
    **{"〇": 0, "○": 0, "两": 2, "幺": 1},
}
UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
DIGIT = f"[{''.join(DIGITS)}]"
NUMERAL = f"[{''.join(DIGITS)}十百千万亿]"  # a character of a whole number
DECIMAL = rf"{NUMERAL}+(?:[.点]{DIGIT}+)?"

_WIDE = str.maketrans(
    {**{chr(0xFF01 + i): chr(0x21 + i) for i in range(94)}, "\u3000": " ", "壹": "一", "贰": "二"}
)
_GAP = r"(?:[\s,，、.。-]|嗯|呃|杠)*"
_RUN = re.compile(rf"{NUMERAL}(?:{_GAP}{NUMERAL})*")
_TIMES = re.compile(rf"([两二三四五六])个({DIGIT})(?![个十百千万月号天点块元])")
_NUMBER = re.compile(DECIMAL)
_NO_COUNT = re.compile("几|百分之|分之")  # not known exactly, or no count
_DOZENS = re.compile(f"({NUMERAL}+)打")
_NO_NUMERAL = re.compile(r"[一万][下些样直起般定旦分]|第一|统一|唯一")  # words, no counts


def narrow(text: str) -> str:
    """Write full-width signs as ASCII, and as `simplified` does: positions stay."""
    return simplified(text).translate(_WIDE)


def simplified(text: str) -> str:
    """Write traditional characters, as Whisper does at times, as simplified ones, one by one."""
    return text.translate(_traditional())


@cache
def _traditional() -> dict[int, str]:
    lines = (Path(__file__).parent / "data" / "traditional.tsv").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in lines.splitlines() if not line.startswith("#"))
    return {ord(one): other for one, other in pairs if len(one) == len(other) == 1}


def value_of(numeral: str) -> int:
    """Value a whole number: digits alone stand as they are, 一千零五 is 1005, 三百五 is 350."""
    if not any(unit in numeral for unit in UNITS):
        return int("".join(str(DIGITS[one]) for one in numeral))
    for big in ("亿", "万"):
        above, found, below = numeral.rpartition(big)
        if found:
            rest = value_of(below) if below else 0
            if len(below) == 1 and below in DIGITS:  # 一万二
                rest *= UNITS[big] // 10
            return (value_of(above) if above else 1) * UNITS[big] + rest
    total, digits, last = 0, "", 1
    for one in numeral:
        if one in UNITS:
            total += (value_of(digits.lstrip("零〇") or "一")) * UNITS[one]
            digits, last = "", UNITS[one]
        else:
            digits += one
    if not digits:
        return total
    short = len(digits) == 1 and last > 10 and digits not in "0零〇"  # 三百五
    return total + value_of(digits) * (last // 10 if short else 1)


def decimal_of(numeral: str) -> Decimal:
    """Value a number that may have decimals: 三点五 and 3.5."""
    whole, _, decimals = numeral.replace("点", ".").partition(".")
    value = Decimal(value_of(whole))
    if decimals:
        value += Decimal(value_of(decimals)).scaleb(-len(decimals))
    return value


def digit_runs(text: str) -> Iterator[Found]:
    """Find what is said digit by digit, or as one number; the value is its digits."""
    said = narrow(text)
    for match in _TIMES.finditer(said):
        said = said.replace(match[0], _same_length(match), 1)
    for match in _RUN.finditer(said):
        run = "".join(one for one in match[0] if one in DIGITS or one in UNITS)
        if _NO_NUMERAL.match(said, match.start()):
            continue
        value = str(value_of(run)) if any(one in UNITS for one in run) else _joined(run)
        yield Found(value, match.start(), match.end())


def _same_length(match: re.Match[str]) -> str:
    """Spell 三个八 as 888, as long as it was written."""
    count = DIGITS[match[1]]
    return match[2] * count if count == 3 else match[2] * count + " " * (3 - count)


def _joined(run: str) -> str:
    return "".join(str(DIGITS[one]) for one in run)


def find_digits(text: str, length: int | None = None) -> Found | None:
    """Find the digits of a number, of that length if one is asked for; else the longest."""
    runs = [run for run in digit_runs(text) if length is None or len(run.value) == length]
    return max(runs, key=lambda run: (len(run.value), run.start)) if runs else None


def read_number(text: str) -> str | None:
    """Read a count or an amount: 两个 → "2", 一千二 → "1200", 三点五 → "3.5"."""
    said = narrow(text)
    if _NO_COUNT.search(said):
        return None
    if dozens := _DOZENS.search(said):
        return str(12 * value_of(dozens[1]))
    for match in _NUMBER.finditer(said):
        if not _NO_NUMERAL.match(said, match.start()):
            return f"{decimal_of(match[0]).normalize():f}"
    return None
