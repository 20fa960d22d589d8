"""Ears that ask the dialogue whether a caller's words are a whole request."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest
from anyio.lowlevel import checkpoint

from tests.fakes import FakeAsr, FakeVad, recording, said
from voice.audio import Digit, Frame
from voice.ears import Ears, Utterance
from voice.expectation import OPEN_SPEECH, Expectation, Kind
from voice.turns import TurnTaker

REQUEST, HALF = "Please cancel my order.", "It is about my order."
ORDER_NUMBER = Expectation(Kind.DIGITS, length=5)

pytestmark = pytest.mark.anyio


@dataclass
class Understanding:
    """Is so sure of these words; of others the dialogue knows nothing, and some break it."""

    sure: Mapping[str, float]
    breaks: bool = False
    asked: list[str] = field(default_factory=list)

    async def __call__(self, words: str, language: str) -> float | None:
        await checkpoint()
        self.asked.append(words)
        if self.breaks:
            raise ValueError("the understanding broke, as the test asked")
        return self.sure.get(words)


async def waited(
    words: str, understands: Understanding | None, expected: Expectation = OPEN_SPEECH
) -> float:
    """Say it; return the seconds of silence until the turn is over."""

    async def line() -> AsyncGenerator[Frame | Digit]:
        for frame in recording(said(1), said(1, words), said(2.5)):
            yield frame

    ears = Ears(FakeVad(), FakeAsr(), TurnTaker(), understands=understands)
    ears.expect(expected)
    async with aclosing(ears.listen(line())) as events:
        (heard,) = [event async for event in events if isinstance(event, Utterance)]
    assert heard.transcript.text == words
    return heard.at - heard.end


async def test_a_request_that_is_understood_is_answered_sooner() -> None:
    understands = Understanding({REQUEST: 0.99, HALF: 0.6})
    assert await waited(REQUEST, understands) < 0.3 < await waited(REQUEST, None)
    assert await waited(HALF, understands) == await waited(HALF, None)  # as long as may be
    assert await waited("nice weather today", understands) > 0.5


async def test_what_was_asked_for_is_no_request_and_not_looked_at() -> None:
    understands = Understanding({})
    await waited("one five two one three", understands, ORDER_NUMBER)
    assert understands.asked == []


async def test_who_is_not_understood_because_that_broke_is_heard_all_the_same() -> None:
    broken = Understanding({}, breaks=True)
    assert await waited(REQUEST, broken) == await waited(REQUEST, None)
    assert broken.asked == [REQUEST]
