"""A language model on this machine: found, loaded without the network, streamed."""

from contextlib import aclosing
from pathlib import Path

import pytest

from dialogue import LlmError
from dialogue.llm.local import Weights, find
from dialogue.llm.model import LlmLimits, LlmOptions, Message, load_llm
from models import ModelMissing
from models.registry import model_path

STAND_IN = "smollm2-135m"  # `offhook models pull smollm2-135m`
CAPITAL = [Message("user", "What is the capital of France?")]


def test_a_folder_a_gguf_file_or_one_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").touch()
    assert find(str(tmp_path / "tiny.gguf")) == Weights(tmp_path, "tiny.gguf")
    assert find(str(tmp_path)) == Weights(tmp_path, "tiny.gguf")
    (tmp_path / "config.json").touch()
    assert find(str(tmp_path)) == Weights(tmp_path)


def test_what_is_no_model_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LlmError, match=r"no model 'nothing': name a folder, a GGUF file"):
        find("nothing")
    with pytest.raises(LlmError, match=r"no config.json and 0 GGUF files: name the file"):
        find(str(tmp_path))


@pytest.mark.slow
def test_a_broken_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(LlmError, match=r"cannot be loaded: .*: is it whole"):
        load_llm(LlmOptions("transformers", str(tmp_path), device="cpu"))


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.timeout(300)
async def test_real_tokens_come_one_by_one() -> None:
    try:
        model_path(STAND_IN)
    except ModelMissing as missing:
        pytest.skip(str(missing))
    limits = LlmLimits(whole=120.0, tokens=12)
    llm = load_llm(LlmOptions("transformers", STAND_IN, device="cpu", limits=limits))
    async with aclosing(llm.stream(CAPITAL)) as pieces:
        heard = [piece async for piece in pieces]
    assert "".join(heard).strip() == "The capital of France is Paris."
    assert len(heard) > 5
    with pytest.raises(LlmError, match="broke its answer off"):
        async with aclosing(llm.stream([Message("user", "Tell me a long story.")])) as pieces:
            [piece async for piece in pieces]
