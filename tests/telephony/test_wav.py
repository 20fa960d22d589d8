"""Replay: a recorded caller waits, or does not; the same call twice, however fast the machine."""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing

import anyio
import pytest
from anyio import create_task_group, to_thread

from dialogue.agent import CallerTurn
from telephony.call import Call, run_call
from telephony.record import CallRecord, Record
from telephony.wav import HANG_UP_SECONDS, WavLine, WavOptions
from tests.fakes import (
    FakeAgent,
    FakeAsr,
    FakeAsrStream,
    FakeTts,
    FakeVad,
    is_speech,
    pcm,
    recording,
    said,
)
from voice.asr import Transcript
from voice.audio import SILENCE, Frame, SpokenFrame
from voice.ears import Ears
from voice.expectation import Expectation
from voice.turns import TurnTaker

pytestmark = pytest.mark.anyio

QUESTION, MORE = "when are you open", "and on sunday"
REPLY = "From nine to five every day."  # 6 words, 1.8 s


class Tape(list[tuple[bytes, bytes]]):
    def __call__(self, caller: bytes, assistant: bytes) -> None:
        self.append((caller, assistant))

    def overlaps(self) -> int:
        return sum(SILENCE not in both for both in self)


class ThinkingAsr(FakeAsr):
    """Computes in a worker thread, for as long as a real one."""

    def open(self, expectation: Expectation) -> FakeAsrStream:
        self.expectations.append(expectation)
        return ThinkingStream(self)


class ThinkingStream(FakeAsrStream):
    async def finish(self) -> Transcript:
        await to_thread.run_sync(time.sleep, 0.05)
        return await super().finish()


class ThinkingAgent(FakeAgent):
    """Decides in a worker thread, while the caller's frames could go on."""

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[str]:
        await to_thread.run_sync(time.sleep, 0.05)
        async with aclosing(super().reply(turn)) as clauses:
            async for clause in clauses:
                yield clause


class ThinkingTts(FakeTts):
    """Computes every half second of speech in a worker thread."""

    async def synthesize(self, text: str, speed: float = 1.0) -> AsyncGenerator[SpokenFrame]:
        async with aclosing(super().synthesize(text, speed)) as frames:
            async for frame in frames:
                if round(frame.at * 50) % 25 == 0:
                    await to_thread.run_sync(time.sleep, 0.01)
                yield frame


ANSWERS = {QUESTION: [REPLY], MORE: ["Closed."], f"{QUESTION} {MORE}": ["No."]}


async def replay(
    frames: Iterator[Frame], options: WavOptions, *, thinking: bool = False
) -> tuple[Record, Tape]:
    tape, record = Tape(), Record()
    line = WavLine(frames, is_speech, options, tape)
    ears = Ears(FakeVad(), ThinkingAsr() if thinking else FakeAsr(), TurnTaker())
    agent = ThinkingAgent(ANSWERS) if thinking else FakeAgent(ANSWERS)
    await run_call(Call(line, ears, agent, ThinkingTts() if thinking else FakeTts(), record))
    return record, tape


def script() -> Iterator[Frame]:
    return recording(said(0.4), said(1, QUESTION), said(1.2), said(1, MORE), said(1))


async def test_a_polite_caller_holds_in_a_pause_while_the_assistant_speaks() -> None:
    record, tape = await replay(script(), WavOptions())
    assert [turn.heard for turn in record.turns] == [
        "Good morning.",
        QUESTION,
        REPLY,
        MORE,
        "Closed.",
    ]
    assert tape.overlaps() == 0


async def test_as_recorded_an_overlap_is_a_barge_in() -> None:
    record, tape = await replay(script(), WavOptions(takes_turns=False))
    reply = record.turns[2]
    assert reply.text == REPLY
    assert len(reply.heard) < len(reply.text)
    assert tape.overlaps() > 0


async def test_a_polite_caller_in_the_middle_of_a_word_is_not_held() -> None:
    _, tape = await replay(recording(said(0.4), said(35, QUESTION), said(2)), WavOptions())
    assert tape.overlaps() > 0


async def test_thinking_takes_no_media_time_however_long_it_takes() -> None:
    quick, _ = await replay(script(), WavOptions())
    slow, _ = await replay(script(), WavOptions(), thinking=True)
    assert media_times(quick) == media_times(slow)


async def test_the_same_recording_twice_is_the_same_call() -> None:
    first, first_tape = await replay(script(), WavOptions(), thinking=True)
    second, second_tape = await replay(script(), WavOptions(), thinking=True)
    assert without_timings(first) == without_timings(second)
    assert first_tape == second_tape


async def test_replay_is_much_faster_than_real_time() -> None:
    began = time.perf_counter()
    record, _ = await replay(recording(said(60), said(1, QUESTION), said(60)), WavOptions())
    assert record.seconds > 120
    assert time.perf_counter() - began < record.seconds / 10


async def test_in_real_time_a_second_takes_a_second() -> None:
    line = WavLine(recording(said(0.2)), is_speech, WavOptions(realtime=True))
    began = anyio.current_time()
    heard = 0
    async with aclosing(line.frames()) as frames:
        async for _ in frames:
            heard += 1
            if heard == 25:
                break
    assert anyio.current_time() - began == pytest.approx(0.5, abs=0.1)


async def test_the_caller_hangs_up_after_the_recording() -> None:
    record, _ = await replay(recording(said(1)), WavOptions())
    assert record.outcome == "caller_hung_up"
    assert record.seconds == pytest.approx(0.6 + 1 + HANG_UP_SECONDS, abs=0.1)


async def test_clear_drops_what_is_queued_and_says_what_was_heard() -> None:
    line = WavLine(recording(said(5)), is_speech)
    async with create_task_group() as tasks, aclosing(line.frames()) as frames:
        tasks.start_soon(_play, line, 40)
        await anext(frames)  # the queue fills while the first frame is awaited
        for _ in range(9):
            await anext(frames)
        assert await line.clear() == pytest.approx(0.2, abs=0.021)
        assert await line.clear() == 0
        await line.drain()


async def _play(line: WavLine, count: int) -> None:
    for index in range(count):
        await line.play(Frame(pcm("hello"), index * 0.02))


def media_times(record: Record) -> list[tuple[float, float]]:
    return [(turn.start_s, turn.end_s) for turn in record.turns]


def without_timings(record: Record) -> list[object]:
    whole = CallRecord("x", "y", "wav", record.seconds, record.outcome, tuple(record.turns), {})
    return [{**turn, "timings_ms": None} for turn in whole.as_json()["turns"]]
