"""ONNX graphs: made smaller, and opened on the CPU."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


def quantise(source: Path, target: Path, operators: Sequence[str] | None = None) -> None:
    """Write a graph's weights in eight bits, of all operators that can or of some.

    They take seven bits (`reduce_range`): with eight, CPUs without VNNI saturate. They lie in a
    file of their own beside `target`, which ONNX Runtime maps into memory: of a table of words only
    the rows that are looked up are read.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    root, level, nowhere = logging.getLogger(), logging.getLogger().level, logging.NullHandler()
    root.addHandler(nowhere)  # without any, its first warning would set up logging for all of us
    root.setLevel(logging.ERROR)  # it recommends pre-processing, which changes nothing here
    try:
        quantize_dynamic(
            source, target, operators, per_channel=True, reduce_range=True,
            weight_type=QuantType.QInt8, use_external_data_format=True,
        )  # fmt: skip
        weights = target.with_name(f"{target.name}.data")
        weights.chmod(target.stat().st_mode)  # onnx would let nobody else read them
    finally:
        root.setLevel(level)
        root.removeHandler(nowhere)


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
