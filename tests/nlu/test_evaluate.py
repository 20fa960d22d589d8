from datetime import date
from pathlib import Path

import pytest

from nlu import DataError
from nlu.dataset import Example, Mark, SlotType
from nlu.decode import Labels
from nlu.evaluate import Judged, check_labels, figures, load_examples, mistakes
from nlu.tokens import bio_labels
from nlu.understand import OUT_OF_SCOPE, Sentiment, Slot, Understanding

SLOTS = {"order_number": SlotType("order_number", "digits", 5)}
LABELS = Labels(
    ("order_status", "cancel", OUT_OF_SCOPE), bio_labels(list(SLOTS)),
    ("negative", "neutral", "positive"), SLOTS,
)  # fmt: skip


def understood(text: str, intent: str, *slots: Slot, more: tuple[str, ...] = ()) -> Understanding:
    return Understanding(text, intent, 0.9, slots, Sentiment("neutral", 0.0), (), more)


def test_figures_of_a_call_half_understood() -> None:
    number = Mark("order_number", 9, 14)
    heard = Slot("order_number", "15213", "15213", 9, 14, 0.9)
    wide = Slot("order_number", "is 15213", "15213", 6, 14, 0.9)
    judged = [
        Judged(Example("where is 15213", "order_status", (number,)),
               understood("where is 15213", "order_status", heard)),
        Judged(Example("where is 15213", "order_status", (number,)),
               understood("where is 15213", "cancel", wide)),
        Judged(Example("sing", OUT_OF_SCOPE), understood("sing", OUT_OF_SCOPE)),
        Judged(Example("cancel it and where is it", "cancel", more=("order_status",)),
               understood("cancel it and where is it", "cancel", more=("order_status",))),
    ]  # fmt: skip
    found = figures(judged, LABELS, date(2025, 3, 12))
    assert found["intents"]["accuracy"] == 0.6667  # of those with one intent
    assert found["all_intents_right"] == 0.75
    assert found["slots"]["f1"] == 0.5  # the wider span is another one
    assert found["slot_values"]["f1"] == 1.0  # its value is the same
    assert found["scope"]["oos_recall"] == 1.0
    assert mistakes(judged) == [("order_status", "cancel", 1)]


def test_sentences_come_from_yaml_json_lines_or_csv(tmp_path: Path) -> None:
    yaml, lines, csv = (tmp_path / f"data.{end}" for end in ("yaml", "jsonl", "csv"))
    yaml.write_text(
        "slots:\n  order_number: {type: digits, length: 5}\nintents:\n  order_status:\n"
        "    examples: |\n      where is [15213](order_number)\n",
        encoding="utf-8",
    )
    lines.write_text(
        '{"text": "where is 15213", "intent": "order_status",'
        ' "slots": [{"name": "order_number", "start": 9, "end": 14}]}\n',
        encoding="utf-8",
    )
    csv.write_text("text,intent\nwhere is it,order_status\n", encoding="utf-8")
    wanted = Example("where is 15213", "order_status", (Mark("order_number", 9, 14),))
    assert load_examples(yaml) == load_examples(lines) == (wanted,)
    assert load_examples(csv) == (Example("where is it", "order_status"),)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.jsonl", '{"text": "hi"}\n', "a.jsonl:1: not an example (KeyError"),
        ("a.jsonl", "\n{nonsense\n", "a.jsonl:2: not an example"),
        ("a.jsonl", '{"text": "hi", "intent": "x", "slots": [{"name": "a", "start": 1, "end": 9}]}',
         "a.jsonl:1: a lies outside the text"),
        ("a.csv", "words,label\nhi,x\n", "a.csv:1: the columns text and intent"),
        ("a.jsonl", "", "nothing in it"),
        ("a.txt", "hi", "give .yaml, .jsonl or .csv"),
    ],
)  # fmt: skip
def test_broken_data_is_told_with_its_line(tmp_path: Path, name: str, text: str, says: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as error:
        load_examples(path)
    assert says in str(error.value)


def test_labels_the_assistant_does_not_know_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    for example, says in (
        (Example("hi", "hello", line=3), "a.jsonl:3: unknown intent 'hello'"),
        (Example("hi", "cancel", (Mark("name", 0, 2),), line=4), "a.jsonl:4: unknown slot 'name'"),
    ):
        with pytest.raises(DataError) as error:
            check_labels(path, [example], LABELS)
        assert says in str(error.value)


def test_without_slots_their_figure_is_not_measured() -> None:
    judged = [Judged(Example("sing", OUT_OF_SCOPE), understood("sing", OUT_OF_SCOPE))]
    found = figures(judged, LABELS, date(2025, 3, 12))
    assert found["slots"]["f1"] is None
    assert found["slot_values"]["f1"] is None
