"""The microphone's line, on a sound card that the test turns by hand from another thread."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import anyio
import numpy as np
import pytest

from telephony import LineError
from telephony import microphone as module
from telephony.microphone import MicrophoneLine, open_microphone
from tests.telephony.cards import HandTurnedCard
from voice.audio import FRAME_SECONDS, SAMPLE_RATE_HZ, Frame, Int16, frame_time

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["trio", "asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def settle() -> None:
    """Let the event loop do all that the card's thread has asked of it."""
    await anyio.sleep(0.02)


def tone(seconds: float, rate_hz: int = SAMPLE_RATE_HZ, hz: float = 440) -> Int16:
    time = np.arange(round(seconds * rate_hz)) / rate_hz
    sound: Int16 = np.rint(8000 * np.sin(2 * np.pi * hz * time)).astype(np.int16)
    return sound


def speech(seconds: float) -> list[Frame]:
    pcm = tone(seconds).astype("<i2").tobytes()
    size = len(pcm) // round(seconds / FRAME_SECONDS)
    starts = range(0, len(pcm), size)
    return [Frame(pcm[at : at + size], frame_time(n)) for n, at in enumerate(starts)]


async def heard(line: MicrophoneLine) -> list[Frame]:
    frames: AsyncGenerator[object] = line.frames()
    async with aclosing(frames):
        return [frame async for frame in frames if isinstance(frame, Frame)]


async def test_what_the_microphone_hears_comes_in_order_and_gapless() -> None:
    card = HandTurnedCard()
    sound = tone(2)
    async with open_microphone(card) as line:
        card.hear(*np.array_split(sound, 37))  # blocks that do not fit 20 ms
        await settle()
        line.hang_up()
        frames = await heard(line)
    assert np.array_equal(np.concatenate([frame.samples for frame in frames]), sound)
    assert [frame.at for frame in frames] == [frame_time(n) for n in range(100)]
    assert (card.started, card.closed) == (2, 2)


async def test_a_card_with_another_rate_sounds_the_same_and_keeps_time() -> None:
    card = HandTurnedCard(rate_hz=44_100)
    async with open_microphone(card) as line:
        card.hear(*np.array_split(tone(1, 44_100), 50))
        for frame in speech(0.5):
            await line.play(frame)
        pulled = card.pull(1.0)
        assert await line.clear() == pytest.approx(0.5, abs=0.05)
        await settle()
        line.hang_up()
        frames = await heard(line)
    samples = np.concatenate([frame.samples for frame in frames])
    assert len(samples) / SAMPLE_RATE_HZ == pytest.approx(1, abs=0.05)
    assert pitch(samples, SAMPLE_RATE_HZ) == pytest.approx(440, abs=3)
    assert pitch(pulled[: 44_100 // 2], 44_100) == pytest.approx(440, abs=3)


def pitch(samples: Int16, rate_hz: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.argmax(spectrum) * rate_hz / len(samples))


async def test_play_waits_while_a_second_is_queued() -> None:
    card = HandTurnedCard()
    played = 0

    async def play() -> None:
        nonlocal played
        for frame in speech(1.5):
            await line.play(frame)
            played += 1

    async with open_microphone(card) as line, anyio.create_task_group() as tasks:
        tasks.start_soon(play)
        await settle()
        assert played == 50
        card.pull(0.2)
        await settle()
        assert played == 60
        tasks.cancel_scope.cancel()


async def test_drain_waits_for_the_last_sample_and_silence_is_not_counted_as_heard() -> None:
    card = HandTurnedCard()
    drained = anyio.Event()

    async def speak() -> None:
        for frame in speech(0.2):
            await line.play(frame)
        await line.drain()
        drained.set()

    async with open_microphone(card) as line, anyio.create_task_group() as tasks:
        tasks.start_soon(speak)
        await settle()
        pulled = card.pull(0.18)
        await settle()
        assert not drained.is_set()
        rest = card.pull(0.5)
        with anyio.fail_after(1):
            await drained.wait()
        assert await line.clear() == pytest.approx(0.2)
    assert np.array_equal(np.concatenate((pulled, rest))[: len(tone(0.2))], tone(0.2))
    assert not rest[320:].any()


async def test_clear_drops_what_was_not_heard_and_says_how_much_was() -> None:
    card = HandTurnedCard()
    async with open_microphone(card) as line:
        for frame in speech(0.8):
            await line.play(frame)
        card.pull(0.3)
        assert await line.clear() == pytest.approx(0.3)
        assert not card.pull(0.5).any()
        assert await line.clear() == 0


async def test_a_lost_device_ends_the_call_and_then_says_so() -> None:
    card = HandTurnedCard()

    async def call() -> None:
        async with open_microphone(card) as line:
            card.hear(tone(0.1))
            card.lose()
            assert len(await heard(line)) == 5
            await line.play(speech(0.02)[0])  # a reply on its way out does not hang
            await line.drain()

    with pytest.raises(LineError, match="the microphone is gone: connect it again"):
        await call()
    assert card.closed == 2


async def test_a_device_that_only_falls_silent_is_lost_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOST_SECONDS", 0.05)

    async def listen() -> None:
        async with open_microphone(HandTurnedCard()) as line:
            assert await heard(line) == []

    async def speak() -> None:
        async with open_microphone(HandTurnedCard()) as line:
            await line.play(speech(0.02)[0])
            await line.drain()

    with pytest.raises(LineError, match="the microphone is gone"):
        await listen()
    with pytest.raises(LineError, match="the loudspeaker is gone"):
        await speak()


async def test_what_the_ears_are_too_slow_for_is_dropped_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    card = HandTurnedCard()
    async with open_microphone(card) as line:
        card.hear(*[tone(0.02)] * (module.HEARD_BLOCKS + 7))
        await settle()
        line.hang_up()
        assert len(await heard(line)) == module.HEARD_BLOCKS
        assert line.dropped_blocks == 7
    assert "7 blocks of the microphone were lost" in caplog.text
