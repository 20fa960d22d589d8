"""Numbers as English words: how a person would say them."""

import re

from models.inflection import inflection

_PLURALS = {
    "penny": "pence",
    "yen": "yen",
    "yuan": "yuan",
    "kilohertz": "kilohertz",
    "hertz": "hertz",
}
_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def cardinal(number: str) -> str:
    """`1,250` is "one thousand two hundred fifty", `3.05` "three point zero five"."""
    number = number.replace(",", "")
    sign = "minus " if number.startswith("-") else ""
    whole, _, fraction = number.lstrip("-").partition(".")
    words = inflection().number_to_words(whole or "0", andword="", comma="")
    return sign + words + (f" point {digits(fraction)}" if fraction else "")


def ordinal(number: str) -> str:
    """`24` is "twenty-fourth"."""
    return inflection().ordinal(cardinal(number))


def digits(number: str) -> str:
    """`4029` is "four zero two nine"; what is no digit falls away."""
    return " ".join(_DIGITS[int(digit)] for digit in number if digit.isdecimal())


def grouped_digits(number: str) -> str:
    """Digit by digit; long ones with pauses, in their own groups or in threes or fours."""
    groups = re.findall(r"\d+", number)
    if all(len(group) == 1 for group in groups):
        return digits(number)
    if len(groups) == 1 and len(number) > 6:
        size = 4 if len(number) % 4 == 0 else 3
        groups = [number[i : i + size] for i in range(0, len(number), size)]
        if len(groups[-1]) == 1:  # a lone digit belongs to the group before it
            groups[-2:] = [groups[-2] + groups[-1]]
    return ", ".join(digits(group) for group in groups)


def year(number: str) -> str:
    """`2026` is "twenty twenty-six", `1905` "nineteen oh five", `2004` "two thousand four"."""
    century, rest = number[:2], number[2:]
    if number[1:3] == "00":
        return cardinal(number)
    if rest == "00":
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {'oh ' if rest[0] == '0' else ''}{cardinal(rest)}"


def decade(century: str, tens: str) -> str:
    """`19`, `9` is "nineteen nineties"; without a century "nineties"."""
    many = inflection().plural_noun(cardinal(f"{tens}0"), "2")
    return f"{cardinal(century)} {many}" if century else many


def clock(hour: int, minute: int, half: str = "") -> str:
    """14, 30 is "two thirty p.m."; 9, 0 "nine o'clock". `half` is "a", "p" or unknown, ""."""
    if not half and (hour > 12 or hour == 0):
        half = "p" if hour else "a"
    twelve = cardinal(str((hour - 1) % 12 + 1))
    if not minute:
        minutes = "" if half else " o'clock"
    else:
        minutes = f" {'oh ' if minute < 10 else ''}{cardinal(str(minute))}"
    return twelve + minutes + (f" {half}.m." if half else "")


def counted(number: str, unit: str) -> str:
    """`1`, "mile" is "one mile"; `2`, "mile" is "two miles"."""
    if number.replace(",", "") in {"1", "-1"}:
        return f"{cardinal(number)} {unit}"
    head, per, rest = unit.partition(" per ")
    plural = _PLURALS.get(head) or inflection().plural_noun(head, "2")
    return f"{cardinal(number)} {plural}{per}{rest}"


def money(amount: str, unit: str, part: str) -> str:
    """`42.50`, "dollar", "cent" is "forty-two dollars and fifty cents"; `part` is "" for yen."""
    whole, _, fraction = amount.replace(",", "").partition(".")
    if not fraction or not part or len(fraction) > 2:
        return counted(amount, unit)
    parts = str(int(fraction.ljust(2, "0")))
    if parts == "0":
        return counted(whole, unit)
    if whole.strip("0-") == "":
        return counted(parts, part)
    return f"{counted(whole, unit)} and {counted(parts, part)}"
