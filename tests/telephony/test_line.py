"""What every `Line` promises, on each of them; the far end's time passes when the test says so."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass

import anyio
import pytest
from anyio import create_task_group
from trio.testing import MockClock

from telephony.line import Line
from telephony.microphone import open_microphone
from telephony.twilio import handshake, open_twilio_line
from telephony.wav import WavLine
from tests.fakes import is_speech, pcm, recording, said
from tests.telephony.cards import HandTurnedCard
from tests.telephony.far_twilio import call_from
from voice.audio import FRAME_BYTES, FRAME_SECONDS, Digit, Frame, frame_time

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


@dataclass
class FarEnd:
    """A line, and how its caller's time passes."""

    line: Line
    next_frame: Callable[[], AbstractAsyncContextManager[object]]

    async def passes(self, seconds: float) -> list[Frame]:
        heard = []
        for _ in range(round(seconds / FRAME_SECONDS)):
            async with self.next_frame() as frame:
                assert isinstance(frame, Frame)
                heard.append(frame)
        return heard


@asynccontextmanager
async def wav() -> AsyncIterator[FarEnd]:
    line = WavLine(recording(said(60)), is_speech)
    async with aclosing(line.frames()) as frames:
        yield FarEnd(line, lambda: _step(frames))


@asynccontextmanager
async def microphone() -> AsyncIterator[FarEnd]:
    card = HandTurnedCard()

    @asynccontextmanager
    async def step() -> AsyncIterator[object]:
        await anyio.sleep(0.001)  # what the program wants to play reaches the card
        card.hear(card.pull(FRAME_SECONDS))
        yield await anext(frames)

    async with open_microphone(card) as line, aclosing(line.frames()) as frames:
        yield FarEnd(line, step)


@asynccontextmanager
async def _step(frames: AsyncGenerator[Frame | Digit]) -> AsyncIterator[object]:
    yield await anext(frames)


@asynccontextmanager
async def twilio() -> AsyncIterator[FarEnd]:
    @asynccontextmanager
    async def step() -> AsyncIterator[object]:
        await anyio.sleep(FRAME_SECONDS)
        yield await anext(frames)

    async with (
        call_from() as (_, wire),
        open_twilio_line(wire, await handshake(wire)) as line,
        aclosing(line.frames()) as frames,
    ):
        await anyio.sleep(0.05)  # the first packets are on their way through the resampler
        yield FarEnd(line, step)


LINES = {"wav": wav, "microphone": microphone, "twilio": twilio}


@pytest.fixture(params=LINES)
async def far(request: pytest.FixtureRequest) -> AsyncIterator[FarEnd]:
    async with LINES[request.param]() as far_end:
        yield far_end


async def play(line: Line, seconds: float) -> None:
    for index in range(round(seconds / FRAME_SECONDS)):
        await line.play(Frame(pcm("hello"), frame_time(index)))


async def test_frames_are_whole_and_gapless(far: FarEnd) -> None:
    frames = await far.passes(0.5)
    assert {len(frame.pcm) for frame in frames} == {FRAME_BYTES}
    assert [frame.at for frame in frames] == [frame_time(index) for index in range(25)]


async def test_nothing_played_is_nothing_heard(far: FarEnd) -> None:
    await far.passes(0.2)
    await far.line.drain()
    assert await far.line.clear() == 0


async def test_what_was_drained_was_heard(far: FarEnd) -> None:
    async with create_task_group() as tasks:
        tasks.start_soon(_play_and_drain, far.line, 0.4)
        await far.passes(0.6)
    assert await far.line.clear() == pytest.approx(0.4, abs=FRAME_SECONDS)


async def test_drain_waits_for_the_last_frame(far: FarEnd) -> None:
    drained = anyio.Event()
    async with create_task_group() as tasks:
        tasks.start_soon(_play_and_drain, far.line, 0.4, drained)
        await far.passes(0.3)
        assert not drained.is_set()
        await far.passes(0.3)
        with anyio.fail_after(1):
            await drained.wait()


async def test_clear_drops_the_rest_and_counts_what_was_heard(far: FarEnd) -> None:
    async with create_task_group() as tasks:
        tasks.start_soon(play, far.line, 0.8)
        await far.passes(0.02)
        await far.passes(0.3)
        assert await far.line.clear() == pytest.approx(0.3, abs=2 * FRAME_SECONDS)
    await far.passes(0.2)
    assert await far.line.clear() == 0


async def test_play_waits_while_too_much_is_queued(far: FarEnd) -> None:
    async with create_task_group() as tasks:
        tasks.start_soon(play, far.line, 60.0)
        await far.passes(0.1)
        tasks.cancel_scope.cancel()
    await far.passes(3.0)
    assert await far.line.clear() < 3.0


async def _play_and_drain(line: Line, seconds: float, done: anyio.Event | None = None) -> None:
    await play(line, seconds)
    await line.drain()
    if done:
        done.set()
