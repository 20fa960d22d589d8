"""How much of a question's words a passage has: BM25 over an inverted index."""

import logging
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from dialogue.knowledge.words import stems
from models.imports import without

if TYPE_CHECKING:
    from bm25s import BM25

Shares = npt.NDArray[np.float32]


class Keywords:
    """Texts by their words, the rare ones first (Robertson and Zaragoza 2009, Lucene's variant)."""

    def __init__(self, texts: Sequence[str]) -> None:
        found = [stems(text) for text in texts]
        self._count = len(texts)
        self._texts_with = Counter(word for words in found for word in set(words))
        self._words_of = [frozenset(words) for words in found]
        self._bm25 = _indexed(found) if self._texts_with else None

    def shares(self, question: str) -> Shares:
        """Return for each text the BM25 score as a share of the most that any text could have.

        Words that no text has count as the rarest: a question about other things has small shares.
        """
        asked = stems(question)
        known = [word for word in asked if word in self._texts_with]
        if self._bm25 is None or not known:
            return np.zeros(self._count, np.float32)
        most = sum(self._rarity(word) for word in asked)
        shares: Shares = self._bm25.get_scores(known) / np.float32(most)
        return shares

    def knows_none(self, question: str) -> bool:
        """Whether no text has any of its words, and it has some."""
        asked = stems(question)
        return bool(asked) and not any(word in self._texts_with for word in asked)

    def holds_all(self, text: int, question: str) -> bool:
        """Whether the text of this number has all the words."""
        return self._words_of[text].issuperset(stems(question))

    def _rarity(self, word: str) -> float:
        texts_with = self._texts_with[word]
        return float(np.log1p((self._count - texts_with + 0.5) / (texts_with + 0.5)))


def _indexed(texts: Sequence[Sequence[str]]) -> "BM25":
    """Index texts by their stems."""
    with without("numba"):  # of which our way to use it takes nothing, for 60 MB of memory
        import bm25s

    logging.getLogger("bm25s").setLevel(logging.WARNING)  # at import it sets itself to DEBUG
    index = bm25s.BM25(method="lucene")
    index.index(texts, show_progress=False)
    return index
