"""Small networks in ONNX Runtime, on one thread."""

from typing import TYPE_CHECKING

from voice import EngineError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def open_network(model: str, file: str) -> "InferenceSession":
    """Open a model of the manifest. Raises EngineError, or ModelMissing."""
    from onnxruntime import InferenceSession, SessionOptions

    from models.registry import model_path

    path = model_path(model) / file
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises whatever its C++ threw
        raise EngineError(f"{path}: cannot be loaded; run `offhook models pull {model}`") from error
