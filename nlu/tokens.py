"""Text to word pieces and BIO labels, and back. One tokenizer serves training and calls."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from nlu.dataset import Mark

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAX_TOKENS = 128  # a caller's turn; what is longer is cut

_IN_USE: "WeakValueDictionary[bytes, Tokenizer]" = WeakValueDictionary()  # by their files' SHA-256
_LOADING = Lock()


@dataclass(frozen=True, slots=True)
class Tokens:
    """`ids` of the word pieces with [CLS] and [SEP]; `firsts[i]` is where word i begins in `ids`.

    `spans[i]` is where word i stands in the text, (start, end) in characters. A word is what the
    tokenizer takes for one: "1-5" is three.
    """

    ids: tuple[int, ...]
    firsts: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]


def load_tokenizer(path: Path) -> "Tokenizer":
    """Load a tokenizer.json; safe to use from several threads.

    Whoever loads the same again gets the one in use: 250,000 words take a quarter of a gigabyte.
    """
    from tokenizers import Tokenizer

    content = path.read_bytes()
    key = hashlib.sha256(content).digest()
    with _LOADING:
        tokenizer = _IN_USE.get(key)
        if tokenizer is None:
            tokenizer = _IN_USE[key] = Tokenizer.from_buffer(content)
            tokenizer.no_padding()
            tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer


def tokenize(tokenizer: "Tokenizer", text: str) -> Tokens:
    """Split one utterance."""
    encoding = tokenizer.encode(text)
    firsts: list[int] = []
    spans: list[tuple[int, int]] = []
    last = None
    for at, (word, (start, end)) in enumerate(
        zip(encoding.word_ids, encoding.offsets, strict=True)
    ):
        if word is None:
            continue
        if word == last:
            spans[-1] = (spans[-1][0], end)
        else:
            blank = len(text[start:end]) - len(text[start:end].lstrip())  # SentencePiece's
            firsts.append(at)
            spans.append((start + blank, end))
        last = word
    return Tokens(tuple(encoding.ids), tuple(firsts), tuple(spans))


def bio_labels(slots: Sequence[str]) -> tuple[str, ...]:
    """Name the labels: O, then B- and I- of each slot."""
    return ("O", *(f"{part}-{slot}" for slot in slots for part in "BI"))


def to_bio(tokens: Tokens, marks: Sequence[Mark]) -> list[str]:
    """Label each word."""
    labels = ["O"] * len(tokens.spans)
    for mark in marks:
        inside = [
            i
            for i, (start, end) in enumerate(tokens.spans)
            if start < mark.end and end > mark.start
        ]
        for rank, i in enumerate(inside):
            labels[i] = f"{'I' if rank else 'B'}-{mark.name}"
    return labels
