"""The nearest of many sentences: exact for a few thousand, through a graph of neighbours beyond."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from usearch.index import Index

from models.cache import kept
from nlu.sentences import Vectors

Encode = Callable[[Sequence[str]], Vectors]

EXACT_UP_TO = 4096  # sentences; that many products take a millisecond
_LOOKED_AT = 128  # neighbours that a search keeps in hand (HNSW's ef)
_VECTORS, _INDEX = "vectors.npy", "neighbours.usearch"


class Nearest:
    """Sentences by what they mean.

    With `key`, the digest of the encoder, the vectors are kept in the cache of the models: to
    encode ten thousand answers takes minutes.
    """

    def __init__(self, sentences: Sequence[str], encode: Encode, key: str = "") -> None:
        self._index: Index | None = None
        if not sentences:
            self.vectors = np.zeros((0, 1), np.float32)
            return
        if not key:
            self.vectors = encode(sentences)
            if len(sentences) > EXACT_UP_TO:
                self._index = _indexed(self.vectors)
            return
        texts = hashlib.sha256("\0".join(sentences).encode()).hexdigest()

        def make(folder: Path) -> None:
            vectors = encode(sentences)
            np.save(folder / _VECTORS, vectors, allow_pickle=False)
            if len(sentences) > EXACT_UP_TO:
                _indexed(vectors).save(str(folder / _INDEX))

        folder = kept("knowledge", f"{key[:16]}-{texts[:32]}", make)
        self.vectors = np.load(folder / _VECTORS, allow_pickle=False)
        if (folder / _INDEX).is_file():
            self._index = Index.restore(str(folder / _INDEX))

    def search(self, vector: Vectors, count: int) -> list[int]:
        """Return the numbers of the nearest sentences, the nearest first."""
        if self._index is not None:
            return [int(key) for key in self._index.search(vector, count, threads=1).keys]
        nearness = nearness_of(self.vectors, vector)
        if count < len(nearness):
            best = np.argpartition(-nearness, count)[:count]
        else:
            best = np.arange(len(nearness))
        return [int(number) for number in best[np.argsort(-nearness[best], kind="stable")]]


def nearness_of(vectors: Vectors, vector: Vectors) -> Vectors:
    """Return the cosine of each of the vectors with one.

    On this thread alone: BLAS would share the work out, and on a busy machine wait for its threads
    ten times longer than it takes.
    """
    nearness: Vectors = np.einsum("ij,j->i", vectors, vector)
    return nearness


def _indexed(vectors: Vectors) -> Index:
    index = Index(
        ndim=vectors.shape[1],
        metric="ip",
        dtype="f16",
        expansion_add=_LOOKED_AT,
        expansion_search=_LOOKED_AT,
    )
    index.add(np.arange(len(vectors)), vectors, threads=1)  # several would not build it twice alike
    return index
