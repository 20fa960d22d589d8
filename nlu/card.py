"""The model card and the pictures that are written with every training."""

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlu.files import Trained

TEMPLATE = """\
# Understanding of the assistant “{assistant}”

Joint BERT for the intent (one, or several in a breath), slots and sentiment of what a caller says
on the phone. Language: {language}. It is meant for this assistant's callers alone.

- Encoder: {encoder} (SHA-256 {encoder_digest:.16}…); learned: {learned}
- Weights: SHA-256 {weights_digest:.16}…; seed {seed}; {epochs} epochs, the {best_epoch}. kept; {seconds:.0f} s
- Taught: {taught} examples of {intents} intents, {slots} slots{sentiments}, and their variations

## Measured on {held_back} examples held back

They also chose when to stop and the thresholds, so callers will fare a little worse. Two in a
breath are made by joining two of them.

{figures}

## What to mend

{remarks}

## Limits

It knows the wordings near its examples. Confidences are calibrated on the examples, not on calls.
Names, products and other free values are found by how they stand in the sentence, and are not
checked against anything here.{untaught}
"""  # noqa: E501 - a line of Markdown is a line of the template


UNTAUGHT = """

Sentiment was not taught, for there are no examples of it in this language: everybody is neutral.
"""


def model_card(assistant: str, report: Mapping[str, Any], trained: Trained) -> str:
    """Say in Markdown what the model is, what it was taught, how well it does, and its limits."""
    feels = len(trained.labels.sentiments) > 1
    return TEMPLATE.format(
        assistant=assistant,
        language=trained.language,
        encoder=trained.encoder,
        encoder_digest=trained.encoder_digest,
        weights_digest=trained.weights_digest,
        learned=_learned(report, trained),
        seed=report["options"]["seed"],
        epochs=report["epochs"],
        best_epoch=report["best_epoch"],
        seconds=report["seconds"],
        intents=len(trained.labels.intents),
        slots=len(trained.labels.slots),
        sentiments=" and three sentiments" if feels else "",
        untaught="" if feels else UNTAUGHT,
        figures=_figures(report["development"]),
        remarks="\n".join(f"- {remark}" for remark in report["remarks"]) or "- nothing",
        **report["examples"],
    )


def _learned(report: Mapping[str, Any], trained: Trained) -> str:
    if trained.rank:
        of = f"a LoRA adapter of rank {trained.rank}"
    elif trained.freeze:
        of = f"the encoder but for its lowest {trained.freeze} layers"
    else:
        of = "the encoder but for its word embeddings"
    teachers = report["options"]["teachers"]
    led = f", after {teachers} teachers" if teachers else ""
    return f"{of}, and the heads: {report['trained_parameters']:,} numbers{led}"


def _figures(found: Mapping[str, Any]) -> str:
    rows = (
        ("intents right, what is refused counted as wrong", found["intents"]["accuracy"]),
        ("slot F1, whole spans", found["slots"]["f1"]),
        ("sentiment right", found["sentiment"]["accuracy"]),
        ("out of scope noticed", found["scope"]["oos_recall"]),
        ("in scope refused by mistake", found["scope"]["false_rejects"]),
        ("two intents in a breath, both right and no other", found["several"]["both_right"]),
        ("one intent, a second one heard by mistake", found["several"]["false_alarms"]),
        ("calibration error of the confidence (ECE)", found["scope"]["ece"]),
    )
    lines = ["| what | figure |", "| --- | --- |"]
    lines += [f"| {n} | {'not measured' if of is None else f'{of:.1%}'} |" for n, of in rows]
    return "\n".join(lines)


def can_plot() -> bool:
    """Tell whether matplotlib is there."""
    return importlib.util.find_spec("matplotlib") is not None


def plot_confusion(confusion: Mapping[str, Any], path: Path) -> None:
    """Draw what was taken for what."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names, matrix = confusion["labels"], np.array(confusion["matrix"])
    side = 3 + 0.32 * len(names)  # inches
    figure = Figure(figsize=(side, side), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.imshow(matrix, cmap="Blues")
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("understood as")
    axes.set_ylabel("meant")
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            axes.text(column, row, str(count), ha="center", va="center", fontsize=7)
    figure.savefig(path, dpi=100, metadata={"Software": None})


def plot_curves(history: Sequence[Mapping[str, float]], best: int, path: Path) -> None:
    """Draw the loss and the development scores over the epochs."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    epochs = [of["number"] for of in history]
    figure = Figure(figsize=(8, 3.2), layout="constrained")
    FigureCanvasAgg(figure)
    losses, figures = figure.subplots(1, 2)
    losses.plot(epochs, [of["loss"] for of in history], marker=".")
    losses.set_ylabel("training loss")
    for name in ("intent_accuracy", "slot_f1", "sentiment_accuracy"):
        figures.plot(epochs, [of[name] for of in history], marker=".", label=name.replace("_", " "))
    figures.axvline(best, color="grey", linestyle=":", label="kept")
    figures.set_ylabel("held back")
    figures.legend(fontsize=8)
    for axes in (losses, figures):
        axes.set_xlabel("epoch")
    figure.savefig(path, dpi=100, metadata={"Software": None})
