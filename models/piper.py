"""Piper voice (ONNX) to a Coqui VITS folder: `config.json` and `model.safetensors`.

Piper exports the same VITS that Coqui trains, so this renames tensors and writes down what their
shapes and the graph's convolutions say about the architecture. Three things are not one to one:
weight-normalised layers were fused on export (here g = |W|, v = W gives the same W), the symbol
table has another order (the rows of the embedding are permuted), and what only training uses is
not in the ONNX file (filled in, so that Coqui's own strict loading accepts the checkpoint).
"""

import json
import math
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models import ModelError

Array = npt.NDArray[np.float32]
Tensors = dict[str, Array]

_FFT_SIZE = 1024  # of the spectrograms Piper trains on; only the posterior encoder's shape needs it
_PAD, _BOS, _EOS, _BLANK = "_", "^", "$", "<BLNK>"
_PUNCTUATION = " !\"'(),-.:;?"

# Piper's module names to Coqui's; Coqui has no Flip modules, so the flows' numbers close up.
_RENAMES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"^enc_p\.", "text_encoder."),
    (r"^dec\.", "waveform_decoder."),
    (r"^flow\.flows\.(\d+)", lambda m: f"flow.flows.{int(m[1]) // 2}"),
    (r"^dp\.flows\.0\.m$", "duration_predictor.flows.0.translation"),
    (r"^dp\.flows\.0\.logs$", "duration_predictor.flows.0.log_scale"),
    (r"^dp\.flows\.([1-9]\d*)", lambda m: f"duration_predictor.flows.{(int(m[1]) + 1) // 2}"),
    (r"^dp\.", "duration_predictor."),
)
_WEIGHT_NORMALISED = re.compile(
    r"^(waveform_decoder\.(ups|resblocks)|.*\.enc\.(in_layers|res_skip_layers))\..*\.?weight$"
)


def convert(source: Path, target: Path) -> None:
    """Write the Piper voice in `source` (`*.onnx`, `*.onnx.json`) as a Coqui folder `target`.

    The same voice gives the same bytes. Raises `ModelError` for a voice of another kind: several
    speakers, no eSpeak phonemes, no stochastic duration predictor.
    """
    from safetensors.numpy import save_file

    graph, voice = _read(source)
    symbols, rows = _symbols(voice)
    tensors = _tensors(graph)
    tensors["text_encoder.emb.weight"] = tensors["text_encoder.emb.weight"][rows]
    config = _config(graph, tensors, voice, symbols)
    tensors |= _training_only(tensors)
    target.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)},
        target / "model.safetensors",
    )
    text = json.dumps(config, indent=2, ensure_ascii=False, sort_keys=True)
    (target / "config.json").write_text(text + "\n", encoding="utf-8")


def _read(source: Path) -> tuple[Any, dict[str, Any]]:
    """The graph and the description of the one voice in the folder."""
    import onnx

    found = sorted(source.glob("*.onnx"))
    if len(found) != 1:
        raise ModelError(
            f"{source} holds {len(found)} Piper voices (.onnx): give a folder with one"
        )
    (path,) = found
    description = path.with_name(f"{path.name}.json")
    try:
        voice = json.loads(description.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{description} is missing: fetch the voice again") from None
    except ValueError as error:
        raise ModelError(f"{description} is not JSON ({error}): fetch the voice again") from None
    if voice.get("num_speakers", 1) != 1:
        raise ModelError(f"{path.name} has several speakers: choose a voice with one")
    if voice.get("phoneme_type", "espeak") != "espeak" or voice.get("phoneme_map"):
        raise ModelError(f"{path.name} does not use plain eSpeak phonemes: choose one that does")
    try:
        return onnx.load(path, load_external_data=False).graph, voice
    except Exception as error:  # protobuf's own kinds
        raise ModelError(f"{path} is not an ONNX file: fetch the voice again") from error


def _symbols(voice: dict[str, Any]) -> tuple[list[str], list[int]]:
    """Coqui's order [pad, eos, bos, blank, characters, punctuations], and Piper's row of each."""
    ids: dict[str, list[int]] = voice["phoneme_id_map"]
    letters = [s for s in ids if s not in {_PAD, _BOS, _EOS}]
    spoken = [s for s in letters if s not in _PUNCTUATION]
    symbols = [_PAD, _EOS, _BOS, _BLANK, *spoken, *(s for s in letters if s in _PUNCTUATION)]
    if any(len(s) != 1 for s in letters) or any(len(v) != 1 for v in ids.values()):
        raise ModelError("the voice's phoneme table has symbols of several letters or ids")
    return symbols, [ids[_PAD if s == _BLANK else s][0] for s in symbols]


def _tensors(graph: Any) -> Tensors:
    """Every weight that inference uses, under Coqui's names."""
    from onnx import numpy_helper

    raw: Tensors = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    named = {name: value for name, value in raw.items() if re.match(r"(enc_p|dec|flow|dp)\.", name)}
    for node in graph.node:
        if node.name == "/enc_p/emb/Gather":  # the export names this tensor after another input
            named["enc_p.emb.weight"] = raw[node.input[0]]
        if node.op_type == "Conv" and node.input[1].startswith("onnx::"):  # fused: lost its name
            named[node.input[2].removesuffix("bias") + "weight"] = raw[node.input[1]]
    if "/dp/flows.0/Exp_output_0" not in raw:
        raise ModelError(
            "the Piper voice has no stochastic duration predictor; choose one that has"
        )
    named["dp.flows.0.logs"] = -np.log(raw["/dp/flows.0/Exp_output_0"])
    tensors: Tensors = {}
    for name, value in named.items():
        tensors |= _weight_norm(_coqui_name(name), value)
    return tensors


def _coqui_name(name: str) -> str:
    for pattern, replacement in _RENAMES:
        renamed, count = re.subn(pattern, replacement, name)
        if count:
            return renamed
    raise ModelError(f"the Piper voice has a tensor that VITS has not: {name}")


def _weight_norm(name: str, value: Array) -> Tensors:
    """Split a fused weight as torch's weight norm does, W = g · v / |v|, per first axis."""
    if not _WEIGHT_NORMALISED.match(name):
        return {name: value}
    stem = name.removesuffix("weight") + "parametrizations.weight.original"
    norm = np.sqrt(np.square(value, dtype=np.float64).sum(axis=(1, 2), keepdims=True))
    return {stem + "0": norm.astype(np.float32), stem + "1": value}


def _config(
    graph: Any, tensors: Tensors, voice: dict[str, Any], symbols: list[str]
) -> dict[str, Any]:
    args = _architecture(graph, tensors)
    inference = voice["inference"]
    args |= {
        "inference_noise_scale": inference["noise_scale"],
        "inference_noise_scale_dp": inference["noise_w"],
        "length_scale": inference["length_scale"],
    }
    first_punctuation = next(i for i, s in enumerate(symbols) if s in _PUNCTUATION)
    return {
        "model": "vits",
        "run_name": f"piper-{voice.get('dataset', 'voice')}",
        "model_args": args,
        "audio": {
            "sample_rate": voice["audio"]["sample_rate"],
            "fft_size": _FFT_SIZE,
            "win_length": _FFT_SIZE,
            "hop_length": math.prod(args["upsample_rates_decoder"]),
        },
        "use_phonemes": True,
        "phonemizer": "piper",
        "phoneme_language": voice["espeak"]["voice"],
        "add_blank": True,
        "enable_eos_bos_chars": True,
        "characters": {
            "characters_class": "TTS.tts.utils.text.characters.IPAPhonemes",
            "pad": _PAD,
            "eos": _EOS,
            "bos": _BOS,
            "blank": _BLANK,
            "characters": "".join(symbols[4:first_punctuation]),
            "punctuations": "".join(symbols[first_punctuation:]),
            "phonemes": None,
            "is_unique": False,
            "is_sorted": False,
        },
    }


def _architecture(graph: Any, tensors: Tensors) -> dict[str, Any]:
    """VitsArgs, from the shapes and the strides and dilations of the graph's convolutions."""
    convs = {
        node.input[1]: {a.name: list(a.ints) for a in node.attribute}
        for node in graph.node
        if node.op_type in {"Conv", "ConvTranspose"}
    }
    ups = _numbered(convs, r"dec\.ups\.(\d+)\.weight")
    blocks = _numbered(convs, r"dec\.resblocks\.(\d+)\.convs1?\.0\.weight")
    kernels = len(blocks) // len(ups)
    kind = "1" if "dec.resblocks.0.convs1.0.weight" in convs else "2"
    stem = "convs1" if kind == "1" else "convs"
    dilations = [
        [
            convs[n]["dilations"][0]
            for n in _numbered(convs, rf"dec\.resblocks\.{i}\.{stem}\.(\d+)\.weight")
        ]
        for i in range(kernels)
    ]
    encoder = "text_encoder.encoder"
    hidden = tensors["text_encoder.emb.weight"].shape[1]
    ffn = tensors[f"{encoder}.ffn_layers.0.conv_1.weight"]
    flow = [n for n in tensors if re.fullmatch(r"flow\.flows\.0\.enc\.in_layers\.\d+\.bias", n)]
    flow_kernel = tensors["flow.flows.0.enc.in_layers.0.parametrizations.weight.original1"].shape[2]
    return {
        "num_chars": tensors["text_encoder.emb.weight"].shape[0],
        "out_channels": _FFT_SIZE // 2 + 1,
        "hidden_channels": hidden,
        "hidden_channels_ffn_text_encoder": ffn.shape[0],
        "kernel_size_text_encoder": ffn.shape[2],
        "num_heads_text_encoder": hidden // tensors[f"{encoder}.attn_layers.0.emb_rel_k"].shape[2],
        "num_layers_text_encoder": len(
            _numbered(tensors, rf"{re.escape(encoder)}\.ffn_layers\.(\d+)\.conv_1\.weight")
        ),
        "kernel_size_flow": flow_kernel,
        "num_layers_flow": len(flow),
        "resblock_type_decoder": kind,
        "resblock_kernel_sizes_decoder": [convs[n]["kernel_shape"][0] for n in blocks[:kernels]],
        "resblock_dilation_sizes_decoder": dilations,
        "upsample_rates_decoder": [convs[n]["strides"][0] for n in ups],
        "upsample_kernel_sizes_decoder": [convs[n]["kernel_shape"][0] for n in ups],
        "upsample_initial_channel_decoder": tensors["waveform_decoder.conv_pre.bias"].shape[0],
        "use_sdp": True,
        "init_discriminator": False,
        "num_layers_posterior_encoder": 1,
    }


def _numbered(names: Iterable[str], pattern: str) -> list[str]:
    """The names that match, in the order of the number in them."""
    found = [(int(m[1]), name) for name in names if (m := re.fullmatch(pattern, name))]
    return [name for _, name in sorted(found)]


def _training_only(tensors: Tensors) -> Tensors:
    """What the ONNX file lacks, for strict loading: zeros, and ones where weight norm divides."""
    predictor = "duration_predictor."
    shapes: dict[str, tuple[int, ...]] = {}
    for name, value in tensors.items():
        if not name.startswith(predictor):
            continue
        own = name.removeprefix(predictor)
        if own.startswith("flows.2."):
            shapes[predictor + own.replace("2", "1", 1)] = value.shape
            shapes |= {f"{predictor}post_flows.{i}{own[7:]}": value.shape for i in range(1, 5)}
        elif own.startswith(("flows.0.", "convs.", "proj.")):
            shapes[f"{predictor}post_{own}"] = value.shape
    hidden = tensors["text_encoder.emb.weight"].shape[1]
    shapes |= {
        f"{predictor}post_pre.weight": (hidden, 1, 1),
        f"{predictor}post_pre.bias": (hidden,),
        "posterior_encoder.pre.weight": (hidden, _FFT_SIZE // 2 + 1, 1),
        "posterior_encoder.pre.bias": (hidden,),
        "posterior_encoder.proj.weight": (2 * hidden, hidden, 1),
        "posterior_encoder.proj.bias": (2 * hidden,),
    }
    for layer, rows, kernel in (("in", 2 * hidden, 5), ("res_skip", hidden, 1)):
        stem = f"posterior_encoder.enc.{layer}_layers.0."
        shapes[stem + "bias"] = (rows,)
        shapes[stem + "parametrizations.weight.original0"] = (rows, 1, 1)
        shapes[stem + "parametrizations.weight.original1"] = (rows, hidden, kernel)
    return {
        name: np.full(shape, "parametrizations" in name, np.float32)
        for name, shape in shapes.items()
    }
