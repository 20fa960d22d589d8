"""Teach an assistant its intents: `offhook train nlu`.

Seeded: on a CPU the same examples, options and machine give the same weights, byte for byte.
"""

import hashlib
import json
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from models.onnx import open_graph
from models.registry import digest, model_path
from nlu import DataError, NluError, encoders
from nlu.augment import joined, manner_of
from nlu.calibration import (
    Calibration,
    choose_more,
    choose_sure,
    choose_threshold,
    fit_chain_temperature,
    fit_temperature,
    softmax,
)
from nlu.card import can_plot, model_card, plot_confusion, plot_curves
from nlu.course import Course, Epoch, Outputs, TrainOptions
from nlu.dataset import SENTIMENTS, Intents, load_intents, sentiment_of, split
from nlu.decode import Chain, Labels, label_probabilities
from nlu.encoders import check_folder
from nlu.engine import run_onnx
from nlu.export import export_onnx
from nlu.files import (
    CARD,
    REPORT,
    WEIGHTS,
    Trained,
    examples_digest,
    intents_file,
    model_folder,
    write_trained,
)
from nlu.metrics import evaluate
from nlu.review import Misread, review
from nlu.sentences import centred, load_encoder
from nlu.tokens import bio_labels, load_tokenizer
from nlu.understand import OUT_OF_SCOPE

if TYPE_CHECKING:
    from nlu.fit import Fitted

UNTAUGHT_SENTIMENT = "neutral"
CONFUSION_PLOT = "confusion.png"
CURVES_PLOT = "curves.png"
SHALLOW = 6  # layers
DEEP_RATE = 3e-4  # the most, of an encoder that is deeper
CALIBRATED_ON = 1000  # utterances, for the temperature of the slots
NO_PLOTS = "no plots: matplotlib is not installed (pip install matplotlib)"


@dataclass(frozen=True, slots=True)
class Report:
    """What training gave. `development` is measured on the split that also chose when to stop."""

    seconds: float
    epochs: int
    best_epoch: int
    trained_parameters: int
    examples: dict[str, int]  # taught, held back
    development: dict[str, Any]  # see nlu.metrics.evaluate; of the exported int8 graph
    calibration: dict[str, float]
    options: dict[str, Any]
    remarks: tuple[str, ...]  # on weak and overlapping intents, see nlu.review
    history: tuple[dict[str, float], ...]  # an entry an epoch
    notes: tuple[str, ...] = ()


def train(
    assistant: Path,
    options: TrainOptions | None = None,
    progress: Callable[[Epoch], None] = lambda epoch: None,
    run: Path | None = None,
) -> Report:
    """Train on the assistant's intents.yaml and write the model into its `nlu/`; blocking.

    With a `run` folder, TensorBoard logs and checkpoints are kept there, and a training that was
    broken off goes on.
    """
    from nlu.distill import fit_taught

    options = options or TrainOptions()
    if min(options.epochs, options.batch, options.threads) < 1:
        raise NluError("epochs, batch and threads must be at least 1")
    if not 0 < options.development < 1:
        raise NluError(
            f"{options.development} of the examples cannot be held back: give 0.1 or 0.2"
        )
    started = time.perf_counter()
    intents = load_intents(intents_file(assistant))
    labels = labels_of(intents)
    encoder = encoder_of(intents)
    options = suited(options, intents.encoder, encoder)
    course = course_of(intents, labels, options)
    fitted = fit_taught(encoder, course, options, progress, run)
    weights = _weights(fitted)
    outputs = _outputs(fitted, course, options)
    calibration = calibrate(outputs, labels, options)
    told = _told(fitted, course, options)
    report = Report(
        seconds=round(time.perf_counter() - started, 1),
        development=evaluate(outputs, labels, calibration),
        calibration=asdict(calibration),
        remarks=tuple(_remarks(intents, course, outputs)),
        **told,
    )
    trained = Trained(
        language=intents.language,
        encoder=intents.encoder,
        encoder_digest=digest(intents.encoder),
        examples_digest=examples_digest(intents),
        weights_digest=hashlib.sha256(weights).hexdigest(),
        rank=options.rank,
        freeze=options.freeze,
        labels=labels,
        calibration=calibration,
        standardise=options.standardise,
    )
    _write(assistant, weights, report, trained)
    return report


def suited(options: TrainOptions, name: str, folder: Path) -> TrainOptions:
    """Fit options that are meant for MiniLM to another encoder.

    What it gives is standardised: E5 learned nothing from 205 examples before it was. A deep one
    learns in its upper half, which halves the time, and in smaller steps, which is caution.
    """
    if name == encoders.ENGLISH:
        return options
    options = replace(options, standardise=True)
    layers = encoders.layers_of(folder)
    if layers <= SHALLOW:
        return options
    return replace(
        options,
        freeze=max(options.freeze, layers // 2),
        adapter_rate=min(options.adapter_rate, DEEP_RATE),
    )


def _told(fitted: "Fitted", course: Course, options: TrainOptions) -> dict[str, Any]:
    """What the report says of the training itself."""
    real = [example for example in course.held if not example.more]
    return {
        "epochs": len(fitted.history),
        "best_epoch": fitted.best.number,
        "trained_parameters": fitted.parameters,
        "examples": {"taught": len(course.taught), "held_back": len(real)},
        "options": asdict(options),
        "history": tuple(asdict(epoch) for epoch in fitted.history),
        "notes": () if can_plot() else (NO_PLOTS,),
    }


def _remarks(intents: Intents, course: Course, outputs: Outputs) -> list[str]:
    vectors = load_encoder(intents.encoder)([example.text for example in intents.examples])
    if intents.encoder != encoders.ENGLISH:
        vectors = centred(vectors)
    return review(intents, vectors, course.held, _misread(outputs, course, course.labels))


def encoder_of(intents: Intents) -> Path:
    """Give the encoder's folder; DataError, with the line that names it, if it holds no BERT."""
    folder = model_path(intents.encoder)
    try:
        check_folder(folder)
    except DataError as error:
        raise DataError(f"{intents.encoder_at}: encoder {intents.encoder}: {error}") from None
    return folder


def labels_of(intents: Intents) -> Labels:
    """Number an assistant's intents and slots."""
    slots = {slot.name: slot for slot in intents.slots}
    alone = tuple(name for name in intents.names if name in intents.alone)
    taught = bool(sentiment_of(intents.language))
    sentiments = SENTIMENTS if taught else (UNTAUGHT_SENTIMENT,)
    return Labels(
        intents.names, bio_labels(list(slots)), sentiments, slots, alone, intents.language
    )


def course_of(intents: Intents, labels: Labels, options: TrainOptions) -> Course:
    """Part the examples; some of those held back are also said two in a breath."""
    tokenizer = load_tokenizer(model_path(intents.encoder) / "tokenizer.json")
    examples = (*intents.examples, *sentiment_of(intents.language))
    taught, held = split(examples, options.development, options.seed)
    draw = random.Random(options.seed)  # noqa: S311 - reproducible, not secret
    count = round(options.joined * len(held)) if options.several else 0
    return Course(
        labels,
        tokenizer,
        taught,
        (*held, *joined(held, labels.alone, count, draw, manner_of(intents.language))),
    )


def calibrate(outputs: Outputs, labels: Labels, options: TrainOptions) -> Calibration:
    """Fit the temperatures and choose the thresholds on the development split."""
    logits, truth = outputs.intents()
    temperature = fit_temperature(logits, truth)
    oos = labels.intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in labels.intents else -1
    probabilities = softmax(logits, temperature)
    return Calibration(
        intent_temperature=temperature,
        slot_temperature=_slot_temperature(outputs, labels),
        sentiment_temperature=fit_temperature(*outputs.sentiments()),
        threshold=choose_threshold(probabilities, truth, oos, options.false_rejects),
        sure=choose_sure(probabilities, truth, oos, options.wrong),
        more=choose_more(
            *outputs.any_intents(),
            [labels.intents.index(name) for name in labels.alone if name in labels.intents],
            options.false_alarms,
        ),
    )


def _slot_temperature(outputs: Outputs, labels: Labels) -> float:
    """Fit the temperature of the whole chain by its words' marginal probabilities."""
    words = outputs.words()
    if not words or len(labels.slot_labels) == 1:
        return 1.0

    chain = Chain.of(labels.slot_labels, outputs.transitions)

    def loss(temperature: float) -> float:
        likely = [
            label_probabilities(scores, chain, temperature)[np.arange(len(truth)), truth]
            for scores, truth in words[:CALIBRATED_ON]
        ]
        return float(-np.log(np.concatenate(likely) + 1e-12).mean())

    return fit_chain_temperature(loss)


def _weights(fitted: "Fitted") -> bytes:
    """Serialise what was learned, in 16 bits, which is what the model then goes on with."""
    from safetensors.torch import save

    half = {name: weight.half() for name, weight in fitted.weights.items()}
    fitted.model.load_state_dict(half, strict=False)
    return save(half)


def _outputs(fitted: "Fitted", course: Course, options: TrainOptions) -> Outputs:
    """Run what will be served, the exported graph, on what was held back."""
    from nlu.fit import transitions

    rows = [course.row(example) for example in course.held]
    chain = transitions(fitted.model)
    with TemporaryDirectory() as scratch:
        graph = Path(scratch) / "model.onnx"
        export_onnx(fitted.model, graph)
        session = open_graph(graph, options.threads)
        logits = [run_onnx(session, row.tokens.ids) for row in rows]
    intent, several, slots, sentiment = zip(*logits, strict=True)
    return Outputs(
        rows, np.stack(intent), np.stack(several), slots, np.stack(sentiment), chain
    )  # fmt: skip


def _misread(outputs: Outputs, course: Course, labels: Labels) -> list[Misread]:
    return [
        Misread(example, labels.intents[int(logits.argmax())])
        for example, row, logits in zip(course.held, outputs.rows, outputs.intent, strict=True)
        if row.intent >= 0 and logits.argmax() != row.intent
    ]


def _write(assistant: Path, weights: bytes, report: Report, trained: Trained) -> None:
    """Write the model's folder; model.json, which vouches for the weights, comes last."""
    folder = model_folder(assistant)
    told = asdict(report)
    try:
        folder.mkdir(exist_ok=True)
        (folder / WEIGHTS).write_bytes(weights)
        (folder / REPORT).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
        (folder / CARD).write_text(
            model_card(assistant.resolve().name, told, trained), encoding="utf-8"
        )
        if can_plot():
            plot_confusion(report.development["confusion"], folder / CONFUSION_PLOT)
            plot_curves(report.history, report.best_epoch, folder / CURVES_PLOT)
        write_trained(folder, trained)
    except OSError as error:
        raise NluError(
            f"{folder}: cannot be written ({error.strerror}): train a copy of the assistant's "
            "folder where you may write"
        ) from None
