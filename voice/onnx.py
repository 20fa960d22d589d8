"""Small networks of the manifest in ONNX Runtime, on one thread."""

from typing import TYPE_CHECKING

from models.onnx import open_graph
from models.registry import model_path
from voice import EngineError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def open_network(model: str, file: str) -> "InferenceSession":
    """Open a model of the manifest. Raises EngineError, or ModelMissing."""
    path = model_path(model) / file
    try:
        return open_graph(path)
    except Exception as error:  # onnxruntime raises whatever its C++ threw
        raise EngineError(f"{path}: cannot be loaded; run `offhook models pull {model}`") from error
