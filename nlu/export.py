"""One ONNX graph from encoder, adapter and heads: ids and mask in, four heads' logits out."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from models.onnx import quantise, trace

if TYPE_CHECKING:
    from nlu.model import JointBert

INPUTS = ("ids", "mask")
OUTPUTS = ("intent", "intents", "slots", "sentiment")
REVISION = 3  # of what this module makes; part of the export's name in the cache


def export_onnx(model: "JointBert", path: Path, *, int8: bool = True) -> None:
    """Write the graph, adapter merged; with int8, weights are quantised and activations follow.

    Weights take seven bits (`reduce_range`): with eight, CPUs without VNNI saturate.
    """
    import torch

    from nlu.model import merge_adapter

    model = merge_adapter(model).eval()
    gives = {name: [0, 1] if name == "slots" else [0] for name in OUTPUTS}
    ids = torch.ones(2, 8, dtype=torch.long)
    with TemporaryDirectory() as scratch:
        whole = Path(scratch) / "whole.onnx" if int8 else path
        takes = {name: [0, 1] for name in INPUTS}
        trace(model, (ids, torch.ones_like(ids)), whole, takes, gives)
        if int8:
            quantise(whole, path)
