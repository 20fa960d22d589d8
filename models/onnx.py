"""ONNX graphs made smaller."""

import logging
from collections.abc import Sequence
from pathlib import Path


def quantise(source: Path, target: Path, operators: Sequence[str] | None = None) -> None:
    """Write a graph's weights in eight bits, of all operators that can or of some.

    They take seven bits (`reduce_range`): with eight, CPUs without VNNI saturate.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    root, level, nowhere = logging.getLogger(), logging.getLogger().level, logging.NullHandler()
    root.addHandler(nowhere)  # without any, its first warning would set up logging for all of us
    root.setLevel(logging.ERROR)  # it recommends pre-processing, which changes nothing here
    try:
        quantize_dynamic(
            source, target, operators, per_channel=True, reduce_range=True,
            weight_type=QuantType.QInt8,
        )  # fmt: skip
    finally:
        root.setLevel(level)
        root.removeHandler(nowhere)
