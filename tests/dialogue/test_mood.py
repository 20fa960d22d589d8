"""What the agent keeps of its caller's mood."""

import pytest

from dialogue.agent import Said
from dialogue.assistant import Assistant
from dialogue.conversation import FlowAgent
from dialogue.store import Store
from nlu.mood import AcousticCue, Direction
from nlu.understand import Context, Sentiment, Understanding
from tests.dialogue.caller import FRIDAY_AFTERNOON, Caller, WordsNlu

pytestmark = pytest.mark.anyio

NEGATIVE, POSITIVE = Sentiment("negative", -0.8), Sentiment("positive", 0.8)


class FeelingNlu(WordsNlu):
    """Hears anger in "ridiculous" and pleasure in "lovely"."""

    def understand(self, text: str, context: Context) -> Understanding:
        understood = super().understand(text, context)
        feeling = {"ridiculous": NEGATIVE, "lovely": POSITIVE}
        sentiment = next((feeling[word] for word in feeling if word in text), understood.sentiment)
        return Understanding(
            text, understood.intent, understood.confidence, understood.slots, sentiment
        )


@pytest.fixture
def nlu() -> FeelingNlu:
    return FeelingNlu()


async def test_the_mood_follows_the_callers_turns(caller: Caller) -> None:
    await caller.rings()
    await caller.says("when are you open")
    await caller.says("that is ridiculous")
    await caller.says("ridiculous, a person please")
    mood = caller.agent.mood
    assert (mood.turns, mood.negatives, mood.direction) == (3, 2, Direction.WORSE)
    assert caller.agent.exchange is not None
    assert caller.agent.exchange.mood == mood


async def test_what_a_caller_feels_is_so_though_they_do_not_hear_the_answer(caller: Caller) -> None:
    await caller.rings()
    await caller.hears_nothing_of_the_answer_to("that is ridiculous")
    assert caller.agent.mood.negatives == 1
    felt = caller.agent.mood
    await caller.keeps_silent()  # their words are answered now
    assert caller.agent.mood == felt


async def test_keys_and_silence_tell_no_mood(caller: Caller) -> None:
    await caller.rings()
    await caller.says("that is ridiculous")
    before = caller.agent.mood
    await caller.presses("15213")
    assert caller.agent.exchange is not None
    assert caller.agent.exchange.mood is None
    await caller.keeps_silent()
    assert caller.agent.mood == before


async def test_how_it_is_said_counts_next_to_the_first_turns(
    retail: Assistant, nlu: FeelingNlu, store: Store
) -> None:
    agent = FlowAgent(retail, nlu, store, lambda: FRIDAY_AFTERNOON)
    calm, raised = AcousticCue(-30.0, 3.5, 120.0), AcousticCue(-22.0, 5.5, 160.0)
    for _ in range(3):
        await _says(agent, Said("when are you open", cue=calm))
    await _says(agent, Said("that is ridiculous", cue=raised))
    assert agent.mood.score == -1.0


async def _says(agent: FlowAgent, said: Said) -> None:
    reply = [clause async for clause in agent.reply(said)]
    await agent.commit(" ".join(reply), " ".join(reply))


async def test_a_bad_mood_brings_one_apology_and_fewer_words(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("where is my ridiculous order, it is ridiculous") == (
        "I'm sorry for the trouble. Your order number, please."
    )
    assert (await caller.says("ridiculous, 15213")).startswith("I heard order")
    assert caller.agent.exchange is not None
    assert caller.agent.exchange.trace == ("reads back order_number",)


async def test_anger_that_stays_brings_a_person(caller: Caller) -> None:
    await caller.rings()
    await caller.says("ridiculous, where is my order")
    await caller.says("ridiculous, 15213")
    answer = await caller.says("this is ridiculous")
    assert answer.startswith("I'm sorry, this isn't going well. I'm putting you through")
    assert caller.agent.brief.reason == "upset"
    assert caller.agent.exchange is not None
    assert caller.agent.exchange.trace == ("mood -0.63 after 3 angry turns",)


async def test_a_pleased_caller_hears_no_apology(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("lovely, where is my order") == "What is your order number?"
