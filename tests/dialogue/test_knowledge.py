"""The right answer to questions put in other words, and none to questions it cannot answer."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml

from dialogue.agent import Said
from dialogue.assistant import Assistant
from dialogue.conversation import FlowAgent
from dialogue.knowledge import Answer, Knowledge, load_knowledge
from dialogue.store import Store
from models import ModelMissing
from models.registry import model_path
from nlu.sentences import Vectors, load_encoder
from tests.dialogue.caller import FRIDAY_AFTERNOON, Caller, WordsNlu

QUESTIONS = yaml.safe_load((Path(__file__).parent / "questions.yaml").read_text(encoding="utf-8"))


def encode_letters(sentences: Sequence[str]) -> Vectors:
    """Stand in for the encoder: a sentence is how often it has each letter."""
    counts = np.array(
        [[sentence.lower().count(chr(97 + n)) for n in range(26)] for sentence in sentences]
    )
    vectors: Vectors = (counts / np.linalg.norm(counts, axis=1, keepdims=True)).astype(np.float32)
    return vectors


def answer(anchor: str, question: str) -> Answer:
    return Answer(anchor, question, (), "zzz", 1)


def test_the_nearest_wording_answers() -> None:
    knowledge = Knowledge([answer("a", "aab"), answer("x", "xxy")], encode_letters)
    found = knowledge.search("xy")
    assert found is not None
    assert found.anchor == "x"
    assert knowledge.search("mmm") is None


def test_without_answers_nothing_is_found() -> None:
    assert (
        Knowledge([], lambda sentences: np.zeros((len(sentences), 3), np.float32)).search("?")
        is None
    )


@pytest.mark.anyio
async def test_a_question_beyond_the_flows_is_answered_from_the_faq(
    retail: Assistant, store: Store
) -> None:
    knowledge = Knowledge([retail.faq["gift-wrap"]], encode_letters)
    agent = FlowAgent(retail, WordsNlu(), store, lambda: FRIDAY_AFTERNOON, knowledge=knowledge)
    caller = Caller(agent)
    await caller.rings()
    await caller.says("where's my order")
    assert await caller.says("do you gift wrap?") == (
        "Yes, for $3.95. Choose gift wrap when you check out, and add a message if you like. "
        "What is your order number?"
    )
    assert agent.exchange is not None
    assert agent.exchange.sources == ("faq.md#gift-wrap",)
    assert agent.exchange.caller == Said("do you gift wrap?", 0.9)


@pytest.mark.slow
def test_meaning_finds_the_answers_that_words_do_not(retail: Assistant) -> None:
    try:
        model_path("minilm")
    except ModelMissing as missing:
        pytest.skip(str(missing))
    knowledge = load_knowledge(retail.faq.values())
    asked = [(anchor, text) for anchor, texts in QUESTIONS["test"].items() for text in texts]
    found = {text: knowledge.search(text) for _, text in asked}
    anchors = {text: answer.anchor if answer else "none" for text, answer in found.items()}
    answerable = [(anchor, text) for anchor, text in asked if anchor != "none"]
    right = sum(anchors[text] == anchor for anchor, text in answerable) / len(answerable)
    wrong = sum(anchors[text] not in {anchor, "none"} for anchor, text in answerable)
    invented = sum(anchors[text] != "none" for anchor, text in asked if anchor == "none")
    assert right >= 0.75
    assert wrong / len(answerable) <= 0.05
    assert invented / len(QUESTIONS["test"]["none"]) <= 0.15


@pytest.mark.slow
def test_a_sentence_has_the_same_vector_in_any_company() -> None:
    try:
        encode = load_encoder()
    except ModelMissing as missing:
        pytest.skip(str(missing))
    alone = encode(["Is there parking?"])
    assert np.array_equal(encode(["Where is your store?", "Is there parking?"])[1:], alone)
