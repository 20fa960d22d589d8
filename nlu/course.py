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

    from nlu.model import JointBert

IGNORE = -100  # a label that teaches and counts nothing (torch's own number for it)


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """How to train. The defaults suit some hundred examples on two CPU cores."""

    seed: int = 7
    epochs: int = 9  # at most; the shipped assistant took 8, and held a tenth back
    patience: int = 4  # epochs without a better development score before it stops
    batch: int = 32  # utterances
    rank: int = 32  # of the LoRA adapter; 0 trains the whole encoder (and ships all of it)
    adapter_rate: float = 1e-3  # peak learning rate of the adapter (or of the whole encoder)
    head_rate: float = 1e-2  # peak learning rate of the heads
    layer_decay: float = 1.0  # of the learning rate, a layer, from the top down; whole encoder only
    freeze: int = 0  # lowest layers of the encoder that do not learn; whole encoder only
    dropout: float = 0.1
    standardise: bool = (
        False  # what the encoder gives; chosen by the encoder, see nlu.model.Standard
    )
    smoothing: float = 0.1  # of intent and sentiment labels: some could mean another thing too
    balance: float = 0.0  # 0: each example counts the same, 1: each intent does
    several: float = 1.0  # weight of the head that tells several intents in one breath
    joined: float = 0.3  # examples said two in a breath, a share of all, drawn anew in each epoch
    outliers: float = 0.0  # mixtures of two intents taught as out of scope, a share of the batch
    contrast: float = 0.0  # weight of drawing an intent's sentences together, in batches of pairs
    adversarial: float = 0.0  # length of the step against the embeddings (FGM); doubles the time
    teachers: int = 0  # trained first, with other seeds, and followed by the model
    distill: float = 0.5  # share of the loss that follows the teachers, where there are any
    development: float = 0.2  # share of the examples held back to stop, calibrate and report
    false_rejects: float = 0.05  # share of in-scope utterances that the threshold may refuse
    wrong: float = 0.03  # share of what is in scope and not asked about that may be misunderstood
    false_alarms: float = 0.01  # share of single intents in which a second one may be heard
    threads: int = 2  # CPU threads
    device: str = "auto"  # auto, cpu or cuda
    precision: str = "no"  # no (32 bits), bf16 or fp16; on a GPU
    augment: bool = True  # vary values, punctuation and fillers anew in each epoch
    mishear: float = 0.3  # share of the examples in which words are misheard, as Whisper does
    swap: float = 0.0  # without `augment`: share of the slot values exchanged for another example's


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
        """What early stopping watches; there are few examples of sentiment, so it counts less."""
        return (2 * self.intent_accuracy + 2 * self.slot_f1 + self.sentiment_accuracy) / 5


@dataclass(frozen=True, slots=True)
class Taught:
    """What teachers answered to one row: logits (intents,), (intents,), (pieces, labels)."""

    intent: Floats
    intents: Floats
    slots: Floats


@dataclass(frozen=True, slots=True)
class Row:
    """One utterance as numbers: the columns of its intents, a slot label a piece, its sentiment.

    Slot labels stand on the first piece of each word; `IGNORE` is on the others, and everywhere if
    the utterance `says` nothing of intents and slots. The sentiment is `IGNORE` where unknown.
    """

    tokens: Tokens
    says: bool
    intents: tuple[int, ...]
    slots: tuple[int, ...]
    sentiment: int
    taught: Taught | None = None

    @property
    def intent(self) -> int:
        """The only intent's column, or `IGNORE`."""
        return self.intents[0] if len(self.intents) == 1 else IGNORE


@dataclass(frozen=True, slots=True)
class Outputs:
    """A model's logits for some rows.

    Shapes: (n, intents) twice, for one of them and for any; n times (pieces, labels);
    (n, sentiments). `transitions` are the CRF's: (labels,), (labels,), (labels, labels).
    """

    rows: Sequence[Row]
    intent: Floats
    several: Floats
    slots: Sequence[Floats]
    sentiment: Floats
    transitions: tuple[Floats, Floats, Floats]

    def intents(self) -> tuple[Floats, Ints]:
        """Logits and labels of the rows that have one intent."""
        labels = np.array([row.intent for row in self.rows])
        return self.intent[labels != IGNORE], labels[labels != IGNORE]

    def any_intents(self) -> tuple[Floats, Floats, Ints]:
        """Logits for any and for one intent, and multi-hot labels, of the rows that say intents.

        All are (n, intents).
        """
        of = [i for i, row in enumerate(self.rows) if row.says]
        labels = np.zeros((len(of), self.several.shape[1]), dtype=int)
        for at, i in enumerate(of):
            labels[at, list(self.rows[i].intents)] = 1
        return self.several[of], self.intent[of], labels

    def sentiments(self) -> tuple[Floats, Ints]:
        """Logits and labels of the rows that have a sentiment."""
        labels = np.array([row.sentiment for row in self.rows])
        return self.sentiment[labels != IGNORE], labels[labels != IGNORE]

    def words(self) -> list[tuple[Floats, Ints]]:
        """For each row that has slot labels, the logits and labels of its words."""
        return [
            (logits[list(row.tokens.firsts)], np.array([row.slots[i] for i in row.tokens.firsts]))
            for row, logits in zip(self.rows, self.slots, strict=True)
            if row.says and row.tokens.firsts
        ]


@dataclass(frozen=True, slots=True)
class Course:
    """What is to be taught, and what is held back to see how well."""

    labels: Labels
    tokenizer: "Tokenizer"
    taught: Sequence[Example]
    held: Sequence[Example]
    teachers: "Sequence[JointBert]" = ()  # followed besides the examples

    def row(self, example: Example) -> Row:
        """Number one example."""
        return make_row(example, self.labels, self.tokenizer)


def make_row(example: Example, labels: Labels, tokenizer: "Tokenizer") -> Row:
    """Number one example."""
    tokens = tokenize(tokenizer, example.text)
    slots = [IGNORE] * len(tokens.ids)
    if example.says:
        for at, label in zip(tokens.firsts, to_bio(tokens, example.marks), strict=True):
            slots[at] = labels.slot_labels.index(label)
    return Row(
        tokens,
        example.says,
        tuple(labels.intents.index(intent) for intent in example.intents),
        tuple(slots),
        labels.sentiments.index(example.sentiment) if example.sentiment else IGNORE,
    )
