"""A product is suggested where the flow allows it, to a caller who is not upset, once."""

import pytest

from dialogue.actions import Found
from dialogue.assistant import Assistant
from dialogue.conversation import FlowAgent
from dialogue.extras import Extras
from dialogue.recommendation.recommend import Recommender
from dialogue.recommendation.suggestions import Suggestions, welcome
from dialogue.store import Store
from nlu.mood import Trend
from nlu.understand import Sentiment
from tests.dialogue.caller import FRIDAY_AFTERNOON, Caller
from tests.dialogue.speakers import encode_words
from tests.dialogue.test_mood import FeelingNlu

pytestmark = pytest.mark.anyio

IN_STOCK = "Yes, we have the kettle in stock, for $49."
SUGGESTED = "People who bought the kettle also liked the toaster, for $38."
ELSE = "Is there anything else?"
PURCHASES = [
    (f"customer-{number}", name)
    for number in range(20)
    for name in ("kettle", "toaster", "espresso machine", "blender")[: 3 + number % 2]
] + [("C1002", "toaster"), *((f"other-{n}", "tent") for n in range(9))]


@pytest.fixture(scope="module")
def suggestions(retail: Assistant) -> Suggestions:
    assert retail.recommend is not None
    return Suggestions(Recommender(retail.recommend.products, PURCHASES, encode_words), "catalog")


@pytest.fixture
def agent(retail: Assistant, store: Store, suggestions: Suggestions) -> FlowAgent:
    extras = Extras(suggestions=suggestions)
    return FlowAgent(retail, FeelingNlu(), store, lambda: FRIDAY_AFTERNOON, extras=extras)


async def test_what_others_bought_is_suggested_once(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("is the kettle in stock") == f"{IN_STOCK} {SUGGESTED} {ELSE}"
    exchange = caller.agent.exchange
    assert exchange is not None
    assert exchange.trace[-2:] == ("find_product found in_stock", "suggests toaster")
    assert await caller.says("do you have a desk lamp") == (
        f"Yes, we have the desk lamp in stock, for $32.50. {ELSE}"
    )


async def test_nothing_is_suggested_to_an_upset_caller(caller: Caller) -> None:
    await caller.rings()
    said = await caller.says("is the kettle in stock, this is ridiculous")
    assert said == f"I'm sorry for the trouble. {IN_STOCK} {ELSE}"
    assert await caller.says("and do you have a kettle") == f"{IN_STOCK} {ELSE}"


async def test_what_a_known_caller_owns_is_not_suggested(caller: Caller) -> None:
    await caller.rings("+12175550102")
    said = await caller.says("is the kettle in stock")
    assert "toaster" not in said
    assert "also" in said


async def test_where_the_flow_does_not_say_so_nothing_is_suggested(caller: Caller) -> None:
    await caller.rings()
    assert "also" not in await caller.says("do you have an espresso machine")  # it is sold out


async def test_without_recommendation_the_answer_is_as_before(
    retail: Assistant, store: Store
) -> None:
    caller = Caller(FlowAgent(retail, FeelingNlu(), store, lambda: FRIDAY_AFTERNOON))
    await caller.rings()
    assert await caller.says("is the kettle in stock") == f"{IN_STOCK} {ELSE}"


async def test_a_table_that_is_gone_costs_the_suggestion_alone(
    retail: Assistant, store: Store, suggestions: Suggestions
) -> None:
    extras = Extras(suggestions=Suggestions(suggestions.recommender, "nowhere"))
    agent = FlowAgent(retail, FeelingNlu(), store, lambda: FRIDAY_AFTERNOON, extras=extras)
    caller = Caller(agent)
    await caller.rings()
    assert await caller.says("is the kettle in stock") == f"{IN_STOCK} {ELSE}"


async def test_products_are_found_in_an_orders_words(suggestions: Suggestions) -> None:
    assert suggestions.products(Found("delivered", {"items": "two frying pans"})) == ["frying pan"]
    assert suggestions.products(Found("delivered", {"items": "a pair of headphones"})) == [
        "headphones"
    ]
    assert suggestions.products(Found("open_now", {})) == []


async def test_moods_that_welcome_a_suggestion() -> None:
    good, bad, neutral = (
        Sentiment("positive", 0.8),
        Sentiment("negative", -0.8),
        Sentiment("neutral", -0.02),
    )
    assert welcome(Trend())
    assert welcome(Trend().after(neutral))
    assert welcome(Trend().after(good).after(neutral))
    assert not welcome(Trend().after(bad))
    assert not welcome(Trend().after(bad).after(neutral))
    assert welcome(Trend().after(bad).after(good))
