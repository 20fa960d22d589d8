"""When it is worth asking what else may have been said."""

from dataclasses import replace

import pytest

from nlu.dataset import SlotType
from nlu.doubt import CLEARLY_HEARD, SURE, in_doubt
from nlu.understand import OUT_OF_SCOPE, YES_NO, Context, Sentiment, Slot, Understanding

SLOTS = {
    "order_number": SlotType("order_number", "digits", 5),
    "product": SlotType("product", "text"),
}


def test_a_value_that_cannot_be_read_is_worth_a_second_look() -> None:
    heard = replace(meaning("change_email", 0.99), unread=("email",))
    assert in_doubt(heard, Context(), SLOTS)
    assert not in_doubt(replace(heard, intent="affirm"), Context(YES_NO), SLOTS)


def test_what_was_heard_clearly_is_looked_at_again_for_its_figures_alone() -> None:
    clearly, barely = (Context(confidence=CLEARLY_HEARD - less) for less in (0, 0.01))
    doubtful = meaning("opening_hours", SURE - 0.01)
    assert in_doubt(doubtful, barely, SLOTS)
    assert not in_doubt(doubtful, clearly, SLOTS)
    assert in_doubt(replace(doubtful, unread=("order_number",)), clearly, SLOTS)


def meaning(intent: str, confidence: float, **values: str) -> Understanding:
    slots = tuple(Slot(name, text, text, 0, len(text), 0.9) for name, text in values.items())
    return Understanding("", intent, confidence, slots, Sentiment("neutral", 0.0))


@pytest.mark.parametrize(
    ("understood", "waiting_for", "doubt"),
    [
        (meaning("opening_hours", SURE), "", False),
        (meaning("opening_hours", SURE - 0.01), "", True),
        (meaning(OUT_OF_SCOPE, SURE / 2), "", True),
        (meaning("order_status", SURE / 2, order_number="15213"), "order_number", False),
        (meaning("order_status", 0.99, order_number="1521"), "order_number", True),
        (meaning("order_status", SURE / 2, order_number="15213"), "", True),
        (meaning("order_status", SURE / 2, order_number="15213"), "product", True),
        (meaning("opening_hours", 0.99), "order_number", False),
        (meaning("affirm", SURE / 2), YES_NO, False),
        (meaning("deny", SURE / 2), "order_number", True),
        (meaning("opening_hours", SURE / 2), YES_NO, True),
    ],
)
def test_doubt(understood: Understanding, waiting_for: str, doubt: bool) -> None:
    assert in_doubt(understood, Context(waiting_for), SLOTS) is doubt
