"""A scripted language model, a guard that goes by the letter, and an encoder that goes by words."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
from anyio import sleep

from dialogue import LlmError
from dialogue.llm.guard import Finding, Verdict
from dialogue.llm.model import Message
from nlu.sentences import Vectors

DIMENSIONS = 512


@dataclass
class ScriptedLlm:
    """Says this, a word at a time; after so many words it fails, or hangs."""

    says: str
    fails_after: int | None = None
    hangs_after: int | None = None
    asked: list[Sequence[Message]] = field(default_factory=list)

    async def stream(self, messages: Sequence[Message]) -> AsyncGenerator[str]:
        """See `dialogue.llm.model.Llm`."""
        self.asked.append(messages)
        for number, word in enumerate(self.says.split(" ")):
            if number == self.fails_after:
                raise LlmError("the model broke, as the test asked")
            if number == self.hangs_after:
                await sleep(3600)
            yield f"{word} "


class LiteralGuard:
    """Supports what is written, letter for letter."""

    def judge(self, clause: str, passages: Sequence[str]) -> Verdict:
        """See `dialogue.llm.guard.Guard`."""
        found = any(clause.rstrip(".") in passage for passage in passages)
        return Verdict() if found else Verdict(Finding.MEANING, "not written")


def encode_words(sentences: Sequence[str]) -> Vectors:
    """Stand in for the encoder: a sentence is its words, each with a place of its own."""
    return np.array([_bag(sentence.lower().split()) for sentence in sentences], dtype=np.float32)


def _bag(words: Iterable[str]) -> Vectors:
    vector = np.zeros(DIMENSIONS, dtype=np.float32)
    for word in words:
        vector[crc32(word.strip(".,!?").encode()) % DIMENSIONS] += 1
    return vector / np.float32(np.linalg.norm(vector) or 1)
