"""Small networks of the manifest in ONNX Runtime, on one thread."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from models.onnx import open_graph
from models.registry import model_path
from voice import EngineError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def open_network(
    model: str, file: str, read: Callable[[Path], Path | bytes] = lambda path: path
) -> "InferenceSession":
    """Open a model of the manifest, as its file `read`. Raises EngineError, or ModelMissing."""
    path = model_path(model) / file
    try:
        return open_graph(read(path))
    except Exception as error:  # onnxruntime raises whatever its C++ threw
        raise EngineError(f"{path}: cannot be loaded; run `offhook models pull {model}`") from error
