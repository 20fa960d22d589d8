"""When a call gets an answer of the graph, when one of a flow, and when none."""

from dataclasses import replace
from datetime import datetime

import pytest

from dialogue.agent import Said
from dialogue.assistant import Assistant
from dialogue.conversation import FlowAgent
from dialogue.inquiry import Inquiry
from dialogue.knowledge import Answer, Found, Knowledge, Known, Library, load_knowledge
from dialogue.knowledge.retrieval import Ranked
from dialogue.state import Prove, State
from dialogue.store import Store
from models import ModelMissing
from models.registry import model_path
from nlu.understand import Sentiment, Understanding
from tests.dialogue.bikeshop import encode_words
from tests.dialogue.caller import FRIDAY_AFTERNOON, Caller, WordsNlu


class Oracle(Knowledge):
    """Knows one answer, and keeps what it was told about the caller."""

    def __init__(self, answer: Answer | None = None, about_us: bool = True) -> None:
        super().__init__(Library(), encode_words)
        self.found = Found(answer, about_us)
        self.known: list[Known | None] = []

    def find(
        self,
        question: str,
        known: Known | None = None,
        least_named: int = 0,
        expected: str | None = None,
    ) -> Found:
        self.known.append(known)
        answer = self.found.answer
        of_passages = answer is not None and not answer.path
        return Found() if least_named and of_passages else self.found


PATH = (("kettle", "takes", "filter F2"),)
FACT = Answer("It takes the filter F2.", "graph: kettle → takes → filter F2", 0.9, PATH, 2)


def caller_of(retail: Assistant, store: Store, knowledge: Knowledge) -> Caller:
    agent = FlowAgent(retail, WordsNlu(), store, lambda: FRIDAY_AFTERNOON, knowledge=knowledge)
    return Caller(agent)


@pytest.mark.anyio
async def test_a_fact_comes_before_the_flow_of_a_sure_intent(
    retail: Assistant, store: Store
) -> None:
    caller = caller_of(retail, store, Oracle(FACT))
    await caller.rings()
    heard = await caller.says("do you have the kettle for the filter F2")
    assert heard == "It takes the filter F2. Is there anything else?"
    assert isinstance(caller.agent, FlowAgent)
    assert caller.agent.exchange is not None
    assert caller.agent.exchange.sources == (FACT.source,)


@pytest.mark.anyio
async def test_a_question_to_us_without_an_answer_is_offered_a_person(
    retail: Assistant, store: Store
) -> None:
    caller = caller_of(retail, store, Oracle())
    await caller.rings()
    assert await caller.says("who has painted the kettle") == (
        "I don't know that, but a colleague will. Would you like to speak to a person?"
    )
    assert "putting you through" in await caller.says("yes")


@pytest.mark.anyio
async def test_in_the_middle_of_a_flow_it_counts_as_a_turn_that_brought_nothing(
    retail: Assistant, store: Store
) -> None:
    caller = caller_of(retail, store, Oracle())
    await caller.rings()
    await caller.says("where's my order")
    assert await caller.says("who has painted the kettle") == (
        "I don't know that, but a colleague will."
        " Please say the five digits one by one, or key them in."
    )
    await caller.says("who has painted the kettle")
    assert "putting you through" in await caller.says("who has painted the kettle")


@pytest.mark.anyio
async def test_the_order_that_the_caller_has_named_tells_what_they_bought(
    retail: Assistant, store: Store
) -> None:
    oracle = Oracle(None, about_us=False)
    caller = caller_of(retail, store, oracle)
    await caller.rings()
    await caller.says("who painted it")
    await caller.says("where is order 15213")
    await caller.says("yes")
    await caller.says("who painted it")
    before, after = (known.purchases for known in (oracle.known[0], oracle.known[-1]) if known)
    assert before == ()
    assert [(one.name, one.day.isoformat()) for one in after] == [("a kettle", "2026-11-17")]


def understood(intent: str, confidence: float = 0.9) -> Understanding:
    return Understanding("", intent, confidence, (), Sentiment("neutral", 0.0))


@pytest.mark.parametrize(
    ("intent", "answer", "given"),
    [
        ("product_availability", FACT, True),
        ("product_availability", Answer("", "", 0.9, PATH, 1), False),  # its look-up knows better
        ("warranty", Answer("", "", 0.9, PATH, 1), True),  # its flow only recites the FAQ
        ("warranty", Answer("", "", 0.6, PATH, 1), False),
        ("cancel_order", FACT, False),
        ("goodbye", FACT, False),
        ("out_of_scope", Answer("", "faq.md#x", 0.6), True),
    ],
)
def test_a_flow_that_does_more_than_recite_is_not_talked_over(
    retail: Assistant, store: Store, intent: str, answer: Answer, given: bool
) -> None:
    inquiry = Inquiry(retail, Oracle(answer), store, lambda: FRIDAY_AFTERNOON)
    found = inquiry.look(Said("does the kettle take it"), understood(intent), State())
    assert (found.answer is answer) is given


@pytest.mark.parametrize(
    ("intent", "nearest", "given"),
    [
        ("store_location", ("parking", 0.9), True),
        ("store_location", ("parking", 0.6), False),
        ("store_location", ("store", 0.9), False),
        ("return_policy", ("exchange", 0.9), False),  # its flow goes on to start the return
        ("opening_hours", ("parking", 0.9), False),
    ],
)
def test_a_flow_that_only_recites_gives_way_to_a_nearer_answer_of_the_faq(
    retail: Assistant, store: Store, intent: str, nearest: tuple[str, float], given: bool
) -> None:
    passage = retail.faq[nearest[0]]
    oracle = Oracle(Answer(passage.text, passage.source, nearest[1]))
    oracle.found = replace(oracle.found, passages=(Ranked(passage, 1.0, 1.0, 1.0),))
    inquiry = Inquiry(retail, oracle, store, lambda: FRIDAY_AFTERNOON)
    found = inquiry.look(Said("may I leave my car there"), understood(intent), State())
    assert (found.answer is not None) is given


@pytest.mark.parametrize(
    ("words", "searched"),
    [("March fifth nineteen eighty four", False), ("why do you need my birthday", True)],
)
def test_what_shows_who_is_calling_is_no_question(
    retail: Assistant, store: Store, words: str, searched: bool
) -> None:
    oracle = Oracle(FACT)
    inquiry = Inquiry(retail, oracle, store, lambda: FRIDAY_AFTERNOON)
    inquiry.look(Said(words), understood("out_of_scope"), State(step=Prove("birth_date")))
    assert bool(oracle.known) is searched


@pytest.mark.anyio
async def test_the_knowledge_is_not_searched_where_the_reply_does_not_depend_on_it(
    retail: Assistant, store: Store
) -> None:
    oracle = Oracle()
    caller = caller_of(retail, store, oracle)
    await caller.rings()
    await caller.says("what is the meaning of life")
    assert len(oracle.known) == 1
    await caller.says("are you a robot")
    assert len(oracle.known) == 1


def test_purchases_that_cannot_be_read_are_none(retail: Assistant, store: Store) -> None:
    broken = replace(
        retail, purchases="SELECT items, status FROM orders WHERE number = :order_number"
    )
    oracle = Oracle(FACT)
    known = (("order_number", "15213"),)
    Inquiry(broken, oracle, store, lambda: FRIDAY_AFTERNOON).look(
        Said("who made the kettle"), understood("out_of_scope"), State(slots=known)
    )
    (asked,) = oracle.known
    assert asked == Known(datetime(2026, 11, 20).date())


@pytest.mark.slow
@pytest.mark.anyio
async def test_a_caller_asks_about_the_lamp_of_their_order(retail: Assistant, store: Store) -> None:
    try:
        model_path("minilm")
    except ModelMissing as missing:
        pytest.skip(str(missing))
    caller = caller_of(retail, store, load_knowledge(retail.library))
    await caller.rings()
    await caller.says("where is order 15206")
    await caller.says("yes")
    heard = await caller.says("does the warranty cover the battery of the lamp I bought?")
    assert heard == (
        "Yes, you bought the desk lamp yesterday, and its battery is covered for one year."
        " Is there anything else?"
    )
    assert caller.agent.exchange is not None
    (source,) = caller.agent.exchange.sources
    assert source.startswith("graph: caller → bought → desk lamp → category → lamp → coveredBy")
    await caller.says("can I put the wool sweater in the dryer")
    assert caller.agent.exchange.sources == ("graph: wool sweater → notSafeIn → dryer",)
