"""A caller's questions, answered in a language model's words where that is safe."""

import pytest

from dialogue.assistant import Assistant
from dialogue.conversation import FlowAgent
from dialogue.extras import Extras
from dialogue.knowledge import Knowledge, Library
from dialogue.llm.grounding import Speaker
from dialogue.llm.small_talk import harmless
from dialogue.store import Store
from tests.dialogue.caller import FRIDAY_AFTERNOON, Caller, WordsNlu
from tests.dialogue.speakers import LiteralGuard, ScriptedLlm
from tests.dialogue.test_knowledge import encode_letters

pytestmark = pytest.mark.anyio

AS_WRITTEN = "Yes, for $3.95. Choose gift wrap when you check out, and add a message if you like."
ELSE = "Is there anything else?"


@pytest.fixture
def llm() -> ScriptedLlm:
    return ScriptedLlm("Choose gift wrap when you check out.")


@pytest.fixture
def agent(retail: Assistant, store: Store, llm: ScriptedLlm) -> FlowAgent:
    return FlowAgent(
        retail,
        WordsNlu(),
        store,
        lambda: FRIDAY_AFTERNOON,
        knowledge=Knowledge(Library({"gift-wrap": retail.faq["gift-wrap"]}), encode_letters),
        extras=Extras(Speaker(llm, LiteralGuard(), small_talk=True)),
    )


def answered(agent: FlowAgent) -> str:
    return agent.exchange.answered if agent.exchange else ""


async def test_an_answer_is_reworded_and_can_be_repeated(
    caller: Caller, agent: FlowAgent, llm: ScriptedLlm
) -> None:
    await caller.rings()
    said = await caller.says("do you gift wrap?")
    assert said == f"Choose gift wrap when you check out. {ELSE}"
    assert answered(agent) == "reworded"
    assert await caller.says("could you repeat that") == said
    system, user = llm.asked[0]
    assert "- Do you gift wrap? Yes, for $3.95." in system.text
    assert user.text == "do you gift wrap?"


async def test_an_invention_is_replaced_by_the_answer_as_written(
    caller: Caller, agent: FlowAgent, llm: ScriptedLlm
) -> None:
    llm.says = "Yes, for $39."
    await caller.rings()
    assert await caller.says("do you gift wrap?") == f"{AS_WRITTEN} {ELSE}"
    assert answered(agent).startswith("as written: not in the passages")


async def test_the_question_that_was_open_still_comes_last(
    caller: Caller, agent: FlowAgent, llm: ScriptedLlm
) -> None:
    await caller.rings()
    await caller.says("where's my order")
    said = await caller.says("do you gift wrap?")
    assert said.endswith("when you check out. What is your order number?")


async def test_what_the_store_knows_is_never_left_to_the_model(
    caller: Caller, agent: FlowAgent, llm: ScriptedLlm
) -> None:
    await caller.rings()
    await caller.says("where's my order 15213")
    assert "on its way" in await caller.says("yes, right")
    assert llm.asked == []
    assert answered(agent) == ""


async def test_small_talk(caller: Caller, agent: FlowAgent, llm: ScriptedLlm) -> None:
    llm.says = "That sounds like a lovely day!"
    await caller.rings()
    said = await caller.says("xyzzy")
    assert said.startswith("That sounds like a lovely day! I can check an order")


@pytest.mark.parametrize("says", ["We can refund you.", "It is 20 degrees.", "How are you?", ""])
async def test_small_talk_that_could_be_wrong_is_not_made(
    caller: Caller, agent: FlowAgent, llm: ScriptedLlm, says: str
) -> None:
    llm.says = says
    await caller.rings()
    assert (await caller.says("xyzzy")).startswith("I can't help with that. I can check an order")
    assert answered(agent).startswith("as written: no small talk")


def test_harmless() -> None:
    assert harmless("Ha, I love that one too!")
    assert not harmless("Your order is on its way.")
    assert not harmless("I will send you a new one.")
    assert not harmless(" ".join(["very"] * 20))
