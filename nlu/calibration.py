"""Make confidences mean what they say, and choose when to say "I don't know". Pure NumPy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

_TEMPERATURES = np.geomspace(0.1, 10.0, 400)
_THRESHOLDS = np.linspace(0.0, 0.95, 96)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is measured on the development split and used at every call.

    Logits are divided by their head's temperature (Guo et al. 2017, arXiv:1706.04599). An intent
    below `threshold` is out of scope.
    """

    intent_temperature: float = 1.0
    slot_temperature: float = 1.0
    sentiment_temperature: float = 1.0
    threshold: float = 0.0


def softmax(logits: Floats, temperature: float = 1.0) -> Floats:
    """Probabilities along the last axis."""
    scaled = logits / temperature
    raised = np.exp(scaled - scaled.max(-1, keepdims=True))
    probabilities: Floats = raised / raised.sum(-1, keepdims=True)
    return probabilities


def fit_temperature(logits: Floats, labels: Ints) -> float:
    """Find the temperature with the least negative log likelihood; logits (n, classes)."""
    if not len(labels):
        return 1.0
    rows = np.arange(len(labels))
    losses = [
        -np.log(softmax(logits, float(t))[rows, labels] + 1e-12).mean() for t in _TEMPERATURES
    ]
    return round(float(_TEMPERATURES[int(np.argmin(losses))]), 3)


def calibration_error(confidences: Floats, correct: NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error: how far confidence and accuracy lie apart, weighted by bin."""
    if not len(confidences):
        return 0.0
    which = np.minimum((confidences * bins).astype(int), bins - 1)
    gaps = [
        abs(confidences[which == b].mean() - correct[which == b].mean()) * (which == b).mean()
        for b in range(bins)
        if (which == b).any()
    ]
    return float(sum(gaps))


def choose_threshold(probabilities: Floats, labels: Ints, oos: int, false_rejects: float) -> float:
    """Find the highest threshold that refuses at most this share of what is in scope.

    `oos` is the column of the learned out-of-scope class (-1: there is none). What that class takes
    wrongly counts too; where it alone takes more than allowed, the threshold adds nothing.
    """
    inside = probabilities[labels != oos]
    if not len(inside):
        return 0.0
    chosen = 0.0
    for threshold in _THRESHOLDS:
        refused = rejected(inside, oos, float(threshold)).mean()
        if refused <= false_rejects:
            chosen = float(threshold)
    return round(chosen, 2)


def rejected(probabilities: Floats, oos: int, threshold: float) -> NDArray[np.bool_]:
    """Tell which rows are out of scope: by the learned class, or for want of confidence."""
    best = probabilities.argmax(-1)
    refused: NDArray[np.bool_] = (best == oos) | (probabilities.max(-1) < threshold)
    return refused
