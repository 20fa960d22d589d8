"""Teach an assistant its intents: `offhook train nlu`.

Seeded: the same examples, options and machine give the same weights, byte for byte.
"""

import hashlib
import importlib.util
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from models.registry import digest, model_path
from nlu import NluError
from nlu.calibration import Calibration, choose_threshold, fit_temperature, softmax
from nlu.course import Course, Epoch, Outputs, TrainOptions
from nlu.dataset import SENTIMENTS, Intents, load_intents, load_sentiment, split
from nlu.decode import Labels
from nlu.engine import open_session, run
from nlu.export import export_onnx
from nlu.files import (
    REPORT,
    WEIGHTS,
    Trained,
    examples_digest,
    intents_file,
    model_folder,
    write_trained,
)
from nlu.metrics import evaluate
from nlu.tokens import bio_labels, load_tokenizer
from nlu.understand import OUT_OF_SCOPE

if TYPE_CHECKING:
    from nlu.fit import Fitted

ENCODER = "minilm"
PLOT = "confusion.png"
NO_PLOT = "no confusion.png: matplotlib is not installed (pip install matplotlib)"


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
    notes: tuple[str, ...] = ()


def train(
    assistant: Path,
    options: TrainOptions | None = None,
    progress: Callable[[Epoch], None] = lambda epoch: None,
) -> Report:
    """Train on the assistant's intents.yaml and write the model into its `nlu/`; blocking."""
    from nlu.fit import fit

    options = options or TrainOptions()
    if min(options.epochs, options.batch, options.threads) < 1:
        raise NluError("epochs, batch and threads must be at least 1")
    started = time.perf_counter()
    intents = load_intents(intents_file(assistant))
    labels = labels_of(intents)
    encoder = model_path(ENCODER)
    tokenizer = load_tokenizer(encoder / "tokenizer.json")
    examples = (*intents.examples, *load_sentiment())
    course = Course(labels, tokenizer, *split(examples, options.development, options.seed))
    fitted = fit(encoder, course, options, progress)
    weights = _weights(fitted)
    outputs = _outputs(fitted, course, options.threads)
    calibration = calibrate(outputs, labels, options.false_rejects)
    report = Report(
        seconds=round(time.perf_counter() - started, 1),
        epochs=fitted.epochs,
        best_epoch=fitted.best.number,
        trained_parameters=fitted.parameters,
        examples={"taught": len(course.taught), "held_back": len(course.held)},
        development=evaluate(outputs, labels, calibration),
        calibration=asdict(calibration),
        options=asdict(options),
        notes=() if _can_plot() else (NO_PLOT,),
    )
    trained = Trained(
        language=intents.language,
        encoder=ENCODER,
        encoder_digest=digest(ENCODER),
        examples_digest=examples_digest(intents),
        weights_digest=hashlib.sha256(weights).hexdigest(),
        rank=options.rank,
        labels=labels,
        calibration=calibration,
    )
    _write(model_folder(assistant), weights, report, trained)
    return report


def labels_of(intents: Intents) -> Labels:
    """Number an assistant's intents and slots."""
    slots = {slot.name: slot for slot in intents.slots}
    return Labels(intents.names, bio_labels(list(slots)), SENTIMENTS, slots)


def calibrate(outputs: Outputs, labels: Labels, false_rejects: float) -> Calibration:
    """Fit the temperatures and choose the threshold on the development split."""
    logits, truth = outputs.intents()
    temperature = fit_temperature(logits, truth)
    words = outputs.words()
    oos = labels.intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in labels.intents else -1
    return Calibration(
        intent_temperature=temperature,
        slot_temperature=fit_temperature(
            np.concatenate([of for of, _ in words]), np.concatenate([of for _, of in words])
        ),
        sentiment_temperature=fit_temperature(*outputs.sentiments()),
        threshold=choose_threshold(softmax(logits, temperature), truth, oos, false_rejects),
    )


def _weights(fitted: "Fitted") -> bytes:
    """Serialise what was learned, before the export merges it into the encoder."""
    from safetensors.torch import save

    return save(fitted.weights)


def _outputs(fitted: "Fitted", course: Course, threads: int) -> Outputs:
    """Run what will be served, the exported graph, on what was held back."""
    rows = [course.row(example) for example in course.held]
    with TemporaryDirectory() as scratch:
        graph = Path(scratch) / "model.onnx"
        export_onnx(fitted.model, graph)
        session = open_session(graph, threads)
        logits = [run(session, row.tokens.ids) for row in rows]
    intent, slots, sentiment = zip(*logits, strict=True)
    return Outputs(rows, np.stack(intent), slots, np.stack(sentiment))


def _write(folder: Path, weights: bytes, report: Report, trained: Trained) -> None:
    """Write the model's folder; model.json, which vouches for the weights, comes last."""
    try:
        folder.mkdir(exist_ok=True)
        (folder / WEIGHTS).write_bytes(weights)
        text = json.dumps(asdict(report), indent=2) + "\n"
        (folder / REPORT).write_text(text, encoding="utf-8")
        if _can_plot():
            _plot(report.development["confusion"], folder / PLOT)
        write_trained(folder, trained)
    except OSError as error:
        raise NluError(
            f"{folder}: cannot be written ({error.strerror}): train a copy of the assistant's "
            "folder where you may write"
        ) from None


def _can_plot() -> bool:
    return importlib.util.find_spec("matplotlib") is not None


def _plot(confusion: dict[str, Any], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names, matrix = confusion["labels"], np.array(confusion["matrix"])
    side = 3 + 0.32 * len(names)  # inches
    figure = Figure(figsize=(side, side), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.imshow(matrix, cmap="Blues")
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("understood as")
    axes.set_ylabel("meant")
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            axes.text(column, row, str(count), ha="center", va="center", fontsize=7)
    figure.savefig(path, dpi=100, metadata={"Software": None})
