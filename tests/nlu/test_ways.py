"""An utterance that was heard in several ways is understood in all of them."""

from datetime import date

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from nlu.calibration import Calibration
from nlu.dataset import SlotType
from nlu.decode import Chain, Labels
from nlu.engine import BertNlu, Ids, Logits
from nlu.files import Trained
from nlu.tokens import bio_labels
from nlu.understand import Alternative, Context

WORDS = ("[UNK]", "[CLS]", "[SEP]", "cancel", "council", "the", "kettle", "cattle", "1521", "15213")
SLOTS = {
    "product": SlotType("product", "text"),
    "order_number": SlotType("order_number", "digits", 5),
}
LABELS = Labels(
    ("cancel", "other"), bio_labels(list(SLOTS)), ("negative", "neutral", "positive"), SLOTS
)
CALIBRATION = Calibration(1.0, 1.0, 1.0, threshold=0.0, sure=0.0, more=9.0)


def answer(ids: Ids) -> Logits:
    """A model that goes by the words "cancel" and "kettle" alone."""
    words = [WORDS[i] for i in ids]
    intent = np.log([0.8, 0.2] if "cancel" in words else [0.4, 0.6])
    slots = np.zeros((len(ids), len(LABELS.slot_labels)))
    slots[:, 0] = 5
    for at, word in enumerate(words):
        slots[at, LABELS.slot_labels.index("B-product")] = 10 * (word == "kettle")
    return intent, np.zeros(2), slots, np.log([0.2, 0.6, 0.2])


@pytest.fixture
def nlu() -> BertNlu:
    vocabulary = {word: i for i, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))  # noqa: S106 - no secret
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    trained = Trained("en", "", "", "", "", 0, 0, LABELS, CALIBRATION)
    chain = Chain.of(LABELS.slot_labels)
    return BertNlu(trained, tokenizer, answer, chain, lambda: date(2025, 3, 12))


def test_an_intent_is_as_likely_as_the_ways_that_speak_for_it(nlu: BertNlu) -> None:
    ways = (Alternative("council the kettle", 0.5), Alternative("cancel the kettle", 0.5))
    assert nlu.understand("council the kettle", Context()).intent == "other"
    understood = nlu.understand("council the kettle", Context(heard=ways))
    assert understood.intent == "cancel"
    weight = 0.8**2 / (0.8**2 + 0.6**2)  # what is understood with more certainty is likelier
    assert understood.confidence == pytest.approx(0.8 * weight + 0.4 * (1 - weight))


def test_slots_and_the_text_they_stand_in_are_those_of_the_likeliest_way(nlu: BertNlu) -> None:
    ways = (Alternative("cancel the cattle", 0.5), Alternative("cancel the kettle", 0.6))
    understood = nlu.understand("cancel the cattle", Context(heard=ways))
    assert understood.text == "cancel the kettle"
    assert [(slot.name, slot.value) for slot in understood.slots] == [("product", "kettle")]


def test_a_way_with_the_whole_number_that_was_asked_for_comes_first(nlu: BertNlu) -> None:
    ways = (Alternative("1521", 0.7), Alternative("15213", 0.6))
    asked = nlu.understand("1521", Context("order_number", ways))
    assert [slot.value for slot in asked.slots] == ["15213"]
    assert nlu.understand("1521", Context(heard=ways)).text == "1521"
