"""Values of slots: what was said, in the form that business systems take. Pure functions.

`read` normalises a piece of text known to hold a value; `find` looks for one in a whole sentence,
and only where the form leaves no doubt. Both give None where there is nothing to be had.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from nlu.dates import read_date, read_time
from nlu.numbers import Found, digit_runs, find_code, find_digits, numerals

DEFAULT_CURRENCY = "USD"
DEFAULT_REGION = "US"  # of phone numbers without a country code

_CURRENCIES = {
    "$": "USD", "dollar": "USD", "buck": "USD", "cent": "USD", "usd": "USD",
    "£": "GBP", "pound": "GBP", "quid": "GBP", "pence": "GBP", "gbp": "GBP",
    "€": "EUR", "euro": "EUR", "eur": "EUR",
}  # fmt: skip
_UNIT = "dollars?|bucks?|usd|pounds?|quid|gbp|euros?|eur|[$£€]"
_CENTS = re.compile(r"(\d{1,2}) (?:cents?|pence)")
_UNITS = re.compile(
    rf"([$£€])?\s*(\d[\d,]*(?:\.\d{{1,2}})?)\s*({_UNIT})?"
    r"(?:(?: and)? (\d{1,2})(?: (?:cents?|pence))?)?"
)
_BARE_MONEY = re.compile(r"(?:(\d) )?(\d+) (\d\d)")

_EMAIL = re.compile(r"[a-z0-9][a-z0-9._%+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}")
_SPOKEN_SIGNS = {
    "dot": ".", "period": ".", "point": ".", "underscore": "_", "dash": "-", "hyphen": "-",
    "minus": "-", "plus": "+", "at": "@",
}  # fmt: skip
_BEFORE_EMAIL = {
    "is", "it's", "that's", "to", "under", "email", "e-mail", "address", "um", "uh", "use", "with",
    "on", "and", "so", "yes", "yeah", "for", "okay", "sure", "name",
}  # fmt: skip

_LEAD_IN = re.compile(
    r"^(?:(?:yes|yeah|okay|hi|hello|um|uh|sure)[,.]?\s+)*"
    r"(?:(?:my|the) (?:\w+ )?name is|(?:this|it|that|he|she) is|(?:it|that|he|she)'s|i am|i'm)\s+",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:an?|the|my|your|our|some|any|this|that|these|those)\s+", re.IGNORECASE)


def read(kind: str, text: str, today: date, length: int | None = None) -> str | None:
    """Normalise a piece of text that fills a slot of this kind (one of `KINDS`)."""
    match kind:
        case "digits":
            found = find_digits(text, length) or find_digits(text)
            return found.value if found else None
        case "code":
            found = find_code(text)
            return found.value if found else None
        case "date":
            return read_date(text, today)
        case _:
            return _READERS[kind](text)


def find(kind: str, text: str, today: date, length: int | None = None) -> Found | None:
    """Find a value of this kind in a sentence; names and free text have no form to go by."""
    match kind:
        case "digits":
            return find_digits(text, length)
        case "code":
            return find_code(text, length) if length else None
        case "name" | "text":
            return None
        case _:
            value = read(kind, text, today)
            return Found(value, 0, len(text)) if value else None


def read_money(text: str, currency: str = DEFAULT_CURRENCY) -> str | None:
    """Read an amount as "42.50 USD", from "$42.50", "forty two fifty", "fifty cents"."""
    said = numerals(text)
    if (cents := _CENTS.search(said)) and not re.search(_UNIT, said):
        return f"{Decimal(cents.group(1)) / 100:.2f} {_currency(said, currency)}"
    if bare := _BARE_MONEY.fullmatch(re.sub(r"[^\d ]", "", said).strip()):
        hundreds, units, hundredths = bare.groups(default="")
        if "." not in said and "$" not in said:
            return f"{int(hundreds + units)}.{hundredths} {_currency(said, currency)}"
    if not (match := _UNITS.search(said)):
        return None
    amount = Decimal(match.group(2).replace(",", ""))
    if match.group(4) and match.group(3):
        amount += Decimal(match.group(4)) / 100
    return f"{amount:.2f} {_currency(said, currency)}"


def read_email(text: str) -> str | None:
    """Read an address as typed: "john at example dot com" → "john@example.com"."""
    said = text.lower().strip(" .,!?")
    if match := _EMAIL.search(said):
        return match.group()
    said = re.sub(r"\b([a-z])-(?=[a-z]\b)", r"\1 ", said)
    for run in reversed(list(digit_runs(said))):
        if run.end - run.start == 1:  # the letter o of a spelled name
            continue
        said = said[: run.start] + run.value + said[run.end :]
    words = [_SPOKEN_SIGNS.get(word.strip(",")) or word.strip(",") for word in said.split()]
    if "@" not in words:
        return None
    at = len(words) - 1 - words[::-1].index("@")
    first = max((i + 1 for i in range(at) if words[i] in _BEFORE_EMAIL), default=0)
    dots = [i for i in range(at, len(words)) if "." in words[i]]
    if not dots:
        return None
    end = dots[-1] + (2 if words[dots[-1]] == "." else 1)
    match = _EMAIL.search("".join(words[first:end]))
    return match.group() if match else None


def read_phone(text: str, region: str = DEFAULT_REGION) -> str | None:
    """Read a telephone number as E.164: "four one five, 555 0132" → "+14155550132"."""
    import phonenumbers

    for run in digit_runs(text):
        plus = "+" if re.search(r"(?:\+|\bplus)[\s(]*$", text[: run.start].lower()) else ""
        try:
            number = phonenumbers.parse(plus + run.value, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return None


def read_name(text: str) -> str | None:
    """Read a person's name without what leads in to it; capitalised where nobody did."""
    name = _LEAD_IN.sub("", text).strip(" .,!?")
    if not any(letter.isalpha() for letter in name):
        return None
    return name.title() if name.islower() else name


def read_text(text: str) -> str | None:
    """Read free text without its article and the punctuation around it."""
    return _ARTICLE.sub("", text.strip(" .,!?")) or None


_READERS: dict[str, Callable[[str], str | None]] = {
    "time": read_time,
    "money": read_money,
    "email": read_email,
    "phone": read_phone,
    "name": read_name,
    "text": read_text,
}
KINDS = ("digits", "code", "date", *_READERS)


def _currency(said: str, default: str) -> str:
    for word, currency in _CURRENCIES.items():
        if word in said:
            return currency
    return default
