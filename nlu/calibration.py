"""Make confidences mean what they say, and choose when to say "I don't know". Pure NumPy."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]

_TEMPERATURES = np.geomspace(0.1, 10.0, 400)
_CHAIN_TEMPERATURES = np.geomspace(0.5, 4.0, 13)
_THRESHOLDS = np.linspace(0.0, 0.95, 96)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is measured on the development split and used at every call.

    Logits are divided by their head's temperature (Guo et al. 2017, arXiv:1706.04599). Where no
    intent reaches `threshold`, it is out of scope; one below `sure` is asked about, if the two
    likeliest are likely enough together. A further intent counts above the logit `more`.
    """

    intent_temperature: float = 1.0
    slot_temperature: float = 1.0
    sentiment_temperature: float = 1.0
    threshold: float = 0.0
    sure: float = 0.0
    more: float = 0.0


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


def fit_chain_temperature(loss: Callable[[float], float]) -> float:
    """Find the temperature with the least loss where a chain, not a softmax, is calibrated."""
    losses = [loss(float(temperature)) for temperature in _CHAIN_TEMPERATURES]
    return round(float(_CHAIN_TEMPERATURES[int(np.argmin(losses))]), 3)


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

    `oos` is the column of the learned out-of-scope class (-1: there is none).
    """
    inside = probabilities[labels != oos]
    if not len(inside):
        return 0.0
    allowed = [t for t in _THRESHOLDS if rejected(inside, oos, float(t)).mean() <= false_rejects]
    return round(float(max(allowed, default=0.0)), 2)


def rejected(probabilities: Floats, oos: int, threshold: float) -> NDArray[np.bool_]:
    """Tell which rows are out of scope: those in which no intent in scope is likely enough.

    The learned class takes its share of the probability, and says no more.
    """
    refused: NDArray[np.bool_] = in_scope(probabilities, oos).max(-1) < threshold
    return refused


def in_scope(probabilities: Floats, oos: int) -> Floats:
    """The same with nothing in the out-of-scope column."""
    if oos < 0:
        return probabilities
    kept = probabilities.copy()
    kept[..., oos] = 0.0
    return kept


def choose_sure(probabilities: Floats, labels: Ints, oos: int, wrong: float) -> float:
    """Find the lowest confidence above which at most this share is misunderstood.

    Counted over what is in scope and of this confidence; 0.95 where no confidence is enough.
    """
    inside = labels != oos
    kept = in_scope(probabilities, oos)[inside]
    confidence, right = kept.max(-1), kept.argmax(-1) == labels[inside]
    for level in _THRESHOLDS:
        taken = confidence >= level
        if taken.any() and 1 - right[taken].mean() <= wrong:
            return round(float(level), 2)
    return float(_THRESHOLDS[-1])


def choose_more(
    several: Floats, intent: Floats, labels: Ints, alone: Sequence[int], false_alarms: float
) -> float:
    """Find the lowest logit for a second intent that at most this share of single ones reaches.

    Logits of the heads for any and for one intent, and multi-hot labels, are (n, intents); those in
    the columns `alone` are never a second one.
    """
    single = labels.sum(-1) == 1
    if not single.any():
        return 0.0
    others = several[single].copy()
    others[np.arange(len(others)), intent[single].argmax(-1)] = -np.inf
    others[:, list(alone)] = -np.inf
    cut = float(np.quantile(others.max(-1), 1 - false_alarms, method="higher"))
    return round(max(cut, 0.0), 3) + 0.001  # above what is reached, rounded or not
