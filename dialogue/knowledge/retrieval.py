"""The passage that answers a question: by what its sentences mean and which words they have."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dialogue.knowledge.keywords import Keywords
from dialogue.knowledge.passages import Passage
from dialogue.knowledge.vectors import Nearest, Numbers, nearness_of
from nlu.sentences import Encode, Vectors

# Fitted on the development questions of tests/dialogue/questions.yaml, by
# `python -m tests.bench.knowledge --fit`: how likely a passage is right, by its score and its lead.
PER_SCORE, PER_LEAD, AT_NOTHING = 7.5, 4.2, -4.6

LOOKED_AT = 50  # sentences by meaning, and passages by words, that are weighed against each other
EXTRACT = 2  # sentences that are read out of a document, at most
CLEAR_LEAD = 0.1  # of the share of BM25: no other passage was nearer by meaning, of 1620 examples
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
        self._sentences = [() if one.whole else one.sentences for one in self._passages]
        owned = [list(_wordings(passage)) for passage in self._passages]
        self._owners = [owner for owner, texts in enumerate(owned) for _ in texts]
        counts = np.array([len(texts) for texts in owned], np.intp)
        self._ends: Numbers = np.cumsum(counts)
        self._starts: Numbers = self._ends - counts
        self._nearest = Nearest([text for texts in owned for text in texts], encode, key)
        self._keywords = Keywords([" ".join(texts) for texts in owned])

    def rank(self, question: str, vector: Vectors, count: int = 5) -> list[Ranked]:
        """Return the best passages for a question and its vector, the best first."""
        if not self._passages:
            return []
        shares = self._keywords.shares(question)
        by_words = np.argpartition(-shares, min(LOOKED_AT, len(shares)) - 1)[:LOOKED_AT]
        by_meaning = [self._owners[unit] for unit in self._nearest.search(vector, LOOKED_AT)]
        numbers = np.array([*dict.fromkeys([*by_meaning, *by_words[shares[by_words] > 0]])])
        meanings = self._meanings(numbers, vector)
        scores = self._weights.meaning * meanings + self._weights.words * shares[numbers]
        order = np.argsort(-scores, kind="stable")[:count]
        best, second = [*(float(score) for score in scores[order[:2]]), 0.0][:2]
        rivals = [second, *[best] * (count - 1)]
        return [
            Ranked(
                self._passages[numbers[at]],
                float(scores[at]),
                float(meanings[at]),
                float(shares[numbers[at]]),
                self._extract(int(numbers[at]), vector),
                _confidence(float(scores[at]), float(scores[at]) - rival),
            )
            for at, rival in zip(order, rivals, strict=False)
        ]

    def agrees(self, question: str, expected: str) -> bool:
        """Whether the words alone lead to this passage clearly; for "", to none of all.

        To say so it must be read out whole, and be ahead of all others, or hold every word.
        """
        if not expected:
            return self._keywords.knows_none(question)
        shares = self._keywords.shares(question)
        best = int(shares.argmax()) if len(shares) else 0
        if not shares[best : best + 1].any() or not self._is(best, expected):
            return False
        lead = shares[best] - np.delete(shares, best).max(initial=0.0)
        return bool(lead > CLEAR_LEAD) or self._keywords.holds_all(best, question)

    def _is(self, number: int, anchor: str) -> bool:
        passage = self._passages[number]
        return passage.whole and passage.anchor == anchor

    def _meanings(self, numbers: Numbers, vector: Vectors) -> Vectors:
        """Return the cosine of each passage's nearest sentence."""
        starts = self._starts[numbers]
        counts = self._ends[numbers] - starts
        firsts = np.cumsum(counts) - counts
        units = np.arange(counts.sum()) + np.repeat(starts - firsts, counts)
        nearness = nearness_of(self._nearest.vectors[units], vector)
        nearest: Vectors = np.maximum.reduceat(nearness, firsts)
        return nearest

    def _extract(self, number: int, vector: Vectors) -> str:
        """Return the sentences of a passage that answer, in their order."""
        said, end = self._sentences[number], self._ends[number]
        if not said:
            return self._passages[number].text
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
