"""Engines by name, and what is said when one cannot be had."""

import sys
from pathlib import Path
from typing import NoReturn

import pytest

from models import ModelError, ModelMissing
from models.device import Device
from voice import EngineError, asr
from voice.asr import AsrOptions, load_asr


def test_an_unknown_engine_names_the_known_ones() -> None:
    with pytest.raises(
        EngineError, match=r"'kaldi'.*onnx-whisper, faster-whisper or openai-whisper"
    ):
        load_asr(AsrOptions(engine="kaldi"))


def test_an_english_model_is_not_asked_for_german() -> None:
    with pytest.raises(EngineError, match="English alone: choose base"):
        load_asr(AsrOptions(model="tiny.en", language="de"))


def test_an_unknown_device_is_named() -> None:
    with pytest.raises(ModelError, match="tpu"):
        load_asr(AsrOptions(device="tpu"))


def test_weights_that_are_not_there_say_how_to_get_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OFFHOOK_MODELS", str(tmp_path))
    with pytest.raises(ModelMissing, match="whisper-base"):
        load_asr(AsrOptions(device="cpu"))


@pytest.mark.parametrize(
    ("engine", "package", "remedy"),
    [
        ("onnx-whisper", "onnxruntime", "onnxruntime faster-whisper"),
        ("faster-whisper", "ctranslate2", "faster-whisper"),
        ("openai-whisper", "torch", "openai-whisper"),
    ],
)
def test_a_missing_package_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, engine: str, package: str, remedy: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    for module in ("voice.asr_onnx", "voice.asr_faster", "voice.asr_openai"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(EngineError, match=f"pip install {remedy}"):
        load_asr(AsrOptions(engine=engine, device="cpu"))


def test_on_a_gpu_whisper_runs_in_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX Runtime's graphs are a CPU's, and CTranslate2 wants another cuBLAS than torch brings."""
    asked = []

    def refuse(options: AsrOptions, device: Device) -> NoReturn:
        asked.append((options.engine, device.kind))
        raise ValueError("no GPU here")

    monkeypatch.setattr(asr, "place", lambda preference: Device("cuda", "float16", 1))
    monkeypatch.setitem(asr.ENGINES, "openai-whisper", refuse)
    with pytest.raises(EngineError, match="openai-whisper cannot load base: no GPU here"):
        load_asr(AsrOptions(device="cuda"))
    assert asked == [("openai-whisper", "cuda")]


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["onnx-whisper", "faster-whisper", "openai-whisper"])
def test_an_unknown_language_is_one_line(engine: str) -> None:
    with pytest.raises(EngineError, match="tlh") as raised:
        load_asr(AsrOptions(engine=engine, language="tlh", device="cpu"))
    assert "\n" not in str(raised.value)
