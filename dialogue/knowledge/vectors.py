"""The nearest of many sentences, by comparing with each one: exact, and 0.1 ms for a thousand.

An index of neighbours (HNSW) was measured with 20 000 sentences: where it finds the same nearest
one for 98 of 100 questions it takes 1.5 ms, and this takes 2.3.
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from models.cache import kept
from nlu.sentences import Vectors

Encode = Callable[[Sequence[str]], Vectors]

_VECTORS = "vectors.npy"


class Nearest:
    """Sentences by what they mean.

    With `key`, the digest of the encoder, the vectors are kept in the cache of the models: to
    encode ten thousand answers takes minutes.
    """

    def __init__(self, sentences: Sequence[str], encode: Encode, key: str = "") -> None:
        if not sentences:
            self.vectors: Vectors = np.zeros((0, 1), np.float32)
            return
        if not key:
            self.vectors = encode(sentences)
            return
        texts = hashlib.sha256("\0".join(sentences).encode()).hexdigest()

        def make(folder: Path) -> None:
            np.save(folder / _VECTORS, encode(sentences), allow_pickle=False)

        folder = kept("knowledge", f"{key[:16]}-{texts[:32]}", make)
        self.vectors = np.load(folder / _VECTORS, allow_pickle=False)

    def search(self, vector: Vectors, count: int) -> list[int]:
        """Return the numbers of the nearest sentences, the nearest first."""
        nearness = nearness_of(self.vectors, vector)
        best = np.arange(len(nearness))
        if count < len(nearness):
            best = np.argpartition(-nearness, count)[:count]
        return [int(number) for number in best[np.argsort(-nearness[best], kind="stable")]]


def nearness_of(vectors: Vectors, vector: Vectors) -> Vectors:
    """Return the cosine of each of the vectors with one.

    On this thread alone: BLAS would share the work out, and on a busy machine wait for its threads
    ten times longer than it takes.
    """
    nearness: Vectors = np.einsum("ij,j->i", vectors, vector)
    return nearness
