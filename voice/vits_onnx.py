"""The networks of a VITS voice in ONNX Runtime: on a CPU they take some six tenths of torch's time.

The graphs are made by torch once on a machine, in some seconds, and give the same to 1e-5.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.onnx import Axes, fold, open_graph, trace
from voice.audio import Float32

if TYPE_CHECKING:
    from voice.vits_torch import TorchNetworks

REVISION = 2  # of what is made here; part of its name in the cache
_READ, _FLOW, _WAVE = "read.onnx", "flow.onnx", "wave.onnx"
_EXAMPLE = 40  # symbols or frames; they vary


class OnnxNetworks:
    """Meets `Networks`, with what `export_vits` wrote into a folder."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._read, self._flow, self._wave = (
            open_graph(folder / name, threads) for name in (_READ, _FLOW, _WAVE)
        )
        self._draws = any(each.name == "draw" for each in self._read.get_inputs())

    def read(self, ids: list[int], draw: Float32) -> tuple[Float32, Float32, Float32]:
        """See `Networks`."""
        feed: dict[str, Any] = {"ids": np.array([ids])}
        if self._draws:
            feed["draw"] = draw[None]
        mean, log_scale, log_durations = self._read.run(None, feed)
        return mean[0], log_scale[0], log_durations[0, 0]

    def flow(self, prior: Float32) -> Float32:
        """See `Networks`."""
        latent: Float32 = self._flow.run(None, {"prior": prior[None]})[0][0]
        return latent

    def wave(self, latent: Float32) -> Float32:
        """See `Networks`."""
        samples: Float32 = self._wave.run(None, {"latent": latent[None]})[0][0, 0]
        return samples


def export_vits(networks: "TorchNetworks", folder: Path) -> None:
    """Write the three graphs of a voice into a folder."""
    import torch

    ids = torch.ones((1, _EXAMPLE), dtype=torch.long)
    draw = torch.randn((1, 2, _EXAMPLE))
    with torch.inference_mode():
        mean, *_ = networks.read_tensors(ids, draw)
        latent = networks.flow_tensor(mean)
    read: Axes = {"mean": [2], "log_scale": [2], "log_durations": [2]}
    _export(networks.read_tensors, (ids, draw), folder / _READ, {"ids": [1], "draw": [2]}, read)
    _export(networks.flow_tensor, (mean,), folder / _FLOW, {"prior": [2]}, {"latent": [2]})
    _export(networks.wave_tensor, (latent,), folder / _WAVE, {"latent": [2]}, {"samples": [2]})


def _export(run: Any, example: Sequence[Any], path: Path, takes: Axes, gives: Axes) -> None:
    import torch

    class Graph(torch.nn.Module):
        def forward(self, *given: Any) -> Any:
            return run(*given)

    whole = path.with_suffix(".whole")
    with torch.inference_mode():
        trace(Graph(), example, whole, takes, gives)
    fold(whole, path)
    whole.unlink()
