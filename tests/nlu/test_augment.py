import random
from datetime import date

import pytest

from nlu.augment import joined, swap, vary
from nlu.dataset import Example, Mark, SlotType
from nlu.numbers import find_digits
from nlu.samples import say, say_digits
from nlu.values import KINDS, read

SLOTS = {"order_number": SlotType("order_number", "digits", 5), "date": SlotType("date", "date")}
VALUES = {"order_number": ["15213"], "date": ["Friday", "the 3rd of May"]}


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - reproducible, not secret


def test_every_notation_reads_back_as_five_digits() -> None:
    draw = seeded(3)
    for _ in range(500):
        said = say_digits(5, draw)
        found = find_digits(said, 5)
        assert found is not None, said


@pytest.mark.parametrize("kind", KINDS)
def test_every_value_drawn_can_be_read(kind: str) -> None:
    draw = seeded(4)
    for said in [say(kind, None, draw) for _ in range(300)]:
        assert said == "" or read(kind, said, date(2025, 3, 12)) is not None, said


def test_marks_stay_on_their_values_in_every_variant() -> None:
    text = "order 15213 by Friday?"
    example = Example(text, "x", (Mark("order_number", 6, 11), Mark("date", 15, 21)))
    draw = seeded(5)
    seen = set()
    for _ in range(200):
        varied = vary(example, SLOTS, VALUES, draw)
        number, day = (varied.text[mark.start : mark.end] for mark in varied.marks)
        assert find_digits(number, 5) is not None
        assert read("date", day, date(2025, 3, 12)) is not None, day
        assert " by " in varied.text
        seen.add(varied.text)
    assert len(seen) > 120


def test_the_same_seed_says_the_same() -> None:
    example = Example("order 15213", "x", (Mark("order_number", 6, 11),))
    one, two = ([vary(example, SLOTS, VALUES, seeded(9)) for _ in range(5)] for _ in range(2))
    assert one == two


def test_two_intents_in_a_breath_keep_their_marks_and_intents() -> None:
    order = Example("Where is 15213.", "order_status", (Mark("order_number", 9, 14),))
    hours = Example("Are you open Friday?", "opening_hours", (Mark("date", 13, 19),))
    hello = Example("hello", "greeting")
    made = joined([order, hours, hello], frozenset({"greeting"}), 40, seeded(2))
    assert len(made) == 40
    for example in made:
        assert set(example.intents) == {"order_status", "opening_hours"}
        values = {mark.name: example.text[mark.start : mark.end] for mark in example.marks}
        assert values == {"order_number": "15213", "date": "Friday"}
    assert len({example.text for example in made}) > 10


def test_nothing_is_joined_where_one_intent_is_left() -> None:
    assert joined([Example("hello", "greeting")], frozenset(), 5, seeded(2)) == []


def test_swapped_values_come_from_the_same_slot() -> None:
    example = Example("order 15213 by Friday", "x", (Mark("order_number", 6, 11),
                                                     Mark("date", 15, 21)))  # fmt: skip
    seen = set()
    for seed in range(50):
        made = swap(example, VALUES, 0.5, seeded(seed))
        values = {mark.name: made.text[mark.start : mark.end] for mark in made.marks}
        assert values["order_number"] == "15213"
        assert values["date"] in VALUES["date"]
        seen.add(values["date"])
    assert seen == set(VALUES["date"])
