"""CTranslate2 Whisper → openai-whisper: the same float16 weights under torch's names.

CTranslate2's `model.bin`, little-endian: u32 version (6), string spec, u32 revision, u32 count;
then per variable its name, u8 rank, u32 per dimension, u8 type, u32 bytes, data; at last u32 count
and pairs (alias, target). A string is a u16 length, its closing NUL included, and the bytes.
Source: https://github.com/OpenNMT/CTranslate2, python/ctranslate2/specs/model_spec.py.
"""

import json
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models import ModelError

Array = npt.NDArray[Any]
Tensors = dict[str, Array]

_BINARY_VERSION = 6
_SPEC = "WhisperSpec"
_TYPES = {0: "<f4", 1: "<i1", 2: "<i2", 3: "<i4", 4: "<f2"}

# Within a layer CTranslate2 fuses what torch keeps apart: the rows of one are those of several.
_FUSED = {
    "self_attention/layer_norm": ["attn_ln"],
    "self_attention/linear_0": ["attn.query", "attn.key", "attn.value"],
    "self_attention/linear_1": ["attn.out"],
    "attention/layer_norm": ["cross_attn_ln"],
    "attention/linear_0": ["cross_attn.query"],
    "attention/linear_1": ["cross_attn.key", "cross_attn.value"],
    "attention/linear_2": ["cross_attn.out"],
    "ffn/layer_norm": ["mlp_ln"],
    "ffn/linear_0": ["mlp.0"],
    "ffn/linear_1": ["mlp.2"],
}
_OUTSIDE_LAYERS = {
    "encoder/conv1": "encoder.conv1",
    "encoder/conv2": "encoder.conv2",
    "encoder/layer_norm": "encoder.ln_post",
    "decoder/layer_norm": "decoder.ln",
    "decoder/embeddings": "decoder.token_embedding",
}
_LAYER = re.compile(r"(encoder|decoder)/layer_(\d+)/(.+)")
_PARAMETERS = {"gamma": "weight", "beta": "bias", "weight": "weight", "bias": "bias"}


def convert(source: Path, target: Path) -> None:
    """Write the CTranslate2 folder `source` as `target` for openai-whisper.

    `model.safetensors` is the state dict, `dims.json` the arguments of ModelDimensions,
    `alignment_heads.json` the [layer, head] pairs whose attention follows the words. The same
    source and safetensors version give the same bytes. Raises ModelError for another format.
    """
    from safetensors.numpy import save_file

    path = source / "model.bin"
    try:
        variables = _read(path)
        tensors = _tensors(variables)
        dims = _dimensions(variables)
        heads = json.loads((source / "config.json").read_text(encoding="utf-8"))["alignment_heads"]
    except (struct.error, KeyError, ValueError, OSError) as error:
        raise ModelError(
            f"{path}: not a float CTranslate2 Whisper model ({error!r}): convert it from the"
            " original weights without quantisation"
        ) from error
    target.mkdir(parents=True, exist_ok=True)
    save_file({name: tensors[name] for name in sorted(tensors)}, target / "model.safetensors")
    for name, value in {"dims": dims, "alignment_heads": heads}.items():
        (target / f"{name}.json").write_text(json.dumps(value) + "\n", encoding="utf-8")


def _read(path: Path) -> Tensors:
    """The variables of a `model.bin`, as views of its bytes."""
    data = memoryview(path.read_bytes())
    at = 0

    def number(code: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(f"<{code}", data, at)
        at += struct.calcsize(f"<{code}")
        return int(value)

    def string() -> str:
        nonlocal at
        length = number("H")
        at += length
        return bytes(data[at - length : at]).rstrip(b"\0").decode()

    version, spec, _revision, count = number("I"), string(), number("I"), number("I")
    if (version, spec) != (_BINARY_VERSION, _SPEC):
        raise ValueError(f"binary version {version}, {spec}")
    variables: Tensors = {}
    for _ in range(count):
        name = string()
        shape = [number("I") for _ in range(number("B"))]
        dtype = np.dtype(_TYPES[number("B")])
        size = number("I")
        flat = np.frombuffer(data, dtype, size // dtype.itemsize, at)
        variables[name] = flat.reshape(shape)
        at += size
    return variables


def _tensors(variables: Tensors) -> Tensors:
    """The state dict of openai-whisper."""
    tensors: Tensors = {}
    for name, value in variables.items():
        if value.ndim == 0:  # an option of the architecture
            continue
        module, parameter = name.rsplit("/", 1)
        if parameter == "encodings":
            tensors[f"{module.split('/')[0]}.positional_embedding"] = value
        elif layer := _LAYER.fullmatch(module):
            side, number, part = layer.groups()
            names = _FUSED[part]
            for into, rows in zip(names, np.split(value, len(names)), strict=True):
                tensors[f"{side}.blocks.{number}.{into}.{_PARAMETERS[parameter]}"] = rows
        else:
            tensors[f"{_OUTSIDE_LAYERS[module]}.{_PARAMETERS[parameter]}"] = value
    for name in [name for name in tensors if name.endswith(".key.bias")]:
        if tensors.pop(name).any():
            raise ValueError(f"{name} is not zero, and openai-whisper has none")
    return tensors


def _dimensions(variables: Tensors) -> dict[str, int]:
    """The arguments of whisper.model.ModelDimensions."""
    audio_context, audio_state = variables["encoder/position_encodings/encodings"].shape
    text_context, text_state = variables["decoder/position_encodings/encodings"].shape
    layers = {match.groups()[:2] for name in variables if (match := _LAYER.fullmatch(name))}
    return {
        "n_mels": variables["encoder/conv1/weight"].shape[1],
        "n_audio_ctx": audio_context,
        "n_audio_state": audio_state,
        "n_audio_head": int(variables["encoder/num_heads"]),
        "n_audio_layer": sum(side == "encoder" for side, _ in layers),
        "n_vocab": variables["decoder/embeddings/weight"].shape[0],
        "n_text_ctx": text_context,
        "n_text_state": text_state,
        "n_text_head": int(variables["decoder/num_heads"]),
        "n_text_layer": sum(side == "decoder" for side, _ in layers),
    }
