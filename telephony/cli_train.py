"""`offhook train nlu`: how it learns, and what came of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from dialogue.assistant import default_assistant
from nlu.course import Epoch, TrainOptions
from nlu.files import REPORT, model_folder
from nlu.train import Report, train

CONFUSIONS_SHOWN = 5


def train_nlu(assistant: Path | None, epochs: int | None, seed: int | None, out: Console) -> None:
    """Train the assistant's understanding; `epochs` and `seed` are the usual where None."""
    folder = assistant or default_assistant()
    usual = TrainOptions()
    options = replace(
        usual, epochs=epochs or usual.epochs, seed=usual.seed if seed is None else seed
    )
    columns = (BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=out) as progress:
        task = progress.add_task("reading the examples", total=None)

        def show(epoch: Epoch) -> None:
            progress.update(
                task, description=_scores(epoch), completed=epoch.number, total=epoch.of
            )

        report = train(folder, options, show)
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
    out.print(f"  intents         {found['intents']['accuracy']:7.1%} right")
    out.print(f"  slots           {found['slots']['f1']:7.1%} F1")
    out.print(f"  sentiment       {found['sentiment']['accuracy']:7.1%} right")
    out.print(f"  out of scope    {found['scope']['oos_recall']:7.1%} noticed")
    out.print(f"  in scope        {found['scope']['false_rejects']:7.1%} refused by mistake")
    for line in confusions(found["confusion"])[:CONFUSIONS_SHOWN]:
        out.print(f"  {line}")
    for note in report.notes:
        out.print(note)
    out.print(f"The model is in {model_folder(folder)}; {REPORT} there says more.", soft_wrap=True)


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
