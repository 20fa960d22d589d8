"""How well a model does: per-class figures, confusion, slots, scope; as plain JSON values."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlu.calibration import Calibration, calibration_error, softmax
from nlu.course import Outputs
from nlu.decode import Chain, Labels, best_labels, decide, further, rank_intents
from nlu.understand import OUT_OF_SCOPE


@dataclass(frozen=True, slots=True)
class Served:
    """The intents as the engine gives them: the first, how sure, and all of the breath."""

    intent: str
    confidence: float
    all: frozenset[str]


def served(outputs: Outputs, labels: Labels, calibration: Calibration) -> list[Served]:
    """Decide for each row that tells its intents, as the engine does."""
    several, intent, _ = outputs.any_intents()
    found = []
    for each, one in zip(several, softmax(intent, calibration.intent_temperature), strict=True):
        name, confidence = decide(rank_intents(one, labels, ""), calibration.threshold)
        more = further(each, labels, name, calibration.more)
        found.append(Served(name, confidence, frozenset({name, *more})))
    return found


def evaluate(outputs: Outputs, labels: Labels, calibration: Calibration) -> dict[str, Any]:
    """Measure all heads as they serve: calibrated, what is too uncertain refused."""
    rows = [row for row in outputs.rows if row.says]
    answers = served(outputs, labels, calibration)
    single = [
        (labels.intents[row.intent], answer)
        for row, answer in zip(rows, answers, strict=True)
        if row.intent >= 0
    ]
    true, guess = [truth for truth, _ in single], [answer.intent for _, answer in single]
    names = tuple(dict.fromkeys((*labels.intents, OUT_OF_SCOPE)))
    sentiment, sentiments = outputs.sentiments()
    both = [
        answer.all == {labels.intents[i] for i in row.intents}
        for row, answer in zip(rows, answers, strict=True)
        if len(row.intents) > 1
    ]
    return {
        "intents": classification(true, guess, names),
        "scope": scope(true, guess, [answer.confidence for _, answer in single]),
        "several": {
            "both_right": share(both),
            "false_alarms": share([len(answer.all) > 1 for _, answer in single]),
        },
        "slots": slot_spans(outputs, labels),
        "sentiment": classification(
            [labels.sentiments[i] for i in sentiments],
            [labels.sentiments[i] for i in sentiment.argmax(-1)],
            labels.sentiments,
        ),
        "confusion": confusion(true, guess, names),
    }


def scope(
    truth: Sequence[str], guess: Sequence[str], confidences: Sequence[float]
) -> dict[str, float | None]:
    """Tell what is refused rightly and wrongly, and how far confidence and accuracy lie apart."""
    pairs = list(zip(truth, guess, strict=True))
    right = np.array([meant == taken for meant, taken in pairs])
    return {
        "oos_recall": share([g == OUT_OF_SCOPE for t, g in pairs if t == OUT_OF_SCOPE]),
        "false_rejects": share([g == OUT_OF_SCOPE for t, g in pairs if t != OUT_OF_SCOPE]),
        "ece": round(calibration_error(np.array(confidences), right), 4),
    }


def classification(
    truth: Sequence[str], guess: Sequence[str], names: Sequence[str]
) -> dict[str, Any]:
    """Accuracy, macro F1 over the classes there are, and each class's own figures."""
    from sklearn.metrics import classification_report

    present = [name for name in names if name in truth or name in guess]
    if not truth:
        return {"accuracy": None, "macro_f1": None, "classes": {}}
    report = classification_report(
        truth, guess, labels=present, output_dict=True, zero_division=0.0
    )
    return {
        "accuracy": share([one == other for one, other in zip(truth, guess, strict=True)]),
        "macro_f1": round(float(report["macro avg"]["f1-score"]), 4),
        "classes": {name: _figures(report[name]) for name in present},
    }


def confusion(truth: Sequence[str], guess: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
    """Count how often each class (row) was taken for each (column)."""
    from sklearn.metrics import confusion_matrix

    matrix = confusion_matrix(truth, guess, labels=list(names)).tolist() if truth else []
    return {"labels": list(names), "matrix": matrix}


def slot_spans(outputs: Outputs, labels: Labels) -> dict[str, Any]:
    """Precision, recall and F1 of whole spans (as conlleval counts them), and of each slot's.

    Without any slot to find, F1 is None; or 0 where one was found all the same.
    """
    from seqeval.metrics import classification_report

    truth, guess = [], []
    chain = Chain.of(labels.slot_labels, outputs.transitions)
    for logits, wanted in outputs.words():
        truth.append([labels.slot_labels[i] for i in wanted])
        guess.append(best_labels(logits, chain))
    if not any(label != "O" for row in truth for label in row):
        return {"f1": None if truth == guess else 0.0, "slots": {}}
    report = classification_report(truth, guess, output_dict=True, zero_division=0)
    averages = {"micro avg", "macro avg", "weighted avg"}
    return {
        "f1": round(float(report["micro avg"]["f1-score"]), 4),
        "slots": {name: _figures(of) for name, of in report.items() if name not in averages},
    }


def _figures(of: dict[str, float]) -> dict[str, float]:
    return {
        "precision": round(float(of["precision"]), 4),
        "recall": round(float(of["recall"]), 4),
        "f1": round(float(of["f1-score"]), 4),
        "support": int(of["support"]),
    }


def share(which: Sequence[bool]) -> float | None:
    """Give the share of those that hold; None of nothing."""
    return round(sum(which) / len(which), 4) if len(which) else None
