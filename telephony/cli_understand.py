"""`offhook understand` and `offhook eval nlu`: what the understanding makes of text."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nlu.engine import NluOptions, load_nlu
from nlu.evaluate import Judged, check_labels, figures, judge, load_examples, mistakes
from nlu.explain import Influence, influences
from nlu.files import read_trained
from nlu.understand import Context, Nlu, Understanding

SHOWN = 3  # intents of the ranking
BAR = 24  # characters
MISTAKES_SHOWN = 8


def understand(
    assistant: Path, sentences: Sequence[str], waiting_for: str, verbose: bool, out: Console
) -> None:
    """Print what each sentence means; `verbose`: what else it could, and which words decided."""
    nlu = load_nlu(assistant)
    context = Context(waiting_for)
    for sentence in sentences:
        understood = nlu.understand(sentence, context)
        _print(understood, verbose, out)
        if verbose:
            _explain(nlu, understood, context, out)


def evaluate(assistant: Path, data: Path, report: Path | None, today: date, out: Console) -> None:
    """Measure an assistant on labelled sentences, and print the table."""
    labels = read_trained(assistant).labels
    examples = load_examples(data)
    check_labels(data, examples, labels)
    judged = judge(load_nlu(assistant, NluOptions(today=lambda: today)), examples)
    found = figures(judged, labels, today)
    table = Table("what", "figure", title=f"{assistant.name} on {len(examples)} sentences")
    for name, figure in (
        ("intent right", found["intents"]["accuracy"]),
        ("all intents of the breath right, no other", found["all_intents_right"]),
        ("slots, whole spans (F1)", found["slots"]["f1"]),
        ("slots, values (F1)", found["slot_values"]["f1"]),
        ("out of scope noticed", found["scope"]["oos_recall"]),
        ("in scope refused by mistake", found["scope"]["false_rejects"]),
    ):
        table.add_row(name, "not measured" if figure is None else f"{figure:.1%}")
    table.add_row("calibration error of the confidence (ECE)", f"{found['scope']['ece']:.3f}")
    out.print(table)
    for meant, taken, count in mistakes(judged)[:MISTAKES_SHOWN]:
        quoted = _quoted(judged, meant, taken)
        out.print(f"{meant} taken for {taken}: {count}, such as {quoted}", markup=False)
    if report:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        out.print(f"{report} written", soft_wrap=True)


def _quoted(judged: Sequence[Judged], meant: str, taken: str) -> str:
    return next(
        f"“{one.example.text}”"
        for one in judged
        if (one.example.intent, one.understood.intent) == (meant, taken)
    )


def _print(understood: Understanding, verbose: bool, out: Console) -> None:
    sentiment = understood.sentiment
    head = Text.assemble(
        (understood.intent, "bold"), f"  {understood.confidence:.0%}",
        *[part for name in understood.more for part in (" + ", (name, "bold"))],
        f"   {sentiment.label} ({sentiment.score:+.2f})",
    )  # fmt: skip
    out.print(head)
    for slot in understood.slots:
        said = "" if slot.text == slot.value else f", said “{slot.text}”"
        out.print(
            f"  {slot.name} = {slot.value}{said}  {slot.confidence:.0%}",
            highlight=False,
            markup=False,
        )
    if understood.maybe:
        out.print(f"  did you mean {' or '.join(understood.maybe)}?")
    if verbose:
        for name, probability in understood.ranking[:SHOWN]:
            out.print(f"  {probability:6.1%}  {name}", highlight=False)


def _explain(nlu: Nlu, understood: Understanding, context: Context, out: Console) -> None:
    found = influences(nlu, understood, context)
    if not found:
        return
    widest = max(len(one.word) for one in found)
    most = max(abs(one.weight) for one in found) or 1.0
    out.print(f"  What spoke for {understood.intent} (log odds lost without the word):")
    for one in found:
        out.print(Text(f"    {one.word.ljust(widest)} {one.weight:+6.2f} ").append(_bar(one, most)))


def _bar(one: Influence, most: float) -> Text:
    length = round(BAR * abs(one.weight) / most)
    return Text("█" * length, "green" if one.weight > 0 else "red")
