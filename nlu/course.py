"""What training is given and tells: options, progress, and examples as numbers for the heads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nlu.calibration import Floats, Ints
from nlu.dataset import Example
from nlu.decode import Labels
from nlu.tokens import Tokens, to_bio, tokenize

if TYPE_CHECKING:
    from tokenizers import Tokenizer

IGNORE = -100  # a label that teaches and counts nothing (torch's own number for it)


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """How to train. The defaults suit some hundred examples on two CPU cores."""

    seed: int = 7
    epochs: int = 12  # at most
    patience: int = 4  # epochs without a better development score before it stops
    batch: int = 32  # utterances
    rank: int = 16  # of the LoRA adapter; 0 trains the whole encoder (and ships all of it)
    adapter_rate: float = 1e-3  # peak learning rate of the adapter (or of the whole encoder)
    head_rate: float = 1e-2  # peak learning rate of the heads
    dropout: float = 0.1
    development: float = 0.2  # share of the examples held back to stop, calibrate and report
    false_rejects: float = 0.02  # share of in-scope utterances that the threshold may refuse
    threads: int = 2  # CPU threads
    augment: bool = True  # vary digits, punctuation and fillers anew in each epoch


@dataclass(frozen=True, slots=True)
class Epoch:
    """How far training is, told after each epoch; scores are of the development split, 0 to 1."""

    number: int
    of: int
    loss: float
    intent_accuracy: float
    slot_f1: float
    sentiment_accuracy: float

    @property
    def score(self) -> float:
        """What early stopping watches."""
        return (self.intent_accuracy + self.slot_f1 + self.sentiment_accuracy) / 3


@dataclass(frozen=True, slots=True)
class Row:
    """One utterance; `intent` and `sentiment` are columns or `IGNORE`, `slots` one column a piece.

    Slot labels stand on the first piece of each word.
    """

    tokens: Tokens
    intent: int
    slots: tuple[int, ...]
    sentiment: int


@dataclass(frozen=True, slots=True)
class Outputs:
    """A model's logits for some rows: (n, intents), n times (pieces, labels), (n, sentiments)."""

    rows: Sequence[Row]
    intent: Floats
    slots: Sequence[Floats]
    sentiment: Floats

    def intents(self) -> tuple[Floats, Ints]:
        """Logits and labels of the rows that have an intent."""
        labels = np.array([row.intent for row in self.rows])
        return self.intent[labels != IGNORE], labels[labels != IGNORE]

    def sentiments(self) -> tuple[Floats, Ints]:
        """Logits and labels of the rows that have a sentiment."""
        labels = np.array([row.sentiment for row in self.rows])
        return self.sentiment[labels != IGNORE], labels[labels != IGNORE]

    def words(self) -> list[tuple[Floats, Ints]]:
        """For each row that has slot labels, the logits and labels of its words."""
        return [
            (logits[list(row.tokens.firsts)], np.array([row.slots[i] for i in row.tokens.firsts]))
            for row, logits in zip(self.rows, self.slots, strict=True)
            if row.intent != IGNORE and row.tokens.firsts
        ]


@dataclass(frozen=True, slots=True)
class Course:
    """What is to be taught, and what is held back to see how well."""

    labels: Labels
    tokenizer: "Tokenizer"
    taught: Sequence[Example]
    held: Sequence[Example]

    def row(self, example: Example) -> Row:
        """Number one example."""
        return make_row(example, self.labels, self.tokenizer)


def make_row(example: Example, labels: Labels, tokenizer: "Tokenizer") -> Row:
    """Number one example."""
    tokens = tokenize(tokenizer, example.text)
    slots = [IGNORE] * len(tokens.ids)
    if example.intent:
        for at, label in zip(tokens.firsts, to_bio(tokens, example.marks), strict=True):
            slots[at] = labels.slot_labels.index(label)
    return Row(
        tokens,
        labels.intents.index(example.intent) if example.intent else IGNORE,
        tuple(slots),
        labels.sentiments.index(example.sentiment) if example.sentiment else IGNORE,
    )
