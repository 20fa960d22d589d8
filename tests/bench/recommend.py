"""Does it suggest what customers then buy? And a product that nobody has bought yet?

`python -m tests.bench.recommend [--shared DIR] [--out FILE]`

Each customer's last purchase is held out; the products are ranked for the rest of what they bought.
Recall@10 and NDCG@10 (`implicit.evaluation`) of popularity, likeness, others' purchases and the
blend that Offhook uses, whose weights it chooses on the training part alone.

- tau2: orders of the retail domain of tau2-bench. They are generated, and who buys what with what
  is as good as chance there (`lift_spread` is 1 where it is): nothing can beat popularity.
- synthetic: made up with tastes in them (`recommend_data`), other seeds than the shipped sample and
  than those the factorisation's options were chosen on (1 to 3). It shows that the method finds
  tastes where there are some, not how strong they are in a real shop.
- new: the same customers; each product in turn was bought by nobody in training.
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
from implicit.evaluation import ranking_metrics_at_k
from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

from dialogue.recommendation.recommend import Recommender, Scores
from nlu.sentences import Encode, load_encoder
from tests.bench.recommend_data import Purchases, catalogue, synthetic, tau2
from tests.bench.report import environment, write_report
from tests.conftest import SHARED_DATA

K = 10
SIZES = {"synthetic, 120 customers": (120, 11), "synthetic, 1000 customers": (1000, 12)}
TIMED = 500

Rank = Callable[[Sequence[int]], Scores]


class Ranker:
    """Ranks by a score, in the form that `implicit.evaluation` asks for."""

    def __init__(self, score: Rank) -> None:
        self._score = score

    def recommend(
        self,
        users: npt.NDArray[np.int32],
        had: csr_matrix,
        N: int = K,  # noqa: N803 - the library's
        **_: object,
    ) -> tuple[npt.NDArray[np.int32], Scores]:
        """Return the best N for each user, and their scores."""
        ids, best = [], []
        for row in range(had.shape[0]):
            own = had[row].indices.tolist()
            scores = np.array(self._score(own), dtype=np.float32)
            scores[own] = -np.inf
            order = np.argsort(-scores, kind="stable")[:N]
            ids.append(order)
            best.append(scores[order])
        return np.array(ids, dtype=np.int32), np.array(best, dtype=np.float32)


def measured(products: Mapping[str, str], bought: Purchases, encode: Encode) -> dict[str, Any]:
    """Hold each customer's last purchase out, and look for it."""
    several = {customer: own for customer, own in bought.items() if len(own) > 1}
    kept = {customer: own[:-1] for customer, own in several.items()}
    alone = {customer: own for customer, own in bought.items() if len(own) == 1}
    shop = Recommender(products, pairs({**kept, **alone}), encode)
    return {
        "customers": len(several),
        "products": len(products),
        "lift_spread": round(lift_spread(products, bought), 2),
        "weights": dict(zip(("others", "likeness", "popularity"), shop.weights, strict=True)),
        "methods": compared(shop, kept, {customer: own[-1] for customer, own in several.items()}),
    }


def of_new_products(products: Mapping[str, str], bought: Purchases, encode: Encode) -> Any:
    """Take all purchases of a product out, and look for it at those who bought it."""
    sums: dict[str, dict[str, float]] = {}
    for product in products:
        kept = {customer: [n for n in own if n != product] for customer, own in bought.items()}
        shop = Recommender(products, pairs(kept), encode)
        wanted = {c: product for c, own in bought.items() if product in own and kept[c]}
        for method, found in compared(shop, {c: kept[c] for c in wanted}, wanted).items():
            total = sums.setdefault(method, dict.fromkeys(found, 0.0))
            for metric, value in found.items():
                total[metric] += value / len(products)
    return {
        method: {metric: round(value, 3) for metric, value in total.items()}
        for method, total in sums.items()
    }


def compared(
    shop: Recommender, kept: Purchases, wanted: Mapping[str, str]
) -> dict[str, dict[str, float]]:
    """Return the metrics of each method."""
    place = {name: index for index, name in enumerate(shop.names)}
    shape = (len(kept), len(place))
    had = matrix([[place[name] for name in kept[customer]] for customer in kept], shape)
    held = matrix([[place[wanted[customer]]] for customer in kept], shape)
    popularity = shop.by_popularity()
    methods: dict[str, Rank] = {
        "popularity": lambda has: popularity,
        "likeness": shop.by_likeness,
        "others' purchases": shop.by_others,
        "blend": shop.scores,
    }
    found = {}
    for method, score in methods.items():
        metrics = ranking_metrics_at_k(
            Ranker(score), had, held, K=K, show_progress=False, num_threads=1
        )  # of one that is held out its precision is the recall
        found[method] = {
            "recall": round(float(metrics["precision"]), 3),
            "ndcg": round(float(metrics["ndcg"]), 3),
        }
    return found


def lift_spread(products: Mapping[str, str], bought: Purchases) -> float:
    """Return the spread of pairs bought together around chance, in Poisson deviations."""
    place = {name: index for index, name in enumerate(products)}
    rows = [[place[name] for name in own] for own in bought.values()]
    baskets = matrix(rows, (len(rows), len(place)))
    together = (baskets.T @ baskets).toarray()
    counts = np.diag(together)
    chance = np.outer(counts, counts) / len(rows)
    above = np.triu_indices(len(place), 1)
    return float(((together - chance)[above] / np.sqrt(chance[above])).std())


def timed(products: Mapping[str, str], bought: Purchases, encode: Encode) -> dict[str, float]:
    """Return how long loading takes, and a suggestion."""
    began = time.perf_counter()
    shop = Recommender(products, pairs(bought), encode)
    loaded = time.perf_counter() - began
    took = []
    for number in range(TIMED):
        began = time.perf_counter()
        shop.suggest([shop.names[number % len(shop.names)]], set(shop.names))
        took.append(time.perf_counter() - began)
    return {"load_seconds": round(loaded, 2), "suggest_ms": round(1000 * median(took), 2)}


def pairs(bought: Purchases) -> list[tuple[str, str]]:
    """Return customer and product, purchase by purchase."""
    return [(customer, name) for customer, own in bought.items() for name in own]


def matrix(rows: Sequence[Sequence[int]], shape: tuple[int, int]) -> csr_matrix:
    """Return ones at these columns of each row."""
    numbers = [number for number, row in enumerate(rows) for _ in row]
    columns = [column for row in rows for column in row]
    return csr_matrix((np.ones(len(columns), np.float32), (numbers, columns)), shape=shape)


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=SHARED_DATA)
    parser.add_argument("--out", type=Path, default=Path("docs/bench/recommend.json"))
    options = parser.parse_args()
    encode, retail = load_encoder(), catalogue()
    sets = {"tau2 retail": measured(*tau2(options.shared), encode)}
    for name, (customers, seed) in SIZES.items():
        sets[name] = measured(retail, synthetic(customers, seed), encode)
    customers, seed = SIZES["synthetic, 120 customers"]
    report = {
        "environment": environment(),
        "k": K,
        "sets": sets,
        "new_products": of_new_products(retail, synthetic(customers, seed), encode),
        "sample": timed(retail, synthetic(customers, seed), encode),
    }
    write_report(options.out, report)
    print(report)


if __name__ == "__main__":
    main()
