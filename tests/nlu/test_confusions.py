import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu import DataError
from nlu.alignment import align, spoken, word_errors
from nlu.confusions import (
    CONFUSIONS_FILE,
    Confusions,
    confuse,
    learn,
    notate,
    project,
    read_confusions,
    write_confusions,
)
from nlu.dataset import Example, Mark

PAIRS = [
    ("where is my lamp", "Where is my land?"),
    ("where is my lamp", "Where's my lamp?"),
    ("I want a refund for the lamp", "I want a reef and for the lamp."),
    ("um cancel the order please", "Cancel the order, please."),
    ("my order is one five two one three", "My order is 15213."),
    ("my order is nine oh four four eight", "My order is 904-48"),
    ("it was forty two dollars", "It was $42."),
    ("on march third", "on March 3rd"),
    ("the kettle from tuesday", "The cattle from the Tuesday"),
]
TABLE = learn(PAIRS)


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - reproducible, not secret


def example(*parts: str | tuple[str, str]) -> Example:
    """An example of its parts; a pair is a slot value and the slot's name."""
    text, marks = "", []
    for part in parts:
        value = part if isinstance(part, str) else part[0]
        if not isinstance(part, str):
            marks.append(Mark(part[1], len(text), len(text) + len(value)))
        text += value
    return Example(text, "x", tuple(marks))


def marked(of: Example) -> list[str]:
    return [of.text[mark.start : mark.end] for mark in of.marks]


def sound(text: str) -> str:
    return " ".join(word.said for word in spoken(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("one five two one three", "1-5-2-1-3."),
        ("one oh oh five", "1005"),
        ("double seven three", "773"),
        ("fifteen two thirteen", "15213"),
        ("forty-two dollars and fifty cents", "$42.50"),
        ("a hundred and sixty dollars", "$160"),
        ("two thousand five hundred", "2,500"),
        ("March twenty first", "march 21st"),
        ("jane dot miller at example dot com", "jane.miller@example.com."),
        ("three p.m.", "3 PM"),
        ("Ok, it\u2019s me", "okay it's me"),
    ],
)
def test_what_is_written_another_way_sounds_the_same(one: str, other: str) -> None:
    assert sound(one) == sound(other)
    assert word_errors(one, other) == (0, len(spoken(one)))


def test_similar_sounds_are_paired() -> None:
    said, heard = spoken("the lamp is broken"), spoken("land is all broken")
    pairs = [
        (said[i].said if i is not None else "", heard[j].said if j is not None else "")
        for i, j in align(said, heard)
    ]
    assert pairs == [
        ("the", ""), ("lamp", "land"), ("is", "is"), ("", "all"), ("broken", "broken")
    ]  # fmt: skip


def test_confusions_are_counted() -> None:
    assert TABLE.heard["lamp"] == {"land": 1}
    assert TABLE.heard["refund"] == {"reef and": 1}
    assert TABLE.heard["where is"] == {"where's": 1}
    assert TABLE.heard["um"] == {"": 1}
    assert TABLE.heard["kettle"] == {"cattle": 1}
    assert TABLE.inserted == {"the": 1}
    assert TABLE.words["lamp"] == 3


def test_notations_are_no_errors() -> None:
    assert TABLE.notations["99999"] == {"99999": 1, "999-99": 1}
    assert TABLE.notations["99 dollars"] == {"$99": 1}
    assert TABLE.notations["9 th"] == {"9rd": 1}
    assert not {"1", "5", "9", "dollars"} & TABLE.heard.keys()


def test_the_order_of_the_pairs_does_not_matter() -> None:
    again = learn(reversed(PAIRS))
    assert again == TABLE
    assert list(again.heard) == list(TABLE.heard)


def test_silence_teaches_nothing() -> None:
    assert learn([("cancel it", ""), ("", "thank you")]) == Confusions({}, {}, {}, {})


def test_a_table_survives_its_file(tmp_path: Path) -> None:
    file = tmp_path / "new" / "confusions.json"
    write_confusions(TABLE, file)
    assert read_confusions(file) == TABLE


def test_a_broken_table_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "confusions.json"
    file.write_text("{}")
    with pytest.raises(DataError, match=r"telephony\.rehearse") as error:
        read_confusions(file)
    assert "\n" not in str(error.value)


def test_at_a_rate_of_zero_nothing_changes() -> None:
    said = example("order ", ("one five", "number"))
    assert confuse(said, TABLE, 0.0, seeded(1)) is said


def test_a_table_that_knows_nothing_changes_nothing() -> None:
    said = example("where is my ", ("lamp", "product"))
    assert confuse(said, Confusions({}, {}, {}, {}), 1.0, seeded(1)) == said


def test_marks_stretch_with_their_words() -> None:
    said = example("a refund for my ", ("lamp", "product"), " from ", ("Tuesday", "date"), ".")
    seen = set()
    for seed in range(300):
        heard = confuse(said, TABLE, 0.3, seeded(seed))
        product, day = marked(heard)
        assert day == "Tuesday"
        seen.add((product, "reef and" in heard.text))
    assert {("lamp", True), ("land", True), ("land", False)} <= seen


def test_a_mark_whose_words_vanish_is_dropped() -> None:
    table = learn([("the lamp is here", "the is here")] * 5)
    said = example("the ", ("lamp", "product"), " is here, ", ("now", "date"))
    gone = [confuse(said, table, 1.0, seeded(seed)) for seed in range(20)]
    assert any(heard.text == "the is here, now" and marked(heard) == ["now"] for heard in gone)


def test_no_error_crosses_the_edge_of_a_mark() -> None:
    table = learn([("for the lamp", "for delamp")] * 5)
    said = example("it's for the ", ("lamp", "product"), " I had")
    assert {confuse(said, table, 1.0, seeded(seed), 0.0).text for seed in range(20)} == {said.text}


def test_numbers_are_written_as_the_recogniser_does() -> None:
    said = example(
        "it is ", ("two double seven oh six", "number"), " for ", ("sixty dollars", "sum")
    )
    heard = {notate(said, TABLE, seeded(seed)).text for seed in range(30)}
    assert heard == {"it is 27706 for $60", "it is 277-06 for $60"}


@pytest.mark.parametrize(
    ("day", "ordinal"), [("first", "1st"), ("second", "2nd"), ("fourth", "4th")]
)
def test_ordinals_end_as_their_number_asks(day: str, ordinal: str) -> None:
    assert marked(notate(example("the ", (day, "date")), TABLE, seeded(1))) == [ordinal]


def test_the_same_seed_confuses_the_same() -> None:
    said = example("where is my order from ", ("Tuesday", "date"))
    one, two = ([confuse(said, TABLE, 0.5, seeded(i)) for i in range(20)] for _ in range(2))
    assert one == two


def test_a_higher_rate_brings_more_errors() -> None:
    said = example("I want a refund for the lamp and the kettle from last tuesday please")

    def errors(rate: float) -> int:
        made = [confuse(said, TABLE, rate, seeded(seed)) for seed in range(200)]
        return sum(word_errors(said.text, each.text)[0] for each in made)

    assert 0 < errors(0.05) < errors(0.2) < errors(0.5)


@pytest.mark.parametrize(
    ("said", "heard", "values"),
    [
        (
            example("order ", ("one five two one three", "n"), " from ", ("last Tuesday", "d")),
            "Order 15213 from last Tuesday.",
            ["15213", "last Tuesday"],
        ),
        (example("my ", ("desk fan", "p"), " broke"), "My disc van broke.", ["disc van"]),
        (example("the ", ("headphones", "p")), "The head phones.", ["head phones"]),
        (example("my ", ("lamp", "p"), " broke"), "Mylam broke.", ["Mylam"]),
        (
            example("it's ", ("jane at example dot com", "e")),
            "It's jane@example.com.",
            ["jane@example.com"],
        ),
        (example("I paid ", ("forty two", "m"), " for it"), "I paid $42 for it.", ["$42"]),
        (
            example("paid ", ("forty dollars and ten cents", "m"), " for it"),
            "Paid forty dollars and ten cents for it.",
            ["forty dollars and ten cents"],
        ),
        (example("on ", ("the third of May", "d")), "On the 3rd of May.", ["the 3rd of May"]),
        (example("send the ", ("lamp", "p"), " today"), "Send it today.", ["it"]),
        (example("for ", ("Jo", "name"), " I said"), "for I said", []),
        (example("cancel ", ("it", "p")), "", []),
    ],
)  # fmt: skip
def test_marks_move_to_what_was_heard(said: Example, heard: str, values: Sequence[str]) -> None:
    found = project(said, heard)
    assert (found.text, found.intent) == (heard, "x")
    assert marked(found) == values


TEXT = """
where is my lamp um refund kettle the order one oh five fifteen double 15213 3rd $42.50 forty
dollars cents and third jane@example.com it's I tuesday, please. a hundred thousand - ? 9-1
"""
WORDS = st.sampled_from(TEXT.split())
PHRASES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
ANEW = {"oh", "double", "dollars", "cents", "hundred", "thousand"}  # read with what is around them
PLAIN = st.lists(WORDS.filter(lambda word: word not in ANEW), min_size=1, max_size=4).map(" ".join)


@st.composite
def examples(draw: st.DrawFn, phrases: st.SearchStrategy[str] = PHRASES) -> Example:
    """Phrases with blanks between, some of them marked."""
    parts: list[str | tuple[str, str]] = []
    for phrase, is_value in draw(
        st.lists(st.tuples(phrases, st.booleans()), min_size=1, max_size=4)
    ):
        has_word = any(letter.isalnum() for letter in phrase)
        parts += [" "] * bool(parts)
        parts.append((phrase, "slot") if is_value and has_word else phrase)
    return example(*parts)


def check_marks(found: Example) -> None:
    end = 0
    for mark in found.marks:
        value = found.text[mark.start : mark.end]
        assert end <= mark.start < mark.end <= len(found.text)
        assert any(letter.isalnum() for letter in value)
        assert value == value.strip()
        end = mark.end


@settings(deadline=None)
@given(examples(), st.integers(0, 1000), st.sampled_from([0.1, 0.5, 1.0]))
def test_marks_always_hold_words(said: Example, seed: int, rate: float) -> None:
    check_marks(confuse(said, TABLE, rate, seeded(seed)))
    check_marks(notate(said, TABLE, seeded(seed)))


@settings(deadline=None)
@given(examples(), PHRASES)
def test_projected_marks_always_hold_words(said: Example, heard: str) -> None:
    check_marks(project(said, heard))


@settings(deadline=None)
@given(examples(PLAIN), st.integers(0, 1000))
def test_another_notation_sounds_the_same(said: Example, seed: int) -> None:
    assert sound(notate(said, TABLE, seeded(seed)).text) == sound(said.text)


@settings(deadline=None)
@given(examples(PLAIN))
def test_what_was_heard_right_keeps_its_marks(said: Example) -> None:
    assert [sound(value) for value in marked(project(said, said.text))] == [
        sound(value) for value in marked(said)
    ]


@settings(deadline=None)
@given(PHRASES, PHRASES)
def test_every_word_is_in_the_alignment_once(said: str, heard: str) -> None:
    one, other = spoken(said), spoken(heard)
    steps = align(one, other)
    assert [i for i, _ in steps if i is not None] == list(range(len(one)))
    assert [j for _, j in steps if j is not None] == list(range(len(other)))


def test_the_shipped_table_has_what_whisper_mishears() -> None:
    table = read_confusions()
    assert CONFUSIONS_FILE.stat().st_size < 300_000
    assert 0.01 < table.error_rate < 0.3
    assert len(table.heard) > 100
