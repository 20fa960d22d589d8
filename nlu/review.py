"""Say in plain words where an assistant's examples are weak, and which to add."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nlu.calibration import Floats
from nlu.dataset import Example, Intents
from nlu.understand import OUT_OF_SCOPE

FEW = 10  # examples of an intent, below which more help
FEW_VALUES = 8  # different values of a slot
WEAK = 0.85  # share of an intent's held-back examples that should be understood
NEAR = 0.80  # cosine of two sentences that say about the same
SHOWN = 2  # examples quoted with a remark


@dataclass(frozen=True, slots=True)
class Misread:
    """A held-back example and what it was taken for."""

    example: Example
    taken_for: str


def review(
    intents: Intents, vectors: Floats, held: Sequence[Example], misread: Sequence[Misread]
) -> list[str]:
    """Give remarks, the most pressing first.

    `vectors` (examples, dimensions) are the untrained encoder's, of length 1, in the order of
    `intents.examples`; `held` was kept from training, `misread` are the wrong ones among it.
    """
    return [
        *_overlaps(intents.examples, vectors, misread),
        *_weak(held, misread),
        *_few(intents),
    ]


def _overlaps(
    examples: Sequence[Example], vectors: Floats, misread: Sequence[Misread]
) -> list[str]:
    """Pairs of intents that say nearly the same, or are taken for each other more than once."""
    labels = np.array([example.intent for example in examples])
    near = np.triu(vectors @ vectors.T, 1) >= NEAR
    near &= labels[:, None] != labels[None, :]
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one, other in np.argwhere(near):
        first, second = examples[one], examples[other]
        key = (min(first.intent, second.intent), max(first.intent, second.intent))
        pairs[key].append(
            f"“{first.text}” (line {first.line}, {first.intent}) is much like "
            f"“{second.text}” (line {second.line}, {second.intent})"
        )
    mistaken = Counter(
        (min(m.example.intent, m.taken_for), max(m.example.intent, m.taken_for)) for m in misread
    )
    remarks = []
    for pair in sorted(
        set(pairs) | set(mistaken), key=lambda p: -(mistaken[p] * 3 + len(pairs[p]))
    ):
        if mistaken[pair] < 2 and not (mistaken[pair] and pairs[pair]):
            continue
        quoted = "; ".join(pairs[pair][:SHOWN])
        remarks.append(
            f"{pair[0]} and {pair[1]} overlap: {mistaken[pair]} held back were taken for the other"
            + (f". {quoted}" if quoted else "")
            + ". Add examples to both that only one of them could mean, or make them one intent."
        )
    return remarks


def _weak(held: Sequence[Example], misread: Sequence[Misread]) -> list[str]:
    of = Counter(e.intent for e in held if e.intent and not e.more)
    wrong: dict[str, list[Misread]] = defaultdict(list)
    for one in misread:
        wrong[one.example.intent].append(one)
    remarks = []
    for intent, mistakes in sorted(wrong.items(), key=lambda item: -len(item[1]) / of[item[0]]):
        if 1 - len(mistakes) / of[intent] >= WEAK or intent == OUT_OF_SCOPE or len(mistakes) < 2:
            continue
        quoted = ", ".join(
            f"“{m.example.text}” (line {m.example.line}, taken for {m.taken_for})"
            for m in mistakes[:SHOWN]
        )
        remarks.append(
            f"{intent} is weak: {len(mistakes)} of {of[intent]} held back were misread, such as"
            f" {quoted}. Add some five more that say each of these in other words."
        )
    return remarks


def _few(intents: Intents) -> list[str]:
    remarks = []
    counts = Counter(example.intent for example in intents.examples)
    for name in intents.names:
        if counts[name] < FEW:
            remarks.append(
                f"{name} has only {counts[name]} examples: add {FEW - counts[name]} or more, each"
                " with other verbs and another beginning."
            )
    if OUT_OF_SCOPE not in intents.names:
        remarks.append(
            "Nothing is out of scope: add `out_of_scope:` with some thirty things that callers ask"
            " and you cannot help with, or they will be taken for something else."
        )
    values: dict[str, set[str]] = defaultdict(set)
    for example in intents.examples:
        for mark in example.marks:
            values[mark.name].add(example.text[mark.start : mark.end].lower())
    for slot in intents.slots:
        if slot.kind in {"text", "name"} and len(values[slot.name]) < FEW_VALUES:
            remarks.append(
                f"The slot {slot.name} has {len(values[slot.name])} different values in the"
                f" examples: mark at least {FEW_VALUES}, short and long ones."
            )
        elif not values[slot.name]:
            remarks.append(f"The slot {slot.name} is in no example: mark it in some.")
    return remarks
