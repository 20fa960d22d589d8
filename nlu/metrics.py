"""How well a model does: per-class figures, confusion, slots, scope; as plain JSON values."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nlu.calibration import Calibration, Floats, calibration_error, rejected, softmax
from nlu.course import Outputs
from nlu.decode import Labels, best_labels, spans
from nlu.understand import OUT_OF_SCOPE


def evaluate(outputs: Outputs, labels: Labels, calibration: Calibration) -> dict[str, Any]:
    """Measure all three heads as they serve: calibrated, what is too uncertain refused."""
    logits, truth = outputs.intents()
    probabilities = softmax(logits, calibration.intent_temperature)
    oos = labels.intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in labels.intents else -1
    refused = rejected(probabilities, oos, calibration.threshold)
    names = labels.intents if oos >= 0 else (*labels.intents, OUT_OF_SCOPE)
    true = [labels.intents[i] for i in truth]
    guess = [
        OUT_OF_SCOPE if no else labels.intents[i]
        for i, no in zip(probabilities.argmax(-1), refused, strict=True)
    ]
    outside = truth == oos
    sentiment, sentiments = outputs.sentiments()
    return {
        "intents": classification(true, guess, names),
        "scope": {
            "oos_recall": _share(refused[outside]),
            "false_rejects": _share(refused[~outside]),
            "ece": round(
                calibration_error(probabilities.max(-1), probabilities.argmax(-1) == truth), 4
            ),
        },
        "slots": slot_spans(outputs, labels),
        "sentiment": classification(
            [labels.sentiments[i] for i in sentiments],
            [labels.sentiments[i] for i in sentiment.argmax(-1)],
            labels.sentiments,
        ),
        "confusion": confusion(true, guess, names),
    }


def classification(
    truth: Sequence[str], guess: Sequence[str], names: Sequence[str]
) -> dict[str, Any]:
    """Accuracy, macro F1 over the classes there are, and each class's own figures."""
    from sklearn.metrics import (  # type: ignore[import-untyped]  # it has no types
        classification_report,
    )

    present = [name for name in names if name in truth or name in guess]
    if not truth:
        return {"accuracy": 0.0, "macro_f1": 0.0, "classes": {}}
    report = classification_report(
        truth, guess, labels=present, output_dict=True, zero_division=0.0
    )
    return {
        "accuracy": _share(np.array(truth) == np.array(guess)),
        "macro_f1": round(float(report["macro avg"]["f1-score"]), 4),
        "classes": {name: _figures(report[name]) for name in present},
    }


def confusion(truth: Sequence[str], guess: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """Count how often each class (row) was taken for each (column)."""
    from sklearn.metrics import confusion_matrix

    matrix = confusion_matrix(truth, guess, labels=list(names)).tolist() if truth else []
    return {"labels": list(names), "matrix": matrix}


def slot_spans(outputs: Outputs, labels: Labels) -> dict[str, Any]:
    """Precision, recall and F1 of whole spans (as conlleval counts them), and of each slot's."""
    from seqeval.metrics import classification_report

    truth, guess = [], []
    for logits, wanted in outputs.words():
        truth.append([labels.slot_labels[i] for i in wanted])
        guess.append(_as_served(logits, labels))
    if not any(label != "O" for row in truth for label in row):
        return {"f1": 1.0 if truth == guess else 0.0, "slots": {}}
    report = classification_report(truth, guess, output_dict=True, zero_division=0)
    averages = {"micro avg", "macro avg", "weighted avg"}
    return {
        "f1": round(float(report["micro avg"]["f1-score"]), 4),
        "slots": {name: _figures(of) for name, of in report.items() if name not in averages},
    }


def _as_served(logits: Floats, labels: Labels) -> list[str]:
    """Label the words as the engine does: whole spans, neighbours of one slot joined."""
    served = ["O"] * len(logits)
    for name, first, last in spans(best_labels(softmax(logits), labels.slot_labels)):
        served[first:last] = [f"B-{name}", *[f"I-{name}"] * (last - first - 1)]
    return served


def _figures(of: dict[str, float]) -> dict[str, float]:
    return {
        "precision": round(float(of["precision"]), 4),
        "recall": round(float(of["recall"]), 4),
        "f1": round(float(of["f1-score"]), 4),
        "support": int(of["support"]),
    }


def _share(which: "np.ndarray[Any, np.dtype[np.bool_]]") -> float:
    return round(float(which.mean()), 4) if len(which) else 0.0
