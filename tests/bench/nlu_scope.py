"""Out of scope, as CLINC150 is scored: accuracy in scope and recall out of it, at once; AUROC.

In-scope accuracy counts what is refused as wrong. A sentence is doubted by the log odds of the
out-of-scope intent. The threshold comes from the development part: of those that cost at most
`COST` of the accuracy there, the one with the most recall.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp  # type: ignore[import-untyped]

from nlu.calibration import Floats, Ints
from nlu.course import Outputs
from nlu.understand import OUT_OF_SCOPE

COST = 0.003  # of the in-scope accuracy on the development part


@dataclass(frozen=True, slots=True)
class Scored:
    """How far out of scope each sentence seems, the best intent in scope, and the truth."""

    doubt: Floats
    best: Ints
    truth: Ints
    oos: int

    def at(self, threshold: float) -> tuple[float, float]:
        """Give the in-scope accuracy and the out-of-scope recall."""
        inside = self.truth != self.oos
        kept = self.doubt <= threshold
        right = (self.best == self.truth) & kept
        return float(right[inside].mean()), float((~kept)[~inside].mean())


def of_outputs(outputs: Outputs, oos: int) -> Scored:
    """Judge by the log odds of being out of scope."""
    logits, truth = outputs.intents()
    inside = np.delete(np.arange(logits.shape[1]), oos)
    best = inside[logits[:, inside].argmax(-1)]
    return Scored(logits[:, oos] - logsumexp(logits[:, inside], -1), best, truth, oos)


def choose(held: Scored) -> float:
    """Find the threshold on the development part."""
    thresholds = np.unique(held.doubt)
    most, _ = held.at(np.inf)
    allowed = [float(t) for t in thresholds if held.at(float(t))[0] >= most - COST]
    return min(allowed)


def scope(trial: Any) -> dict[str, float]:
    """Give the figures of a trial (tests.bench.nlu_sets.Trial) with out-of-scope sentences."""
    from sklearn.metrics import roc_auc_score

    oos = trial.labels.intents.index(OUT_OF_SCOPE)
    held, test = (of_outputs(of, oos) for of in (trial.held, trial.test))
    threshold = choose(held)
    accuracy, recall = test.at(threshold)
    alone, _ = test.at(np.inf)
    return {
        "in_scope": round(accuracy, 4),
        "oos_recall": round(recall, 4),
        "in_scope_without_threshold": round(alone, 4),
        "auroc": round(float(roc_auc_score(test.truth == oos, test.doubt)), 4),
        "scope_threshold": round(threshold, 4),
    }
