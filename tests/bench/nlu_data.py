"""Public sets for understanding, as examples: train, development (may be empty) and test."""

import csv
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlu.dataset import Example, Mark
from nlu.understand import OUT_OF_SCOPE

DEVELOPMENT_SHARE = 0.1  # of the training part, where a set has no development part


@dataclass(frozen=True, slots=True)
class Corpus:
    """One set's parts."""

    train: Sequence[Example]
    development: Sequence[Example]
    test: Sequence[Example]


def clinc150(folder: Path) -> Corpus:
    """150 intents and out of scope; the 100 out-of-scope training sentences are used as a class."""
    with gzip.open(folder / "clinc150" / "data_full.json.gz", "rt", encoding="utf-8") as file:
        parts = json.load(file)

    def part(name: str) -> list[Example]:
        inside = [Example(text, intent) for text, intent in parts[name]]
        return inside + [Example(text, OUT_OF_SCOPE) for text, _ in parts[f"oos_{name}"]]

    return Corpus(part("train"), part("val"), part("test"))


def banking77(folder: Path) -> Corpus:
    """77 intents of a bank's customers; no out of scope, no development part."""

    def part(name: str) -> list[Example]:
        with (folder / "banking77" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return [Example(row["text"], row["category"]) for row in csv.DictReader(file)]

    return Corpus(part("train"), (), part("test"))


def snips(folder: Path) -> Corpus:
    """7 intents and 39 slots of a voice assistant."""
    return _sequences(folder / "snips-atis" / "snips")


def atis(folder: Path) -> Corpus:
    """Flight enquiries, many slots, very uneven intents."""
    return _sequences(folder / "snips-atis" / "atis")


CORPORA: dict[str, Callable[[Path], Corpus]] = {
    "clinc150": clinc150,
    "banking77": banking77,
    "snips": snips,
    "atis": atis,
}


def few(corpus: Corpus, per_intent: int, seed: int) -> Corpus:
    """Draw so many training and as many development sentences of each intent; all of the test."""
    draw = random.Random(seed)  # noqa: S311 - reproducible, not secret
    train, rest = _draw(corpus.train, per_intent, draw)
    development, _ = _draw(corpus.development or rest, per_intent, draw)
    return Corpus(train, development, corpus.test)


def whole(corpus: Corpus, seed: int) -> Corpus:
    """Take everything; a development part is cut off where there is none."""
    if corpus.development:
        return corpus
    train = list(corpus.train)
    random.Random(seed).shuffle(train)  # noqa: S311 - reproducible, not secret
    cut = round(DEVELOPMENT_SHARE * len(train))
    return Corpus(train[cut:], train[:cut], corpus.test)


def _draw(
    examples: Sequence[Example], count: int, draw: random.Random
) -> tuple[list[Example], list[Example]]:
    classes: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        classes[example.intent].append(example)
    drawn: list[Example] = []
    rest: list[Example] = []
    for members in classes.values():
        draw.shuffle(members)
        drawn += members[:count]
        rest += members[count:]
    return drawn, rest


def _sequences(folder: Path) -> Corpus:
    def part(name: str) -> list[Example]:
        files = [
            (folder / name / file).read_text(encoding="utf-8").splitlines()
            for file in ("seq.in", "seq.out", "label")
        ]
        return [_example(*lines) for lines in zip(*files, strict=True)]

    return Corpus(part("train"), part("dev"), part("test"))


def _example(text: str, labels: str, intent: str) -> Example:
    """Join words that carry BIO labels into a sentence with marks."""
    marks: list[Mark] = []
    at = 0
    for word, label in zip(text.split(), labels.split(), strict=True):
        kind, _, name = label.partition("-")
        if kind == "I" and marks and marks[-1].name == name and marks[-1].end == at - 1:
            marks[-1] = Mark(name, marks[-1].start, at + len(word))
        elif name:
            marks.append(Mark(name, at, at + len(word)))
        at += len(word) + 1
    return Example(" ".join(text.split()), intent, tuple(marks))
