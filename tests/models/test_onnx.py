from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.onnx import open_graph, quantise

WORDS, WIDTH = 1000, 64


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A graph that looks words up in a table."""
    rows = np.random.default_rng(5).normal(size=(WORDS, WIDTH)).astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("Gather", ["rows", "ids"], ["found"])],
        "table",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["words"])],
        [helper.make_tensor_value_info("found", TensorProto.FLOAT, ["words", WIDTH])],
        [numpy_helper.from_array(rows, "rows")],
    )
    path = tmp_path / "whole.onnx"
    onnx.save_model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path
    )
    return path


def test_weights_lie_beside_the_graph_to_be_mapped_and_all_may_read_them(
    table: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small.onnx"
    quantise(table, small)
    weights = tmp_path / "small.onnx.data"
    assert small.stat().st_size < 4096 < weights.stat().st_size < WORDS * WIDTH * 2
    assert weights.stat().st_mode == small.stat().st_mode
    ids = {"ids": np.array([3, 999])}
    whole, eight_bits = (open_graph(path).run(None, ids)[0] for path in (table, small))
    assert np.abs(whole - eight_bits).max() < 0.05
