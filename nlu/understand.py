"""What a sentence means: the types, and the protocol that every understanding engine meets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

OUT_OF_SCOPE = "out_of_scope"
YES_NO = "yes_no"  # what `Context.waiting_for` holds after a yes/no question


@dataclass(frozen=True, slots=True)
class Slot:
    """A piece of information in the text: `text[start:end]` as spoken, and its normalised value.

    Values are plain strings: digits for numbers ("15213"), ISO 8601 for dates and times, a decimal
    and currency code for money ("42.50 USD"), the canonical name for catalogue entries.
    """

    name: str
    text: str
    value: str
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Sentiment:
    """`label` is negative, neutral or positive; `score` runs from -1 to 1."""

    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Understanding:
    """`intent` is the most likely one, or `OUT_OF_SCOPE`; confidences are calibrated, 0 to 1.

    `text` is what the slots stand in: of several ways in which it was heard, the likeliest, or the
    likeliest that has whole what that one leaves unread.
    `ranking` lists (intent, probability) with the most likely first. `more` are further intents of
    the same breath ("cancel it, and when are you open?"). `maybe` are the two that it could be,
    where neither is sure enough to act upon without asking "did you mean …". `unread` are the
    slots that were spoken of without a value that can be read, or without the whole of it.
    """

    text: str
    intent: str
    confidence: float
    slots: tuple[Slot, ...]
    sentiment: Sentiment
    ranking: tuple[tuple[str, float], ...] = ()
    more: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def intents(self) -> tuple[str, ...]:
        """All intents of the breath."""
        return (self.intent, *self.more)


@dataclass(frozen=True, slots=True)
class Alternative:
    """What may have been said, and how likely the recogniser finds it (0 to 1), if it says so.

    The name is that of the Web Speech API; any recogniser's n-best list will do.
    """

    text: str
    confidence: float | None = None


# Ask the recogniser what else may have been said, what it took for said among it; costly. Blocking.
LookAgain = Callable[[], tuple[Alternative, ...]]


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the text.

    `waiting_for` is the slot that the dialogue asked for, `YES_NO` after a yes/no question, or ""
    for none. `heard` are all the ways in which the recogniser heard the text, where it doubts.
    `spoken` text comes from a recogniser, else it was written or keyed in, and stands as it is;
    `confidence` is the recogniser's, if it says so.
    """

    waiting_for: str = ""
    heard: tuple[Alternative, ...] = ()
    spoken: bool = True
    confidence: float = 0.0


class Nlu(Protocol):
    """An engine; safe to use from several worker threads at once."""

    def understand(self, text: str, context: Context) -> Understanding:
        """Blocking: a few milliseconds of inference. The caller runs it in a worker thread."""
        ...
