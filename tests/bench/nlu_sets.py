"""Train on a public set and score it with the field's own metrics."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.calibration import calibration_error, softmax
from nlu.course import Course, Epoch, Outputs, TrainOptions
from nlu.dataset import SENTIMENTS, SlotType
from nlu.decode import Chain, Labels, best_labels
from nlu.distill import fit_taught
from nlu.encoders import ENGLISH, OTHERS
from nlu.fit import Fitted, outputs
from nlu.tokens import bio_labels, load_tokenizer
from nlu.train import calibrate
from nlu.understand import OUT_OF_SCOPE
from tests.bench.nlu_acts import acts_f1
from tests.bench.nlu_data import Corpus, few, whole
from tests.bench.nlu_scope import scope

Bits = NDArray[np.bool_]  # one a sentence

# Whole training parts: the whole encoder learns.
FULL = TrainOptions(
    rank=0, adapter_rate=2e-4, head_rate=1e-3, layer_decay=0.9, epochs=10, patience=10,
    augment=False, several=0.0, outliers=0.0, threads=1,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Task:
    """How a set is trained and what others reached on it."""

    options: TrainOptions
    published: dict[str, str]
    note: str = ""  # what about the training or the test is ours
    folds: int = 1  # how many are run unless asked for more
    encoder: str = ENGLISH  # a name of the manifest
    development: float = 0.1  # cut from the training part where a set has no development part


TASKS = {
    "snips": Task(
        replace(FULL, swap=0.3),
        {"intents": "99.1", "slot_f1": "96.9", "sentences": "93.0",
         "by": "JointBERT, 110 M, by monologg/JointBERT"},
    ),
    "atis": Task(
        replace(FULL, swap=0.3, epochs=15, patience=15),
        {"intents": "97.9", "slot_f1": "95.6", "sentences": "88.2",
         "by": "JointBERT, 110 M, by monologg/JointBERT"},
    ),
    "clinc150": Task(
        replace(FULL, outliers=0.5),
        {"in_scope": "96.9", "oos_recall": "40.3", "by": "BERT, oos-train (Larson et al. 2019)"},
    ),
    "banking77": Task(
        FULL, {"intents": "93.7", "by": "BERT, tuned (Casanueva et al. 2020)"},
        "5 % of the training part held back", development=0.05,
    ),
    "nlupp": Task(
        replace(FULL, several=1.0, swap=0.3, epochs=20, patience=20),
        {"by": "not at hand"}, "large setting: ten folds, 5 % of the training part held back",
        folds=10, development=0.05,
    ),
    "mixsnips": Task(
        replace(FULL, several=1.0, epochs=5),
        {"intents": "95.6", "slot_f1": "94.9", "sentences": "75.4",
         "by": "GL-GIN (Qin et al. 2021); sentences from memory"},
        "training part rebuilt by joining SNIPS",
    ),
    "mixatis": Task(
        replace(FULL, several=1.0, epochs=8),
        {"intents": "76.3", "slot_f1": "88.3", "sentences": "43.5",
         "by": "GL-GIN (Qin et al. 2021); intents from memory"},
        "training part rebuilt by joining ATIS",
    ),
    "dstc11": Task(
        replace(FULL, epochs=20, patience=20), {"by": "nobody: the task there was induction"},
        "five folds of our making",
        folds=5, development=0.1,
    ),
    "crosswoz": Task(
        replace(FULL, several=1.0, swap=0.3, epochs=5, patience=5, freeze=6, standardise=True),
        {"acts_f1": "95.5",
         "by": "BERTNLU with context, 5012 dialogues (Zhu et al. 2020; from memory)"},
        "350 of the 500 validation dialogues to train, 100 to test; theirs is another test part",
        encoder=OTHERS,
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Trial:
    """One training: the model, what it was taught, its answers on the held-back and test parts."""

    labels: Labels
    corpus: Corpus
    fitted: Fitted
    held: Outputs
    test: Outputs


def trial(encoder: Path, corpus: Corpus, options: TrainOptions, run: Path | None) -> Trial:
    """Train (after the teachers that the options ask for) and answer."""
    labels = labels_of(corpus)
    tokenizer = load_tokenizer(encoder / "tokenizer.json")
    course = Course(labels, tokenizer, corpus.train, corpus.development)
    fitted = fit_taught(encoder, course, options, show, run)
    return Trial(
        labels, corpus, fitted,
        outputs(fitted.model, [course.row(e) for e in corpus.development]),
        outputs(fitted.model, [course.row(e) for e in corpus.test]),
    )  # fmt: skip


def labels_of(corpus: Corpus) -> Labels:
    """Number what a set's parts hold."""
    everything = (*corpus.train, *corpus.development, *corpus.test)
    slots = sorted({mark.name for example in everything for mark in example.marks})
    intents = tuple(dict.fromkeys(intent for e in everything for intent in e.intents))
    kinds = {name: SlotType(name, "text") for name in slots}
    return Labels(intents, bio_labels(slots), SENTIMENTS, kinds)


def prepared(corpus: Corpus, task: Task, per_intent: int | None, seed: int) -> Corpus:
    """Draw few examples, or take all; cut the development part where there is none."""
    return few(corpus, per_intent, seed) if per_intent else whole(corpus, seed, task.development)


def scored(of: Trial, options: TrainOptions) -> dict[str, Any]:
    """Give every figure that the set allows."""
    several = any(example.more or not example.intent for example in of.corpus.test)
    found, right = _several(of) if several else _single(of, options)
    if len(of.labels.slot_labels) > 1:
        found |= slots_scored(of, right)
    if several and len(of.labels.slot_labels) > 1:
        found["acts_f1"] = acts_f1(of, found["cut"])
    found["parameters"] = sum(weight.numel() for weight in of.fitted.model.parameters())
    found["epochs"] = len(of.fitted.history)
    found["best_epoch"] = of.fitted.best.number
    return found


def _single(of: Trial, options: TrainOptions) -> tuple[dict[str, Any], Bits]:
    calibration = calibrate(of.held, of.labels, options)
    logits, truth = of.test.intents()
    probabilities = softmax(logits, calibration.intent_temperature)
    right = probabilities.argmax(-1) == truth
    found: dict[str, Any] = {
        "intents": round(float(right.mean()), 4),
        "ece": round(calibration_error(probabilities.max(-1), right), 4),
    }
    if OUT_OF_SCOPE in of.labels.intents:
        found |= scope(of)
    found["calibration"] = asdict(calibration)
    return found, right


def _several(of: Trial) -> tuple[dict[str, Any], Bits]:
    """Micro F1 over intents and the share of sentences with exactly the right ones."""
    from sklearn.metrics import f1_score

    cut = intents_cut(of.held)
    logits, _, truth = of.test.any_intents()
    guess = (logits > cut).astype(int)
    right: Bits = (guess == truth).all(-1)
    found = {
        "intent_f1": round(float(f1_score(truth, guess, average="micro")), 4),
        "intents": round(float(right.mean()), 4),
        "cut": cut,
    }
    return found, right


def intents_cut(held: Outputs) -> float:
    """Choose the logit above which an intent counts, by micro F1 on what was held back."""
    from sklearn.metrics import f1_score

    logits, _, truth = held.any_intents()
    cuts = [float(cut) for cut in np.linspace(-2, 2, 41)]
    found = [
        f1_score(truth, (logits > cut).astype(int), average="micro", zero_division=0.0)
        for cut in cuts
    ]
    best = max(found)
    near = [cut for cut, f1 in zip(cuts, found, strict=True) if f1 >= best - 1e-9]
    return round(near[len(near) // 2], 2)


def tagged(of: Trial) -> list[tuple[list[str], list[str]]]:
    """Give the true and the found label of each word as the set has them (parted by blanks)."""
    chain = Chain.of(of.labels.slot_labels, of.test.transitions)
    labelled = []
    for example, row, logits in zip(of.corpus.test, of.test.rows, of.test.slots, strict=True):
        begins = _blank_words(example.text)
        found = best_labels(logits[list(row.tokens.firsts)], chain)
        wanted = [of.labels.slot_labels[row.slots[i]] for i in row.tokens.firsts]
        words = [
            (want, got)
            for (start, _), want, got in zip(row.tokens.spans, wanted, found, strict=True)
            if start in begins
        ]
        labelled.append(([want for want, _ in words], [got for _, got in words]))
    return labelled


def _blank_words(text: str) -> set[int]:
    """Give where the set's words begin; Chinese has no blanks, so each of the tokenizer's does."""
    if any("\u4e00" <= one <= "\u9fff" for one in text):
        return set(range(len(text)))
    return {i for i in range(len(text)) if text[i] != " " and (i == 0 or text[i - 1] == " ")}


def slots_scored(of: Trial, intents_right: Bits) -> dict[str, float]:
    """Micro F1 of whole spans (as conlleval and seqeval count), and sentences wholly right."""
    from seqeval.metrics import f1_score

    labelled = tagged(of)
    true, guess = zip(*labelled, strict=True)
    slots_right = np.array([want == got for want, got in labelled])
    return {
        "slot_f1": round(float(f1_score(list(true), list(guess))), 4),
        "sentences": round(float((slots_right & intents_right).mean()), 4),
    }


def mean_of(found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Average the figures of folds or seeds, and keep their spread."""
    numbers = [name for name, value in found[0].items() if isinstance(value, int | float)]
    mean = {name: round(float(np.mean([one[name] for one in found])), 4) for name in numbers}
    spread = {name: round(float(np.std([one[name] for one in found])), 4) for name in numbers}
    return {**mean, "spread": spread, "runs": len(found)}


def show(epoch: Epoch) -> None:
    """One line an epoch."""
    print(
        f"  {epoch.number}/{epoch.of}  loss {epoch.loss:.3f}  intents {epoch.intent_accuracy:.4f}"
        f"  slots {epoch.slot_f1:.4f}",
        flush=True,
    )
