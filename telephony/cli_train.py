"""`offhook train nlu`: how it learns, and what came of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dialogue.assistant import default_assistant
from nlu.course import Epoch, TrainOptions
from nlu.files import CARD, REPORT, model_folder
from nlu.train import Report, train
from telephony.cli_options import Learns

CONFUSIONS_SHOWN = 5
REMARKS_SHOWN = 6
TOP_FROZEN = 3  # lowest layers that stay as they are where only the top learns


def options_of(epochs: int | None, seed: int | None, learns: Learns, device: str) -> TrainOptions:
    """What was asked for."""
    usual = TrainOptions()
    options = replace(
        usual, epochs=epochs or usual.epochs, seed=usual.seed if seed is None else seed
    )
    options = replace(options, device=device, precision="bf16" if device == "cuda" else "no")
    if learns is Learns.ADAPTER:
        return options
    frozen = TOP_FROZEN if learns is Learns.TOP else 0
    return replace(options, rank=0, freeze=frozen, adapter_rate=1e-4, head_rate=1e-3)


def train_nlu(
    assistant: Path | None, options: TrainOptions, run: Path | None, out: Console
) -> None:
    """Train the assistant's understanding; `run` is a folder for logs and checkpoints."""
    folder = assistant or default_assistant()
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=out) as progress:
        task = progress.add_task("reading the examples", total=None)

        def show(epoch: Epoch) -> None:
            progress.update(
                task, description=_scores(epoch), completed=epoch.number, total=epoch.of
            )

        report = train(folder, options, show, run)
        progress.update(task, completed=report.epochs, total=report.epochs)
    _print(report, folder, out)


def _scores(epoch: Epoch) -> str:
    return (
        f"epoch {epoch.number} of {epoch.of} at most: loss {epoch.loss:.3f}, intents"
        f" {epoch.intent_accuracy:.1%}, slots {epoch.slot_f1:.1%}"
    )


def _print(report: Report, folder: Path, out: Console) -> None:
    found, examples = report.development, report.examples
    out.print(
        f"Trained on {examples['taught']} examples in {report.seconds:.0f} s,"
        f" best after epoch {report.best_epoch}. Of {examples['held_back']} held back:",
    )
    for name, figure, of in (
        ("intents", found["intents"]["accuracy"], "right"),
        ("slots", found["slots"]["f1"], "F1"),
        ("sentiment", found["sentiment"]["accuracy"], "right"),
        ("two in a breath", found["several"]["both_right"], "both right and no other"),
        ("out of scope", found["scope"]["oos_recall"], "noticed"),
        ("in scope", found["scope"]["false_rejects"], "refused by mistake"),
    ):
        measured = "not measured" if figure is None else f"{figure:7.1%} {of}"
        out.print(f"  {name:<15} {measured}")
    for line in confusions(found["confusion"])[:CONFUSIONS_SHOWN]:
        out.print(f"  {line}")
    if report.remarks:
        out.print("What to mend in the examples:")
    for remark in report.remarks[:REMARKS_SHOWN]:
        out.print(f"  - {remark}", soft_wrap=True, highlight=False, markup=False)
    if len(report.remarks) > REMARKS_SHOWN:
        out.print(f"  - and {len(report.remarks) - REMARKS_SHOWN} more, in {CARD}")
    for note in report.notes:
        out.print(note)
    out.print(
        f"The model is in {model_folder(folder)}; {CARD} and {REPORT} there say more.",
        soft_wrap=True,
    )


def confusions(confusion: dict[str, Any]) -> list[str]:
    """Say which intents were taken for which others, the most frequent first."""
    names = confusion["labels"]
    mistakes = [
        (count, meant, taken)
        for meant, row in zip(names, confusion["matrix"], strict=True)
        for taken, count in zip(names, row, strict=True)
        if count and meant != taken
    ]
    mistakes.sort(key=lambda mistake: -mistake[0])
    return [f"{meant} taken for {taken}: {count}" for count, meant, taken in mistakes]
