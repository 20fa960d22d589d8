"""From probabilities to meaning: the intent, slots with values, what is expected. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from nlu.calibration import Floats
from nlu.dataset import SlotType
from nlu.language import reader_of
from nlu.numbers import Found, heard_once, takes_back
from nlu.tokens import Tokens
from nlu.understand import OUT_OF_SCOPE, YES_NO, Context, Sentiment, Slot

# Assumptions, not measured: half of the answers to a yes/no question are a yes or a no, and a value
# that has the form asked for is what was asked for.
YES_NO_SHARE = 0.5
FORM_CONFIDENCE = 0.95

_NEVER = -1e4  # the score of what must not be
YES_NO_INTENTS = ("affirm", "deny")


Transitions = tuple[Floats, Floats, Floats]  # of a first, a last, a next label


@dataclass(frozen=True, slots=True)
class Chain:
    """Slot labels and the scores of one first, last, and after another; made once for all calls.

    What makes no whole span is out of the question: I-x stands after B-x or I-x alone.
    """

    names: tuple[str, ...]
    first: Floats  # (labels,)
    last: Floats  # (labels,)
    after: Floats  # (label, the next one)

    @classmethod
    def of(cls, names: Sequence[str], transitions: Transitions | None = None) -> "Chain":
        """Constrain the CRF's scores; without any, all that is possible is as likely."""
        count = len(names)
        nothing = (np.zeros(count), np.zeros(count), np.zeros((count, count)))
        first, last, after = transitions or nothing
        inside = np.array([name[:1] == "I" for name in names])
        slots = np.array([name[2:] for name in names])
        torn = inside[None, :] & (slots[:, None] != slots[None, :])
        return cls(
            tuple(names), np.where(inside, _NEVER, first), last, np.where(torn, _NEVER, after)
        )


@dataclass(frozen=True, slots=True)
class Labels:
    """What the heads' columns stand for, the assistant's slots by name, what is said `alone`.

    Where no sentiment was taught there is one, neutral. The `language` says how values are read.
    """

    intents: tuple[str, ...]
    slot_labels: tuple[str, ...]
    sentiments: tuple[str, ...]
    slots: dict[str, SlotType]
    alone: tuple[str, ...] = (OUT_OF_SCOPE,)
    language: str = "en"


def rank_intents(
    probabilities: Floats, labels: Labels, waiting_for: str
) -> list[tuple[str, float]]:
    """Return (intent, probability), the most likely first, from probabilities (intents,).

    After a yes/no question Bayes' rule moves the model's answer, learned on about as many examples
    of each intent, to what is then expected.
    """
    if waiting_for == YES_NO and set(YES_NO_INTENTS) < set(labels.intents):
        expected = np.array([intent in YES_NO_INTENTS for intent in labels.intents])
        prior = np.where(
            expected, YES_NO_SHARE / expected.sum(), (1 - YES_NO_SHARE) / (~expected).sum()
        )
        probabilities = probabilities * prior / (probabilities * prior).sum()
    order = np.argsort(-probabilities, kind="stable")
    return [(labels.intents[i], float(probabilities[i])) for i in order]


def decide(ranking: Sequence[tuple[str, float]], threshold: float) -> tuple[str, float]:
    """Choose the likeliest intent in scope, or out of scope with the doubt in that one."""
    inside = [(name, p) for name, p in ranking if name != OUT_OF_SCOPE]
    intent, probability = inside[0] if inside else (OUT_OF_SCOPE, 0.0)
    if inside and probability >= threshold:
        return intent, probability
    return OUT_OF_SCOPE, 1 - probability


def further(logits: Floats, labels: Labels, intent: str, cut: float) -> tuple[str, ...]:
    """Name the further intents of the breath, likeliest first, from logits (intents,)."""
    if intent in labels.alone:
        return ()
    order = np.argsort(-logits, kind="stable")
    found = [labels.intents[i] for i in order if logits[i] > cut]
    return tuple(name for name in found if name not in {intent, *labels.alone})


def doubtful(ranking: Sequence[tuple[str, float]], intent: str, sure: float) -> tuple[str, ...]:
    """Name the two intents to ask about, where neither is sure but one of them very likely is."""
    inside = [(name, p) for name, p in ranking if name != OUT_OF_SCOPE][:2]
    if intent == OUT_OF_SCOPE or len(inside) < 2 or inside[0][1] >= sure:
        return ()
    return tuple(name for name, _ in inside) if sum(p for _, p in inside) >= sure else ()


def read_sentiment(probabilities: Floats, labels: Labels) -> Sentiment:
    """Take the likeliest label; the score is P(positive) - P(negative)."""
    of = dict(zip(labels.sentiments, map(float, probabilities), strict=True))
    return Sentiment(
        max(of, key=lambda label: of[label]), of.get("positive", 0.0) - of.get("negative", 0.0)
    )


@dataclass(frozen=True, slots=True)
class Span:
    """The words from `first` to before `last` fill a slot, as sure as the least sure of them."""

    slot: str
    first: int
    last: int
    confidence: float


def tagged(scores: Floats, chain: Chain, temperature: float = 1.0) -> list[Span]:
    """Find the slots in the tagger's logits (words, labels).

    The temperature divides the whole chain, so it moves the confidences and not the labels.
    """
    likeliest = spans(best_labels(scores, chain))
    if not likeliest:
        return []
    probabilities = label_probabilities(scores, chain, temperature)
    found = []
    for slot, first, last in likeliest:
        of_slot = [chain.names.index(f"{part}-{slot}") for part in "BI"]
        confidence = float(probabilities[first:last, of_slot].sum(-1).min())
        found.append(Span(slot, first, last, confidence))
    return found


def read_slots(
    text: str, tokens: Tokens, found: Sequence[Span], labels: Labels, today: date
) -> list[Slot]:
    """Normalise what the tagger found; what has no value is no slot."""
    values, slots = reader_of(labels.language), []
    for span in found:
        start, end = _place(span, tokens)
        kind = labels.slots[span.slot]
        value = values.read(kind.kind, text[start:end], today, kind.length)
        if value is not None:
            slots.append(Slot(span.slot, text[start:end], value, start, end, span.confidence))
    return slots


def as_heard_once(slots: Sequence[Slot], labels: Labels) -> list[Slot]:
    """Mend numbers in which a recogniser wrote a digit twice; see `nlu.numbers.heard_once`."""
    return [_as_heard_once(slot, labels.slots[slot.name]) for slot in slots]


def _as_heard_once(slot: Slot, kind: SlotType) -> Slot:
    if kind.kind != "digits" or kind.length is None:
        return slot
    return replace(slot, value=heard_once(slot.value, kind.length))


def unread(
    tokens: Tokens, found: Sequence[Span], slots: Sequence[Slot], labels: Labels
) -> tuple[str, ...]:
    """Name what the tagger found where no value could be read, or not the whole of one."""
    whole = [slot for slot in slots if is_whole(slot, labels.slots[slot.name])]
    missed: dict[str, None] = {}
    for span in found:
        start, end = _place(span, tokens)
        if not any(slot.start < end and start < slot.end for slot in whole):
            missed[span.slot] = None
    return tuple(missed)


def _place(span: Span, tokens: Tokens) -> tuple[int, int]:
    """Where it stands in the text."""
    return tokens.spans[span.first][0], tokens.spans[span.last - 1][1]


def best_labels(scores: Floats, chain: Chain) -> list[str]:
    """Choose the likeliest labels (Viterbi) by the tagger's logits (words, labels)."""
    if not len(scores):
        return []
    total = scores[0] + chain.first
    came_from = []
    for word in scores[1:]:
        paths = total[:, None] + chain.after
        came_from.append(paths.argmax(0))
        total = paths.max(0) + word
    label = int((total + chain.last).argmax())
    path = [label]
    for before in reversed(came_from):
        label = int(before[label])
        path.append(label)
    return [chain.names[i] for i in reversed(path)]


def label_probabilities(scores: Floats, chain: Chain, temperature: float = 1.0) -> Floats:
    """Give each word's probability of each label, its neighbours considered (forward-backward)."""
    chained = (chain.first, chain.last, chain.after)
    first, last, after = (of / temperature for of in chained)
    scores = scores / temperature
    forward: list[Floats] = [scores[0] + first]
    for word in scores[1:]:
        forward.append(_logsumexp(forward[-1][:, None] + after, 0) + word)
    backward: list[Floats] = [np.zeros(scores.shape[1]) + last]
    for word in scores[:0:-1]:
        backward.append(_logsumexp(after + (word + backward[-1])[None, :], 1))
    total = np.array(forward) + np.array(backward[::-1])
    probabilities: Floats = np.exp(total - _logsumexp(total, 1)[:, None])
    return probabilities


def _logsumexp(of: Floats, axis: int) -> Floats:
    top = of.max(axis, keepdims=True)
    total: Floats = np.log(np.exp(of - top).sum(axis)) + top.squeeze(axis)
    return total


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
    text: str, slots: Sequence[Slot], labels: Labels, context: Context, today: date
) -> list[Slot]:
    """Add the value the dialogue waits for where the tagger missed it but its form is there.

    A bare number as long as one of the assistant's numbers needs no question before it.
    """
    awaited = labels.slots.get(context.waiting_for) or _bare_number(text, labels)
    if awaited is None:
        return list(slots)
    there = [slot for slot in slots if slot.name == awaited.name and is_whole(slot, awaited)]
    reader = reader_of(labels.language)
    found = reader.find(awaited.kind, text, today, awaited.length)
    if found is None and context.spoken and awaited.kind == "digits" and awaited.length:
        found = _found_once(reader.find("digits", text, today, awaited.length + 1), awaited.length)
    if found is None or (there and not takes_back(text[there[-1].end : found.start])):
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


def _found_once(longer: Found | None, length: int) -> Found | None:
    """A number with one digit too many, mended; None where it cannot be."""
    value = heard_once(longer.value, length) if longer else ""
    return replace(longer, value=value) if longer and len(value) == length else None


def answers(slots: Sequence[Slot], labels: Labels, context: Context) -> bool:
    """Tell whether the slot that the dialogue asked for is there, whole."""
    awaited = labels.slots.get(context.waiting_for)
    return awaited is not None and any(
        slot.name == awaited.name and is_whole(slot, awaited) for slot in slots
    )


def is_whole(slot: Slot, kind: SlotType) -> bool:
    """Tell whether no character of it is missing, where its length is known."""
    return kind.length is None or len(slot.value) == kind.length


def _bare_number(text: str, labels: Labels) -> SlotType | None:
    for slot in labels.slots.values():
        if slot.kind == "digits" and slot.length:
            found = reader_of(labels.language).find("digits", text, date.min, slot.length)
            if found and not any(map(str.isalnum, text[: found.start] + text[found.end :])):
                return slot
    return None
