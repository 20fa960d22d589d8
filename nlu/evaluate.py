"""How well an assistant understands other sentences than its examples: `offhook eval nlu`."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from nlu import DataError
from nlu.dataset import Example, Mark, load_intents
from nlu.decode import Labels
from nlu.language import reader_of
from nlu.metrics import classification, confusion, scope, share
from nlu.understand import OUT_OF_SCOPE, Context, Nlu, Understanding


@dataclass(frozen=True, slots=True)
class Judged:
    """An example, and what was understood of it or of what the recogniser made of it."""

    example: Example
    understood: Understanding

    @property
    def right(self) -> bool:
        """Whether all its intents, and no others, were found."""
        return set(self.understood.intents) == set(self.example.intents)


def load_examples(path: Path) -> tuple[Example, ...]:
    """Read labelled sentences: YAML like intents.yaml, JSON lines, or CSV with `text,intent`.

    A line of JSON: {"text": "where is 15213", "intent": "order_status", "slots": [{"name":
    "order_number", "start": 9, "end": 14}]}; `slots` may be missing, `intents` may be a list.
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file: give .yaml, .jsonl or .csv with labelled sentences")
    reader = _READERS.get(path.suffix)
    if reader is None:
        raise DataError(f"{path}: {path.suffix or 'no ending'}: give .yaml, .jsonl or .csv")
    try:
        examples = tuple(reader(path))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}): save it as UTF-8 text") from None
    if not examples:
        raise DataError(f"{path}: nothing in it: add labelled sentences")
    for example in examples:
        if not example.text.strip() or not example.intent:
            raise DataError(f"{path}:{example.line}: text or intent is empty: fill in both")
    return examples


def check_labels(path: Path, examples: Sequence[Example], labels: Labels) -> None:
    """Refuse intents and slots that the assistant does not know."""
    known = {*labels.intents, OUT_OF_SCOPE}
    for example in examples:
        where = f"{path}:{example.line}"
        for intent in example.intents:
            if intent not in known:
                raise DataError(f"{where}: unknown intent {intent!r}: use one of intents.yaml")
        for mark in example.marks:
            if mark.name not in labels.slots:
                raise DataError(f"{where}: unknown slot {mark.name!r}: use one of intents.yaml")


def judge(nlu: Nlu, examples: Sequence[Example]) -> list[Judged]:
    """Understand each on its own, without a dialogue before it."""
    return [Judged(example, nlu.understand(example.text, Context())) for example in examples]


def figures(judged: Sequence[Judged], labels: Labels, today: date) -> dict[str, Any]:
    """Give intents, several intents, scope, slots (spans, and values as the dialogue gets them).

    The intents' accuracy is that of sentences with one; all sentences count for the rest.
    """
    single = [one for one in judged if not one.example.more]
    truth = [one.example.intent for one in single]
    guess = [one.understood.intent for one in single]
    names = tuple(dict.fromkeys((*labels.intents, OUT_OF_SCOPE)))
    return {
        "sentences": len(judged),
        "intents": classification(truth, guess, names),
        "all_intents_right": share([one.right for one in judged]),
        "scope": scope(truth, guess, [one.understood.confidence for one in single]),
        "slots": span_f1(judged),
        "slot_values": value_f1(judged, labels, today),
        "confusion": confusion(truth, guess, names),
    }


def span_f1(judged: Sequence[Judged]) -> dict[str, float | None]:
    """Precision, recall and F1 of (slot, first character, last character)."""
    return _f1(
        ({(m.name, m.start, m.end) for m in one.example.marks},
         {(s.name, s.start, s.end) for s in one.understood.slots})
        for one in judged
    )  # fmt: skip


def value_f1(judged: Sequence[Judged], labels: Labels, today: date) -> dict[str, float | None]:
    """Precision, recall and F1 of (slot, value): what the dialogue gets, boundaries forgiven.

    Values are compared without case.
    """

    def meant(example: Example) -> set[tuple[str, str]]:
        return {
            (m.name, (value_of(labels, m, example.text, today) or "").lower())
            for m in example.marks
        }

    return _f1(
        (meant(one.example), {(s.name, s.value.lower()) for s in one.understood.slots})
        for one in judged
    )


def value_of(labels: Labels, mark: Mark, text: str, today: date) -> str | None:
    """Normalise what a mark marks."""
    kind = labels.slots[mark.name]
    said = text[mark.start : mark.end]
    return reader_of(labels.language).read(kind.kind, said, today, kind.length)


def mistakes(judged: Sequence[Judged]) -> list[tuple[str, str, int]]:
    """Count (meant, understood as), the most frequent first."""
    wrong = Counter(
        (one.example.intent, one.understood.intent)
        for one in judged
        if one.example.intent != one.understood.intent
    )
    return [(meant, taken, count) for (meant, taken), count in wrong.most_common()]


def _f1(pairs: Iterator[tuple[set[Any], set[Any]]]) -> dict[str, float | None]:
    right = found = wanted = 0
    for meant, heard in pairs:
        right += len(meant & heard)
        found += len(heard)
        wanted += len(meant)
    return {
        "precision": round(right / max(1, found), 4),
        "recall": round(right / max(1, wanted), 4),
        "f1": round(2 * right / (found + wanted), 4) if wanted else None,
        "support": wanted,
    }


def _from_yaml(path: Path) -> Iterator[Example]:
    yield from load_intents(path, minimum=1).examples


def _from_json_lines(path: Path) -> Iterator[Example]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            intents = entry.get("intents") or [entry["intent"]]
            slots = entry.get("slots", [])
            marks = tuple(Mark(str(s["name"]), int(s["start"]), int(s["end"])) for s in slots)
            text = str(entry["text"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DataError(
                f"{path}:{number}: not an example ({type(error).__name__}: {error}): write "
                '{"text": "…", "intent": "…"}'
            ) from None
        for mark in marks:
            if not 0 <= mark.start < mark.end <= len(text):
                raise DataError(f"{path}:{number}: {mark.name} lies outside the text: mend it")
        yield Example(text, str(intents[0]), marks, more=tuple(map(str, intents[1:])), line=number)


def _from_csv(path: Path) -> Iterator[Example]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if not {"text", "intent"} <= set(rows.fieldnames or ()):
            raise DataError(f"{path}:1: the columns text and intent are expected: add them")
        for row in rows:
            yield Example(row["text"] or "", row["intent"] or "", line=rows.line_num)


_READERS: dict[str, Callable[[Path], Iterator[Example]]] = {
    ".yaml": _from_yaml,
    ".yml": _from_yaml,
    ".jsonl": _from_json_lines,
    ".csv": _from_csv,
}
