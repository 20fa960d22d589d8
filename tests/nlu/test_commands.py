"""The commands about understanding, on a small encoder: everything but the quality."""

import json
from pathlib import Path

import pytest

from telephony.__main__ import main
from tests.nlu.conftest import INTENTS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("small_cache")]


def offhook(*arguments: object) -> int:
    """Run a command as the shell does."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)


@pytest.fixture
def trained(assistant: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert offhook("train", "nlu", "--assistant", assistant, "--epochs", 2) == 0
    return assistant


def test_training_tells_how_well_it_went_and_what_to_mend(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = capsys.readouterr().out
    assert "Trained on" in said
    assert "What to mend in the examples:" in said
    assert "order_status has only 7 examples" in said
    assert "card.md and report.json there say more" in said


def test_understand_shows_intent_slots_and_the_words_that_decided(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    sentence = "has my order 20418 shipped"
    assert offhook("understand", "-v", sentence, "-a", trained,
                   "--waiting-for", "order_number") == 0  # fmt: skip
    said = capsys.readouterr().out
    assert "order_number = 20418" in said
    assert "What spoke for" in said
    lines = [line.strip() for line in said.splitlines()]
    assert all(any(line.startswith(word) for line in lines) for word in sentence.split())


def test_eval_measures_labelled_sentences(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, report = tmp_path / "data.yaml", tmp_path / "out" / "nlu.json"
    data.write_text(INTENTS, encoding="utf-8")
    assert offhook("eval", "nlu", "-a", trained, "--data", data, "--report", report,
                   "--today", "2025-03-12") == 0  # fmt: skip
    assert "18 sentences" in capsys.readouterr().out
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["sentences"] == 18
    assert 0 <= found["slot_values"]["f1"] <= 1


def test_an_unknown_intent_in_the_data_is_one_line(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data.jsonl"
    data.write_text('{"text": "hi", "intent": "greeting"}\n', encoding="utf-8")
    assert offhook("eval", "nlu", "-a", trained, "--data", data) != 0
    assert "data.jsonl:1: unknown intent 'greeting'" in capsys.readouterr().err.replace("\n", " ")


def test_bad_examples_are_told_before_training_starts(
    assistant: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = assistant / "intents.yaml"
    path.write_text(
        path.read_text(encoding="utf-8").replace("when do you open", "where is my order"),
        encoding="utf-8",
    )
    assert offhook("train", "nlu", assistant) != 0
    said = " ".join(capsys.readouterr().err.split())
    assert "intents.yaml:16" in said
    assert "is under opening_hours and, on line 7, under order_status: keep one" in said
    assert not (assistant / "nlu").exists()
