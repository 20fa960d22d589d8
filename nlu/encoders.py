"""Which encoder reads an assistant's sentences: a BERT of the model manifest."""

import json
from pathlib import Path

from models import ManifestError
from models.registry import manifest
from nlu import DataError
from nlu.tags import primary

ENGLISH = "minilm"
OTHERS = "e5-small"  # of other languages, where intents.yaml names none

_FILES = ("config.json", "model.safetensors", "tokenizer.json")


def usual(language: str) -> str:
    """Give the name of the encoder that a language has unless another is chosen."""
    return ENGLISH if primary(language) == "en" else OTHERS


def check_name(name: str) -> None:
    """Refuse what the manifest does not know as an encoder."""
    known = manifest()
    try:
        if known[name].kind == "nlu":
            return
        problem = f"{name} is no encoder"
    except ManifestError:
        problem = f"unknown encoder {name!r}"
    encoders = ", ".join(model.name for model in known.models if model.kind == "nlu")
    raise DataError(
        f"{problem}: use one of {encoders}, or name your own in a manifest of OFFHOOK_MANIFEST"
    )


def layers_of(folder: Path) -> int:
    """Count the layers of an encoder in a folder that `check_folder` passes."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return int(config["num_hidden_layers"])


def check_folder(folder: Path) -> None:
    """Refuse a folder without a BERT encoder's files, before anything of it is loaded."""
    remedy = "give a BERT encoder's folder: config.json, model.safetensors, tokenizer.json"
    for name in _FILES:
        if not (folder / name).is_file():
            raise DataError(f"{folder} has no {name}: {remedy}")
    path = folder / "config.json"
    try:
        kind = json.loads(path.read_text(encoding="utf-8"))["model_type"]
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(f"{path} tells no model_type: {remedy}") from None
    if kind != "bert":
        raise DataError(f"{path} is of a {kind!r} model: {remedy}")
