"""The passage that answers a question: by what its sentences mean and which words they have."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dialogue.knowledge.keywords import Keywords, Shares
from dialogue.knowledge.passages import Passage
from dialogue.knowledge.vectors import Nearest, nearness_of
from nlu.sentences import Encode, Vectors

# Fitted on the development questions of tests/dialogue/questions.yaml, by
# `python -m tests.bench.knowledge --fit`: how likely a passage is right, by its score and its lead.
PER_SCORE, PER_LEAD, AT_NOTHING = 7.5, 4.2, -4.6

LOOKED_AT = 50  # sentences by meaning, and passages by words, that are weighed against each other
EXTRACT = 2  # sentences that are read out of a document, at most
ALSO_NEAR = 0.08  # cosine below the best sentence's: the second one is read out too


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much; the shares of BM25 are between 0 and 1, as cosines are."""

    meaning: float = 1.0
    words: float = 0.3  # chosen on the development questions, like the thresholds


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage, how well it fits the question, and what of it to read out.

    `confidence` is the probability that it answers; `score` tells how it compares with others.
    """

    passage: Passage
    score: float
    meaning: float  # cosine of its nearest sentence
    words: float  # share of BM25
    extract: str = ""
    confidence: float = 0.0


class Retrieval:
    """Passages, each found by its title, other wordings and sentences. Safe from any thread."""

    def __init__(
        self,
        passages: Sequence[Passage],
        encode: Encode,
        key: str = "",
        weights: Weights | None = None,
    ) -> None:
        self._passages = tuple(passages)
        self._weights = weights or Weights()
        self._numbers = {one.source: number for number, one in enumerate(self._passages)}
        owned = [list(_wordings(passage)) for passage in self._passages]
        self._owners = [owner for owner, texts in enumerate(owned) for _ in texts]
        ends = np.cumsum([len(texts) for texts in owned], dtype=np.int64)
        self._spans = [
            (int(end) - len(texts), int(end)) for end, texts in zip(ends, owned, strict=True)
        ]
        self._nearest = Nearest([text for texts in owned for text in texts], encode, key)
        self._keywords = Keywords([" ".join(texts) for texts in owned])

    def rank(self, question: str, vector: Vectors, count: int = 5) -> list[Ranked]:
        """Return the best passages for a question and its vector, the best first."""
        if not self._passages:
            return []
        shares = self._keywords.shares(question)
        by_words = np.argpartition(-shares, min(LOOKED_AT, len(shares)) - 1)[:LOOKED_AT]
        by_meaning = [self._owners[unit] for unit in self._nearest.search(vector, LOOKED_AT)]
        numbers = dict.fromkeys([*by_meaning, *(int(n) for n in by_words if shares[n] > 0)])
        ranked = self._weigh(list(numbers), vector, shares)
        ranked.sort(key=lambda one: -one.score)
        best, second = [*(one.score for one in ranked[:2]), 0.0][:2]
        rivals = [second, *[best] * (count - 1)]
        return [
            replace(
                one,
                extract=self._extract(one.passage, vector),
                confidence=_confidence(one.score, one.score - rival),
            )
            for one, rival in zip(ranked, rivals, strict=False)
        ]

    def _weigh(self, numbers: Sequence[int], vector: Vectors, shares: Shares) -> list[Ranked]:
        spans = [self._spans[number] for number in numbers]
        units = np.concatenate([np.arange(start, end) for start, end in spans])
        starts = np.cumsum([0, *(end - start for start, end in spans[:-1])])
        nearness = nearness_of(self._nearest.vectors[units], vector)
        meanings = np.maximum.reduceat(nearness, starts)
        return [
            self._weighed(number, float(meaning), float(shares[number]))
            for number, meaning in zip(numbers, meanings, strict=True)
        ]

    def _weighed(self, number: int, meaning: float, share: float) -> Ranked:
        score = self._weights.meaning * meaning + self._weights.words * share
        return Ranked(self._passages[number], score, meaning, share)

    def _extract(self, passage: Passage, vector: Vectors) -> str:
        """Return the sentences that answer, in their order."""
        if passage.whole:
            return passage.text
        said = passage.sentences
        _, end = self._spans[self._numbers[passage.source]]
        nearness = nearness_of(self._nearest.vectors[end - 2 * len(said) : end], vector)
        own = nearness.reshape(2, -1).max(axis=0)
        kept = sorted(np.argsort(-own, kind="stable")[:EXTRACT])
        return " ".join(said[n] for n in kept if own[n] >= own.max() - ALSO_NEAR)


def _confidence(score: float, lead: float) -> float:
    return 1 / (1 + math.exp(-(PER_SCORE * score + PER_LEAD * lead + AT_NOTHING)))


def _wordings(passage: Passage) -> tuple[str, ...]:
    if passage.whole:
        return (passage.title, *passage.also, passage.text)
    said = passage.sentences
    titled = (f"{passage.title}. {sentence}" for sentence in said)
    return (*(passage.also or (passage.title,)), passage.text, *said, *titled)
