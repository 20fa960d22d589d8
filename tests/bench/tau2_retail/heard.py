"""What words mean in the shop: which order, items, variants, payment, reason, address."""

import re
from collections.abc import Iterator, Mapping, Sequence

from rapidfuzz import fuzz, utils

from nlu.numbers import digit_runs
from tests.bench.tau2_retail.tools import Document

ALIKE = 85  # of 100: how near words must come to a product's name
ORDER_DIGITS, ZIP_DIGITS = 7, 5
ALL = re.compile(r"\b(?:everything|all of (?:it|them)|the whole order|all items)\b", re.IGNORECASE)
MISTAKE = re.compile(r"mistake|accident|wrong", re.IGNORECASE)
NO_NEED = re.compile(r"\bneed|\bwant\b", re.IGNORECASE)
_LITTLE = re.compile(r"\b(?:the|a|an|my|one|it's|its|with|of|please)\b", re.IGNORECASE)
_AND = re.compile(r"\s*(?:;|,|\band\b)\s*", re.IGNORECASE)
_NEXT_CHANGE = re.compile(r"\s*(?:;|,?\s+and\s+(?=(?:the|my|another|one)\b))\s*", re.IGNORECASE)
_TO = re.compile(r"\s+(?:to|into|for)\s+", re.IGNORECASE)
_ADDRESS = re.compile(
    r"(?P<address1>\d[^,]+),\s*(?:(?P<address2>(?:suite|apt|apartment|unit)\b[^,]*),\s*)?"
    r"(?P<city>[^,]+),\s*(?P<state>[A-Z]{2}),?\s+(?P<zip>\d{5})",
    re.IGNORECASE,
)


def number(words: str, length: int) -> str | None:
    """Return the last number of so many digits that was said."""
    runs = [run.value for run in digit_runs(words) if len(run.value) == length]
    return runs[-1] if runs else None


def order(words: str, orders: Sequence[Document], status: str) -> Document | None:
    """Return the order with that number, or that of this status which has most of those items."""
    if said := number(words, ORDER_DIGITS):
        return next((one for one in orders if one["order_id"] == f"#W{said}"), None)
    there = [one for one in orders if status in one["status"]]
    named = [len(items(words, one["items"], loose=True)) for one in there]
    fitting = [one for one, count in zip(there, named, strict=True) if count == max(named)]
    return fitting[0] if len(fitting) == 1 and max(named) else None


def items(words: str, there: Sequence[Document], *, loose: bool = False) -> list[Document]:
    """Return the items that are named; none if one cannot be told. Loose: by the name alone."""
    if ALL.search(words):
        return list(there)
    left, found = list(there), []
    for piece in filter(None, _AND.split(words)):
        called = _called(piece, left)
        if len({one["item_id"] for one in called}) > 1 and not loose:
            return []
        if called:
            found.append(called[0])
            left.remove(called[0])
        elif any(_likeness(piece, one) >= ALIKE for one in there):
            return []
    return found


def changes(
    words: str, there: Sequence[Document], products: Mapping[str, Document]
) -> list[tuple[Document, Document]]:
    """Return each item with the available variant that it is to become; none if one is unclear."""
    left, found = list(there), []
    for piece in filter(None, _NEXT_CHANGE.split(words)):
        what, *into = _TO.split(piece, maxsplit=1)
        called = _called(what, left)
        if not into or len({one["item_id"] for one in called}) != 1:
            return []
        item = called[0]
        variant = _variant(into[0], item, products[item["product_id"]])
        if variant is None:
            return []
        left.remove(item)
        found.append((item, variant))
    return found


def payment(words: str, user: Document, paid: str) -> str | None:
    """Return the key of the user's payment method that is meant; `paid` is the order's own."""
    said = words.lower()
    if "original" in said or "same" in said:
        return paid
    methods: Mapping[str, Document] = user["payment_methods"]
    last_four = number(words, 4)
    fitting = [
        key
        for key, method in methods.items()
        if method["source"].replace("_", " ") in said.replace("pay pal", "paypal")
        or method.get("brand", "-") in said
        or (last_four and method.get("last_four") == last_four)
    ]
    exact = [key for key in fitting if last_four and methods[key].get("last_four") == last_four]
    return (exact or fitting)[0] if len(exact or fitting) == 1 else None


def reason(words: str) -> str | None:
    """Return the reason for a cancellation, of the two there are."""
    if MISTAKE.search(words):
        return "ordered by mistake"
    return "no longer needed" if NO_NEED.search(words) else None


def address(words: str) -> dict[str, str] | None:
    """Read a written address of the United States."""
    found = _ADDRESS.search(words)
    if found is None:
        return None
    parts = {key: (value or "").strip() for key, value in found.groupdict().items()}
    return {**parts, "state": parts["state"].upper(), "country": "USA"}


def _likeness(piece: str, item: Document) -> float:
    said = _LITTLE.sub(" ", piece)
    return float(fuzz.token_set_ratio(said, item["name"], processor=utils.default_process))


def _called(piece: str, left: Sequence[Document]) -> list[Document]:
    """Return those that the piece may mean: by the name first, then by the options it tells."""
    best = max((_likeness(piece, one) for one in left), default=0.0)
    if best < ALIKE:
        return []
    named = [one for one in left if _likeness(piece, one) == best]
    told = [sum(_says(piece, key, v) for key, v in one["options"].items()) for one in named]
    return [one for one, count in zip(named, told, strict=True) if count == max(told)]


def _variant(words: str, item: Document, product: Document) -> Document | None:
    """Return the available variant with the options that are said, and else those of the item."""
    said = dict(_options(words, product))
    if not said:
        return None
    wanted = item["options"] | said
    there = [one for one in product["variants"].values() if one["available"]]
    whole = [one for one in there if one["options"] == wanted]
    part = [one for one in there if said.items() <= one["options"].items()]
    fitting = whole or part
    return fitting[0] if len(fitting) == 1 else None


def _options(words: str, product: Document) -> Iterator[tuple[str, str]]:
    values: dict[str, set[str]] = {}
    for variant in product["variants"].values():
        for key, value in variant["options"].items():
            values.setdefault(key, set()).add(value)
    for key, known in values.items():
        others = {value for name, those in values.items() if name != key for value in those}
        for value in sorted(known, key=len, reverse=True):
            if _says(words, key, value, alone=value not in others):
                yield key, value
                break


def _says(words: str, key: str, value: str, *, alone: bool = True) -> bool:
    """Say whether the words name this option: with its kind, or, where it is clear, alone."""
    text, kind, option = (_plain(one) for one in (words, key, value))
    if option in {"yes", "no", "none"}:
        denied = bool(re.search(rf"(?<!\S)(?:without|no|not) {kind}(?!\S)", text))
        return denied if option != "yes" else kind in text and not denied
    beside = (rf"{kind}(?: of| is)? {option}", rf"{option} {kind}")
    if any(re.search(rf"(?<!\S){one}(?!\S)", text) for one in beside):
        return True
    return alone and bool(re.search(rf"(?<!\S){option}(?!\S)", text))


def _plain(text: str) -> str:
    return re.escape(" ".join(re.findall(r"[\w.%/+'-]+", text.lower()))).replace(r"\ ", " ")
