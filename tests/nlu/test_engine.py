"""The shipped retail model on sentences it has never seen.

The gates lie some way below what was measured: they catch a broken model, not a bad day.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest

from models import ModelError
from models.registry import model_path
from nlu.dataset import Example, load_intents, load_sentiment
from nlu.engine import BertNlu, NluOptions, is_stale, load_nlu
from nlu.understand import OUT_OF_SCOPE, YES_NO, Alternative, Context, Understanding

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
RETAIL = HERE.parents[1] / "dialogue" / "assistants" / "retail"
TODAY = date(2025, 3, 12)


@pytest.fixture(scope="module")
def nlu() -> BertNlu:
    try:
        model_path("minilm")
    except ModelError as error:
        pytest.skip(str(error))
    return load_nlu(RETAIL, NluOptions(today=lambda: TODAY))


def examples() -> tuple[Example, ...]:
    return load_intents(HERE / "retail_test.yaml").examples


def test_the_shipped_model_was_trained_on_the_shipped_examples() -> None:
    assert not is_stale(RETAIL)


def test_intents(nlu: BertNlu) -> None:
    inside = [example for example in examples() if example.intent != OUT_OF_SCOPE]
    right = [nlu.understand(e.text, Context()).intent == e.intent for e in inside]
    assert sum(right) / len(right) >= 0.82


def test_out_of_scope(nlu: BertNlu) -> None:
    outside = [example for example in examples() if example.intent == OUT_OF_SCOPE]
    refused = [nlu.understand(e.text, Context()).intent == OUT_OF_SCOPE for e in outside]
    assert sum(refused) / len(refused) >= 0.7
    inside = [example for example in examples() if example.intent != OUT_OF_SCOPE]
    wrongly = [nlu.understand(e.text, Context()).intent == OUT_OF_SCOPE for e in inside]
    assert sum(wrongly) / len(wrongly) <= 0.1


def test_order_numbers(nlu: BertNlu) -> None:
    marked = [
        (example, mark)
        for example in examples()
        for mark in example.marks
        if mark.name == "order_number"
    ]
    found = [
        any(
            slot.name == "order_number" and len(slot.value) == 5
            for slot in nlu.understand(example.text, Context()).slots
        )
        for example, _ in marked
    ]
    assert sum(found) / len(found) >= 0.8


def test_sentiment(nlu: BertNlu) -> None:
    held = load_sentiment(HERE / "sentiment_test.yaml")
    right = [nlu.understand(e.text, Context()).sentiment.label == e.sentiment for e in held]
    assert sum(right) / len(right) >= 0.8


@pytest.mark.parametrize(
    "said",
    ["one five two one three", "One, five, two, one, three.", "1-5-2-1-3.", "15213", "15213.",
     "1 5 2 1 3", "It's 15213.", "fifteen two thirteen",
     "my order number is one five two one three"],
)  # fmt: skip
@pytest.mark.parametrize("waiting_for", ["", "order_number"])
def test_the_order_number_of_the_demo_call(nlu: BertNlu, said: str, waiting_for: str) -> None:
    heard = nlu.understand(said, Context(waiting_for))
    assert heard.intent == "order_status"
    assert [(slot.name, slot.value) for slot in heard.slots] == [("order_number", "15213")]


@pytest.mark.parametrize("said", ["yes", "Yes.", "yeah that's right", "Yep.", "correct"])
@pytest.mark.parametrize("waiting_for", ["", YES_NO, "order_number"])
def test_yes(nlu: BertNlu, said: str, waiting_for: str) -> None:
    assert nlu.understand(said, Context(waiting_for)).intent == "affirm"


@pytest.mark.parametrize("said", ["no", "No.", "nope", "no that's wrong", "No, thank you."])
@pytest.mark.parametrize("waiting_for", ["", YES_NO, "order_number"])
def test_no(nlu: BertNlu, said: str, waiting_for: str) -> None:
    assert nlu.understand(said, Context(waiting_for)).intent == "deny"


def test_a_correction_carries_the_new_number(nlu: BertNlu) -> None:
    heard = nlu.understand("No, it's 15214.", Context(YES_NO))
    assert heard.intent == "deny"
    assert [slot.value for slot in heard.slots] == ["15214"]


def test_a_digit_too_many_is_the_recognisers_not_a_writers(nlu: BertNlu) -> None:
    said = nlu.understand("it's order 269-887", Context("order_number"))
    assert [slot.value for slot in said.slots] == ["26987"]
    keyed = nlu.understand("269887", Context("order_number", spoken=False))
    assert [slot.value for slot in keyed.slots] in ([], ["269887"])


def test_of_several_ways_the_one_with_a_whole_number_is_taken(nlu: BertNlu) -> None:
    said = (("4085", 0.8), ("forty", 0.75), ("40085", 0.7))
    heard = tuple(Alternative(f"where is order {number}", share) for number, share in said)
    first = nlu.understand(heard[0].text, Context())
    assert first.unread == ("order_number",)
    understood = nlu.understand(heard[0].text, Context("", heard))
    assert understood.text == "where is order 40085"
    assert [slot.value for slot in understood.slots] == ["40085"]
    assert understood.unread == ()


@pytest.mark.parametrize("text", ["", "  ", "...", "?!", "\u3002"])
def test_no_words_mean_nothing(nlu: BertNlu, text: str) -> None:
    heard = nlu.understand(text, Context())
    assert (heard.intent, heard.slots, heard.sentiment.label) == (OUT_OF_SCOPE, (), "neutral")


@pytest.mark.parametrize(
    "text", ["word " * 5000, "\u4f60\u597d", "\U0001f600 hi", "a\x00b", "9" * 3000]
)
def test_odd_text_is_dealt_with(nlu: BertNlu, text: str) -> None:
    heard = nlu.understand(text, Context("order_number"))
    assert heard.text == text
    assert 0 <= heard.confidence <= 1


def test_the_same_words_mean_the_same_from_eight_threads_at_once(nlu: BertNlu) -> None:
    texts = [example.text for example in examples()[:40]]

    def all_of_them(_: int) -> list[Understanding]:
        return [nlu.understand(text, Context()) for text in texts]

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(all_of_them, range(8)))
    assert all(result == results[0] for result in results)
