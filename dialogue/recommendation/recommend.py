"""What else a customer may like: what others bought with it, what is like it, what sells.

Three scores are blended. *Others' purchases*: implicit-feedback matrix factorisation by alternating
least squares (Hu, Koren and Volinsky 2008; the library `implicit`). *Likeness*: the catalogue's
texts as sentence vectors. *Popularity*. Their weights are chosen when it is loaded, on purchases
held out of these very data: where who buys what follows no taste, the best-sellers remain. The
rarer a product was bought, the more its likeness stands in for others' purchases, so that a new
product is suggested too. The same purchases give the same suggestions.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from nlu.sentences import Encode

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

Scores = npt.NDArray[np.float32]  # one for each product


Weights = tuple[float, float, float]  # of others' purchases, likeness, popularity
WEIGHTS: tuple[Weights, ...] = tuple(  # of equally good ones the first is taken
    (others / 4, likeness / 4, (4 - others - likeness) / 4)
    for others in (4, 3, 2, 1, 0)
    for likeness in range(4 - others, -1, -1)
)
EVEN = (0.5, 0.25, 0.25)
LOOKED_AT = 10  # places of a ranking


class Because(StrEnum):
    """Why a product is suggested."""

    BOUGHT = "bought"  # with it, by other customers
    LIKE = "like"  # it, by its description


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A product, and the one that makes us think of it."""

    product: str
    because: Because
    of: str


@dataclass(frozen=True, slots=True)
class RecommendOptions:
    """How purchases are learned and blended."""

    factors: int = 8
    regularisation: float = 20.0
    confidence: float = 10.0  # alpha: what a purchase weighs against none
    iterations: int = 15
    trusted: float = 5.0  # purchases of a product from which on they count as much as likeness
    tried: int = 400  # customers, at most, on whom the weights are chosen
    together: int = 3  # customers who must have bought both, before we say "people who bought …"
    seed: int = 0


class Recommender:
    """All products of one business, by name with their texts; who bought what, in pairs.

    Made in under a second for some hundred products and customers; a suggestion takes less than a
    millisecond. Safe from any thread.
    """

    def __init__(
        self,
        products: Mapping[str, str],
        purchases: Iterable[tuple[str, str]],
        encode: Encode,
        options: RecommendOptions | None = None,
    ) -> None:
        self._options = options or RecommendOptions()
        self.names = tuple(products)
        self._place = {name: place for place, name in enumerate(self.names)}
        bought: dict[str, set[int]] = {}
        for customer, product in purchases:
            if product in self._place:
                bought.setdefault(customer, set()).add(self._place[product])
        self._bought = bought
        self._texts = encode([products[name] or name for name in self.names])
        baskets = list(bought.values())
        self._together = _together(baskets, len(self.names))
        self.weights = self._chosen(baskets)
        self._learn(baskets)

    def _learn(self, baskets: Sequence[set[int]]) -> None:
        counts = Counter(place for places in baskets for place in places)
        self._counts = np.array([counts[place] for place in range(len(self.names))], np.float32)
        self._trust = self._counts / (self._counts + self._options.trusted)
        # of a product that hardly anybody has bought yet it is not known how popular it is
        self._popular = self._trust * _standard(np.log1p(self._counts))
        self._factors = _factors(baskets, len(self.names), self._options)
        ridge = self._options.regularisation * np.eye(self._options.factors)
        self._gram = self._factors.T @ self._factors + ridge

    def _chosen(self, baskets: Sequence[set[int]]) -> Weights:
        """Hold a purchase of each customer out; return the weights that rank these best."""
        several = [sorted(places) for places in baskets if len(places) > 1]
        if not several:
            return EVEN
        held = [places[row % len(places)] for row, places in enumerate(several)]
        rest = [set(places) - {out} for places, out in zip(several, held, strict=True)]
        self._learn([*rest, *(places for places in baskets if len(places) == 1)])
        tried = list(zip(rest, held, strict=True))[: self._options.tried]
        parts = [(self._parts(sorted(has)), sorted(has), out) for has, out in tried]
        gains = {
            weights: sum(_gain(_blended(scores, weights), has, out) for scores, has, out in parts)
            for weights in WEIGHTS
        }
        return max(WEIGHTS, key=gains.__getitem__)

    def owned(self, customer: str) -> frozenset[str]:
        """Return what this customer has bought."""
        return frozenset(self.names[place] for place in self._bought.get(customer, ()))

    def suggest(self, has: Sequence[str], available: Collection[str]) -> Suggestion | None:
        """Return the best available product for one who has these, and the reason.

        None where nothing is known of them, or nothing speaks for any product.
        """
        known = [self._place[name] for name in has if name in self._place]
        ranked = self.ranked(known)
        for place in ranked:
            if self.names[place] in available and place not in known:
                return self._reasoned(place, known)
        return None

    def ranked(self, has: Sequence[int]) -> list[int]:
        """Return the places of all products, best first, for one who has these."""
        if not has:
            return []
        return [int(place) for place in np.argsort(-self.scores(has), kind="stable")]

    def scores(self, has: Sequence[int]) -> Scores:
        """Return the blended score of every product for one who has these."""
        return _blended(self._parts(has), self.weights)

    def _parts(self, has: Sequence[int]) -> Scores:
        """Return what is blended: a row for each of WEIGHTS' places."""
        likeness = _standard(self.by_likeness(has))
        others = self._trust * _standard(self.by_others(has)) + (1 - self._trust) * likeness
        return np.stack([others, likeness, self._popular])

    def by_others(self, has: Sequence[int]) -> Scores:
        """Return how well each product goes with these in other customers' purchases.

        The taste of one who has these is what the factorisation would find with them in it.
        """
        mine, alpha = self._factors[list(has)], self._options.confidence
        taste = np.linalg.solve(self._gram + alpha * mine.T @ mine, (1 + alpha) * mine.sum(axis=0))
        scores: Scores = (self._factors @ taste).astype(np.float32)
        return scores

    def by_popularity(self) -> Scores:
        """Return how often each product was bought."""
        return self._counts

    def by_likeness(self, has: Sequence[int]) -> Scores:
        """Return how much each product is like one of these."""
        scores: Scores = (self._texts @ self._texts[list(has)].T).mean(axis=1)
        return scores

    def _reasoned(self, place: int, has: Sequence[int]) -> Suggestion:
        with_it = [int(self._together[each, place]) for each in has]
        if max(with_it) >= self._options.together:
            of = has[int(np.argmax(with_it))]
            return Suggestion(self.names[place], Because.BOUGHT, self.names[of])
        alike = self._texts[list(has)] @ self._texts[place]
        return Suggestion(self.names[place], Because.LIKE, self.names[has[int(alike.argmax())]])


def _factors(baskets: Sequence[set[int]], products: int, options: RecommendOptions) -> Scores:
    """Factorise who bought what; a row for each product."""
    if not baskets:
        return np.zeros((products, options.factors), np.float32)
    from implicit.cpu.als import AlternatingLeastSquares

    with threadpool_limits(1, "blas"):  # the library says so
        model = AlternatingLeastSquares(
            factors=options.factors,
            regularization=options.regularisation,
            alpha=options.confidence,
            iterations=options.iterations,
            num_threads=1,
            random_state=options.seed,
        )
        model.fit(_matrix(baskets, products), show_progress=False)
    factors: Scores = np.asarray(model.item_factors, np.float32)
    return factors


def _blended(parts: Scores, weights: Weights) -> Scores:
    blended: Scores = np.asarray(weights, np.float32) @ parts
    return blended


def _gain(scores: Scores, has: Sequence[int], wanted: int) -> float:
    """Return the gain of the wanted product's rank among those not had (discounted, up to 10th)."""
    better = scores > scores[wanted]
    better[list(has)] = False
    rank = int(better.sum())
    return 1 / float(np.log2(rank + 2)) if rank < LOOKED_AT else 0.0


def _matrix(baskets: Collection[set[int]], products: int) -> "csr_matrix":
    from scipy.sparse import csr_matrix

    rows = [row for row, basket in enumerate(baskets) for _ in basket]
    columns = [place for basket in baskets for place in sorted(basket)]
    ones = np.ones(len(rows), np.float32)
    return csr_matrix((ones, (rows, columns)), shape=(len(baskets), products))


def _together(baskets: Collection[set[int]], products: int) -> npt.NDArray[np.int32]:
    """Count the customers who bought both, for each pair of products."""
    matrix = _matrix(list(baskets), products)
    counts: npt.NDArray[np.int32] = (matrix.T @ matrix).toarray().astype(np.int32)
    return counts


def _standard(scores: Scores) -> Scores:
    spread = float(scores.std())
    standard: Scores = (scores - scores.mean()) / spread if spread else np.zeros_like(scores)
    return standard
