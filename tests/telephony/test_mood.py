"""A caller's mood on the way through a call: from their voice to the agent, and into the record."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path

import jsonschema
import pytest
from anyio.lowlevel import checkpoint
from trio.testing import MockClock

from dialogue.agent import CallerTurn, Exchange, Said
from nlu.mood import AcousticCue, Trend
from nlu.understand import Sentiment, Understanding
from telephony.call import Call, run_call
from telephony.record import CallRecord, Record, TurnRecord
from telephony.wav import WavLine, WavOptions
from tests.fakes import (
    FakeAgent,
    FakeAsr,
    FakeTts,
    FakeVad,
    KeypadLine,
    is_speech,
    recording,
    said,
)
from voice.audio import Frame
from voice.ears import Ears
from voice.prosody import Prosody
from voice.turns import TurnTaker

pytestmark = pytest.mark.anyio

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "call-record.schema.json").read_text(encoding="utf-8")
)
HOURS, RIDICULOUS = "when are you open", "this is ridiculous"
CALM, RAISED = Prosody(-30.0, 3.5, 120.0, 3.0), Prosody(-22.0, 5.5, 160.0, 6.0)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


@dataclass
class FeelingAgent(FakeAgent):
    """Hears anger in "ridiculous"."""

    mood: Trend = field(default_factory=Trend)

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[str]:
        if isinstance(turn, Said):
            angry = "ridiculous" in turn.text
            sentiment = Sentiment("negative", -0.6) if angry else Sentiment("neutral", 0.0)
            self.mood = self.mood if turn.keys else self.mood.after(sentiment, turn.cue)
        async with aclosing(super().reply(turn)) as clauses:
            async for clause in clauses:
                if isinstance(turn, Said):
                    understood = Understanding(turn.text, "known", 0.9, (), sentiment)
                    self.exchange = Exchange(turn, understood, mood=self.mood)
                yield clause


async def raised_when_angry(heard: Sequence[Frame]) -> Prosody | None:
    """Hear a raised voice in a turn of more than 2 s, a calm one in others."""
    await checkpoint()
    return RAISED if len(heard) > 100 else CALM


async def call(agent: FakeAgent, *parts: list[bytes], prosody: bool = True) -> CallRecord:
    options = WavOptions(takes_turns=True, realtime=True)
    line = KeypadLine(WavLine(recording(*parts), is_speech, options), [])
    record = Record()
    measure = raised_when_angry if prosody else None
    ears = Ears(FakeVad(), FakeAsr(), TurnTaker(), measure)
    await run_call(Call(line, ears, agent, FakeTts(), record))
    return CallRecord("c", "a", "wav", record.seconds, record.outcome, tuple(record.turns), {})


ANGRIER = (*[said(0.5), said(1.2, HOURS), said(2)] * 3, said(3, RIDICULOUS), said(2))


async def test_how_a_turn_was_said_reaches_the_agent_in_the_terms_of_the_understanding() -> None:
    agent = FeelingAgent({})
    await call(agent, *ANGRIER)
    assert [turn.cue for turn in agent.turns if isinstance(turn, Said)] == [
        *[AcousticCue(-30.0, 3.5, 120.0)] * 3,
        AcousticCue(-22.0, 5.5, 160.0),
    ]


async def test_without_the_option_nothing_is_measured_and_the_words_alone_count() -> None:
    agent = FeelingAgent({})
    record = await call(agent, *ANGRIER, prosody=False)
    assert {turn.cue for turn in agent.turns if isinstance(turn, Said)} == {None}
    assert [turn.sentiment_score for turn in callers(record)] == [0.0, 0.0, 0.0, -0.6]


async def test_the_record_tells_each_turns_score_and_where_it_went() -> None:
    record = await call(FeelingAgent({}), *ANGRIER, said(2, RIDICULOUS), said(2))
    assert [turn.sentiment_score for turn in callers(record)] == [0.0, 0.0, 0.0, -0.9, -0.9]
    assert record.mood is not None
    assert (record.mood.direction, record.mood.negatives_in_a_row) == ("worse", 2)
    assert record.mood.level == pytest.approx(-0.576)  # 0.4 · -0.9 · (1 + 0.6)
    assert all(turn.sentiment_score is None for turn in record.turns if turn not in callers(record))


async def test_a_record_with_a_mood_keeps_to_its_public_schema() -> None:
    record = await call(FeelingAgent({}), *ANGRIER)
    plain = json.loads(json.dumps(record.as_json()))
    jsonschema.validate(plain, SCHEMA)
    assert plain["mood"]["direction"] == "worse"


def test_a_record_of_before_keeps_to_the_schema_too() -> None:
    plain = CallRecord("c", "a", "wav", 1.0, "resolved", (turn("hello", None, None),), {}).as_json()
    assert plain.pop("mood") is None
    del plain["turns"][0]["sentiment_score"]
    jsonschema.validate(json.loads(json.dumps(plain)), SCHEMA)


def test_turns_without_a_score_tell_no_mood() -> None:
    keys = turn("15213", "neutral", None)
    angry = turn(RIDICULOUS, "negative", -0.8)
    assert CallRecord("c", "a", "wav", 1.0, "resolved", (keys,), {}).mood is None
    mood = CallRecord("c", "a", "wav", 1.0, "resolved", (angry, keys), {}).mood
    assert mood is not None
    assert (mood.lowest, mood.negatives_in_a_row) == (-0.8, 1)


def turn(text: str, sentiment: str | None, score: float | None) -> TurnRecord:
    return TurnRecord("caller", 0.0, 1.0, text, text, sentiment=sentiment, sentiment_score=score)


def callers(record: CallRecord) -> list[TurnRecord]:
    return [turn for turn in record.turns if turn.speaker == "caller"]


def test_words_that_went_unanswered_and_came_again_count_once() -> None:
    angry = turn(RIDICULOUS, "negative", -0.8)
    reply = TurnRecord("assistant", 0.0, 1.0, "I'm sorry.", "")
    unanswered = CallRecord("c", "a", "wav", 1.0, "resolved", (angry, reply, angry), {}).mood
    once = CallRecord("c", "a", "wav", 1.0, "resolved", (angry,), {}).mood
    assert unanswered == once
    heard = replace(reply, heard="I'm sorry.")
    twice = CallRecord("c", "a", "wav", 1.0, "resolved", (angry, heard, angry), {}).mood
    assert twice is not None
    assert twice.negatives_in_a_row == 2
