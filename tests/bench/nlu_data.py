"""Public sets for understanding, as examples: train, development (may be empty) and test.

Each loader takes the set's own folder, laid out as its authors publish it.
"""

import csv
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nlu import DataError
from nlu.augment import join
from nlu.dataset import Example, Mark
from nlu.understand import OUT_OF_SCOPE
from tests.bench.crosswoz import dialogues, utterances

DEVELOPMENT_SHARE = 0.1  # of the training part, where a set has no development part
FOLDS = 10  # of NLU++'s "large" setting: nine to train on, one to test on


@dataclass(frozen=True, slots=True)
class Corpus:
    """One set's parts."""

    train: Sequence[Example]
    development: Sequence[Example]
    test: Sequence[Example]


def clinc150(folder: Path) -> Corpus:
    """150 intents and out of scope; the 100 out-of-scope training sentences are used as a class."""
    with gzip.open(folder / "data_full.json.gz", "rt", encoding="utf-8") as file:
        parts = json.load(file)

    def part(name: str) -> list[Example]:
        inside = [Example(text, intent) for text, intent in parts[name]]
        return inside + [Example(text, OUT_OF_SCOPE) for text, _ in parts[f"oos_{name}"]]

    return Corpus(part("train"), part("val"), part("test"))


def banking77(folder: Path) -> Corpus:
    """77 intents of a bank's customers; no out of scope, no development part."""

    def part(name: str) -> list[Example]:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return [Example(row["text"].strip(), row["category"]) for row in csv.DictReader(file)]

    return Corpus(part("train"), (), part("test"))


def sequences(folder: Path) -> Corpus:
    """SNIPS and ATIS: words, BIO labels and intents in three files a part."""

    def part(name: str) -> list[Example]:
        paths = [folder / name / file for file in ("seq.in", "seq.out", "label")]
        columns = [path.read_text(encoding="utf-8").splitlines() for path in paths]
        if len({len(column) for column in columns}) > 1:
            lengths = ", ".join(f"{p.name} {len(c)}" for p, c in zip(paths, columns, strict=True))
            raise DataError(f"{folder / name}: unlike numbers of lines ({lengths}): mend the files")
        return [
            _example(f"{paths[1]}:{line}", words.split(), labels.split(), [intent.strip()])
            for line, (words, labels, intent) in enumerate(zip(*columns, strict=True), 1)
        ]

    return Corpus(part("train"), part("dev"), part("test"))


def mixed(folder: Path, alone: Path) -> Corpus:
    """MixSNIPS and MixATIS: several intents in a sentence.

    Their training files are not at hand: it is rebuilt as theirs was, by joining sentences of the
    single set (`alone`) that none of the mixed development and test sentences contain.
    """

    def part(name: str) -> list[Example]:
        return list(_column(folder / f"{name}.txt"))

    development, test = part("dev"), part("test")
    singles = [_parted(example) for example in sequences(alone).train]
    heard = " | ".join(f" {' '.join(e.text.lower().split())} " for e in (*development, *test))
    free = [e for e in singles if f" {' '.join(e.text.lower().split())} " not in heard]
    return Corpus(_joined(free, 1.2), development, test)


def nlupp(folder: Path) -> Iterator[Corpus]:
    """NLU++ in its "large" setting: ten corpora, each testing on two of the twenty folds."""
    folds = [_nlupp_fold(folder / f"fold{i}.json") for i in range(2 * FOLDS)]
    for i in range(FOLDS):
        test = [e for fold in folds[2 * i : 2 * i + 2] for e in fold]
        rest = [e for fold in (*folds[: 2 * i], *folds[2 * i + 2 :]) for e in fold]
        yield Corpus(rest, (), test)


def dstc11(folder: Path) -> Iterator[Corpus]:
    """Spoken customer-service utterances with their intents, in five folds of our making."""
    lines = (folder / "test-utterances.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines if line.strip()]
    examples = [Example(entry["utterance"].strip(), entry["intent"]) for entry in entries]
    random.Random(7).shuffle(examples)  # noqa: S311 - reproducible, not secret
    for i in range(5):
        yield Corpus([e for n, e in enumerate(examples) if n % 5 != i], (), examples[i::5])


def crosswoz(folder: Path) -> Corpus:
    """Callers' turns of CrossWOZ's validation part, parted by dialogue."""
    return Corpus(*map(utterances, dialogues(folder)))


def few(corpus: Corpus, per_intent: int, seed: int) -> Corpus:
    """Draw so many training and as many development sentences of each intent; all of the test."""
    draw = random.Random(seed)  # noqa: S311 - reproducible, not secret
    train, rest = _draw(corpus.train, per_intent, draw)
    development, _ = _draw(corpus.development or rest, per_intent, draw)
    return Corpus(train, development, corpus.test)


def whole(corpus: Corpus, seed: int, share: float = DEVELOPMENT_SHARE) -> Corpus:
    """Take everything; a development part is cut off where there is none."""
    if corpus.development:
        return corpus
    train = list(corpus.train)
    random.Random(seed).shuffle(train)  # noqa: S311 - reproducible, not secret
    cut = round(share * len(train))
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


def _parted(example: Example) -> Example:
    """Tell "one#other" as the two intents that it is."""
    intents = list(dict.fromkeys(example.intent.split("#")))
    return replace(example, intent=intents[0], more=tuple(intents[1:]))


def _example(
    where: str, words: Sequence[str], labels: Sequence[str], intents: Sequence[str]
) -> Example:
    """Join words that carry BIO labels into a sentence with marks; `where` is the labels' line."""
    if len(words) != len(labels):
        raise DataError(f"{where}: {len(labels)} labels of {len(words)} words: give each word one")
    if not words or not all(intents):
        raise DataError(f"{where}: no words, or no intent: fill in both")
    marks: list[Mark] = []
    at, before = 0, "O"
    for word, label in zip(words, labels, strict=True):
        kind, _, name = label.partition("-")
        if kind == "I" and name and before[2:] == name:
            marks[-1] = Mark(name, marks[-1].start, at + len(word))
        elif kind == "B" and name:
            marks.append(Mark(name, at, at + len(word)))
        elif label != "O":
            raise DataError(
                f"{where}: {label!r} after {before!r} is no BIO label: write O, B-slot, or I-slot"
                " after one of its own slot"
            )
        at += len(word) + 1
        before = label
    return Example(" ".join(words), intents[0], tuple(marks), more=tuple(intents[1:]))


def _column(path: Path) -> Iterator[Example]:
    """Read sentences of one word and label to a line; the last line of each holds the intents."""
    first = 1
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        *lines, intents = block.splitlines()
        pairs = [line.split() for line in lines]
        if any(len(pair) != 2 for pair in pairs):
            raise DataError(f"{path}:{first}: a line here is not one word and its label: mend it")
        words, labels = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        said = list(dict.fromkeys(intents.strip().split("#")))
        yield _example(f"{path}:{first}", words, labels, said)
        first += len(lines) + 2


def _joined(singles: Sequence[Example], share: float) -> list[Example]:
    """Join one, two or three sentences (3 : 5 : 2) of different intents, as the mixed sets do."""
    draw = random.Random(7)  # noqa: S311 - reproducible, not secret
    made = []
    for _ in range(round(share * len(singles))):
        count = draw.choices((1, 2, 3), (0.3, 0.5, 0.2))[0]
        parts: list[Example] = []
        while len(parts) < count:
            part = draw.choice(singles)
            if not set(part.intents) & {intent for p in parts for intent in p.intents}:
                parts.append(part)
        joints = [draw.choice((" and ", " , and ", " and then ", " , ")) for _ in parts[1:]]
        made.append(join(parts, joints))
    return made


def _nlupp_fold(path: Path) -> list[Example]:
    examples = []
    for entry in json.loads(path.read_text(encoding="utf-8")):
        marks = [Mark(name, *slot["span"]) for name, slot in entry.get("slots", {}).items()]
        for mark in marks:
            if not 0 <= mark.start < mark.end <= len(entry["text"]):
                raise DataError(f"{path}: {mark.name} of {entry['text']!r} lies outside it")
        intents = entry.get("intents", [])
        examples.append(
            Example(
                entry["text"],
                intents[0] if intents else "",
                tuple(sorted(marks, key=lambda mark: mark.start)),
                more=tuple(intents[1:]),
            )
        )
    return examples


LOADERS: dict[str, Callable[[Path], Corpus | Iterator[Corpus]]] = {
    "snips": sequences,
    "atis": sequences,
    "clinc150": clinc150,
    "banking77": banking77,
    "nlupp": nlupp,
    "dstc11": dstc11,
    "crosswoz": crosswoz,
}
FOLDERS = {  # in the folder of all sets
    "snips": "snips-atis/snips",
    "atis": "snips-atis/atis",
    "clinc150": "clinc150",
    "banking77": "banking77",
    "nlupp": "nlupp/data/banking",
    "dstc11": "dstc11-intent/development",
    "crosswoz": "crosswoz",
    "mixsnips": "mixsnips-mixatis/MixSNIPS_clean",
    "mixatis": "mixsnips-mixatis/MixATIS_clean",
}
ALONE = {"mixsnips": "snips", "mixatis": "atis"}


def load(name: str, shared: Path, folder: Path | None = None) -> list[Corpus]:
    """Load a set, fold by fold where it has folds, from `shared` or from a folder like it."""
    folder = folder or shared / FOLDERS[name]
    try:
        if name in ALONE:
            return [mixed(folder, shared / FOLDERS[ALONE[name]])]
        found = LOADERS[name](folder)
        return [found] if isinstance(found, Corpus) else list(found)
    except FileNotFoundError as error:
        raise DataError(
            f"{error.filename}: no such file: give the folder of {name}, as its authors lay it out"
        ) from None
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise DataError(f"{folder}: not laid out as {name} is ({what}): see its SOURCE") from None
