"""What is suggested beside an answer: a product that goes with the one it was about."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, FromClause, Select, column, select, table

from dialogue.actions import Found
from dialogue.assistant import Assistant
from dialogue.recommendation.recommend import Because, Recommender
from dialogue.state import Prove, State, Tip
from dialogue.tables import METADATA
from nlu.mood import STEADY, Direction, Trend


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Suggestions out of what is in stock: `stock` is a table with name, price and stock."""

    recommender: Recommender
    stock: str

    def beside(self, found: Found, owned: Collection[str], connection: Connection) -> Tip | None:
        """Return what goes with the product that was found, or that is in the order. Blocking."""
        about = self.products(found)
        if not about:
            return None
        rows = connection.execute(_all_of(self.stock))
        prices = {row.name: row.price for row in rows if int(row.stock) > 0}
        suggestion = self.recommender.suggest(about, prices.keys() - set(owned))
        if suggestion is None:
            return None
        key = "also_bought" if suggestion.because is Because.BOUGHT else "also_like"
        return Tip(key, suggestion.of, suggestion.product, str(prices[suggestion.product]))

    def products(self, found: Found) -> Sequence[str]:
        """Return the products that the found values name: `item`, or `items` in words."""
        text = f"{found.values.get('item', '')} {found.values.get('items', '')}"
        return [name for name in self.recommender.names if _named(name).search(text)]


@cache
def _all_of(stock: str) -> Select[Any]:
    columns = ("name", "price", "stock")
    of: FromClause = METADATA.tables.get(stock, table(stock, *map(column, columns)))
    return select(*(of.c[name] for name in columns))


@lru_cache(maxsize=4096)
def _named(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){re.escape(name)}s?(?![\w-])", re.IGNORECASE)


def may_suggest(found: Found, state: State, assistant: Assistant) -> bool:
    """Say whether the flow allows a suggestion beside this; one a call is enough."""
    flow = assistant.flows.get(state.flow)
    case = flow.cases.get(found.case) if flow else None
    proving = isinstance(state.step, Prove)  # it was not the flow's own look-up
    return bool(case and case.recommend) and not (proving or state.aside or state.suggested)


def welcome(mood: Trend) -> bool:
    """Say whether a caller in this mood may be offered anything: not if it is bad, or worsens."""
    return not mood.negatives and mood.level > -STEADY and mood.direction is not Direction.WORSE
