"""Which encoder reads an assistant: its own choice, or what suits its language."""

import json
from pathlib import Path

import pytest

from nlu import DataError
from nlu.course import TrainOptions
from nlu.dataset import load_intents, sentiment_of
from nlu.encoders import check_folder
from nlu.train import suited

INTENTS = "intents:\n  hello:\n    examples: |\n      hi\n      hello\n      hey\n"


def intents(folder: Path, *keys: str) -> Path:
    path = folder / "intents.yaml"
    path.write_text("\n".join((*keys, INTENTS)), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("keys", "encoder"),
    [
        ((), "minilm"),
        (("language: en-GB",), "minilm"),
        (("language: zh",), "e5-small"),
        (("language: zh", "encoder: minilm"), "minilm"),
    ],
)
def test_the_language_chooses_unless_the_file_does(
    tmp_path: Path, keys: tuple[str, ...], encoder: str
) -> None:
    assert load_intents(intents(tmp_path, *keys), minimum=1).encoder == encoder


def test_an_encoder_of_ones_own_is_named_by_the_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        '[[models]]\nname = "ours"\nkind = "nlu"\nlanguage = "zh"\nlicence = "none"\n'
        'origin = "us"\n[[models.sources]]\nkind = "folder"\npath = "bert"\n'
        'files = ["config.json"]\n',
        encoding="utf-8",
    )
    path = intents(tmp_path, "language: zh", "encoder: ours")
    with pytest.raises(DataError, match="unknown encoder 'ours'"):
        load_intents(path, minimum=1)
    monkeypatch.setenv("OFFHOOK_MANIFEST", str(own))
    assert load_intents(path, minimum=1).encoder == "ours"


@pytest.mark.parametrize(
    ("encoder", "complaint"),
    [
        ("bert-huge", "unknown encoder 'bert-huge': use one of minilm, "),
        ("whisper-base", "whisper-base is no encoder: use one of minilm, "),
    ],
)
def test_what_is_no_encoder_is_one_line_with_its_place(
    tmp_path: Path, encoder: str, complaint: str
) -> None:
    path = intents(tmp_path, "language: en", f"encoder: {encoder}")
    with pytest.raises(DataError) as raised:
        load_intents(path, minimum=1)
    assert str(raised.value).startswith(f"{path}:2: {complaint}")
    assert "OFFHOOK_MANIFEST" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no config\.json: give a BERT encoder's folder"):
        check_folder(tmp_path)
    for name in ("model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"")
    config = tmp_path / "config.json"
    for content, complaint in (
        ("{", "tells no model_type"),
        (json.dumps({"model_type": "roberta"}), "is of a 'roberta' model"),
    ):
        config.write_text(content, encoding="utf-8")
        with pytest.raises(DataError, match=complaint):
            check_folder(tmp_path)
    config.write_text(json.dumps({"model_type": "bert"}), encoding="utf-8")
    check_folder(tmp_path)


def test_sentiment_is_taught_where_there_are_examples_of_it() -> None:
    assert sentiment_of("en-US")
    assert sentiment_of("zh") == ()


def test_a_deep_encoder_learns_in_its_upper_half_and_in_smaller_steps(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"num_hidden_layers": 12}), encoding="utf-8")
    usual = TrainOptions()
    assert suited(usual, "minilm", tmp_path) == usual
    deep = suited(usual, "e5-small", tmp_path)
    assert (deep.standardise, deep.freeze, deep.adapter_rate) == (True, 6, 3e-4)
    config.write_text(json.dumps({"num_hidden_layers": 4}), encoding="utf-8")
    small = suited(usual, "ours", tmp_path)
    assert (small.standardise, small.freeze, small.adapter_rate) == (True, 0, usual.adapter_rate)
