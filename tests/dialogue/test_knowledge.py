"""The right answer to questions put in other words, and none to questions it cannot answer."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml

from dialogue import AssistantError
from dialogue.agent import Said
from dialogue.assistant import Assistant
from dialogue.conversation import FlowAgent
from dialogue.knowledge import Knowledge, Library, Passage
from dialogue.knowledge.documents import read_document
from dialogue.knowledge.first_look import FirstLook
from dialogue.knowledge.keywords import Keywords
from dialogue.knowledge.vectors import MANY, ROUNDING, Nearest
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


def entry(anchor: str, question: str, text: str = "zzz") -> Passage:
    return Passage("faq.md", anchor, question, (), text, 1)


def knowing(*passages: Passage) -> Knowledge:
    return Knowledge(Library({one.anchor: one for one in passages}), encode_letters)


def test_the_nearest_wording_answers() -> None:
    knowledge = knowing(entry("a", "aab"), entry("x", "xxy"))
    found = knowledge.search("xy")
    assert found is not None
    assert found.source == "faq.md#x"
    assert knowledge.search("mmm") is None


def test_without_answers_nothing_is_found() -> None:
    assert knowing().search("what do you know?") is None


def test_rare_words_weigh_more_than_common_ones_and_other_things_count_against() -> None:
    shares = Keywords(["the red kettle", "the red lamp", "the red lamp's bulb"]).shares
    kettle, lamp, bulb = shares("is the kettle red?")
    assert kettle > lamp == pytest.approx(bulb, abs=0.05)
    assert shares("is the kettle of the trampoline red?")[0] < kettle
    assert not shares("is it?").any()


@pytest.mark.parametrize(
    ("question", "expected", "searched"),
    [
        ("do you have parking", "parking", False),  # every word, and nobody else has it
        ("is parking expensive", "parking", False),  # well ahead
        ("is delivery to the store free", "delivery", True),  # the words lead elsewhere
        ("is parking free at your store", "parking", True),  # and nearly so
        ("what's the capital of France", "", False),  # not a word of ours
        ("is there a free lunch", "", True),
        ("how is it", "", True),  # words that tell nothing
        ("do you have parking", None, True),
    ],
)
def test_where_the_words_agree_with_the_intent_their_meaning_is_not_asked(
    question: str, expected: str | None, searched: bool
) -> None:
    knowledge = knowing(
        entry("parking", "Is there parking?"),
        entry("delivery", "What does delivery cost?", "Delivery is free for members."),
        entry("pick-up", "Can I pick it up?", "Yes, delivery to our store is free."),
    )
    assert bool(knowledge.find(question, expected=expected).passages) == searched


@pytest.mark.parametrize("count", [MANY - 1, MANY, 3 * MANY])
def test_of_many_sentences_the_nearest_are_the_same_that_a_look_at_each_would_find(
    count: int,
) -> None:
    chance = np.random.default_rng(7)
    groups = chance.normal(size=(40, 64))
    points = groups[chance.integers(40, size=count)] + 0.8 * chance.normal(size=(count, 64))
    vectors = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    nearest = Nearest([str(n) for n in range(count)], lambda _: vectors)
    for asked in vectors[:5] + 0.1:
        vector = asked / np.linalg.norm(asked)
        each = np.argsort(-(vectors @ vector), kind="stable")[:50]
        assert nearest.search(vector, 50) == each.tolist()


def test_a_first_look_is_never_wrong_by_more_than_it_says() -> None:
    chance = np.random.default_rng(7)
    points = chance.normal(size=(500, 384)) * chance.exponential(size=384)
    vectors = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    first = FirstLook(vectors)
    for vector in vectors[:20]:
        seen, slack = first.look(vector)
        assert (np.abs(vectors @ vector - seen) <= slack + ROUNDING).all()
        assert slack.max() < 0.1


def test_a_document_is_cut_at_headings_paragraphs_and_lists(tmp_path: Path) -> None:
    passages = read_document(written(tmp_path, DOCUMENT))
    assert [(one.source, one.line) for one in passages] == [
        ("documents/bikes.md#bikes", 3),
        ("documents/bikes.md#brakes", 7),
        ("documents/bikes.md#brakes-2", 9),
        ("documents/bikes.md#tyres-tubes", 14),
    ]
    assert passages[1].text == "Check the brakes first. See our guide."
    assert passages[2].text == "Pads: once a year. Cables: every other year."


DOCUMENT = """# Bikes

We sell them.

## Brakes {#brakes}

Check the **brakes** first. See [our guide](https://example.com).

- Pads: once a year
- Cables: every other year.

## Tyres & tubes

Pump them up.
"""


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("Text.\n\n# Heading\n", "bikes.md:1: this text has no heading; put '# Topic' above it"),
        ("# A\n\nText.\n\n# A\n\nText.\n", "bikes.md:5: 'a' is on line 1 already"),
        ("# A\n\n|a|b|\n|-|-|\n|1|2|\n", "bikes.md:3: a table cannot be read aloud"),
        ("# A\n", "bikes.md:1: this document says nothing"),
        ("# A\n\nIt costs {price.\n", "bikes.md:3: expected '}'"),
    ],
)
def test_a_faulty_document_says_where_and_how_to_mend_it(
    tmp_path: Path, text: str, mistake: str
) -> None:
    with pytest.raises(AssistantError, match=re.escape(mistake)):
        read_document(written(tmp_path, text))


def written(folder: Path, text: str) -> Path:
    path = folder / "documents" / "bikes.md"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def test_of_a_document_only_the_sentences_that_answer_are_read_out() -> None:
    passage = Passage("documents/x.md", "x", "qq", (), "Aaaa bb. Xxxx yy. Mmmm nn.", 3, whole=False)
    found = knowing(passage, entry("z", "zz")).search("xxxx yy")
    assert found is not None
    assert (found.text, found.source) == ("Xxxx yy.", "documents/x.md#x")


def test_the_nearest_sentences_come_in_their_order() -> None:
    nearest = Nearest(["aab", "abb", "bbb", "zzz"], encode_letters)
    assert nearest.search(encode_letters(["ab"])[0], 2) == [0, 1]
    assert nearest.search(encode_letters(["b"])[0], 9) == [2, 1, 0, 3]


def test_vectors_are_kept_for_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFHOOK_MODELS", str(tmp_path))
    first = Nearest(["aab", "abb"], encode_letters, "encoder")

    def never(sentences: Sequence[str]) -> Vectors:
        raise AssertionError("encoded again")

    again = Nearest(["aab", "abb"], never, "encoder")
    assert np.array_equal(again.vectors, first.vectors)
    with pytest.raises(AssertionError):
        Nearest(["aab", "abc"], never, "encoder")


@pytest.mark.anyio
async def test_a_question_beyond_the_flows_is_answered_from_the_faq(
    retail: Assistant, store: Store
) -> None:
    knowledge = knowing(retail.faq["gift-wrap"])
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
    knowledge = Knowledge(retail.library, load_encoder())  # without the graph
    asked = [(key, text) for key, texts in QUESTIONS["test"].items() for text in texts]
    found = {text: knowledge.search(text) for _, text in asked}
    sources = {text: answer.source if answer else "none" for text, answer in found.items()}
    answerable = [(key, text) for key, text in asked if key not in {"none", "near"}]
    right = sum(sources[text] in sources_of(key) for key, text in answerable) / len(answerable)
    wrong = sum(sources[text] not in {"none", *sources_of(key)} for key, text in answerable)
    invented = [sources[text] != "none" for key, text in asked if key == "none"]
    assert right >= 0.6
    assert wrong / len(answerable) <= 0.15
    assert sum(invented) / len(invented) <= 0.1


def sources_of(key: str) -> set[str]:
    """The passages that answer the questions under this key."""
    keys = [key, *QUESTIONS["also_right"].get(key, [])]
    return {one if "/" in one else f"faq.md#{one}" for one in keys}


@pytest.mark.slow
def test_a_sentence_has_the_same_vector_in_any_company() -> None:
    try:
        encode = load_encoder()
    except ModelMissing as missing:
        pytest.skip(str(missing))
    alone = encode(["Is there parking?"])
    encode.forget()
    assert np.array_equal(encode(["Where is your store?", "Is there parking?"])[1:], alone)


@pytest.mark.slow
def test_all_who_encode_share_one_session() -> None:
    try:
        assert load_encoder() is load_encoder()
    except ModelMissing as missing:
        pytest.skip(str(missing))
