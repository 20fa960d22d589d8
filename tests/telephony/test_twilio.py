"""A phone call at the level of its messages: a small honest Twilio at the other end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt
import pytest
from anyio import create_task_group, current_time, fail_after, move_on_after, sleep
from trio.testing import MockClock

from telephony import ProtocolError
from telephony.media_stream import CODEC_RATE_HZ, MESSAGE_CHARACTERS
from telephony.twilio import (
    AHEAD_SECONDS,
    DRAIN_MARGIN_SECONDS,
    HANDSHAKE_SECONDS,
    HEARD_FRAMES,
    LOST_SECONDS,
    MALFORMED_LIMIT,
    SMEARED_FRAMES,
    UNANSWERED_LIMIT,
    Clean,
    LineCounts,
    TwilioLine,
    handshake,
    open_twilio_line,
)
from telephony.wire import MemoryWire, memory_wires
from tests.telephony.far_twilio import (
    ALOUD,
    CALL,
    STREAM,
    FarTwilio,
    call_from,
    connected,
    media,
    message,
    start,
)
from voice.audio import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    SILENCE,
    Digit,
    Frame,
    Int16,
    SpokenFrame,
    frame_time,
)
from voice.codec import decode_ulaw

pytestmark = pytest.mark.anyio

Floats = npt.NDArray[np.float64]

VOICE = np.full(FRAME_SAMPLES, 8000, "<i2").tobytes()


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


@asynccontextmanager
async def call(
    delay: float = 0.0, clean: Clean | None = None
) -> AsyncIterator[tuple[FarTwilio, TwilioLine]]:
    async with call_from(lambda: delay) as (far, wire):
        start = await handshake(wire)
        assert start.call_sid == CALL
        async with open_twilio_line(wire, start, clean) as line:
            yield far, line


def clause(seconds: float) -> list[SpokenFrame]:
    frames = round(seconds / FRAME_SECONDS)
    return [
        SpokenFrame(VOICE, frame_time(index), said=(index + 1) / frames) for index in range(frames)
    ]


async def say(line: TwilioLine, *clauses: float) -> None:
    for seconds in clauses:
        for frame in clause(seconds):
            await line.play(frame)


def voiced(far: FarTwilio) -> list[bool]:
    """Return for each 20 ms at the caller's ear whether there was a voice."""
    return [loudness > 4000 for loudness in far.loudness()]


def without_gap(heard: list[bool]) -> bool:
    """Say whether the voice was there once, from one moment to another."""
    return sum(before != after for before, after in pairwise(heard)) <= 2


# What the caller hears


async def test_a_reply_reaches_the_ear_whole_and_without_a_gap() -> None:
    async with call() as (far, line):
        await say(line, 2.0, 1.0)
        await line.drain()
        assert sum(voiced(far)) * FRAME_SECONDS == pytest.approx(3.0, abs=FRAME_SECONDS)
        assert without_gap(voiced(far))
        assert await line.clear() == pytest.approx(3.0, abs=FRAME_SECONDS)


@pytest.mark.parametrize("delay", [0.0, 0.2])
async def test_a_clear_silences_the_ear_and_tells_what_it_had_heard(delay: float) -> None:
    async with call(delay) as (far, line):
        await sleep(1)  # the round trip is learned
        with move_on_after(1.5):
            await say(line, 10.0)
        heard = await line.clear()
        await sleep(delay + 0.05)
        ear = sum(voiced(far))
        assert heard == pytest.approx(ear * FRAME_SECONDS, abs=0.05)
        await sleep(2)
        assert sum(voiced(far)) == ear


async def test_nothing_of_a_cleared_reply_sounds_in_the_next_one() -> None:
    async with call() as (far, line):
        with move_on_after(1.01):
            await say(line, 10.0)
        await line.clear()
        await sleep(0.1)
        ear = len(voiced(far))
        for _ in range(50):
            await line.play(Frame(SILENCE, 0.0))
        await line.drain()
        assert max(far.loudness()[ear:]) == 0


async def test_a_reply_is_never_cleared_when_it_was_heard_or_none_was_played() -> None:
    async with call() as (far, line):
        await sleep(0.1)
        await line.clear()
        await say(line, 1.0)
        await line.drain()
        await line.clear()
        await line.clear()
        await sleep(0.5)
        assert "clear" not in far.commands


async def test_one_mark_for_each_clause_and_one_at_the_end() -> None:
    async with call() as (far, line):
        await say(line, 0.4, 0.4)
        await line.drain()
        assert [kind for kind, _ in groupby(far.commands)] == [
            "mark",  # of nothing: its echo tells the round trip
            "media",
            "mark",
            "media",
            "mark",
        ]
        assert far.commands.count("mark") == 3


async def test_a_long_reply_keeps_the_far_end_fed_and_never_far_ahead() -> None:
    async with call() as (far, line), create_task_group() as tasks:
        tasks.start_soon(say, line, 20.0)
        await sleep(0.5)
        buffered = []
        for _ in range(18 * 4):
            await sleep(0.25)
            buffered.append(far.buffered)
        assert min(buffered) > AHEAD_SECONDS / 2
        assert max(buffered) <= AHEAD_SECONDS + FRAME_SECONDS


async def test_a_voice_that_comes_in_bursts_leaves_no_gap_at_the_ear() -> None:
    async with call() as (far, line):
        frames = clause(4.0)
        for at in range(0, len(frames), 25):
            for frame in frames[at : at + 25]:
                await line.play(frame)
            await sleep(0.45)  # a stall: nothing of ours ran
        await line.drain()
        assert without_gap(voiced(far))


async def test_a_play_that_is_cancelled_anywhere_leaves_the_account_right() -> None:
    dice = np.random.default_rng(1)
    async with call(0.05) as (far, line):
        await sleep(0.5)
        for _ in range(20):
            ear = sum(voiced(far))
            with move_on_after(float(dice.uniform(0, 1.5))):
                await say(line, 0.5, 0.5)
                await line.drain()
            heard = await line.clear()
            await sleep(0.3)
            assert heard == pytest.approx((sum(voiced(far)) - ear) * FRAME_SECONDS, abs=0.05)


# What the goodbye waits for


@pytest.mark.parametrize("delay", [0.0, 0.3])
async def test_drain_returns_when_the_last_word_was_played(delay: float) -> None:
    async with call(delay) as (far, line):
        await say(line, 1.5)
        assert sum(voiced(far)) * FRAME_SECONDS < 1.3
        await line.drain()
        assert sum(voiced(far)) * FRAME_SECONDS == pytest.approx(1.5, abs=FRAME_SECONDS)


async def test_drain_gives_up_on_a_far_end_that_never_tells() -> None:
    async with call() as (far, line):
        far.echoes = False
        await say(line, 1.5)
        with fail_after(AHEAD_SECONDS + DRAIN_MARGIN_SECONDS + 0.5):
            await line.drain()
        assert await line.clear() <= 1.5 + FRAME_SECONDS


# What the ears get


async def listen(line: TwilioLine) -> list[Frame | Digit]:
    return [heard async for heard in line.frames()]


async def test_the_ears_get_the_caller_without_gaps_until_they_hang_up() -> None:
    async with call() as (far, line):
        far.caller = [ALOUD] * 50
        await sleep(1.5)
        await far.hang_up()
        heard = await listen(line)
        assert [frame.at for frame in heard] == [frame_time(index) for index in range(len(heard))]
        loud = [isinstance(frame, Frame) and abs(frame.samples).max() > 20_000 for frame in heard]
        assert sum(loud) == pytest.approx(50, abs=2)
        assert line.counts == LineCounts()
        assert not line.lost


async def test_a_key_is_heard_at_its_place_in_the_sound() -> None:
    async with call() as (far, line):
        await sleep(0.5)
        await far.press("7")
        await sleep(0.5)
        await far.hang_up()
        (key,) = [heard for heard in await listen(line) if isinstance(heard, Digit)]
        assert key.key == "7"
        assert key.at == pytest.approx(0.5, abs=3 * FRAME_SECONDS)


async def test_slow_ears_lose_the_newest_sound_and_never_hold_up_the_reader() -> None:
    async with call() as (far, line):
        await sleep(15)
        assert line.waiting_seconds == HEARD_FRAMES * FRAME_SECONDS
        assert line.counts.dropped == pytest.approx(250, abs=3)
        with move_on_after(0.5):
            await say(line, 10.0)
        assert await line.clear() == pytest.approx(0.5, abs=0.05)  # marks are still read
        await far.hang_up()
        heard = await listen(line)
        assert len(heard) == pytest.approx(HEARD_FRAMES, abs=3)
        assert [frame.at for frame in heard] == [frame_time(index) for index in range(len(heard))]


# How lines end


async def ends_quietly(line: TwilioLine) -> None:
    """All that a reply may still do with a line that is over returns at once."""
    with fail_after(1):
        await listen(line)
        await say(line, 3.0)
        await line.drain()
        await line.clear()


async def test_after_the_caller_hung_up_a_reply_ends_quietly() -> None:
    async with call() as (far, line):
        await sleep(0.1)
        with move_on_after(1.0):
            await say(line, 9.0)
        await far.hang_up()
        await sleep(0.1)
        await ends_quietly(line)
        assert not line.lost


async def test_what_is_heard_stops_with_the_call() -> None:
    async with call(0.2) as (far, line):
        await sleep(1)
        with move_on_after(1.0):
            await say(line, 9.0)
        ear = sum(voiced(far))
        await far.hang_up()
        await sleep(5)
        assert await line.clear() == pytest.approx(ear * FRAME_SECONDS, abs=0.05)


async def test_a_hang_up_releases_a_reply_that_waits() -> None:
    async with call() as (far, line), create_task_group() as tasks:
        tasks.start_soon(say, line, 60.0)
        await sleep(1)
        await far.hang_up()
        await sleep(0.1)
        with fail_after(0.1):
            await line.drain()
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def stream(clean: Clean | None = None) -> AsyncIterator[tuple[MemoryWire, TwilioLine]]:
    """A line whose far end does only what the test does."""
    here, there = memory_wires()
    try:
        await there.send(connected())
        await there.send(start())
        async with open_twilio_line(here, await handshake(here), clean) as line:
            yield there, line
    finally:
        await here.close()
        await there.close()


async def test_a_socket_that_closes_is_a_hang_up() -> None:
    async with stream() as (there, line):
        await there.close()
        await ends_quietly(line)
        assert not line.lost


async def test_a_far_end_that_falls_silent_is_lost() -> None:
    async with stream() as (_, line):
        began = current_time()
        await listen(line)
        assert current_time() - began == pytest.approx(LOST_SECONDS)
        assert "nothing" in line.lost
        await ends_quietly(line)


async def test_a_far_end_that_takes_nothing_is_lost() -> None:
    here, there = memory_wires(buffered=5)
    async with create_task_group() as tasks:
        await there.send(connected())
        await there.send(start())
        async with open_twilio_line(here, await handshake(here)) as line:
            tasks.start_soon(say, line, 60.0)
            for number in range(1, 1000):
                await there.send(media(number))
                await sleep(0.02)
                if line.lost:
                    break
            assert number == pytest.approx(LOST_SECONDS / FRAME_SECONDS, abs=5)
            assert "taken" in line.lost
            await ends_quietly(line)
    await here.close()
    await there.close()


# What a stranger may send

STRANGE = [
    "",
    "hello",
    "{}",
    "[" * 10_000,
    "x" * (MESSAGE_CHARACTERS + 1),
    connected(),
    start(),
    media(1).replace(STREAM, "MZ2"),
    message("dtmf", 9, dtmf={"digit": "A"}),
    message("media", 9, media={"timestamp": "1", "payload": "?"}),
]


async def test_strange_messages_are_survived_and_counted() -> None:
    async with stream() as (there, line):
        for number, strange in enumerate(STRANGE, start=1):
            await there.send(strange)
            await there.send_bytes(strange.encode())
            await there.send(media(number, ALOUD))
        await there.send(message("stop", 100))
        heard = await listen(line)
        assert len(heard) * FRAME_SECONDS == pytest.approx(len(STRANGE) * 0.02, abs=0.05)
        assert line.counts == LineCounts(malformed=2 * len(STRANGE))
        assert not line.lost


@pytest.mark.parametrize("strange", STRANGE)
async def test_a_flood_of_strange_messages_ends_the_line(strange: str) -> None:
    async with stream() as (there, line):
        for _ in range(MALFORMED_LIMIT + 1):
            await there.send(strange)
        await listen(line)
        assert "Twilio" in line.lost
        await ends_quietly(line)


@pytest.mark.parametrize("seed", range(10))
async def test_whatever_comes_the_line_survives_and_its_time_has_no_gap(seed: int) -> None:
    dice = np.random.default_rng(seed)

    def anything() -> str:
        sequence = int(dice.integers(0, (50, 10_000, 2**52)[dice.integers(3)]))
        match dice.integers(0, 5):
            case 0:
                return message("mark", sequence, mark={"name": f"0.{dice.integers(0, 9)}"})
            case 1:
                return message("dtmf", sequence, dtmf={"digit": "5"})
            case 2:
                return str(dice.choice(STRANGE))
            case _:
                at = int(dice.integers(0, (1_000, 10**7, 2**52)[dice.integers(3)]))
                return media(sequence, dice.bytes(int(dice.integers(1, 8000))), at)

    async with stream() as (there, line), create_task_group() as tasks:
        tasks.start_soon(say, line, 60.0)
        for _ in range(500):
            await there.send(anything())
        await there.send(message("stop", 501))
        heard = [each for each in await listen(line) if isinstance(each, Frame)]
        assert [frame.at for frame in heard] == [frame_time(index) for index in range(len(heard))]
        assert await line.clear() >= 0
        await ends_quietly(line)
        tasks.cancel_scope.cancel()


async def test_echoes_of_marks_that_were_never_sent_move_nothing() -> None:
    async with stream() as (there, line):
        with move_on_after(0.3):
            await say(line, 9.0)
        for number in range(30):
            await there.send(message("mark", number + 2, mark={"name": f"0.{number + 2}"}))
        await sleep(0.01)
        assert await line.clear() == pytest.approx(0.3, abs=0.05)


async def test_loss_disorder_and_duplicates_leave_no_gap_in_time() -> None:
    dice = np.random.default_rng(5)
    arrivals = [
        (number * 20 + float(dice.uniform(0, 60)), number)
        for number in range(1, 1001)
        for _ in range(1 + (number % 30 == 0))
        if dice.random() >= 0.05 or number in {1, 1000}
    ]
    async with stream() as (there, line):
        for _, number in sorted(arrivals):
            await there.send(media(number, ALOUD))
            await sleep(0.001)
            while line.waiting_seconds > 5:
                await line._receive.receive()
        await there.send(message("stop", 2000))
        await listen(line)
        assert line._heard_frames == pytest.approx(1000, abs=2)
        assert line.counts.concealed == pytest.approx(50, abs=15)
        assert line.counts.duplicate == len(arrivals) - len({number for _, number in arrivals})
        assert line.counts.malformed == line.counts.dropped == 0


# How streams begin


@pytest.mark.parametrize(
    "messages",
    [
        [start()],
        [connected(), media(1)],
        [connected(), connected()],
        ["hello"],
        [connected(), "x" * (MESSAGE_CHARACTERS + 1)],
    ],
    ids=["no connected", "no start", "connected twice", "no JSON", "too long"],
)
async def test_a_stream_that_begins_differently_is_refused(messages: list[str]) -> None:
    here, there = memory_wires()
    for each in messages:
        await there.send(each)
    with pytest.raises(ProtocolError):
        await handshake(here)
    await here.close()
    await there.close()


async def test_a_stream_that_does_not_begin_in_time_is_refused() -> None:
    here, there = memory_wires()
    await there.send(connected())
    began = current_time()
    with pytest.raises(ProtocolError, match="no start"):
        await handshake(here)
    assert current_time() - began == pytest.approx(HANDSHAKE_SECONDS)
    await there.close()
    with pytest.raises(ProtocolError, match="gone"):
        await handshake(here)
    await here.close()


async def test_the_start_tells_who_calls() -> None:
    here, there = memory_wires()
    await there.send(connected())
    await there.send(start({"token": "abc"}))
    begun = await handshake(here)
    assert (begun.stream_sid, begun.call_sid, begun.account_sid) == (STREAM, "CA1", "AC1")
    assert begun.parameters == {"token": "abc"}
    await here.close()
    await there.close()


async def test_an_error_of_the_call_leaves_the_line_as_it_is() -> None:
    with pytest.raises(KeyError, match="of the call"):
        async with stream():
            raise KeyError("of the call")


# What the echo guard gets


@pytest.mark.parametrize("delay", [0.0, 0.15])
async def test_the_echo_guard_gets_what_plays_at_the_ear_a_little_early(delay: float) -> None:
    """An echo comes after its reference, by no more than two ticks of the far end's clock."""
    told: list[Int16] = []

    def listening(heard: Frame, playing: bytes | None, made_up: bool) -> Frame:
        told.append(np.frombuffer(playing or SILENCE, "<i2")[::2])
        return heard

    dice = np.random.default_rng(2)
    async with call(delay, listening) as (far, line):
        await sleep(1)
        for cut_after in (3.0, 1.5, 9.0):
            frames = clause(2.0)
            with move_on_after(cut_after):
                for frame in frames:
                    noise = np.repeat(dice.integers(-9000, 9000, FRAME_SAMPLES // 8), 8)
                    await line.play(replace(frame, pcm=noise.astype("<i2").tobytes()))
                await line.drain()
            await line.clear()
            await sleep(1.0)
        ear = decode_ulaw(bytes(far.ear)).astype(float)
    reference = np.concatenate(told).astype(float)
    lags = [lag(reference[at:][:12_000], ear[at:]) for at in (8_000, 32_000, 52_000)]
    assert min(lags) >= 0
    assert max(lags) <= 0.045


def lag(reference: Floats, ear: Floats) -> float:
    """Return how many seconds the ear is behind the reference, both at 8 kHz."""
    most = 800
    alike = [
        float(reference[most:-most] @ ear[most + late :][: len(reference) - 2 * most])
        for late in range(-most, most)
    ]
    return (int(np.argmax(alike)) - most) / CODEC_RATE_HZ


async def test_the_echo_guard_is_told_what_is_made_up_for_a_lost_packet() -> None:
    told: list[bool] = []

    def listening(heard: Frame, playing: bytes | None, made_up: bool) -> Frame:
        told.append(made_up)
        return heard

    async with stream(listening) as (there, line):
        for number in range(1, 101):
            if number != 50:
                await there.send(media(number, ALOUD))
        await there.send(message("stop", 2000))
        await listen(line)
    assert sum(told) == 1 + SMEARED_FRAMES
    assert told.index(True) == pytest.approx(49, abs=2)


async def test_a_far_end_that_never_tells_what_was_heard_is_lost() -> None:
    async with call() as (far, line):
        far.echoes = False
        for _ in range(UNANSWERED_LIMIT):
            assert not line.lost
            await say(line, 0.5, 0.5)
            await line.drain()
            await line.clear()
        assert "has not told" in line.lost
        assert [frame async for frame in line.frames()]  # what was heard, and then the end


async def test_a_broken_echo_guard_deafens_nobody() -> None:
    def broken(heard: Frame, playing: bytes | None, made_up: bool) -> Frame:
        raise RuntimeError("broken, as the test asked")

    async with call(clean=broken) as (far, line):
        await sleep(0.5)
        await far.hang_up()
        assert len(await listen(line)) == pytest.approx(25, abs=3)


# On the server's own event loop


class TestOnAsyncio:
    """The same on asyncio and on a clock that ticks."""

    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    async def test_a_reply_is_heard_and_the_next_one_interrupted(self) -> None:
        async with call(0.02) as (far, line):
            await say(line, 0.4)
            await line.drain()
            assert sum(voiced(far)) == pytest.approx(20, abs=1)
            assert await line.clear() == pytest.approx(0.4, abs=FRAME_SECONDS)
            with move_on_after(0.3):
                await say(line, 5.0)
            heard = await line.clear()
            await sleep(0.1)
            assert heard == pytest.approx(sum(voiced(far)) * FRAME_SECONDS - 0.4, abs=0.06)
            await far.hang_up()
            assert len(await listen(line)) > 30
            await ends_quietly(line)
