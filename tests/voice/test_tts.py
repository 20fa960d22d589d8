"""Choosing and loading a voice: what goes wrong is said in one line."""

import json
from pathlib import Path

import pytest

from voice import EngineError
from voice.tts import TtsOptions, load_tts, voice_id


def refused(options: TtsOptions) -> str:
    with pytest.raises(EngineError) as refusal:
        load_tts(options)
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def coqui_folder(folder: Path, **config: object) -> TtsOptions:
    (folder / "config.json").write_text(json.dumps({"model": "vits"} | config), encoding="utf-8")
    return TtsOptions(model=str(folder), device="cpu")


def test_unknown_engine() -> None:
    assert refused(TtsOptions(engine="parrot")) == (
        "no TTS engine 'parrot': choose coqui, hibari or espeak"
    )


def test_speed_that_is_no_speech() -> None:
    assert "choose 0.5 to 2" in refused(TtsOptions(speed=9))


@pytest.mark.parametrize("engine", ["coqui", "hibari"])
def test_model_that_is_not_there(
    engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFHOOK_MODELS", str(tmp_path))
    assert "offhook models pull" in refused(TtsOptions(engine=engine))


def test_unknown_model() -> None:
    assert "grandma" in refused(TtsOptions(model="grandma"))


def test_folder_without_a_voice(tmp_path: Path) -> None:
    options = TtsOptions(model=str(tmp_path), device="cpu")
    assert "it has no config.json" in refused(options)


def test_broken_config(tmp_path: Path) -> None:
    options = coqui_folder(tmp_path)
    (tmp_path / "config.json").write_text("{", encoding="utf-8")
    assert "config.json is not JSON" in refused(options)


def test_other_architecture(tmp_path: Path) -> None:
    assert "is a xtts voice" in refused(coqui_folder(tmp_path, model="xtts"))


def test_other_file_in_hibaris_folder(tmp_path: Path) -> None:
    (tmp_path / "hibari.onnx").write_bytes(b"no graph")
    options = TtsOptions(engine="hibari", model=str(tmp_path))
    assert "hibari.onnx cannot be loaded" in refused(options)


def test_a_voice_is_named_by_weights_engine_and_options(tmp_path: Path) -> None:
    options = coqui_folder(tmp_path)
    name = voice_id(options)
    assert voice_id(options) == name
    assert voice_id(TtsOptions(model=str(tmp_path), device="cpu", speed=1.2)) != name
    assert voice_id(coqui_folder(tmp_path, run_name="another")) != name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("readme.txt", b"", "has no weights"),
        ("model.safetensors", b"no tensors", "cannot be read as weights"),
        ("model.pth", b"no tensors", "cannot be read as weights"),
    ],
)
def test_weights_that_are_none(tmp_path: Path, file: str, content: bytes, reason: str) -> None:
    options = coqui_folder(tmp_path)
    (tmp_path / file).write_bytes(content)
    assert reason in refused(options)


@pytest.mark.slow
def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    import pickle

    class Payload:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (exec, ("raise SystemExit('code ran')",))

    options = coqui_folder(tmp_path)
    (tmp_path / "model.pth").write_bytes(pickle.dumps({"model": Payload()}))
    assert "cannot be read as weights" in refused(options)


@pytest.mark.slow
def test_weights_of_another_shape(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    options = coqui_folder(tmp_path)
    save_file({"text_encoder.emb.weight": torch.zeros(5, 192)}, tmp_path / "model.safetensors")
    assert "does not hold a whole VITS voice" in refused(options)
