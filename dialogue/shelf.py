"""What can be recommended: the products with their texts, and who bought what."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dialogue.identity import Recommend
from dialogue.reading import did_you_mean, fail
from dialogue.seeds import Seed, read_seed


@dataclass(frozen=True, slots=True)
class Shelf:
    """Products by name, pairs of customer and product, and the table that knows the stock."""

    products: Mapping[str, str]
    purchases: tuple[tuple[str, str], ...]
    stock: str


def read_shelf(folder: Path, recommend: Recommend) -> Shelf | None:
    """Read the files that [recommend] names; None where it names none.

    Raises AssistantError: a file is missing or broken, lacks a column, or names another product.
    """
    if not recommend.products:
        return None
    products = _columns(folder / recommend.products, "name", "text")
    texts = {name: f"{name}, {text}" if text else name for name, text in products}
    if not recommend.purchases:
        return Shelf(texts, (), recommend.stock)
    path = folder / recommend.purchases
    purchases = _columns(path, "customer", "product")
    for number, (_, product) in enumerate(purchases, 2):
        if product not in texts:
            mend = did_you_mean(product, list(texts))
            fail(path, number, f"{recommend.products} has no '{product}'{mend}")
    return Shelf(texts, purchases, recommend.stock)


def _columns(path: Path, one: str, other: str) -> tuple[tuple[str, str], ...]:
    seed: Seed = read_seed(path)
    for name in (one, other):
        if name not in seed.columns:
            mend = did_you_mean(name, list(seed.columns))
            fail(path, 1, f"there is no column '{name}'{mend}; rename one")
    return tuple(zip(seed.column(one), seed.column(other), strict=True))
