"""What others bought, what is alike, what sells; never what one has or what is sold out."""

import numpy as np
import pytest

from dialogue.recommendation.recommend import Because, Recommender, Suggestion
from tests.dialogue.speakers import encode_words

TEXTS = {
    "kettle": "kitchen water tea",
    "toaster": "kitchen bread toast",
    "blender": "kitchen soup fruit",
    "tent": "outdoor sleep trail",
    "boots": "outdoor walk trail",
    "map": "outdoor paper trail",
    "teapot": "kitchen water tea",  # new: nobody has bought it
}
PURCHASES = [
    (f"{kind}-{number}", product)
    for kind, products in (
        ("cook", ("kettle", "toaster", "blender")),
        ("hiker", ("tent", "boots", "map")),
    )
    for number in range(20)
    for product in products
]
ALL = frozenset(TEXTS)


@pytest.fixture(scope="module")
def shop() -> Recommender:
    return Recommender(TEXTS, PURCHASES, encode_words)


def test_what_others_bought_with_it_comes_first(shop: Recommender) -> None:
    others = {"toaster", "tent", "boots"}
    assert shop.suggest(["kettle"], others) == Suggestion("toaster", Because.BOUGHT, "kettle")
    assert shop.suggest(["tent"], ALL - {"map"}) == Suggestion("boots", Because.BOUGHT, "tent")


def test_a_new_product_is_suggested_for_what_it_is_like(shop: Recommender) -> None:
    suggested = shop.suggest(["kettle"], {"teapot", "tent", "boots"})
    assert suggested == Suggestion("teapot", Because.LIKE, "kettle")


def test_nothing_that_one_has_or_that_is_sold_out(shop: Recommender) -> None:
    assert shop.suggest(["kettle", "tent"], {"kettle", "tent"}) is None
    assert shop.suggest(["kettle"], frozenset()) is None


def test_of_unknown_products_nothing_follows(shop: Recommender) -> None:
    assert shop.suggest([], ALL) is None
    assert shop.suggest(["piano"], ALL) is None


def test_what_a_customer_owns(shop: Recommender) -> None:
    assert shop.owned("cook-3") == {"kettle", "toaster", "blender"}
    assert shop.owned("nobody") == frozenset()


def test_the_same_purchases_give_the_same_scores(shop: Recommender) -> None:
    again = Recommender(TEXTS, PURCHASES, encode_words)
    assert np.array_equal(shop.scores([0]), again.scores([0]))


def test_without_purchases_likeness_is_left() -> None:
    shop = Recommender(TEXTS, [], encode_words)
    suggested = shop.suggest(["tent"], ALL - {"map"})
    assert suggested == Suggestion("boots", Because.LIKE, "tent")


def test_purchases_of_products_that_are_gone_do_not_count() -> None:
    shop = Recommender(TEXTS, [*PURCHASES, ("cook-1", "piano")], encode_words)
    assert shop.owned("cook-1") == {"kettle", "toaster", "blender"}
