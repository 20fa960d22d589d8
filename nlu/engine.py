"""The understanding engine at work: tokenizers and ONNX Runtime, neither torch nor transformers.

The first load on a machine merges adapter and encoder into one quantised graph (this needs torch,
some seconds) and keeps it in the models' cache under the digest of all that went in.
"""

import hashlib
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.cache import kept
from models.registry import digest, model_path
from nlu import DataError, export
from nlu.calibration import Floats, softmax
from nlu.dataset import load_intents
from nlu.decode import decide, expected_slots, rank_intents, read_sentiment, tagged_slots
from nlu.files import (
    WEIGHTS,
    Trained,
    examples_digest,
    intents_file,
    model_folder,
    read_trained,
)
from nlu.tokens import load_tokenizer, tokenize
from nlu.understand import OUT_OF_SCOPE, Context, Sentiment, Understanding
from nlu.values import read

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

log = logging.getLogger(__name__)

_GRAPH = "model.onnx"
_TOKENIZER = "tokenizer.json"


@dataclass(frozen=True, slots=True)
class NluOptions:
    """How the engine runs."""

    threads: int = 1  # CPU threads for one utterance; calls side by side want one each
    today: Callable[[], date] = date.today  # what "tomorrow" counts from; fixed for a replay


_DEFAULTS = NluOptions()


class BertNlu:
    """Joint BERT through ONNX Runtime; no state between utterances, so safe from any thread."""

    def __init__(
        self,
        trained: Trained,
        tokenizer: "Tokenizer",
        session: "InferenceSession",
        today: Callable[[], date],
    ) -> None:
        self._trained = trained
        self._tokenizer = tokenizer
        self._session = session
        self._today = today

    def understand(self, text: str, context: Context) -> Understanding:
        """See `nlu.understand.Nlu`. The model speaks first, then what the dialogue expects."""
        if not any(map(str.isalnum, text)):
            return Understanding(text, OUT_OF_SCOPE, 1.0, (), Sentiment("neutral", 0.0))
        labels, calibration = self._trained.labels, self._trained.calibration
        today = self._today()
        tokens = tokenize(self._tokenizer, text)
        intent_logits, slot_logits, sentiment_logits = run(self._session, tokens.ids)
        intents = softmax(intent_logits, calibration.intent_temperature)
        words = softmax(slot_logits[list(tokens.firsts)], calibration.slot_temperature)
        feelings = softmax(sentiment_logits, calibration.sentiment_temperature)
        ranking = rank_intents(intents, labels, context.waiting_for)
        intent, confidence = decide(ranking, calibration.threshold)
        slots = tagged_slots(text, tokens, words, labels, today)
        slots = expected_slots(text, slots, labels, context.waiting_for, today)
        sentiment = read_sentiment(feelings, labels)
        return Understanding(text, intent, confidence, tuple(slots), sentiment, tuple(ranking))


def load_nlu(assistant: Path, options: NluOptions = _DEFAULTS) -> BertNlu:
    """Load an assistant's trained model; warns when its examples have changed since."""
    trained = read_trained(assistant)
    if is_stale(assistant, trained):
        log.warning(
            "%s has changed since training: run `offhook train nlu %s`",
            intents_file(assistant),
            assistant,
        )
    made_of = f"{trained.encoder_digest} {trained.weights_digest} {export.REVISION}"
    key = hashlib.sha256(made_of.encode()).hexdigest()[:32]
    folder = kept("nlu", key, partial(_export, assistant, trained))
    for slot in trained.labels.slots.values():
        read(slot.kind, "tomorrow, 415 555 0132", date.min)  # no caller waits for its library
    return BertNlu(
        trained,
        load_tokenizer(folder / _TOKENIZER),
        open_session(folder / _GRAPH, options.threads),
        options.today,
    )


def is_stale(assistant: Path, trained: Trained | None = None) -> bool:
    """Tell whether the examples are other ones than the model was trained on."""
    trained = trained or read_trained(assistant)
    return examples_digest(load_intents(intents_file(assistant))) != trained.examples_digest


def open_session(path: Path, threads: int) -> "InferenceSession":
    """Open a graph on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def run(session: "InferenceSession", ids: tuple[int, ...]) -> tuple[Floats, Floats, Floats]:
    """Give one utterance's logits: (intents,), (pieces, slot labels), (sentiments,)."""
    row = np.array([ids], dtype=np.int64)
    feed = dict(zip(export.INPUTS, (row, np.ones_like(row)), strict=True))
    intent, slots, sentiment = session.run(list(export.OUTPUTS), feed)
    return intent[0], slots[0], sentiment[0]


def _export(assistant: Path, trained: Trained, folder: Path) -> None:
    from nlu.model import load_trained

    if digest(trained.encoder) != trained.encoder_digest:
        raise DataError(
            f"{model_folder(assistant)}: trained on another {trained.encoder} than "
            f"the cache holds: run `offhook train nlu {assistant}`"
        )
    encoder = model_path(trained.encoder)
    model = load_trained(encoder, trained, model_folder(assistant) / WEIGHTS)
    export.export_onnx(model, folder / _GRAPH)
    shutil.copyfile(encoder / _TOKENIZER, folder / _TOKENIZER)
