"""A trained model on disk: `nlu/` in the assistant's folder.

weights.safetensors   the adapter's and the heads' tensors
model.json            what they fit: encoder, labels, slots, calibration, digest of the examples
report.json           how well it did on the development split
card.md               the model card: what it is, what it was taught, how well it does, its limits
confusion.png         what was taken for what (where matplotlib is installed)
curves.png            how it learned
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nlu import DataError
from nlu.calibration import Calibration
from nlu.dataset import Intents, SlotType, digest
from nlu.decode import Labels

FORMAT = 2
WEIGHTS = "weights.safetensors"
REPORT = "report.json"
CARD = "card.md"
_MODEL = "model.json"


@dataclass(frozen=True, slots=True)
class Trained:
    """What model.json holds. Digests are SHA-256, in hex."""

    language: str
    encoder: str  # its name in the model manifest
    encoder_digest: str
    examples_digest: str
    weights_digest: str
    rank: int  # of the LoRA adapter; 0: the encoder itself was trained
    freeze: int  # lowest layers of the encoder that were not
    labels: Labels
    calibration: Calibration
    standardise: bool = False  # see nlu.model.Standard


def model_folder(assistant: Path) -> Path:
    """Where an assistant keeps its trained model."""
    return assistant / "nlu"


def intents_file(assistant: Path) -> Path:
    """Where an assistant keeps its examples."""
    return assistant / "intents.yaml"


def examples_digest(intents: Intents) -> str:
    """Digest what an assistant teaches."""
    return digest(intents.slots, intents.examples, sorted(intents.alone))


def file_digest(path: Path) -> str:
    """Digest a small file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_trained(folder: Path, trained: Trained) -> None:
    """Write model.json, last of all: a folder without it holds no model."""
    document = {"format": FORMAT, **asdict(trained)}
    del document["labels"]["language"]  # it is told above
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    part = folder / f"{_MODEL}.part"
    part.write_text(text, encoding="utf-8")
    part.replace(folder / _MODEL)


def read_trained(assistant: Path) -> Trained:
    """Read model.json and see that the weights beside it are the ones it speaks of."""
    folder = model_folder(assistant)
    path = folder / _MODEL
    again = f"run `offhook train nlu {assistant}`"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document.pop("format") != FORMAT:
            raise DataError(f"{path}: written by another version of Offhook: {again}")
        trained = _trained(document)
        weights = file_digest(folder / WEIGHTS)
    except FileNotFoundError as error:
        raise DataError(f"{error.filename}: not there, nothing was trained: {again}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: damaged ({type(error).__name__}: {error}): {again}") from None
    if weights != trained.weights_digest:
        raise DataError(f"{folder / WEIGHTS}: not the weights that model.json names: {again}")
    return trained


def _trained(document: dict[str, Any]) -> Trained:
    labels, calibration = document.pop("labels"), document.pop("calibration")
    slots = {name: SlotType(**slot) for name, slot in labels["slots"].items()}
    return Trained(
        labels=Labels(
            tuple(labels["intents"]),
            tuple(labels["slot_labels"]),
            tuple(labels["sentiments"]),
            slots,
            tuple(labels["alone"]),
            document["language"],
        ),
        calibration=Calibration(**calibration),
        **document,
    )
