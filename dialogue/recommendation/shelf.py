"""What can be recommended: the products with their texts, and who bought what."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dialogue import AssistantError, Fault
from dialogue.identity import Recommend
from dialogue.reading import Tell, did_you_mean, fail, refuse
from dialogue.seeds import Seed, read_seed


@dataclass(frozen=True, slots=True)
class Shelf:
    """Products by name, pairs of customer and product, and the table that knows the stock."""

    products: Mapping[str, str]
    purchases: tuple[tuple[str, str], ...]
    stock: str


def read_shelf(folder: Path, recommend: Recommend, tell: Tell = refuse) -> Shelf:
    """Read the files that [recommend] names.

    Tells AssistantError: a purchase names another product, or a line cannot be read. Raises it
    where a file or a column is missing.
    """
    products = _columns(folder / recommend.products, "name", "text", refuse)
    texts = {name: f"{name}, {text}" if text else name for name, text in products}
    if not recommend.purchases:
        return Shelf(texts, (), recommend.stock)
    path = folder / recommend.purchases
    unread: list[AssistantError] = []
    purchases = _columns(path, "customer", "product", unread.append)
    for error in unread:
        tell(error)
    lines: dict[str, int] = {}  # of each product's first purchase
    for line, (_, product) in enumerate(purchases, 2):
        lines.setdefault(product, line)
    for product, line in lines.items() if not unread else ():
        if product not in texts:
            mend = did_you_mean(product, list(texts))
            told = f"{recommend.products} has no '{product}'{mend}"
            tell(AssistantError(Fault(path, line, told)))
    return Shelf(texts, purchases, recommend.stock)


def _columns(path: Path, one: str, other: str, tell: Tell) -> tuple[tuple[str, str], ...]:
    seed: Seed = read_seed(path, tell)
    for name in (one, other):
        if name not in seed.columns:
            mend = did_you_mean(name, list(seed.columns))
            fail(path, 1, f"there is no column '{name}'{mend}; rename one")
    return tuple(zip(seed.column(one), seed.column(other), strict=True))
