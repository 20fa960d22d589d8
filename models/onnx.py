"""ONNX graphs: made of torch, made smaller, and opened on the CPU."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Axes = Mapping[str, Sequence[int]]  # inputs or outputs by name: their axes that vary

_OPSET = 17
_MAPPED_BYTES = 1024  # of weights; smaller ones stay in the graph


def trace(module: Any, example: Sequence[Any], path: Path, takes: Axes, gives: Axes) -> None:
    """Write what a torch module computes of an example; what it branches on must not vary."""
    import torch

    with warnings.catch_warnings():
        # The TorchScript exporter is deprecated, but the new one needs onnxscript besides.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module, tuple(example), path, dynamo=False, opset_version=_OPSET,
            input_names=[*takes], output_names=[*gives],
            dynamic_axes={name: list(axes) for name, axes in (*takes.items(), *gives.items())},
        )  # fmt: skip


def quantise(source: Path, target: Path, operators: Sequence[str] | None = None) -> None:
    """Write a graph, folded, with weights in eight bits, of all operators that can or of some.

    They take seven bits (`reduce_range`): with eight, CPUs without VNNI saturate.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    root, level, nowhere = logging.getLogger(), logging.getLogger().level, logging.NullHandler()
    root.addHandler(nowhere)  # without any, its first warning would set up logging for all of us
    root.setLevel(logging.ERROR)  # it recommends pre-processing, which changes nothing here
    try:
        with TemporaryDirectory() as scratch:
            small = Path(scratch) / target.name
            quantize_dynamic(
                source, small, operators, per_channel=True, reduce_range=True,
                weight_type=QuantType.QInt8,
            )  # fmt: skip
            fold(small, target)
    finally:
        root.setLevel(level)
        root.removeHandler(nowhere)


def fold(source: Path, target: Path) -> None:
    """Write a graph that computes the same, with what depends on no input computed already.

    Its weights lie in a file beside it, `target` with `.data`, which ONNX Runtime maps into memory:
    of a table of words only the rows that are looked up are read.
    """
    from onnxruntime import GraphOptimizationLevel, InferenceSession, SessionOptions

    options = SessionOptions()
    options.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_BASIC  # for any machine
    options.optimized_model_filepath = str(target)
    beside = "session.optimized_model_external_initializers"
    options.add_session_config_entry(f"{beside}_file_name", f"{target.name}.data")
    options.add_session_config_entry(f"{beside}_min_size_in_bytes", str(_MAPPED_BYTES))
    options.log_severity_level = 3
    InferenceSession(source, options, providers=["CPUExecutionProvider"])


def open_graph(graph: Path | bytes, threads: int = 1) -> "InferenceSession":
    """Open a graph, in a file or as it would stand there, on the CPU.

    More threads than one sleep while there is nothing to do.
    """
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return InferenceSession(graph, options, providers=["CPUExecutionProvider"])
