import re
from pathlib import Path

import pytest

from nlu import DataError
from nlu.dataset import Example, Mark, digest, load_intents, load_sentiment, split
from nlu.evaluate import load_examples

HERE = Path(__file__).parent
RETAIL = Path(__file__).parents[2] / "dialogue" / "assistants" / "retail" / "intents.yaml"
GOOD = """\
slots:
  date: {type: date}
  order_number: {type: digits, length: 5}
intents:
  hours:
    examples: |
      when do you open
      are you open [next Thursday](date)
      [15213](order_number)
      no: really, is it open
      opening hours # please
  no_thanks:
    examples: |
      no
      off
      null
      nope
      no thanks
out_of_scope:
  examples: |
    sing a song
    tell a joke
    a
    b
    c
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "intents.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_examples_stand_as_they_are_said(tmp_path: Path) -> None:
    intents = load_intents(write(tmp_path, GOOD))
    assert intents.names == ("hours", "no_thanks", "out_of_scope")
    assert intents.slots[1].length == 5
    texts = [example.text for example in intents.examples]
    assert texts[:5] == [
        "when do you open",
        "are you open next Thursday",
        "15213",
        "no: really, is it open",
        "opening hours # please",
    ]
    assert texts[5:8] == ["no", "off", "null"]
    assert intents.examples[1].marks == (Mark("date", 13, 26),)


@pytest.mark.parametrize(
    ("change", "line", "what"),
    [
        (("[next Thursday](date)", "[next Thursday](day)"), 8, "unknown slot 'day': use date or"),
        (("[next Thursday](date)", "[next Thursday(date)"), 8, "broken slot mark"),
        (("[next Thursday](date)", "[next Thursday]"), 8, "broken slot mark"),
        (("  hours:", "  hours:\n    note: x"), 6, "unknown key 'note': use alone or examples"),
        (("slots:", "slotz:"), 1, "unknown key 'slotz': use"),
        (("    sing a song\n", ""), 20, "out_of_scope has 4 examples: add some, at least 5"),
        (
            ("      nope", "      When do you open?"),
            17,
            "under no_thanks and, on line 7, under hours",
        ),
        (("      nope", "\t  nope"), 17, "a tab: use spaces"),
        (("  hours:", "  hours"), 6, "not valid YAML"),
        (("{type: date}", "{type: dates}"), 2, "unknown type 'dates': use digits,"),
        (("length: 5", "length: five"), 3, "length 'five' is no number"),
        (("{type: date}", "{length: 5}"), 2, "`type:` is missing: add it"),
        (("  no_thanks:", "  No thanks:"), 12, "'No thanks' cannot name intents"),
        (("  no_thanks:", "  hours:"), 12, "'hours' is there twice: keep one"),
        (("  no_thanks:", "  out_of_scope:"), 12, "'out_of_scope' cannot name intents"),
        (
            ("    examples: |\n      when", "    examples: >\n      when"),
            6,
            "is not a block: write",
        ),
    ],
)
def test_a_fault_is_one_line_with_its_place_and_remedy(
    tmp_path: Path, change: tuple[str, str], line: int, what: str
) -> None:
    path = write(tmp_path, GOOD.replace(*change, 1))
    with pytest.raises(DataError) as error:
        load_intents(path)
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert what in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file is empty"),
        (b"- a\n- b\n", "names with a colon are expected here"),
        (b"intents: {}\n", "there are no intents"),
        (b"slots: {}\n", "`intents:` is missing"),
        (b"intents: \xff\xfe\n", "cannot be read"),
        (b"intents: [", "not valid YAML"),
        (b"intents: \x00\n", "not valid YAML"),
        (b"intents: &a\n  x: *a\n", None),
    ],
)
def test_what_is_no_intents_file_is_refused(
    tmp_path: Path, content: bytes, what: str | None
) -> None:
    path = tmp_path / "intents.yaml"
    path.write_bytes(content)
    with pytest.raises(DataError, match=what) as error:
        load_intents(path)
    assert "\n" not in str(error.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        load_intents(tmp_path / "intents.yaml")


def test_the_split_is_seeded_stratified_and_keeps_twins_together(tmp_path: Path) -> None:
    examples = load_intents(RETAIL).examples
    rest, held = split(examples, 0.2, seed=1)
    assert (rest, held) == split(examples, 0.2, seed=1)
    assert held != split(examples, 0.2, seed=2)[1]
    assert sorted(map(repr, rest + held)) == sorted(map(repr, examples))
    assert {example.intent for example in held} == {example.intent for example in examples}
    assert 0.15 < len(held) / len(examples) < 0.25
    assert not words(held) & words(rest)


def test_the_digest_counts_what_is_taught_and_not_how_the_file_looks(tmp_path: Path) -> None:
    one = load_intents(write(tmp_path, GOOD))
    two = load_intents(
        write(tmp_path, "# a comment\n" + GOOD.replace("    b\n    c\n", "    c\n    b\n"))
    )
    three = load_intents(write(tmp_path, GOOD.replace("a joke", "a story")))
    of_one, of_two, of_three = (digest(i.slots, i.examples) for i in (one, two, three))
    assert of_one == of_two != of_three


def test_the_shipped_data_is_enough_and_apart_from_the_test_data() -> None:
    shipped = load_intents(RETAIL, minimum=30)
    assert sum(example.intent == "out_of_scope" for example in shipped.examples) >= 150
    tests = load_intents(HERE / "retail_test.yaml", minimum=8)
    assert set(tests.names) == set(shipped.names)
    assert tests.slots == shipped.slots
    assert not words(shipped.examples) & words(tests.examples)
    feelings = load_sentiment()
    assert len(feelings) >= 300
    assert not words(feelings) & words(load_sentiment(HERE / "sentiment_test.yaml"))


def test_the_development_set_is_apart_from_what_is_taught() -> None:
    shipped = load_intents(RETAIL)
    one_intent = load_intents(HERE / "retail_dev.yaml")
    several = load_examples(HERE / "retail_dev_several.jsonl")
    assert set(one_intent.names) == set(shipped.names)
    assert one_intent.slots == shipped.slots
    assert one_intent.alone == shipped.alone
    assert all(len(example.intents) > 1 for example in several)
    assert {intent for example in several for intent in example.intents} <= set(shipped.names)
    assert not words(shipped.examples) & words((*one_intent.examples, *several))


def words(examples: tuple[Example, ...]) -> set[str]:
    return {" ".join(re.findall(r"\w+", example.text.lower())) for example in examples}
