"""CTranslate2 to openai-whisper: every tensor finds its place, and only float Whisper is taken."""

import json
import struct
from pathlib import Path

import pytest

from models import ModelError, ModelMissing
from models.fetch import pull
from models.registry import digest, file_sha256, model_path
from models.whisper import convert
from tests.models.conftest import Index, entry

WHISPERS = ["whisper-base", "whisper-tiny.en"]


def named(text: str) -> bytes:
    data = text.encode() + b"\0"
    return struct.pack("<H", len(data)) + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a model at all",
        struct.pack("<I", 6) + named("TransformerSpec") + struct.pack("<II", 3, 0),
        struct.pack("<I", 9) + named("WhisperSpec") + struct.pack("<II", 3, 0),
        struct.pack("<I", 6) + named("WhisperSpec") + struct.pack("<II", 3, 200),
        struct.pack("<I", 6)
        + named("WhisperSpec")
        + struct.pack("<II", 3, 1)
        + named("encoder/layer_0/ffn/linear_0/weight_scale")
        + struct.pack("<BIBIf", 1, 1, 0, 4, 0.5),
    ],
)
def test_another_format_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.bin").write_bytes(content)
    with pytest.raises(ModelError, match="not a float CTranslate2 Whisper model") as caught:
        convert(tmp_path, tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="session", params=WHISPERS)
def ctranslate2(request: pytest.FixtureRequest) -> Path:
    name: str = request.param
    try:
        return model_path(name)
    except ModelMissing as error:
        pytest.skip(str(error))


@pytest.mark.slow
def test_the_converted_weights_load_strictly(ctranslate2: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file
    from whisper.model import ModelDimensions, Whisper

    convert(ctranslate2, tmp_path)
    model = Whisper(ModelDimensions(**json.loads((tmp_path / "dims.json").read_text())))
    outcome = model.load_state_dict(load_file(tmp_path / "model.safetensors"), strict=True)
    assert not outcome.missing_keys
    assert not outcome.unexpected_keys
    heads = json.loads((tmp_path / "alignment_heads.json").read_text())
    assert max(layer for layer, _ in heads) < model.dims.n_text_layer


@pytest.mark.slow
def test_a_conversion_gives_the_same_bytes_twice(ctranslate2: Path, tmp_path: Path) -> None:
    for target in ("one", "two"):
        convert(ctranslate2, tmp_path / target)
    for file in ("model.safetensors", "dims.json", "alignment_heads.json"):
        assert file_sha256(tmp_path / "one" / file) == file_sha256(tmp_path / "two" / file)


@pytest.mark.slow
def test_a_derived_model_is_converted_at_pull_and_again_when_its_source_changes(
    ctranslate2: Path, index: Index
) -> None:
    files = ["model.bin", "config.json"]
    source = f"[[models.sources]]\nkind = 'folder'\npath = '{ctranslate2}'\nfiles = {files}\n"
    derived = "[models.derived]\nsource = 'a'\nconverter = 'whisper'\nrevision = 1\n"
    index.describe(entry("a", source), entry("b", derived))
    assert pull(["b"]) == ["a", "b"]
    assert pull(["b"]) == []
    first = digest("b")

    index.describe(entry("a", source), entry("b", derived.replace("1", "2")))
    with pytest.raises(ModelMissing, match=r"b in .* is not what the manifest names"):
        model_path("b")
    assert pull(["b"]) == ["b"]
    assert digest("b") == first
