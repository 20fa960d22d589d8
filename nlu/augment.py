"""Say an example another way: how recognisers and callers vary what means the same."""

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from nlu import chinese_samples
from nlu.dataset import Example, Mark, SlotType
from nlu.samples import say
from nlu.tags import primary


@dataclass(frozen=True, slots=True)
class Manner:
    """How callers of a language talk; what is left empty does not vary.

    `gaps` stand after a filler, `joints` between two things said in a breath; `say` draws a value
    of a kind, "" where only the examples know any.
    """

    fillers: Sequence[str] = ()
    gaps: Sequence[str] = (" ",)
    joints: Sequence[str] = (", ", ". ")
    question: str = "?"
    stop: str = "."
    say: Callable[[str, int | None, random.Random], str] = lambda kind, length, generator: ""


ENGLISH = Manner(
    ("um", "uh", "er", "well", "so", "okay so", "hi", "yeah", "I mean", "you know"),
    (" ", ", "),
    (
        *(
            " and ",
            " and ",
            " and also ",
            " and then ",
            ", and ",
            ", oh and ",
            ". Also, ",
            ". And ",
        ),
        *(" but first ", ", plus ", " and another thing, ", ". ", ", "),
    ),
    say=say,
)
CHINESE = Manner(
    ("嗯", "呃", "那个", "就是", "你好", "喂", "请问一下", "是这样的", "我想说"),
    ("", "，", "，"),
    ("，", "，", "。", "，还有", "，另外", "，然后", "，顺便", "。对了，", "，再就是", "，同时"),
    "？",
    "。",
    chinese_samples.say,
)
_MANNERS = {"en": ENGLISH, "zh": CHINESE}
_ENDS = ".?!。？！ "
KEPT = 0.3  # share of slot values that stay as the example has them


def manner_of(language: str) -> Manner:
    """Give the manner of a language's callers, or one that varies little."""
    return _MANNERS.get(primary(language), Manner())


def slot_values(examples: Sequence[Example]) -> dict[str, list[str]]:
    """Collect what the examples put in each slot."""
    values: dict[str, list[str]] = {}
    for example in examples:
        for mark in example.marks:
            values.setdefault(mark.name, []).append(example.text[mark.start : mark.end])
    return values


def vary(
    example: Example,
    slots: Mapping[str, SlotType],
    values: Mapping[str, Sequence[str]],
    generator: random.Random,
    manner: Manner = ENGLISH,
) -> Example:
    """Draw one variant: other values in the slots, other punctuation, perhaps a filler."""
    for mark in reversed(example.marks):
        if generator.random() < KEPT:
            continue
        slot = slots[mark.name]
        said = manner.say(slot.kind, slot.length, generator) or generator.choice(values[mark.name])
        example = _refill(example, mark, said)
    if generator.random() < 0.5:
        example = _repunctuate(example, generator, manner)
    if generator.random() < 0.15 and manner.fillers:
        filler = generator.choice(manner.fillers) + generator.choice(manner.gaps)
        example = _prefix(example, filler)
    return example


def swap(
    example: Example,
    values: Mapping[str, Sequence[str]],
    share: float,
    generator: random.Random,
) -> Example:
    """Exchange a share of the slot values for ones that other examples have in that slot."""
    for mark in reversed(example.marks):
        if generator.random() < share:
            example = _refill(example, mark, generator.choice(values[mark.name]))
    return example


def join(parts: Sequence[Example], joints: Sequence[str]) -> Example:
    """Say several examples in one breath; `joints` stand between them."""
    first, *others = parts
    text, marks, intents = first.text, list(first.marks), list(first.intents)
    for joint, part in zip(joints, others, strict=True):
        offset = len(text) + len(joint)
        marks += [replace(m, start=m.start + offset, end=m.end + offset) for m in part.marks]
        intents += [intent for intent in part.intents if intent not in intents]
        text += joint + part.text
    return Example(text, intents[0], tuple(marks), more=tuple(intents[1:]))


def joined(
    examples: Sequence[Example],
    alone: Collection[str],
    count: int,
    generator: random.Random,
    manner: Manner = ENGLISH,
) -> list[Example]:
    """Draw so many breaths of two intents each, of those that are not said `alone`."""
    groups: dict[str, list[Example]] = {}
    for example in examples:
        if example.intent and not example.more and example.intent not in alone:
            groups.setdefault(example.intent, []).append(example)
    if len(groups) < 2:
        return []
    names = sorted(groups)
    made = []
    for _ in range(count):
        one, other = (generator.choice(groups[name]) for name in generator.sample(names, 2))
        joint = generator.choice(manner.joints)
        bare = one.text.rstrip(_ENDS)
        if all(mark.end <= len(bare) for mark in one.marks) and bare:
            one = replace(one, text=bare)
        if not joint.startswith("."):
            other = replace(other, text=other.text[:1].lower() + other.text[1:])
        made.append(join((one, other), (joint,)))
    return made


def _refill(example: Example, mark: Mark, value: str) -> Example:
    """Put another value where a mark is."""
    grown = len(value) - (mark.end - mark.start)
    marks = tuple(
        Mark(m.name, m.start, m.end + grown) if m == mark
        else Mark(m.name, m.start + grown, m.end + grown) if m.start >= mark.end
        else m
        for m in example.marks
    )  # fmt: skip
    text = example.text[: mark.start] + value + example.text[mark.end :]
    return replace(example, text=text, marks=marks)


def _prefix(example: Example, words: str) -> Example:
    marks = tuple(Mark(m.name, m.start + len(words), m.end + len(words)) for m in example.marks)
    return replace(example, text=words + example.text, marks=marks)


def _repunctuate(example: Example, generator: random.Random, manner: Manner) -> Example:
    """End with a full stop, with nothing, or (a question) with its mark."""
    bare = example.text.rstrip(_ENDS)
    if not bare or any(mark.end > len(bare) for mark in example.marks):
        return example
    asked = example.text.endswith(("?", "？"))
    ends = (manner.question, "", manner.stop) if asked else (manner.stop, "", "")
    return replace(example, text=bare + generator.choice(ends))
