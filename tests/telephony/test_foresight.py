"""Replies that are prepared in a pause: what of them is used, and that they leave no trace."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from dialogue.agent import Said
from telephony.call import Call, run_call
from telephony.record import Record
from telephony.wav import WavLine, WavOptions
from tests.fakes import FakeAgent, FakeAsr, FakeTts, FakeVad, is_speech, recording, said
from voice.audio import SpokenFrame
from voice.ears import Ears
from voice.phrases import PhraseCache
from voice.turns import TurnTaker

pytestmark = pytest.mark.anyio

ORDER, NUMBER = "where is my order", "it is fifteen"
ANSWER = "It is on its way."


@pytest.fixture
def anyio_backend() -> str:
    return "trio"


@dataclass
class SlowTts(FakeTts):
    """Works in a thread before its first sound; keeps what it was asked for."""

    asked: list[str] = field(default_factory=list)

    async def synthesize(self, text: str, speed: float = 1.0) -> AsyncGenerator[SpokenFrame]:
        self.asked.append(text)
        await to_thread.run_sync(time.sleep, 0.02)
        async with aclosing(super().synthesize(text, speed)) as frames:
            async for frame in frames:
                yield frame


async def call(agent: FakeAgent, tts: PhraseCache, *caller: list[bytes]) -> Record:
    record = Record()
    line = WavLine(recording(*caller), is_speech, WavOptions(takes_turns=True))
    ears = Ears(FakeVad(), FakeAsr(), TurnTaker())
    with anyio.fail_after(60):
        await run_call(Call(line, ears, agent, tts, record))
    return record


async def test_the_voice_begins_in_the_pause_and_speaks_once(tmp_path: Path) -> None:
    agent, voice = FakeAgent({ORDER: [ANSWER]}), SlowTts()
    await call(agent, PhraseCache(voice, "fake", tmp_path), said(3), said(1.5, ORDER), said(3))
    assert agent.foreseen == [ORDER]
    assert voice.asked == ["Good morning.", ANSWER]
    assert agent.heard == ["Good morning.", ANSWER]


async def test_when_the_caller_goes_on_what_was_prepared_leaves_no_trace(tmp_path: Path) -> None:
    both = f"{ORDER} {NUMBER}"
    agent, voice = FakeAgent({ORDER: [ANSWER], both: ["Fifteen."]}), SlowTts()
    caller = [said(3), said(1.5, ORDER), said(0.16), said(1, NUMBER), said(3)]
    record = await call(agent, PhraseCache(voice, "fake", tmp_path), *caller)
    assert agent.foreseen == [ORDER, both]
    assert voice.asked == ["Good morning.", ANSWER, "Fifteen."]
    assert agent.said == ["Good morning.", "Fifteen."]
    assert [turn.text for turn in record.turns] == ["Good morning.", both, "Fifteen."]


async def test_a_reply_that_cannot_be_prepared_is_made_when_it_is_due(tmp_path: Path) -> None:
    class Blind(FakeAgent):
        async def foresee(self, turn: Said | None = None) -> str:
            raise RuntimeError("no foresight, as the test asked")

    agent = Blind({ORDER: [ANSWER]})
    cache = PhraseCache(SlowTts(), "fake", tmp_path)
    await call(agent, cache, said(3), said(1.5, ORDER), said(3))
    assert agent.heard == ["Good morning.", ANSWER]


async def test_the_reply_to_the_likeliest_answer_is_spoken_before_the_caller_speaks(
    tmp_path: Path,
) -> None:
    agent, voice = FakeAgent({"yes": [ANSWER]}, likely=ANSWER), SlowTts()
    cache = PhraseCache(voice, "fake", tmp_path)
    record = await call(agent, cache, said(3), said(1, "yes"), said(3))
    assert voice.asked == ["Good morning.", ANSWER]
    assert agent.heard == ["Good morning.", ANSWER]
    assert record.foresight.supposed == 2  # after the greeting, and after the answer
