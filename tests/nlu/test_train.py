"""From examples to answers, on a small encoder: everything but the quality."""

import json
import logging
import re
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from models import ModelError
from models.batch import Batcher
from models.registry import model_path
from nlu import DataError, NluError
from nlu.calibration import softmax
from nlu.course import IGNORE, Epoch, Row, TrainOptions
from nlu.dataset import load_intents
from nlu.engine import BertNlu, is_stale, load_model, load_nlu, run_torch
from nlu.files import file_digest, read_trained
from nlu.fit import fit, outputs
from nlu.losses import Adversary, Batch, Teaching, loss
from nlu.model import Shape, build
from nlu.tokens import Tokens
from nlu.train import course_of, labels_of, train
from nlu.understand import OUT_OF_SCOPE, Context
from telephony.cli_options import Learns
from telephony.cli_train import options_of

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_cache")]

QUICK = TrainOptions(epochs=3, batch=64, rank=4, threads=1)


def test_training_writes_a_model_that_answers(assistant: Path, small_cache: Path) -> None:
    epochs: list[Epoch] = []
    report = train(assistant, QUICK, epochs.append)
    assert [epoch.number for epoch in epochs] == [1, 2, 3]
    assert epochs[-1].loss < epochs[0].loss
    assert report.best_epoch == max(
        epochs, key=lambda epoch: (epoch.score, -epoch.number)
    ).number  # fmt: skip
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


@pytest.mark.parametrize("learns", [Learns.TOP, Learns.WHOLE, Learns.ADAPTER])
def test_whatever_learns_serves_as_it_was_trained(assistant: Path, learns: Learns) -> None:
    options = replace(options_of(1, 3, learns, "cpu"), threads=1, batch=64)
    report = train(assistant, replace(options, freeze=min(options.freeze, 1)))
    understood = load_nlu(assistant).understand("where is my order", Context())
    assert understood.ranking
    card = (assistant / "nlu" / "card.md").read_text(encoding="utf-8")
    assert f"{report.trained_parameters:,} numbers" in card


def test_a_batch_in_torch_answers_as_the_graph_does(assistant: Path) -> None:
    train(assistant, QUICK)
    trained = read_trained(assistant)
    graph = load_nlu(assistant)
    model = load_model(assistant, trained)
    torch_nlu = BertNlu(
        trained, graph.tokenizer, Batcher(partial(run_torch, model)), graph.chain,
        lambda: date(2025, 3, 12),
    )  # fmt: skip
    for text in ("where is order 15213", "when do you open tomorrow", "sing me a song"):
        one, other = graph.understand(text, Context()), torch_nlu.understand(text, Context())
        assert dict(one.ranking) == pytest.approx(dict(other.ranking), abs=0.05)


@pytest.mark.parametrize(
    "cut",
    [("slots:", "intents:"), ("out_of_scope:", ""), ("  opening_hours:", "out_of_scope:")],
    ids=["no slots", "nothing out of scope", "one intent"],
)
def test_a_small_assistant_trains_too(assistant: Path, cut: tuple[str, str]) -> None:
    path = assistant / "intents.yaml"
    text = path.read_text(encoding="utf-8")
    begin = text.index(cut[0])
    end = text.index(cut[1], begin) if cut[1] else len(text)
    text = text[:begin] + text[end:]
    if cut[0] == "slots:":
        text = re.sub(r"\[([^\]]+)\]\(\w+\)", r"\1", text)
    path.write_text(text, encoding="utf-8")
    report = train(assistant, replace(QUICK, epochs=1))
    assert load_nlu(assistant).understand("where is my order", Context()).ranking
    if cut[0] == "slots:":
        assert report.development["slots"]["f1"] is None
    if cut[0] == "out_of_scope:":
        assert report.development["scope"]["oos_recall"] is None


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
    for broken in ("", "{}", "[]", whole.replace('"format": 2', '"format": 0'), whole[:-20],
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


def test_all_or_nothing_cannot_be_held_back(assistant: Path) -> None:
    with pytest.raises(NluError, match=r"give 0\.1 or 0\.2"):
        train(assistant, replace(QUICK, development=1.0))


def test_a_training_that_was_broken_off_goes_on(assistant: Path, tmp_path: Path) -> None:
    options = TrainOptions(epochs=3, patience=9, batch=64, rank=4, threads=1)
    whole = train(assistant, options)
    weights = file_digest(assistant / "nlu" / "weights.safetensors")

    class BrokenOffError(Exception):
        pass

    def break_off(epoch: Epoch) -> None:
        if epoch.number == 3:
            raise BrokenOffError

    run = tmp_path / "run"
    with pytest.raises(BrokenOffError):
        train(assistant, options, break_off, run)
    told: list[int] = []
    again = train(assistant, options, lambda epoch: told.append(epoch.number), run)
    assert told == [3]
    assert [folder.name for folder in run.glob("epoch-*")] == ["epoch-3"]
    assert again.history == whole.history
    assert file_digest(assistant / "nlu" / "weights.safetensors") == weights
    assert list((run / "tensorboard").rglob("events.*"))


def test_the_whole_encoder_learns_adversarially_and_from_a_teacher(assistant: Path) -> None:
    intents = load_intents(assistant / "intents.yaml")
    options = TrainOptions(epochs=2, batch=16, rank=0, adversarial=0.5, threads=1, augment=False)
    course = course_of(intents, labels_of(intents), options)
    encoder = model_path("minilm")
    teacher = fit(encoder, course, options, lambda epoch: None)
    follower = replace(options, epochs=8, distill=1.0, adversarial=0.0, head_rate=1e-2)
    led = replace(course, teachers=[teacher.model])
    pupil = fit(encoder, led, follower, lambda epoch: None)
    rows = [course.row(example) for example in course.taught]
    taught = softmax(outputs(teacher.model, rows).intent)
    apart = np.abs(softmax(outputs(pupil.model, rows).intent) - taught)
    fresh = fit(encoder, course, replace(options, epochs=1, head_rate=0.0, adapter_rate=0.0),
                lambda epoch: None)  # fmt: skip
    before = np.abs(softmax(outputs(fresh.model, rows).intent) - taught)
    assert apart.mean() < 0.7 * before.mean()


def test_teachers_are_trained_first_and_followed(assistant: Path, tmp_path: Path) -> None:
    options = replace(QUICK, epochs=2, teachers=2, threads=1)
    told: list[int] = []
    train(assistant, options, lambda epoch: told.append(epoch.number), tmp_path / "run")
    assert told == [1, 2, 1, 2, 1, 2]
    led = file_digest(assistant / "nlu" / "weights.safetensors")
    assert "2 teachers" in (assistant / "nlu" / "card.md").read_text(encoding="utf-8")
    again: list[int] = []
    train(assistant, options, lambda epoch: again.append(epoch.number), tmp_path / "run")
    assert again == []  # each goes on where it was
    assert file_digest(assistant / "nlu" / "weights.safetensors") == led
    train(assistant, replace(options, teachers=0))
    assert file_digest(assistant / "nlu" / "weights.safetensors") != led


def test_weights_are_kept_in_16_bits(assistant: Path) -> None:
    train(assistant, replace(QUICK, epochs=1))
    kept = load_file(assistant / "nlu" / "weights.safetensors")
    assert {weight.dtype for weight in kept.values()} == {torch.float16}


def test_every_training_writes_its_card(assistant: Path) -> None:
    report = train(assistant, QUICK)
    card = (assistant / "nlu" / "card.md").read_text(encoding="utf-8")
    assert "assistant “shop”" in card
    assert all(remark in card for remark in report.remarks)
    assert any("order_status has only 7 examples" in remark for remark in report.remarks)
    assert (assistant / "nlu" / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_an_adversarial_step_goes_against_the_model(small_encoder: Path) -> None:
    """The second pass of a step is taken where the embeddings do the most harm."""
    torch.manual_seed(1)
    model = build(small_encoder, Shape(2, 1, 3, 0, dropout=0.0)).eval()
    row = Row(Tokens((2, 7, 8, 3), (), ()), True, (0,), (), IGNORE)
    batch = Batch.of([row], 2, torch.device("cpu"))
    teaching = Teaching(TrainOptions(several=0.0), None, -1)
    adversary = Adversary(model, length=0.5)
    told = loss(model, batch, teaching)
    told.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
    adversary.turn()
    worse = loss(model, batch, teaching)
    adversary.rest()
    again = loss(model, batch, teaching)
    adversary.close()
    assert float(worse.detach()) > float(told.detach()) + 1e-4
    assert float(again.detach()) == pytest.approx(float(told.detach()))
