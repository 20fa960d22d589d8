"""A Piper voice becomes a Coqui folder, or is refused in one line."""

import json
from pathlib import Path

import numpy as np
import pytest

from models import ModelError
from models.piper import convert
from models.registry import model_path


def voice(folder: Path, **changes: object) -> Path:
    """A folder with a voice's description, and a file that is no ONNX."""
    description = {"num_speakers": 1, "phoneme_type": "espeak", "phoneme_map": {}} | changes
    (folder / "voice.onnx").write_bytes(b"not a graph")
    (folder / "voice.onnx.json").write_text(json.dumps(description), encoding="utf-8")
    return folder


def refused(source: Path, target: Path) -> str:
    with pytest.raises(ModelError) as refusal:
        convert(source, target)
    assert not target.exists()
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_an_empty_folder(tmp_path: Path) -> None:
    assert "holds 0 Piper voices" in refused(tmp_path, tmp_path / "coqui")


def test_two_voices(tmp_path: Path) -> None:
    (voice(tmp_path) / "other.onnx").touch()
    assert "holds 2 Piper voices" in refused(tmp_path, tmp_path / "coqui")


def test_no_description(tmp_path: Path) -> None:
    (voice(tmp_path) / "voice.onnx.json").unlink()
    assert "voice.onnx.json is missing" in refused(tmp_path, tmp_path / "coqui")


def test_a_broken_description(tmp_path: Path) -> None:
    (voice(tmp_path) / "voice.onnx.json").write_text("{", encoding="utf-8")
    assert "voice.onnx.json is not JSON" in refused(tmp_path, tmp_path / "coqui")


def test_no_graph(tmp_path: Path) -> None:
    assert "voice.onnx is not an ONNX file" in refused(voice(tmp_path), tmp_path / "coqui")


def test_several_speakers(tmp_path: Path) -> None:
    source = voice(tmp_path, num_speakers=4)
    assert "several speakers" in refused(source, tmp_path / "coqui")


def test_letters_for_phonemes(tmp_path: Path) -> None:
    source = voice(tmp_path, phoneme_type="text")
    assert "plain eSpeak phonemes" in refused(source, tmp_path / "coqui")


@pytest.mark.slow
def test_a_real_voice_twice_is_the_same_and_whole(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    try:
        source = model_path("piper-joe")
    except ModelError as error:
        pytest.skip(str(error))
    for target in ("once", "twice"):
        convert(source, tmp_path / target)
    for name in ("config.json", "model.safetensors"):
        once, twice = ((tmp_path / target / name).read_bytes() for target in ("once", "twice"))
        assert once == twice
    tensors = load_file(tmp_path / "once" / "model.safetensors")
    assert all(np.isfinite(tensor).all() for tensor in tensors.values())
    config = json.loads((tmp_path / "once" / "config.json").read_text(encoding="utf-8"))
    args = config["model_args"]
    assert args["num_chars"] == len(tensors["text_encoder.emb.weight"])
    assert args["upsample_rates_decoder"] == [8, 8, 4]
    assert args["resblock_dilation_sizes_decoder"] == [[1, 2], [2, 6], [3, 12]]
