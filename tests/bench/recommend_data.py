"""Purchases to measure recommendation with: of a public set, and made up with tastes in them.

`python -m tests.bench.recommend_data OUT` writes the sample that the retail assistant brings along.
"""

import csv
import gzip
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

from dialogue.assistant import default_assistant
from dialogue.seeds import read_seed

Purchases = Mapping[str, Sequence[str]]  # of each customer, in order

TASTES = {
    "kitchen": "kettle, coffee maker, espresso machine, toaster, blender, air fryer, frying pan",
    "desk": "desk lamp, office chair, keyboard, bookshelf, headphones, thermos",
    "home": "bedside lamp, vacuum cleaner, electric heater, bookshelf, garden chair, wool sweater",
    "trail": "tent, hiking boots, rain jacket, backpack, thermos, mountain bike",
    "sport": "running shoes, yoga mat, smart watch, earbuds, mountain bike, electric toothbrush",
    "winter": "winter coat, wool sweater, hiking boots, electric heater, thermos, kettle",
    "gadgets": "headphones, earbuds, smart watch, phone case, keyboard, electric toothbrush",
}
SAMPLE_CUSTOMERS, SAMPLE_SEED = 120, 1
TO_TASTE = 0.8  # of the purchases; the rest is anything


def catalogue() -> Mapping[str, str]:
    """The retail assistant's products and what is said of them."""
    seed = read_seed(default_assistant() / "descriptions.csv")
    return {name: f"{name}, {text}" for name, text in seed.rows}


def synthetic(customers: int, seed: int) -> Purchases:
    """Make purchases up: each customer has one or two tastes, and buys two to eight products."""
    random, names = Random(seed), list(catalogue())  # noqa: S311 - of sample data
    tastes = [taste.split(", ") for taste in TASTES.values()]
    bought: dict[str, list[str]] = {}
    for number in range(1, customers + 1):
        liked = [
            name for taste in random.sample(tastes, random.choice((1, 1, 2))) for name in taste
        ]
        basket: dict[str, None] = {}
        for _ in range(random.randint(2, 8)):
            basket[random.choice(liked if random.random() < TO_TASTE else names)] = None
        bought[f"synthetic-{number:04}"] = list(basket)
    return bought


def tau2(shared: Path) -> tuple[Mapping[str, str], Purchases]:
    """Products and orders of the retail domain of tau2-bench (Barres et al., 2025; MIT)."""
    with gzip.open(shared / "tau2" / "retail" / "db.json.gz", "rt", encoding="utf-8") as file:
        database = json.load(file)
    names = {each["product_id"]: each["name"] for each in database["products"].values()}
    bought: dict[str, dict[str, None]] = {}
    for user, details in database["users"].items():
        for order in details["orders"]:
            for item in database["orders"][order]["items"]:
                bought.setdefault(user, {})[names[item["product_id"]]] = None
    return {name: name for name in names.values()}, {
        user: list(own) for user, own in bought.items()
    }


def main() -> None:
    """Write the sample."""
    with Path(sys.argv[1]).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id", "customer", "product"))
        pairs = [
            (customer, product)
            for customer, products in synthetic(SAMPLE_CUSTOMERS, SAMPLE_SEED).items()
            for product in products
        ]
        writer.writerows((number, *pair) for number, pair in enumerate(pairs, 1))


if __name__ == "__main__":
    main()
