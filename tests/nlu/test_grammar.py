"""A small café: what callers may say, what the ASR makes of it, and what is understood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.automaton import PatternError, compile_patterns
from nlu.grammar import (
    Choices,
    Grammar,
    JudgeOptions,
    Reading,
    canonical,
    is_clear,
    is_command,
    rescored,
)
from nlu.phonetics import words

PATTERNS = {
    "order": ["[can I get, I'd like] [a, an] ($size:size) $drink:drink (with $milk:milk)"],
    "cancel": ["cancel (my) order"],
}
VALUES: dict[str, Choices] = {
    "size": {"small": [], "large": ["big"], "twelve ounce": ["medium"]},
    "drink": ["cappuccino", "iced mocha", "mocha", "latte"],
    "milk": ["soy milk", "almond milk", "milk"],
}
CAFE = Grammar(PATTERNS, VALUES)


def understood(text: str) -> tuple[str, dict[str, str]]:
    reading = CAFE.read({text: 0.9})[0]
    return reading.intent, reading.slots


@pytest.mark.parametrize(
    ("heard", "slots"),
    [
        ("Can I get a large latte?", {"size": "large", "drink": "latte"}),
        ("I'd like a big mocha.", {"size": "large", "drink": "mocha"}),
        ("Can I get a 12-oz latte?", {"size": "twelve ounce", "drink": "latte"}),
        ("I'd like a cap a chino with soy milk.", {"drink": "cappuccino", "milk": "soy milk"}),
        ("I'd like an ice mocka.", {"drink": "iced mocha"}),
        ("Um, can I get a latte, please?", {"drink": "latte"}),
        ("Can I get a large lattay with almost milk?",
         {"size": "large", "drink": "latte", "milk": "almond milk"}),
    ],
)  # fmt: skip
def test_an_order_is_read_from_what_the_asr_wrote(heard: str, slots: dict[str, str]) -> None:
    assert understood(heard) == ("order", slots)


def test_intents_are_told_apart() -> None:
    assert understood("Cancel my older.") == ("cancel", {})


def test_words_of_the_grammar_cost_nothing_and_others_their_sounds() -> None:
    said, misheard, strange = (
        CAFE.read({text: 0.9})[0].cost
        for text in ("I'd like a latte", "I'd like a lattes", "Where is my parcel?")
    )
    assert said == 0 < misheard < strange


def test_silence_has_no_reading() -> None:
    assert CAFE.read({}) == CAFE.read({"": 0.1, "…": 0.1}) == []


def test_a_lesser_hypothesis_counts_where_the_first_makes_no_sense() -> None:
    heard = {"I'd like a latch with soil.": 0.6, "I'd like a latte with soy milk.": 0.55}
    assert CAFE.read(heard)[0].slots == {"drink": "latte", "milk": "soy milk"}


def test_a_lesser_hypothesis_pays_for_its_doubt() -> None:
    heard = {"I'd like a latte.": 0.9, "I'd like a mocha.": 0.5}
    assert CAFE.read(heard)[0].slots == {"drink": "latte"}


def test_readings_differ_and_come_in_order() -> None:
    readings = CAFE.read({"Can I get a large moccha?": 0.8}, most=6)
    assert len({reading.text for reading in readings}) == 6
    assert [reading.cost for reading in readings] == sorted(reading.cost for reading in readings)


def test_a_reading_is_written_as_the_asr_writes() -> None:
    reading = CAFE.read({"can i get a latte": 0.9})[0]
    assert reading.written("Can I get a latter?") == "Can I get a latte?"
    assert reading.written("Can I get a latter") == "Can I get a latte."


def test_hints_hold_every_word_of_the_values() -> None:
    hinted = set(" ".join(CAFE.hints).split())
    assert {"big", "iced", "mocha", "soy", "almond", "milk", "twelve", "ounce"} <= hinted


def reading(drink: str, cost: float) -> Reading:
    return Reading("order", {"drink": drink}, f"a {drink}", cost)


def test_a_reading_that_fits_and_stands_alone_is_clear() -> None:
    options = JudgeOptions(clear_cost=1, clear_margin=2)
    assert is_clear([reading("latte", 0.5)], options)
    assert is_clear([reading("latte", 0.5), reading("mocha", 3)], options)
    assert not is_clear([reading("latte", 0.5), reading("mocha", 1)], options)
    assert not is_clear([reading("latte", 2)], options)
    assert is_clear([reading("latte", 0.5), reading("latte", 1)], options)  # an alias is no rival


def test_the_asr_has_the_last_word_but_for_the_costs() -> None:
    latte, mocha = reading("latte", 0.0), reading("mocha", 4.0)
    options = JudgeOptions(cost_weight=0.5)
    for logprobs, first in (([-9.0, -3.0], mocha), ([-4.0, -3.0], latte)):
        best = rescored([latte, mocha], logprobs, options)[0]
        assert best.meaning == first.meaning


def test_the_share_tells_how_sure_the_choice_is() -> None:
    latte, same, mocha = reading("latte", 0.0), reading("latte", 0.0), reading("mocha", 0.0)
    assert rescored([latte, mocha], [-3.0, -3.0])[0].share == pytest.approx(0.5)
    assert rescored([latte, same, mocha], [-3.0, -3.0, -3.0])[0].share == pytest.approx(2 / 3)
    assert rescored([latte, mocha], [-3.0, -12.0])[0].share > 0.99


def test_other_speech_is_no_command() -> None:
    assert is_command(CAFE.read({"I'd like a lattay": 0.9}))
    assert not is_command(CAFE.read({"Where is my parcel?": 0.9}))
    assert not is_command([])


@given(st.text(alphabet="abcdeilmort ", max_size=40))
def test_anything_can_be_read(text: str) -> None:
    for each in CAFE.read({text: 0.5}, most=3):
        assert each.intent in PATTERNS
        assert each.cost >= 0


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("[a, b", "']' is missing"),
        ("(a, b]", "']'"),
        ("a ] b", "unexpected ']'"),
        ("a $shoe:shoe", "no values 'shoe'"),
        ("a $none:none", "no values 'none'"),
        ("$y:s and $y:s", "slot 's' is filled twice"),
        ("($y:s) [a, b $z:s]", "slot 's' is filled twice"),
        ("[a, $y:s] ($y:s)", "slot 's' is filled twice"),
        ("a $odd:odd", "one of the values 'odd' has no words"),
        ("", "no word is needed"),
        ("-", "'-' is no word"),
        ("$", r"unexpected '\$'"),
        ("a $drink b", r"unexpected '\$'"),
        ("(a) (b)", "no word is needed"),
    ],
)
def test_a_pattern_that_is_not_well_formed_says_why(pattern: str, problem: str) -> None:
    values: dict[str, Choices] = {"y": ["yes"], "z": ["zed"], "none": [], "odd": ["…"]}
    with pytest.raises(PatternError, match=problem.replace("[", r"\[").replace("]", r"\]")):
        Grammar({"order": [pattern]}, values)


def test_no_patterns_are_none_well_formed() -> None:
    with pytest.raises(PatternError, match="no patterns"):
        compile_patterns({"order": []}, {})


def test_a_slot_is_filled_in_one_of_several_ways() -> None:
    grammar = Grammar({"go": ["go [to $y:s, $z:s] (now)"]}, {"y": ["home"], "z": ["away"]})
    assert grammar.read({"go away now": 0.9})[0].slots == {"s": "away"}


def test_values_of_the_same_words_in_another_order_are_two_readings() -> None:
    grammar = Grammar({"go": ["$way:way"]}, {"way": ["north west", "west north"]})
    readings = grammar.read({"west north": 0.9}, most=2)
    assert [each.slots["way"] for each in readings] == ["west north", "north west"]


def test_slots_said_in_another_order_are_one_reading() -> None:
    values: dict[str, Choices] = {"x": ["tall"], "y": ["latte"]}
    grammar = Grammar({"go": ["$x:x $y:y", "$y:y $x:x"]}, values)
    assert len(grammar.read({"tall latte": 0.9}, most=2)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A 12-oz latte.", "a twelve ounce latte"),
        ("room 105", "room one hundred and five"),
        ("1234", "one two three four"),
        ("1" * 37, "one " * 37),
        ("m²", "m²"),
    ],
)
def test_numbers_are_said_as_words(text: str, said: str) -> None:
    assert words(text) == said.split()


def test_a_number_of_any_length_can_be_read() -> None:
    assert not is_command(CAFE.read({"1" * 37: 1.0}))


def test_values_and_aliases_are_named_by_what_is_said() -> None:
    assert canonical(["Iced Mocha"]) == {"iced mocha": "Iced Mocha"}
    assert canonical({"big": ["12-oz"]}) == {"big": "big", "twelve ounce": "big"}


def test_patterns_share_their_states() -> None:
    one = compile_patterns({"go": ["please go home"]}, {})
    many = compile_patterns({"go": ["please go home", "now go home", "[please, now] go home"]}, {})
    assert len(one.states) == len(many.states) == 4
