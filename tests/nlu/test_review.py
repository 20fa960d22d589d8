import numpy as np

from nlu.dataset import Example, Intents, SlotType
from nlu.review import Misread, review
from nlu.understand import OUT_OF_SCOPE


def intents(*examples: Example, slots: tuple[SlotType, ...] = ()) -> Intents:
    names = tuple(dict.fromkeys(example.intent for example in examples))
    return Intents("en", slots, names, examples)


def alike(*groups: int) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """Vectors that are equal within a group and at right angles otherwise."""
    return np.eye(max(groups) + 1)[list(groups)]


def test_intents_that_say_the_same_are_named_with_their_lines() -> None:
    status = Example("when will it come", "order_status", line=4)
    delivery = Example("when does it come", "delivery_time", line=9)
    others = [Example(f"other {i}", OUT_OF_SCOPE, line=20 + i) for i in range(12)]
    remarks = review(
        intents(status, delivery, *others), alike(0, 0, *range(1, 13)),
        [status, delivery], [Misread(status, "delivery_time")],
    )  # fmt: skip
    assert remarks[0].startswith("delivery_time and order_status overlap: 1 held back")
    assert "“when will it come” (line 4, order_status)" in remarks[0]
    assert "(line 9, delivery_time)" in remarks[0]


def test_a_weak_intent_is_told_with_what_was_misread() -> None:
    examples = [Example(f"help {i}", "help", line=i) for i in range(12)]
    others = [Example(f"x {i}", OUT_OF_SCOPE) for i in range(12)]
    misread = [Misread(examples[0], "repeat"), Misread(examples[1], "thanks")]
    remarks = review(intents(*examples, *others), alike(*range(24)), examples[:4], misread)
    assert remarks == [
        "help is weak: 2 of 4 held back were misread, such as “help 0” (line 0, taken for repeat), "
        "“help 1” (line 1, taken for thanks). Add some five more that say each of these in other "
        "words."
    ]


def test_few_examples_unmarked_slots_and_no_out_of_scope_are_told() -> None:
    examples = [Example(f"help {i}", "help") for i in range(6)]
    slots = (SlotType("date", "date"), SlotType("product", "text"))
    remarks = review(intents(*examples, slots=slots), alike(*range(6)), [], [])
    assert remarks[0].startswith("help has only 6 examples: add 4 or more")
    assert remarks[1].startswith("Nothing is out of scope")
    assert remarks[2] == "The slot date is in no example: mark it in some."
    assert remarks[3].startswith("The slot product has 0 different values")


def test_good_examples_get_no_remark() -> None:
    examples = [Example(f"help {i}", "help") for i in range(12)]
    others = [Example(f"x {i}", OUT_OF_SCOPE) for i in range(12)]
    assert review(intents(*examples, *others), alike(*range(24)), examples, []) == []
