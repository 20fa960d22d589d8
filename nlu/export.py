"""One ONNX graph from encoder, adapter and heads: ids and mask in, four heads' logits out."""

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from models.onnx import quantise

if TYPE_CHECKING:
    from nlu.model import JointBert

INPUTS = ("ids", "mask")
OUTPUTS = ("intent", "intents", "slots", "sentiment")
REVISION = 3  # of what this module makes; part of the export's name in the cache
_OPSET = 17


def export_onnx(model: "JointBert", path: Path, *, int8: bool = True) -> None:
    """Write the graph, adapter merged; with int8, weights are quantised and activations follow.

    Weights take seven bits (`reduce_range`): with eight, CPUs without VNNI saturate.
    """
    import torch

    from nlu.model import merge_adapter

    model = merge_adapter(model).eval()
    axes = {name: {0: "batch", 1: "pieces"} for name in (*INPUTS, "slots")}
    axes |= {name: {0: "batch"} for name in ("intent", "intents", "sentiment")}
    ids = torch.ones(2, 8, dtype=torch.long)
    with TemporaryDirectory() as scratch, warnings.catch_warnings():
        # The TorchScript exporter is deprecated, but the new one needs onnxscript besides;
        # the traced branches depend on the attention code, not on the input.
        warnings.simplefilter("ignore")
        whole = Path(scratch) / "whole.onnx" if int8 else path
        torch.onnx.export(
            model, (ids, torch.ones_like(ids)), whole, dynamo=False, opset_version=_OPSET,
            input_names=list(INPUTS), output_names=list(OUTPUTS), dynamic_axes=axes,
        )  # fmt: skip
        if int8:
            quantise(whole, path)
