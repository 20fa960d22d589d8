"""From probabilities to meaning: the intent, slots with values, what is expected. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from nlu.calibration import Floats
from nlu.dataset import SlotType
from nlu.tokens import Tokens
from nlu.understand import OUT_OF_SCOPE, YES_NO, Sentiment, Slot
from nlu.values import find, read

# Assumptions, not measured: half of the answers to a yes/no question are a yes or a no, and a value
# that has the form asked for is what was asked for.
YES_NO_SHARE = 0.5
FORM_CONFIDENCE = 0.95

_YES_NO_INTENTS = ("affirm", "deny")


@dataclass(frozen=True, slots=True)
class Labels:
    """What the columns of the three heads stand for, and the assistant's slots by name."""

    intents: tuple[str, ...]
    slot_labels: tuple[str, ...]
    sentiments: tuple[str, ...]
    slots: dict[str, SlotType]


def rank_intents(
    probabilities: Floats, labels: Labels, waiting_for: str
) -> list[tuple[str, float]]:
    """Return (intent, probability), the most likely first, from probabilities (intents,).

    After a yes/no question Bayes' rule moves the model's answer, learned on about as many examples
    of each intent, to what is then expected.
    """
    if waiting_for == YES_NO and set(_YES_NO_INTENTS) < set(labels.intents):
        expected = np.array([intent in _YES_NO_INTENTS for intent in labels.intents])
        prior = np.where(
            expected, YES_NO_SHARE / expected.sum(), (1 - YES_NO_SHARE) / (~expected).sum()
        )
        probabilities = probabilities * prior / (probabilities * prior).sum()
    order = np.argsort(-probabilities, kind="stable")
    return [(labels.intents[i], float(probabilities[i])) for i in order]


def decide(ranking: Sequence[tuple[str, float]], threshold: float) -> tuple[str, float]:
    """Choose the intent; out of scope has for confidence the doubt in the best that is in scope."""
    intent, probability = ranking[0]
    if intent != OUT_OF_SCOPE and probability >= threshold:
        return intent, probability
    return OUT_OF_SCOPE, 1 - max((p for name, p in ranking if name != OUT_OF_SCOPE), default=0.0)


def read_sentiment(probabilities: Floats, labels: Labels) -> Sentiment:
    """Take the likeliest label; the score is P(positive) - P(negative)."""
    of = dict(zip(labels.sentiments, map(float, probabilities), strict=True))
    return Sentiment(max(of, key=lambda label: of[label]), of["positive"] - of["negative"])


def tagged_slots(
    text: str, tokens: Tokens, probabilities: Floats, labels: Labels, today: date
) -> list[Slot]:
    """Read the slots the tagger sees, from probabilities (words, labels); none without a value."""
    slots = []
    for name, first, last in spans(best_labels(probabilities, labels.slot_labels)):
        start, end = tokens.spans[first][0], tokens.spans[last - 1][1]
        kind = labels.slots[name]
        value = read(kind.kind, text[start:end], today, kind.length)
        if value is not None:
            of_slot = [labels.slot_labels.index(f"{part}-{name}") for part in "BI"]
            confidence = float(probabilities[first:last, of_slot].sum(-1).min())
            slots.append(Slot(name, text[start:end], value, start, end, confidence))
    return slots


def best_labels(probabilities: Floats, names: Sequence[str]) -> list[str]:
    """Choose the likeliest labels that make whole spans (Viterbi): I-x after B-x or I-x alone."""
    if not len(probabilities):
        return []
    forbidden = np.array(
        [[name[:1] == "I" and before[2:] != name[2:] for name in names] for before in names]
    )
    step = np.where(forbidden, -np.inf, 0.0)  # (label before, label)
    scores = np.log(probabilities + 1e-12)
    total = scores[0] + np.array([-np.inf if name[:1] == "I" else 0.0 for name in names])
    came_from = []
    for word in scores[1:]:
        paths = total[:, None] + step
        came_from.append(paths.argmax(0))
        total = paths.max(0) + word
    label = int(total.argmax())
    path = [label]
    for before in reversed(came_from):
        label = int(before[label])
        path.append(label)
    return [names[i] for i in reversed(path)]


def spans(labels: Sequence[str]) -> list[tuple[str, int, int]]:
    """Read (slot, first word, last word + 1) off BIO labels; one slot's neighbours are one span."""
    found: list[tuple[str, int, int]] = []
    for i, label in enumerate(labels):
        slot = label[2:]
        if not slot:
            continue
        if found and found[-1][0] == slot and found[-1][2] == i:
            found[-1] = (slot, found[-1][1], i + 1)
        else:
            found.append((slot, i, i + 1))
    return found


def expected_slots(
    text: str, slots: Sequence[Slot], labels: Labels, waiting_for: str, today: date
) -> list[Slot]:
    """Add the value the dialogue waits for where the tagger missed it but its form is there.

    A bare number as long as one of the assistant's numbers needs no question before it.
    """
    awaited = labels.slots.get(waiting_for) or _bare_number(text, labels)
    if awaited is None or any(
        slot.name == awaited.name and _whole(slot, awaited) for slot in slots
    ):
        return list(slots)
    found = find(awaited.kind, text, today, awaited.length)
    if found is None:
        return list(slots)
    filled = Slot(
        awaited.name, text[found.start : found.end], found.value, found.start, found.end,
        FORM_CONFIDENCE,
    )  # fmt: skip
    others = [
        slot
        for slot in slots
        if slot.name != awaited.name and (slot.end <= found.start or slot.start >= found.end)
    ]
    return sorted([*others, filled], key=lambda slot: slot.start)


def _whole(slot: Slot, kind: SlotType) -> bool:
    return kind.length is None or len(slot.value) == kind.length


def _bare_number(text: str, labels: Labels) -> SlotType | None:
    for slot in labels.slots.values():
        if slot.kind == "digits" and slot.length:
            found = find("digits", text, date.min, slot.length)
            if found and not any(map(str.isalnum, text[: found.start] + text[found.end :])):
                return slot
    return None
