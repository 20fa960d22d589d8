"""What a recogniser mishears: learned from its own mistakes, and made in training examples.

How often a word is misheard follows its counts, smoothed towards the mean. An error that no count
tells of takes the word for one that sounds like it. What is only written another way, "five" as
"5", is a notation and no error (`nlu/alignment.py`).
"""

import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

from nlu import DataError
from nlu.alignment import (
    AMOUNTS,
    ONES,
    ORDINAL,
    Step,
    Word,
    align,
    differences,
    numbers,
    pronounced,
    spoken,
)
from nlu.dataset import Example, Mark
from nlu.phonetics import distances

CONFUSIONS_FILE = Path(__file__).parent / "data" / "confusions.json"
LONGEST = 3  # words taken for others; more is no confusion but another sentence
PRIOR = 4.0  # times that each word counts as said besides, with the mean share of errors
NOTATED = 0.5  # share of examples whose numbers are written as the recogniser writes them
NEAR = 0.4  # share of its sounds by which a word may differ from one that it is taken for
LEAST_SOUNDS = 3  # of such a word
SHORT = 3  # words; of a shorter example each one matters, so only known errors happen to it
MOST_TOUCHED = 0.5  # share of an example's words

_GAP = re.compile(r"[ ,;:-]*")


@dataclass(frozen=True)
class Confusions:
    """Counts, by words as `nlu.alignment.spoken` has them, joined with blanks."""

    words: Mapping[str, int]  # how often each was said
    heard: Mapping[str, Mapping[str, int]]  # for one to three words: what was heard instead
    inserted: Mapping[str, int]  # what was heard where nothing was said
    notations: Mapping[str, Mapping[str, int]]  # of numbers: "99 dollars" → "$99"; "" as said

    @cached_property
    def confused(self) -> int:
        """How often words were heard as others, or not; at least 1."""
        return max(sum(sum(found.values()) for found in self.heard.values()), 1)

    @cached_property
    def error_rate(self) -> float:
        """Confusions by words said."""
        return self.confused / max(sum(self.words.values()), 1)

    @cached_property
    def insertions(self) -> float:
        """Insertions by confusions."""
        return sum(self.inserted.values()) / self.confused

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """All words that were said, or heard instead of others."""
        heard = (word for found in self.heard.values() for other in found for word in other.split())
        return tuple(dict.fromkeys((*self.words, *heard)))


def learn(pairs: Iterable[tuple[str, str]]) -> Confusions:
    """Count what the (said, heard) pairs confuse; their order does not matter.

    Where no words were heard, nothing was confused: such pairs are passed over.
    """
    words: Counter[str] = Counter()
    inserted: Counter[str] = Counter()
    heard: dict[str, Counter[str]] = {}
    notations: dict[str, Counter[str]] = {}
    for said_text, heard_text in pairs:
        said, got = spoken(said_text), spoken(heard_text)
        if not said or not got:
            continue
        words.update(word.said for word in said)
        steps = align(said, got)
        for key, other in _confused(said, got, steps):
            (heard.setdefault(key, Counter()) if key else inserted)[other] += 1
        for shape, notation in _notations(heard_text, said, got, steps):
            notations.setdefault(shape, Counter())[notation] += 1
    return Confusions(
        _ordered(words),
        {key: _ordered(heard[key]) for key in _by_count(heard)},
        _ordered(inserted),
        {shape: _ordered(notations[shape]) for shape in _by_count(notations)},
    )


def confuse(
    example: Example,
    table: Confusions,
    rate: float,
    generator: random.Random,
    notated: float = NOTATED,
) -> Example:
    """Mishear an example: `rate` of its words, those more that are often misheard.

    It becomes fewer (about two thirds) where nothing is known that sounds like a word. Marks stay
    on their words, and one whose words vanish is dropped; no error crosses a mark's edge. A share
    `notated` of the examples gets its numbers as the recogniser writes them. A rate of 0 changes
    nothing.
    """
    if rate <= 0:
        return example
    if generator.random() < notated:
        example = notate(example, table, generator)
    words = spoken(example.text)
    left = max(1, int(len(words) * MOST_TOUCHED))
    edits: list[_Edit] = []
    at = 0
    while at < len(words):
        size, other = _misheard(words, at, table, rate, generator)
        stretch = words[at : at + size]
        if other is not None and size <= left and _movable(words, at, size, example.marks):
            edits.append(_Edit(*_span(stretch), _written(example.text, stretch, other)))
            left -= size
        elif generator.random() < rate * table.insertions:
            edits += _insertion(stretch[0].start, table, example.marks, generator)
        at += size
    changed = _edited(example, edits)
    return changed if spoken(changed.text) else example


def notate(example: Example, table: Confusions, generator: random.Random) -> Example:
    """Write the numbers of an example as the recogniser does; their digits stay what they are."""
    words = spoken(example.text)
    edits = []
    for run in numbers(words):
        number = words[run.start : run.stop]
        known = table.notations.get(_shape(number), {})
        pattern = _drawn(known, generator) if known else ""
        if pattern and _movable(words, run.start, len(run), example.marks):
            edits.append(_Edit(*_span(number), _filled(pattern, number)))
    return _edited(example, edits)


def project(example: Example, heard: str) -> Example:
    """Return the example as it was heard: each mark is on what was heard for its words."""
    said, got = spoken(example.text), spoken(heard)
    steps = align(said, got)
    stretches = list(differences(said, got, steps))
    marks: list[Mark] = []
    for mark in example.marks:
        inside = {i for i, word in enumerate(said) if mark.start <= word.start < mark.end}
        found = {j for i, j in steps if i in inside and j is not None}
        found |= {j for one, other in stretches if one and inside >= {*one} for j in other}
        if not found:
            continue
        after = max(found) + 1
        if (None, after) in steps and got[after].said in AMOUNTS:  # "forty two" as "$42"
            found.add(after)
        start, end = _span([got[j] for j in found])
        apart = not marks or start >= marks[-1].end
        if apart and any(letter.isalnum() for letter in heard[start:end]):
            marks.append(Mark(mark.name, start, end))
    return replace(example, text=heard, marks=tuple(marks))


def read_confusions(path: Path = CONFUSIONS_FILE) -> Confusions:
    """Read a table. Raises DataError in one line."""
    try:
        return Confusions(**json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(
            f"{path}: no table of confusions ({error}): run `python -m telephony.rehearse`"
        ) from None


def write_confusions(table: Confusions, path: Path) -> None:
    """Write a table, one entry a line."""
    parts = {
        "words": table.words,
        "heard": table.heard,
        "inserted": table.inserted,
        "notations": table.notations,
    }
    text = ",\n".join(f'"{name}": {{\n{_lines(part)}\n}}' for name, part in parts.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{{{text}}}\n", encoding="utf-8")


def _lines(part: Mapping[str, Any]) -> str:
    show = partial(json.dumps, ensure_ascii=False)
    return ",\n".join(f"{show(key)}: {show(value)}" for key, value in part.items())


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    """The most frequent first, so that the same seed draws the same from equal tables."""
    return dict(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))


def _by_count(tables: Mapping[str, Counter[str]]) -> list[str]:
    return sorted(tables, key=lambda key: (-tables[key].total(), key))


def _confused(
    said: Sequence[Word], got: Sequence[Word], steps: Sequence[Step]
) -> Iterator[tuple[str, str]]:
    """The words said and those heard instead.

    Long stretches, ordinals, and digits out of nothing are left out.
    """
    for one, other in differences(said, got, steps):
        of, to = [said[i].said for i in one], [got[j].said for j in other]
        added_digits = not of and any(word.isdigit() for word in to)
        if max(len(of), len(to)) <= LONGEST and ORDINAL not in {*of, *to} and not added_digits:
            yield " ".join(of), " ".join(to)


def _misheard(
    words: Sequence[Word], at: int, table: Confusions, rate: float, generator: random.Random
) -> tuple[int, str | None]:
    """How many words from `at` on are heard as what; None where one word is heard right."""
    scale = rate / table.error_rate
    for size in range(min(LONGEST, len(words) - at), 0, -1):
        key = " ".join(word.said for word in words[at : at + size])
        known = table.heard.get(key, {})
        said = table.words.get(words[at].said, 0) + PRIOR
        if generator.random() < scale * sum(known.values()) / said:
            return size, _drawn(known, generator)
    unknown = scale * PRIOR * table.error_rate / said
    if len(words) >= SHORT and generator.random() < unknown:
        alike = _sounding_like(words[at].said, table.vocabulary)
        return 1, generator.choice(alike) if alike else None
    return 1, None


def _insertion(
    at: int, table: Confusions, marks: Sequence[Mark], generator: random.Random
) -> Iterator["_Edit"]:
    """Words that nobody said, before the word at this place; not within a mark."""
    words = _cased(_drawn(table.inserted, generator))
    if not any(mark.start < at < mark.end for mark in marks):
        yield _Edit(at, at, f"{words} ")


@lru_cache(maxsize=4096)
def _sounding_like(word: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Those known words that are easily taken for this one; of short words none."""
    sound = pronounced(word)
    if len(sound) < LEAST_SOUNDS or not known:
        return ()
    far = distances([sound], _pronounced(known))[0]
    most = min(1.5, NEAR * len(sound))
    return tuple(
        other for other, cost in zip(known, far, strict=True) if cost <= most and other != word
    )


@lru_cache(maxsize=4)
def _pronounced(known: tuple[str, ...]) -> list[str]:
    return [pronounced(word) for word in known]


def _drawn(counts: Mapping[str, int], generator: random.Random) -> str:
    return generator.choices(list(counts), list(counts.values()))[0]


def _shape(number: Sequence[Word]) -> str:
    """The number's kind: "99999", "99 dollars", "9 th"."""
    digits = sum(word.said.isdigit() for word in number)
    return " ".join(["9" * digits, *(word.said for word in number[digits:])])


def _notations(
    heard_text: str,
    said: Sequence[Word],
    got: Sequence[Word],
    steps: Sequence[Step],
) -> Iterator[tuple[str, str]]:
    """The shape of each number heard right, and how it was written; "" where in words."""
    partner = {i: j for i, j in steps if i is not None and j is not None}
    heard_runs = {run.start: run for run in numbers(got)}
    for run in numbers(said):
        other = heard_runs.get(partner.get(run.start, -1), range(0))
        number = got[other.start : other.stop]
        if [word.said for word in said[run.start : run.stop]] != [word.said for word in number]:
            continue
        start, end = _span(number)
        written = heard_text[start:end]
        digits = sum(letter.isdigit() for letter in written)
        pattern = "".join("9" if letter.isdigit() else letter for letter in written)
        shape = _shape(number)
        yield shape, pattern.lower() if digits == shape.count("9") else ""


def _filled(pattern: str, number: Sequence[Word]) -> str:
    """The pattern with the digits of the number in place of its nines."""
    digits = [word.said for word in number if word.said.isdigit()]
    left = iter(digits)
    filled = "".join(next(left) if letter == "9" else letter for letter in pattern)
    if number[-1].said != ORDINAL:
        return filled
    teen = len(digits) > 1 and digits[-2] == "1"
    ending = "th" if teen else {"1": "st", "2": "nd", "3": "rd"}.get(digits[-1], "th")
    return filled[:-2] + ending


def _written(text: str, stretch: Sequence[Word], other: str) -> str:
    """Heard words as they stand in a text in place of a stretch of it."""
    start, end = _span(stretch)
    figures = text[start:end].isdigit()
    words = other.split()
    if not figures:
        words = [ONES[int(word)] if word.isdigit() else word for word in words]
    said = _cased(("" if figures else " ").join(words))
    if said and (not text[start].isalnum() or (figures and not said.isdigit())):
        return f" {said} "  # in the middle of an address or a number
    return said[:1].upper() + said[1:] if text[start].isupper() else said


def _cased(said: str) -> str:
    """The pronoun "I" is a capital."""
    return " ".join(
        word.capitalize() if word.partition("'")[0] == "i" else word for word in said.split()
    )


@dataclass(frozen=True, slots=True)
class _Edit:
    """`text[start:end]` becomes `text`."""

    start: int
    end: int
    text: str


def _span(words: Sequence[Word]) -> tuple[int, int]:
    return min(word.start for word in words), max(word.end for word in words)


def _movable(words: Sequence[Word], at: int, size: int, marks: Sequence[Mark]) -> bool:
    """Whether a stretch is written apart from all other words and crosses no mark's edge."""
    stretch = words[at : at + size]
    start, end = _span(stretch)
    others = (*words[max(at - 1, 0) : at], *words[at + size : at + size + 1])
    apart = all(word.end <= start or word.start >= end for word in others)
    return apart and all(
        (mark.start <= start and end <= mark.end) or end <= mark.start or start >= mark.end
        for mark in marks
    )


def _edited(example: Example, edits: Sequence[_Edit]) -> Example:
    """Make edits that do not overlap and cross no mark's edge; the marks move along."""
    text, marks = example.text, list(example.marks)
    for edit in sorted(edits, key=lambda edit: -edit.start):
        text, marks = _replaced(text, marks, edit)
    kept = (_trimmed(text, mark) for mark in marks)
    lead = len(text) - len(text.lstrip())
    return replace(
        example,
        text=text.strip(),
        marks=tuple(Mark(m.name, m.start - lead, m.end - lead) for m in kept if m.end > m.start),
    )


def _replaced(text: str, marks: Sequence[Mark], edit: _Edit) -> tuple[str, list[Mark]]:
    start, end = edit.start, edit.end
    if not edit.text:
        end = _GAP.match(text, end).end()  # type: ignore[union-attr]  # it matches nothing, too
        if end == edit.end:
            start = len(text[:start].rstrip(" ,;:-"))
    grown = len(edit.text) - (end - start)

    def moved(at: int, begins: bool) -> int:
        if at >= end and not (at == start and not begins):
            return at + grown
        return at if at <= start else start + len(edit.text)

    moving = [
        Mark(
            m.name, m.start if m.start == start < end else moved(m.start, True), moved(m.end, False)
        )
        for m in marks
    ]
    return text[:start] + edit.text + text[end:], moving


def _trimmed(text: str, mark: Mark) -> Mark:
    """The mark without blanks and commas at its ends; empty where it has no word."""
    said = text[mark.start : mark.end]
    start = mark.start + len(said) - len(said.lstrip(" ,;:-"))
    bare = said.strip(" ,;:-")
    return Mark(mark.name, start, start + len(bare) * any(letter.isalnum() for letter in bare))
