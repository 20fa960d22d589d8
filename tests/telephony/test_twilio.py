"""A phone call at the level of its messages: a small honest Twilio at the other end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from trio.testing import MockClock

from telephony.twilio import TwilioLine, handshake, open_twilio_line
from tests.fakes import pcm
from tests.telephony.far_twilio import CALL, FarTwilio, call_from
from voice.audio import FRAME_SECONDS, SpokenFrame, frame_time

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


@asynccontextmanager
async def call(delay: float = 0.0) -> AsyncIterator[tuple[FarTwilio, TwilioLine]]:
    async with call_from(lambda: delay) as (far, wire):
        start = await handshake(wire)
        assert start.call_sid == CALL
        async with open_twilio_line(wire, start) as line:
            yield far, line


async def say(line: TwilioLine, seconds: float) -> None:
    frames = round(seconds / FRAME_SECONDS)
    for index in range(frames):
        share = (index + 1) / frames
        await line.play(SpokenFrame(pcm("a voice"), frame_time(index), said=share))


async def test_a_clause_reaches_the_ear_whole_and_without_a_gap() -> None:
    async with call() as (far, line):
        await say(line, 2.0)
        await line.drain()
        assert far.played == pytest.approx(101, abs=1)
        assert await line.clear() == pytest.approx(2.0, abs=0.03)
        assert "clear" not in far.commands
