"""Values of slots: what was said, in the form that business systems take. Pure functions.

`read` normalises a piece of text known to hold a value; `find` looks for one in a whole sentence,
and only where the form leaves no doubt. Both give None where there is nothing to be had.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from nlu.addresses import read_address
from nlu.dates import DEFAULT_REGION, read_birth_date, read_date, read_date_range
from nlu.numbers import (
    Found,
    corrected,
    digit_runs,
    find_digits,
    multiplied,
    numerals,
    perhaps_corrected,
    read_number,
    squeezed,
)  # fmt: skip
from nlu.postcodes import read_postcode
from nlu.spelling import (
    find_code,
    hinted,
    is_spelled,
    respelled,
    said_hints,
    signed,
    spellings,
    unexplained,
)  # fmt: skip
from nlu.times import read_duration, read_time
from nlu.yes_no import (
    is_undecided,
    read_leading_yes_no,
    read_yes_no,
    says_more,
    takes_back_yes,
    wants_nothing_more,
)

__all__ = [
    "KINDS",
    "digit_runs",
    "find",
    "in_figures",
    "is_undecided",
    "read",
    "read_leading_yes_no",
    "says_more",
    "takes_back_yes",
    "usual",
    "wants_nothing_more",
]

DEFAULT_CURRENCY = "USD"
_REGION_CURRENCIES = {"GB": "GBP", "IE": "EUR", "DE": "EUR", "FR": "EUR", "ES": "EUR", "NL": "EUR"}

_CURRENCIES = {
    "$": "USD", "dollar": "USD", "buck": "USD", "usd": "USD",
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

_SPOKEN_AMOUNTS = (
    (re.compile(r"\bhalf an? (?=dollar|buck|pound|quid|euro)"), "0.5 "),
    (re.compile(r"\ban? (?=dollar|buck|pound|quid|euro)"), "1 "),
    (re.compile(r"\b(\d+) and a half (?=dollar|buck|pound|quid|euro)"), r"\g<1>.50 "),
    (re.compile(r"\b(\d+) and a quarter (?=dollar|buck|pound|quid|euro)"), r"\g<1>.25 "),
    (re.compile(r"\b(?:a |1 )?fiver\b"), "5 pounds"),
    (re.compile(r"\b(?:a |1 )?tenner\b"), "10 pounds"),
    (re.compile(r"\bhalf a (?=grand)"), "0.5 "),
    (re.compile(r"\b(\d+) and a half (?:grand|1000\b)"), r"\g<1>500"),
    (re.compile(r"\b(\d+) and a half 1000000\b"), r"\g<1>500000"),
    (re.compile(r"\ba (?=grand|million|thousand)"), "1 "),
)
_EITHER_AMOUNT = re.compile(
    rf"\bbetween [$£€]?\d[\d.,]* ?(?:{_UNIT})? ?and [$£€]?\d"
    rf"|\d ?(?:{_UNIT})? (?:to|or|till|until) [$£€]?\d"
    rf"|[$£€]\d+ ?[-\u2013] ?[$£€]?\d|\b\d+ ?[-\u2013] ?\d+ (?:{_UNIT})\b"
)
# What says a value though it may not read as one: "in 3 days, no, a week".
_SAYS_A_VALUE = re.compile(
    r"\d|\b(?:an?|half|next|last) (?:day|week|month|year|hour|minute)"
    r"|\b(?:yester|to|mon|tues|wednes|thurs|fri|satur|sun)day\b|\btomorrow\b"
)

_EMAIL = re.compile(r"[a-z0-9][a-z0-9._%+-]*@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}")
_SPOKEN_SIGNS = {
    "dot": ".", "period": ".", "point": ".", "underscore": "_", "dash": "-", "hyphen": "-",
    "minus": "-", "plus": "+", "at": "@",
}  # fmt: skip
_ALL_ONE_WORD = re.compile(r"\b(?:all )?(?:as )?(?:one|1) word\b|\b(?:all |in )*lower ?case\b")
_BEFORE_EMAIL = {
    "is", "it's", "that's", "to", "under", "email", "e-mail", "address", "um", "uh", "use", "with",
    "on", "and", "so", "yes", "yeah", "for", "okay", "sure", "name",
}  # fmt: skip

LEAD_IN = (  # what people say before a name
    r"^(?:(?:yes|yeah|okay|hi|hello|um|uh|er|sure|so|and)[,.]?\s+)*"
    r"(?:(?:my|the) (?:\w+ )?(?:sur)?name(?: is|'s)?|call me|you're speaking (?:to|with)"
    r"|(?:this|it|that|he|she) is|(?:it|that|he|she)'s|i am|i'm)\s+"
)
_LEAD_IN = re.compile(LEAD_IN, re.IGNORECASE)
_TITLES = (
    (re.compile(r"\bmister\b|\bmr\.", re.IGNORECASE), "Mr"),
    (re.compile(r"\bmiss[ie]s\b|\bmissus\b|\bmrs\.", re.IGNORECASE), "Mrs"),
    (re.compile(r"\bms\.", re.IGNORECASE), "Ms"),
    (re.compile(r"\bdoctor\b|\bdr\.", re.IGNORECASE), "Dr"),
)
_LEAD_OUT = re.compile(r"[,.]?\s+(?:speaking|calling|here|please|thanks|thank you)$", re.IGNORECASE)
_FILLING = re.compile(
    r"[,:;]|(?<!\b[a-z])\.|\b(?:that's|that is|it's|spelled|spelt|spelling|which is"
    r"|i'll spell (?:it|that)|um|uh|er|capital|(?:upper|lower) ?case"
    r"|first name|last name|surname"
    r"|family name|is|and)\b(?= |[,.:;]|$)",
    re.IGNORECASE,
)
_NO_NAME = re.compile(
    r"\b(?:don't|do not|can't|what|why|sorry|nothing|no idea|nobody)\b", re.IGNORECASE
)
_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")  # one recogniser writes it, another does not
_ARTICLE = re.compile(r"^(?:an?|the|my|your|our|some|any|this|that|these|those)\s+", re.IGNORECASE)


def read(
    kind: str, text: str, today: date, length: int | None = None, region: str = DEFAULT_REGION
) -> str | None:
    """Normalise a piece of text that fills a slot of this kind (one of `KINDS`).

    `today` may be a datetime: then "in an hour" is a time too. `region` (ISO 3166) says how
    telephone numbers, 3/5 and amounts without a currency are meant.
    """
    text = squeezed(text)
    match kind:
        case "digits":
            found = find_digits(text, length) or find_digits(text)
            return found.value if found else None
        case "code":
            found = find_code(text)
            return found.value if found else None
        case "postcode":  # the default region is no reason to refuse the other's
            return read_postcode(text, region if region == "GB" else None)
    if kind in _READERS:
        return _READERS[kind](text)
    if kind == "money":  # "forty pounds, no, forty one" are pounds
        default = _currency(text.lower(), _REGION_CURRENCIES.get(region, DEFAULT_CURRENCY))
        return _last_said(lambda said: read_money(said, default), text)
    return _last_said(lambda said: _CORRECTED[kind](said, today, region), text)


def usual(text: str) -> str:
    """Leave it as it is written."""
    return text


def in_figures(kind: str, text: str, today: date) -> str:
    """Leave it as it was said: what it is compared with knows how English is misheard."""
    return text


def find(
    kind: str, text: str, today: date, length: int | None = None, region: str = DEFAULT_REGION
) -> Found | None:
    """Find a value of this kind in a sentence; names, addresses and text have no form to go by."""
    match kind:
        case "digits":
            return find_digits(text, length)
        case "code":
            return find_code(text, length) if length else None
        case "name" | "text" | "address":
            return None
        case _:
            value = read(kind, text, today, region=region)
            return Found(value, 0, len(text)) if value else None


def read_money(text: str, currency: str = DEFAULT_CURRENCY) -> str | None:
    """Read an amount as "42.50 USD", from "$42.50", "forty two fifty", "one grand", "a quid"."""
    said = numerals(re.sub(r"\bhalf a million\b", "500000", squeezed(text).lower()))
    for shape, written in _SPOKEN_AMOUNTS:
        said = shape.sub(written, said)
    said = multiplied(said)
    if _EITHER_AMOUNT.search(said):
        return None
    if (cents := _CENTS.search(said)) and not re.search(_UNIT, said):
        return f"{Decimal(cents.group(1)) / 100:.2f} {_currency(said, currency)}"
    if bare := _BARE_MONEY.fullmatch(re.sub(r"[^\d ]", "", said).strip()):
        hundreds, units, hundredths = bare.groups(default="")
        if "." not in said and "$" not in said:
            return f"{int(hundreds + units)}.{hundredths} {_currency(said, currency)}"
    matches = list(_UNITS.finditer(said))
    if not matches:
        return None
    match = next((each for each in matches if each[1] or each[3]), matches[0])
    amount = Decimal(match.group(2).replace(",", ""))
    if match.group(4) and match.group(3):
        amount += Decimal(match.group(4)) / 100
    return f"{amount:.2f} {_currency(said, currency)}"


def read_email(text: str) -> str | None:
    """Read an address as typed: "john at example dot com" → "john@example.com"."""
    said = squeezed(text).lower().strip(" .,!?")
    if match := _EMAIL.search(said):
        return match.group()
    said = unexplained(_ALL_ONE_WORD.sub("", said)).lower()
    said = re.sub(r"\bdouble ([a-z])\b", r"\1 \1", said)
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

    text = squeezed(text)
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
    """Read a person's name without what leads in to it; capitalised where nobody did.

    What was spelled holds: "Smith, S M Y T H" → "Smyth", "Smith with a y" → "Smyth".
    """
    text = squeezed(text)
    for spoken, title in _TITLES:
        text = spoken.sub(title, text)
    said = _LEAD_IN.sub("", corrected(text)).strip(" .,!?") or _LEAD_IN.sub("", text)
    said = _LEAD_OUT.sub("", said).strip(" .,!?")
    if _NO_NAME.search(said):
        return None
    said, hints = said_hints(said)
    found = spellings(said)
    others = [word for word in _FILLING.sub(" ", _without(said, found)).split() if word.isalpha()]
    stretches = [stretch for stretch in found if is_spelled(stretch, said, others)]
    said = _without(said, stretches)
    name = respelled(_FILLING.sub(" ", said), [stretch.value for stretch in stretches])
    name = hinted(signed(name), hints).strip(" .,!?")
    if not any(letter.isalpha() for letter in name):
        return None
    return name.title() if name.islower() else name


def read_text(text: str) -> str | None:
    """Read free text without its article, hyphens, and the punctuation around it."""
    said = _HYPHEN.sub(" ", squeezed(text).strip(" .,!?"))
    return _ARTICLE.sub("", said) or None


def _without(said: str, stretches: Sequence[Found]) -> str:
    for stretch in reversed(stretches):
        said = said[: stretch.start] + " " + said[stretch.end :]
    return said


def _last_said(read_it: Callable[[str], str | None], text: str) -> str | None:
    """Read what holds after corrections; None where it is not clear what was taken back."""
    last = corrected(text)
    if last != text and not text.startswith(last):
        value = _last_said(read_it, last)
        return value if value or _SAYS_A_VALUE.search(numerals(last)) else read_it(text)
    value = read_it(last)
    for said in perhaps_corrected(last) if value else ():
        if read_it(said) not in {None, value}:
            return None
    return value


_READERS: dict[str, Callable[[str], str | None]] = {
    "address": read_address,
    "email": read_email,
    "name": read_name,
    "text": read_text,
    "yes_no": read_yes_no,
}
_CORRECTED: dict[
    str, Callable[[str, date, str], str | None]
] = {  # a caller may take back the first
    "date": read_date,
    "birth_date": read_birth_date,
    "date_range": read_date_range,
    "time": lambda text, today, _: read_time(text, today),
    "duration": lambda text, _, __: read_duration(text),
    "phone": lambda text, _, region: read_phone(text, region),
    "number": lambda text, _, __: read_number(text),
}
KINDS = ("digits", "code", "postcode", "money", *_CORRECTED, *_READERS)


def _currency(said: str, default: str) -> str:
    for word, currency in _CURRENCIES.items():
        if word in said:
            return currency
    return default
