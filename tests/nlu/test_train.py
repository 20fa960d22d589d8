"""From examples to answers, on a small encoder: everything but the quality."""

import json
import logging
from pathlib import Path

import pytest

from models import ModelError
from nlu import DataError, NluError
from nlu.course import Epoch, TrainOptions
from nlu.engine import is_stale, load_nlu
from nlu.files import file_digest
from nlu.train import train
from nlu.understand import OUT_OF_SCOPE, Context

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_cache")]

QUICK = TrainOptions(epochs=3, batch=64, rank=4, threads=1)


def test_training_writes_a_model_that_answers(assistant: Path, small_cache: Path) -> None:
    epochs: list[Epoch] = []
    report = train(assistant, QUICK, epochs.append)
    assert [epoch.number for epoch in epochs] == [1, 2, 3]
    assert epochs[-1].loss < epochs[0].loss
    assert report.best_epoch in {1, 2, 3}
    assert report.development["confusion"]["labels"] == [
        "order_status", "opening_hours", OUT_OF_SCOPE,
    ]  # fmt: skip
    written = json.loads((assistant / "nlu" / "report.json").read_text(encoding="utf-8"))
    assert written["examples"] == report.examples
    assert (assistant / "nlu" / "confusion.png").read_bytes().startswith(b"\x89PNG")
    answer = load_nlu(assistant).understand("where is my order", Context())
    assert answer.intent in {"order_status", "opening_hours", OUT_OF_SCOPE}
    assert {intent for intent, _ in answer.ranking} == {
        "order_status", "opening_hours", OUT_OF_SCOPE,
    }  # fmt: skip
    assert answer.sentiment.label in {"negative", "neutral", "positive"}
    (export,) = (small_cache / "nlu").iterdir()
    made = (export / "model.onnx").stat().st_mtime_ns
    load_nlu(assistant)
    assert (export / "model.onnx").stat().st_mtime_ns == made  # the second load exports nothing


def test_the_same_seed_gives_the_same_weights(assistant: Path) -> None:
    digests = []
    for seed in (1, 1, 2):
        train(assistant, TrainOptions(seed=seed, epochs=1, batch=64, rank=4, threads=1))
        digests.append(file_digest(assistant / "nlu" / "weights.safetensors"))
    assert digests[0] == digests[1] != digests[2]


def test_without_an_adapter_the_whole_encoder_learns(assistant: Path) -> None:
    with_adapter = train(assistant, QUICK).trained_parameters
    whole = train(assistant, TrainOptions(epochs=1, batch=64, rank=0, threads=1))
    assert whole.trained_parameters > with_adapter
    load_nlu(assistant).understand("where is my order", Context())


def test_changed_examples_make_the_model_stale(
    assistant: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train(assistant, TrainOptions(epochs=1, batch=64, rank=4))
    assert not is_stale(assistant)
    path = assistant / "intents.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("a joke", "a story"), encoding="utf-8")
    assert is_stale(assistant)
    with caplog.at_level(logging.WARNING):
        load_nlu(assistant)
    assert "has changed since training: run `offhook train nlu " in caplog.text


def test_a_model_that_cannot_be_used_says_so_in_one_line(assistant: Path) -> None:
    with pytest.raises(DataError, match="nothing was trained: run `offhook train nlu"):
        load_nlu(assistant)
    train(assistant, TrainOptions(epochs=1, batch=64, rank=4))
    model, weights = (assistant / "nlu" / name for name in ("model.json", "weights.safetensors"))
    whole, bytes_ = model.read_text(encoding="utf-8"), weights.read_bytes()
    for broken in ("", "{}", "[]", whole.replace('"format": 1', '"format": 0'), whole[:-20],
                   whole.replace('"rank"', '"rang"')):  # fmt: skip
        model.write_text(broken, encoding="utf-8")
        with pytest.raises(DataError, match="run `offhook train nlu") as error:
            load_nlu(assistant)
        assert "\n" not in str(error.value)
    model.write_text(whole, encoding="utf-8")
    weights.write_bytes(bytes_[:-1] + b"\x00\x01")
    with pytest.raises(DataError, match=r"not the weights that model\.json names"):
        load_nlu(assistant)
    weights.write_bytes(bytes_)
    model.write_text(whole.replace('"encoder_digest": "', '"encoder_digest": "0'), encoding="utf-8")
    with pytest.raises(DataError, match="trained on another minilm"):
        load_nlu(assistant)


def test_a_cache_that_cannot_be_written_says_so(assistant: Path, small_cache: Path) -> None:
    train(assistant, TrainOptions(epochs=1, batch=64, rank=4))
    (small_cache / "nlu").write_text("a file where a folder should be", encoding="utf-8")
    with pytest.raises(ModelError, match="set OFFHOOK_MODELS"):
        load_nlu(assistant)


def test_options_that_cannot_be_are_refused(assistant: Path) -> None:
    with pytest.raises(NluError, match="at least 1"):
        train(assistant, TrainOptions(epochs=0))
