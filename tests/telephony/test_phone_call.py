"""Whole calls over the phone line, with the emulator's own Twilio and caller at the far end."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pytest
from anyio import create_task_group
from trio.testing import MockClock

from telephony.call import Call, run_call
from telephony.far_end.caller import Cue, scripted
from telephony.far_end.measure import measure
from telephony.far_end.media import MediaStream, StreamLog
from telephony.far_end.network import Impairments
from telephony.far_end.phone import Phone
from telephony.far_end.protocol import Identity
from telephony.record import Record
from telephony.spoken import words_within
from telephony.twilio import LineCounts, handshake, open_twilio_line
from telephony.wire import memory_wires
from tests.fakes import WORD_SECONDS, FakeAgent
from voice.asr import Transcript
from voice.audio import FRAME_SAMPLES, FRAME_SECONDS, Frame, Int16, SpokenFrame, frame_time
from voice.ears import Ears
from voice.expectation import Expectation
from voice.turns import TurnTaker

pytestmark = pytest.mark.anyio

WHO = Identity("AC1", "CA1", "MZ1")
CALLER_SAYS = "no wait I want something else"
LONG = "We are open from nine to five on every day of the week but Sunday and on holidays."
WORDS = LONG.split()


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


def buzz(samples: int) -> Int16:
    return np.resize(np.repeat(np.array([6000, -6000], np.int16), 10), samples)


class LoudVad:
    """Speech is what is loud."""

    def probability(self, frame: Frame) -> float:
        return float(np.abs(frame.samples.astype(int)).mean() > 500)


class LoudAsr:
    """Whoever buzzes says always the same."""

    def open(self, expectation: Expectation) -> "LoudAsr":
        return self

    def feed(self, frame: Frame) -> None:
        pass

    async def finish(self) -> Transcript:
        return Transcript(CALLER_SAYS, confidence=0.9)


class LoudTts:
    """Buzzes a word in 0.3 s; faster than it is spoken."""

    async def synthesize(self, text: str, speed: float = 1.0) -> AsyncGenerator[SpokenFrame]:
        frames = round(len(text.split()) * WORD_SECONDS / FRAME_SECONDS)
        pcm = buzz(FRAME_SAMPLES).astype("<i2").tobytes()
        for index in range(frames):
            yield SpokenFrame(pcm, frame_time(index), said=(index + 1) / frames)

    async def prepare(self, text: str, speed: float = 1.0) -> None:
        pass


@dataclass
class Held:
    """A call that is over, from both sides."""

    phone: Phone
    log: StreamLog
    agent: FakeAgent
    counts: LineCounts
    record: Record

    @property
    def replies(self) -> list[float]:
        """Seconds of each reply at the caller's ear; a pause ends one."""
        loud = [bool(np.abs(block.astype(int)).max() > 1000) for block in self.phone.tape.ear]
        runs = [(there, len(list(run))) for there, run in groupby(loud)]
        return [length * FRAME_SECONDS for there, length in runs if there]


async def held(
    cues: Sequence[Cue], agent: FakeAgent, impairments: Impairments | None = None
) -> Held:
    ours, theirs = memory_wires()
    phone = Phone(scripted(cues))
    media = MediaStream(phone, theirs, WHO, impairments or Impairments())
    result: list[LineCounts] = []
    record = Record()

    async def serve() -> None:
        async with open_twilio_line(ours, await handshake(ours)) as line:
            ears = Ears(LoudVad(), LoudAsr(), TurnTaker())
            await run_call(Call(line, ears, agent, LoudTts(), record))
            result.append(line.counts)
        await ours.close()

    async with create_task_group() as tasks:
        tasks.start_soon(serve)
        tasks.start_soon(phone.run)
        log = await media.run({})
        phone.hang_up()
    return Held(phone, log, agent, result[0], record)


def interruptions(count: int, after: Callable[[], float]) -> list[Cue]:
    return [Cue(voice=buzz(8000), interrupt_seconds=after()) for _ in range(count)]


async def test_twenty_interruptions_leave_exactly_the_words_that_were_heard() -> None:
    dice = np.random.default_rng(7)
    cues = interruptions(20, lambda: float(dice.uniform(0.2, 4.2)))
    call = await held(cues, FakeAgent({CALLER_SAYS: [LONG]}, greeting=[LONG]))
    heard = [len(words.split()) for words in call.agent.heard]
    whole = len(WORDS) * WORD_SECONDS
    at_ear = [len(words_within(LONG, seconds / whole)) for seconds in call.replies]
    assert len(heard) == len(at_ear) == 21
    off = [abs(words - sound) for words, sound in zip(heard, at_ear, strict=True)]
    assert max(off) <= 1
    assert all(LONG.startswith(words) for words in call.agent.heard)
    assert call.agent.heard[-1] == LONG
    assert len(call.log.clears) == 20


async def test_the_record_tells_what_the_caller_waited_for_at_the_ear() -> None:
    cues = [Cue(voice=buzz(8000)), Cue(voice=buzz(16_000)), Cue(voice=buzz(12_000))]
    call = await held(cues, FakeAgent({CALLER_SAYS: ["I see.", "Go on."]}))
    told = [turn.timings_ms.voice_to_voice for turn in call.record.turns]
    at_ear = [turn.reply_ms for turn in measure(call.phone.tape) if turn.cue >= 0]
    answered = [ms for ms in told if ms is not None]
    assert len(answered) == len(at_ear) == 3
    assert answered == pytest.approx(at_ear, abs=20)  # to a packet


async def test_a_call_keeps_to_the_protocol_and_leaves_no_gap_in_the_voice() -> None:
    agent = FakeAgent({CALLER_SAYS: [LONG, "Goodbye."]}, greeting=["Good morning.", "Hello."])
    call = await held([Cue(voice=buzz(8000))], agent)
    assert call.log.violations == []
    assert call.phone.ear.underruns == []
    assert call.counts == LineCounts()
    assert call.log.clears == []


async def test_the_goodbye_is_heard_to_its_end_before_the_line_is_closed() -> None:
    agent = FakeAgent({CALLER_SAYS: [LONG, "Goodbye."]})
    call = await held([Cue(voice=buzz(8000))], agent)
    assert call.log.ended_by == "server"
    assert call.replies[-1] == pytest.approx((len(WORDS) + 1) * WORD_SECONDS, abs=FRAME_SECONDS)
    assert agent.outcome == "resolved"


async def test_a_bad_network_loses_no_turn() -> None:
    bad = Impairments(loss=0.05, jitter_seconds=0.06, reorder=0.05, duplicate=0.05, seed=3)
    cues = [Cue(voice=buzz(8000)) for _ in range(5)]
    call = await held(cues, FakeAgent({CALLER_SAYS: [LONG]}), bad)
    assert call.agent.heard == ["Good morning.", *[LONG] * 5]
    assert call.counts.concealed > 0
    assert call.counts.duplicate > 0
    assert call.counts.malformed == call.counts.dropped == 0
