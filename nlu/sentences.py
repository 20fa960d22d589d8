"""Sentences as vectors: the mean of an encoder's last layer, through ONNX Runtime.

MiniLM was trained for this; another encoder's vectors are what its own training made of them.

The first load on a machine makes the quantised graph (this needs torch, some seconds) and keeps it
in the models' cache under the digest of the weights it was made from.
"""

import shutil
from collections.abc import Callable, Sequence
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from models.cache import kept
from models.onnx import open_graph, quantise, trace
from models.registry import digest, model_path
from nlu import encoders
from nlu.tokens import load_tokenizer

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

Vectors = npt.NDArray[np.float32]  # (sentences, dimensions), each of length 1
Encode = Callable[[Sequence[str]], Vectors]

ENCODER = encoders.ENGLISH
RECENT = 32  # sentences: what a caller has just said is asked about by several parts
REVISION = 2  # of what this module makes; part of the graph's name in the cache
_GRAPH = "sentences.onnx"
_TOKENIZER = "tokenizer.json"


class SentenceEncoder:
    """Meanings close to each other have a dot product close to 1. Safe from any thread."""

    def __init__(self, tokenizer: "Tokenizer", session: "InferenceSession") -> None:
        self._tokenizer = tokenizer
        self._session = session
        self._recent = lru_cache(RECENT)(self._vector)

    def __call__(self, sentences: Sequence[str]) -> Vectors:
        """Encode one by one, unpadded: a sentence's vector depends on nothing but itself."""
        return np.array([self._recent(sentence) for sentence in sentences], dtype=np.float32)

    def forget(self) -> None:
        """Forget what was encoded last."""
        self._recent.cache_clear()

    def _vector(self, sentence: str) -> Vectors:
        ids = np.array([self._tokenizer.encode(sentence).ids], dtype=np.int64)
        pieces = self._session.run(None, {"ids": ids})[0][0]
        mean = pieces.mean(axis=0)
        vector: Vectors = mean / np.linalg.norm(mean)
        return vector


def load_encoder(name: str = ENCODER, threads: int = 1) -> SentenceEncoder:
    """Load an encoder of the manifest, or return the one that is loaded already.

    Raises ModelMissing if it has not been pulled, ModelError if the cache cannot be written.
    """
    key = f"{digest(name)[:32]}-{REVISION}"
    folder = kept("sentences", key, partial(_export, model_path(name)))
    return _opened(folder, threads)


@cache
def _opened(folder: Path, threads: int) -> SentenceEncoder:
    """Open one session for all in this process that encode."""
    tokenizer = load_tokenizer(folder / _TOKENIZER)
    return SentenceEncoder(tokenizer, open_graph(folder / _GRAPH, threads))


def centred(vectors: Vectors) -> Vectors:
    """Take away what all have in common: the vectors of E5 and its like lie close together."""
    apart = vectors - vectors.mean(axis=0)
    centre_less: Vectors = apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-9)
    return centre_less


class Centred:
    """An encoder whose vectors tell apart what is like those with this mean: see `centred`."""

    def __init__(self, encode: SentenceEncoder, mean: Vectors) -> None:
        self._encode = encode
        self._mean = mean

    def __call__(self, sentences: Sequence[str]) -> Vectors:
        """Encode one by one."""
        apart = self._encode(sentences) - self._mean
        unit: Vectors = apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-9)
        return unit


def _export(encoder: Path, folder: Path) -> None:
    """Write the encoder's last layer as a graph of int8 weights, and the tokenizer beside it."""
    import torch
    from transformers.utils import logging as transformers_logging

    from nlu.model import load_encoder as load_bert

    class LastLayer(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = load_bert(encoder)

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            pieces: torch.Tensor = self.bert(input_ids=ids).last_hidden_state
            return pieces

    transformers_logging.disable_progress_bar()
    whole = folder / "whole.onnx"
    example = torch.ones(1, 8, dtype=torch.long)
    trace(LastLayer().eval(), (example,), whole, {"ids": [1]}, {"pieces": [1]})
    quantise(whole, folder / _GRAPH)
    whole.unlink()
    shutil.copyfile(encoder / _TOKENIZER, folder / _TOKENIZER)
