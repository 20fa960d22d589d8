"""A question that any words may answer: what begins with a no is an answer, a bare no is none."""

from dataclasses import replace

import pytest

from dialogue.assistant import Assistant
from dialogue.conversation import FlowAgent
from dialogue.flows import SlotTexts
from dialogue.store import Store
from nlu.dataset import SlotType
from tests.dialogue.caller import FRIDAY_AFTERNOON, Caller, WordsNlu

pytestmark = pytest.mark.anyio

ASK = "What is wrong with it?"
TICKET = "Shall I open a ticket, so that a colleague looks into it?"
PERSON = "All right. Would you like to speak to a person?"


@pytest.fixture
def retail(retail: Assistant) -> Assistant:
    """Ask those who complain what is wrong."""
    texts = SlotTexts(ask=ASK, again=("Please tell me in a few words what is wrong.",))
    complaint = retail.flows["complaint"].model_copy(update={"needs": ("problem",)})
    return replace(
        retail,
        slots={**retail.slots, "problem": SlotType("problem", "text")},
        slot_texts={**retail.slot_texts, "problem": texts},
        flows={**retail.flows, "complaint": complaint},
    )


@pytest.mark.parametrize(
    "answer",
    [
        "no it just doesn't work, the lid is broken",
        "no, it doesn't work",
        "No lights come on when I press the button.",
        "yes, it leaks from below",
        "that's right the handle came off",
    ],
)
async def test_an_answer_with_a_yes_or_a_no_in_it_is_kept_word_for_word(
    agent: FlowAgent, caller: Caller, answer: str
) -> None:
    await caller.rings()
    assert await caller.says("I have a complaint") == ASK
    assert TICKET in await caller.says(answer)
    assert dict(agent.state.slots)["problem"] == answer


@pytest.mark.parametrize("said", ["no, wait", "hold on a second", "um let me think", "wait what"])
async def test_thinking_aloud_is_no_answer(agent: FlowAgent, caller: Caller, said: str) -> None:
    await caller.rings()
    await caller.says("I have a complaint")
    await caller.says(said)
    assert "problem" not in dict(agent.state.slots)


@pytest.mark.parametrize("answer", ["no", "No, thanks.", "no I don't", "no, I'd rather not say"])
async def test_a_bare_no_is_no_answer(agent: FlowAgent, caller: Caller, answer: str) -> None:
    await caller.rings()
    await caller.says("I have a complaint")
    assert await caller.says(answer) == PERSON
    assert "problem" not in dict(agent.state.slots)


async def test_where_the_answers_are_listed_a_no_to_one_of_them_is_none(
    retail: Assistant, store: Store
) -> None:
    flow = retail.flows["refund_status"].model_copy(update={"needs": ("payment_method",)})
    listed = replace(retail, flows={**retail.flows, "refund_status": flow})
    agent = FlowAgent(listed, WordsNlu(), store, lambda: FRIDAY_AFTERNOON)
    caller = Caller(agent)
    await caller.rings()
    await caller.says("where is my refund")
    assert await caller.says("no, not with a card") == PERSON
    assert "payment_method" not in dict(agent.state.slots)
