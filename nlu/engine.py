"""The understanding engine at work: tokenizers and ONNX Runtime, neither torch nor transformers.

The first load on a machine merges adapter and encoder into one quantised graph (this needs torch,
some seconds) and keeps it in the models' cache under the digest of all that went in. On a GPU the
same weights run in torch, several calls' utterances in one batch.
"""

import logging
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.batch import Batcher
from models.cache import kept, key_of
from models.device import place
from models.onnx import open_graph
from models.registry import digest, model_path
from nlu import DataError, export
from nlu.calibration import Floats, softmax
from nlu.dataset import load_intents
from nlu.decode import (
    Chain,
    answers,
    as_heard_once,
    decide,
    doubtful,
    expected_slots,
    further,
    rank_intents,
    read_sentiment,
    read_slots,
    tagged,
    unread,
)
from nlu.files import (
    WEIGHTS,
    Trained,
    examples_digest,
    intents_file,
    model_folder,
    read_trained,
)
from nlu.hypotheses import likelier_understood, weighed
from nlu.language import reader_of
from nlu.tokens import load_tokenizer, tokenize
from nlu.understand import OUT_OF_SCOPE, Context, Sentiment, Slot, Understanding

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

    from nlu.model import JointBert

log = logging.getLogger(__name__)

_GRAPH = "model.onnx"
_TOKENIZER = "tokenizer.json"
_TRANSITIONS = "transitions.npz"

Ids = tuple[int, ...]  # of an utterance's word pieces
Logits = tuple[Floats, Floats, Floats, Floats]  # (intents,), (intents,), (pieces, labels), (3,)
Run = Callable[[Ids], Logits]


@dataclass(frozen=True, slots=True)
class NluOptions:
    """How the engine runs."""

    threads: int = 1  # CPU threads for one utterance; calls side by side want one each
    today: Callable[[], date] = date.today  # what "tomorrow" counts from; fixed for a replay
    device: str = "cpu"  # cpu, cuda or auto; a sentence takes the CPU some 2 ms


_DEFAULTS = NluOptions()


class BertNlu:
    """Joint BERT; no state between utterances, so safe from any thread."""

    def __init__(
        self,
        trained: Trained,
        tokenizer: "Tokenizer",
        run: Run,
        chain: Chain,
        today: Callable[[], date],
    ) -> None:
        self._trained = trained
        self.tokenizer = tokenizer
        self._run = run
        self.chain = chain
        self._today = today

    def understand(self, text: str, context: Context) -> Understanding:
        """See `nlu.understand.Nlu`. The model speaks first, then what the dialogue expects."""
        if not any(map(str.isalnum, text)):
            return Understanding(text, OUT_OF_SCOPE, 1.0, (), Sentiment("neutral", 0.0))
        labels, calibration = self._trained.labels, self._trained.calibration
        ways = weighed(text, context.heard)
        read = [self._read(said, context) for said, _ in ways]
        shares = likelier_understood(
            [share for _, share in ways], [each.intents.max() for each in read]
        )
        intents = shares @ np.stack([each.intents for each in read])
        feelings = shares @ np.stack([each.feelings for each in read])
        ranking = rank_intents(intents, labels, context.waiting_for)
        intent, confidence = decide(ranking, calibration.threshold)
        likeliest = [read[i] for i in np.argsort(-shares, kind="stable")]
        more = further(likeliest[0].several, labels, intent, calibration.more)
        written = dict(zip((said for said, _ in ways), read, strict=True)).get(text, read[0])
        spoken_of = {*written.unread, *likeliest[0].unread}
        chosen = next(
            (each for each in likeliest if answers(each.slots, labels, context)),
            next((each for each in likeliest if each.has_whole(spoken_of)), likeliest[0]),
        )
        return Understanding(
            chosen.text,
            intent,
            confidence,
            chosen.slots,
            read_sentiment(feelings, labels),
            tuple(ranking),
            more,
            () if more else doubtful(ranking, intent, calibration.sure),
            chosen.unread,
        )

    def _read(self, text: str, context: Context) -> "_Read":
        text = reader_of(self._trained.language).usual(text)
        labels, calibration = self._trained.labels, self._trained.calibration
        today = self._today()
        tokens = tokenize(self.tokenizer, text)
        intent_logits, several, slot_logits, sentiment_logits = self._run(tokens.ids)
        words = slot_logits[list(tokens.firsts)]
        spans = tagged(words, self.chain, calibration.slot_temperature)
        slots = read_slots(text, tokens, spans, labels, today)
        if context.spoken:
            slots = as_heard_once(slots, labels)
        slots = expected_slots(text, slots, labels, context, today)
        return _Read(
            text,
            softmax(intent_logits, calibration.intent_temperature),
            several,
            tuple(slots),
            unread(tokens, spans, slots, labels),
            softmax(sentiment_logits, calibration.sentiment_temperature),
        )


@dataclass(frozen=True, slots=True)
class _Read:
    """What one way to hear an utterance means; probabilities but for `several`, which is logits."""

    text: str
    intents: Floats
    several: Floats
    slots: tuple[Slot, ...]
    unread: tuple[str, ...]
    feelings: Floats

    def has_whole(self, names: Collection[str]) -> bool:
        """Whether the slots of these names are there, and nothing is left unread."""
        return not self.unread and {*names} <= {slot.name for slot in self.slots}


def load_nlu(assistant: Path, options: NluOptions = _DEFAULTS) -> BertNlu:
    """Load an assistant's trained model; warns when its examples have changed since."""
    trained = read_trained(assistant)
    if is_stale(assistant, trained):
        log.warning(
            "%s has changed since training: run `offhook train nlu %s`",
            intents_file(assistant),
            assistant,
        )
    key = key_of(trained.encoder_digest, trained.weights_digest, export.REVISION)
    folder = kept("nlu", key, partial(_export, assistant, trained))
    reader = reader_of(trained.language)
    for slot in trained.labels.slots.values():
        reader.read(
            slot.kind, "tomorrow, 415 555 0132", date.min
        )  # no caller waits for its library
    with np.load(folder / _TRANSITIONS) as kept_transitions:
        first, last, after = (kept_transitions[name] for name in ("first", "last", "next"))
    if place(options.device).kind == "cuda":
        run: Run = Batcher(partial(run_torch, load_model(assistant, trained).cuda()))
    else:
        run = partial(run_onnx, open_graph(folder / _GRAPH, options.threads))
    return BertNlu(
        trained,
        load_tokenizer(folder / _TOKENIZER),
        run,
        Chain.of(trained.labels.slot_labels, (first, last, after)),
        options.today,
    )


def is_stale(assistant: Path, trained: Trained | None = None) -> bool:
    """Tell whether the examples are other ones than the model was trained on."""
    trained = trained or read_trained(assistant)
    return examples_digest(load_intents(intents_file(assistant))) != trained.examples_digest


def run_onnx(session: "InferenceSession", ids: Ids) -> Logits:
    """Give one utterance's logits.

    Alone, not in a batch: the int8 graph scales activations over all it is given, so an answer
    would depend on who else speaks, and a batch of short sentences gains nothing on a CPU.
    """
    row = np.array([ids], dtype=np.int64)
    feed = dict(zip(export.INPUTS, (row, np.ones_like(row)), strict=True))
    intent, intents, slots, sentiment = session.run(list(export.OUTPUTS), feed)
    return intent[0], intents[0], slots[0], sentiment[0]


def run_torch(model: "JointBert", batch: Sequence[Ids]) -> list[Logits]:
    """Give several utterances' logits, from wherever the model is."""
    import torch

    from nlu.losses import padded

    device = next(model.parameters()).device
    ids, mask = padded(batch)
    with torch.inference_mode():
        answered = [out.float().cpu().numpy() for out in model(ids.to(device), mask.to(device))]
    intent, intents, slots, sentiment = answered
    return [
        (intent[i], intents[i], slots[i, : len(row)], sentiment[i]) for i, row in enumerate(batch)
    ]


def _export(assistant: Path, trained: Trained, folder: Path) -> None:
    from nlu.fit import transitions

    model = load_model(assistant, trained)
    first, last, after = transitions(model)
    np.savez(folder / _TRANSITIONS, first=first, last=last, next=after)
    export.export_onnx(model, folder / _GRAPH)
    shutil.copyfile(model_path(trained.encoder) / _TOKENIZER, folder / _TOKENIZER)


def load_model(assistant: Path, trained: Trained) -> "JointBert":
    """Load the model in torch, its adapter merged."""
    from nlu.model import load_trained, merge_adapter

    if digest(trained.encoder) != trained.encoder_digest:
        raise DataError(
            f"{model_folder(assistant)}: trained on another {trained.encoder} than "
            f"the cache holds: run `offhook train nlu {assistant}`"
        )
    weights = model_folder(assistant) / WEIGHTS
    return merge_adapter(load_trained(model_path(trained.encoder), trained, weights))
