"""A call over the phone line within this process: the real chain, and the emulator's far end.

The assistant tells stories, one for each thing the caller says, so that there is always something
to interrupt. Sound and sockets' messages are those of a real call, and so is the clock.
"""

from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle, repeat

import numpy as np
from anyio import create_task_group

from dialogue.agent import Brief, CallerTurn, Exchange, Said, Waiting
from telephony.call import Call, run_call
from telephony.far_end.caller import NOTHING, Act, Caller
from telephony.far_end.hearing import Hearing
from telephony.far_end.media import MediaStream, StreamLog
from telephony.far_end.network import Impairments
from telephony.far_end.phone import Phone, Tape
from telephony.far_end.protocol import PACKET_SAMPLES, PACKET_SECONDS, Identity
from telephony.far_end.sound import Microphone, is_audible
from telephony.parts import Parts
from telephony.record import Record
from telephony.twilio import handshake, open_twilio_line
from telephony.wire import memory_wires
from voice.audio import SAMPLE_RATE_HZ, Int16
from voice.echo import EchoGuard
from voice.resample import Resampler

STORIES = (
    (
        "This is the story of a small bakery in the old town.",
        "The people in our kitchen begin to work when it is still dark outside.",
        "They bake bread for the whole town and carry it to the market in the morning.",
    ),
    (
        "Let me tell you how to get to the house by the river.",
        "Walk down the hill until you see an old bridge made of stone.",
        "Cross the bridge and follow the narrow path along the water.",
    ),
    (
        "The weather this week will be cold and dry in most of the country.",
        "Only in the mountains there will be some snow at night.",
        "Please drive slowly and take a warm coat with you.",
    ),
    (
        "My brother has a small garden behind his house.",
        "He grows apples and pears and gives them to his friends in the summer.",
        "Last year there were so many that he had to leave some on the trees.",
    ),
)
OVER_SECONDS = 4.0  # this long quiet, a story is over: a held one goes on sooner


@dataclass
class Storyteller:
    """An `Agent` that answers everything with the next story, and keeps what was heard of each."""

    outcome: str | None = None
    speed: float = 1.0
    language: str = ""
    waiting: Waiting = field(default_factory=Waiting)
    exchange: Exchange | None = None
    said: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    turns: list[Said] = field(default_factory=list)
    _stories: Iterator[tuple[str, ...]] = field(default_factory=lambda: cycle(STORIES))

    @property
    def brief(self) -> Brief:
        """Nothing: nobody takes over."""
        return Brief()

    async def foresee(self, turn: Said | None = None) -> str:
        """Return nothing: a story is told when it is due."""
        return ""

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[str]:
        """Tell the next story."""
        if isinstance(turn, Said):
            self.turns.append(turn)
        self.exchange = Exchange(turn)
        for sentence in next(self._stories):
            yield sentence

    async def commit(self, said: str, heard: str) -> None:
        """Keep both."""
        self.said.append(said)
        self.heard.append(heard)


@dataclass(frozen=True, slots=True)
class Overheard:
    """What became of a call: what each side heard, what the line did, what the dialogue kept."""

    tape: Tape
    log: StreamLog
    agent: Storyteller
    record: Record

    def ear(self, start: float = 0.0, end: float | None = None) -> Int16:
        """Return the sound at the caller's ear between two seconds of the call, 8 kHz."""
        last = None if end is None else _block(end)
        return np.concatenate([*self.tape.ear[_block(start) : last], np.zeros(0, np.int16)])

    def audible(self) -> list[bool]:
        """Return of each 20 ms whether the caller heard something."""
        return [is_audible(block) for block in self.tape.ear]


async def hold_call(
    caller: Caller,
    parts: Parts,
    microphone: Microphone | None = None,
    impairments: Impairments | None = None,
) -> Overheard:
    """Let the caller talk with the storyteller."""
    near, far = memory_wires()
    phone = Phone(caller, microphone)
    identity = Identity("AC" + "0" * 32, "CA" + "0" * 32, "MZ" + "0" * 32)
    stream = MediaStream(phone, far, identity, impairments or Impairments())
    agent, record = Storyteller(), Record()

    async def server() -> None:
        start = await handshake(near)
        async with open_twilio_line(near, start, EchoGuard().clean) as line:
            ears = parts.ears()
            await run_call(Call(line, ears, agent, parts.tts, record))
        await near.close()

    async with create_task_group() as tasks:
        tasks.start_soon(server)
        tasks.start_soon(phone.run)
        await stream.run({})
        phone.hang_up()
    return Overheard(phone.tape, stream.log, agent, record)


def puts_in(sounds: list[Int16], after: Callable[[], float], prompt: Int16 | None = None) -> Caller:
    """Return a caller who makes each sound (8 kHz) so many seconds after a story began.

    With a `prompt` they hear the story out then, and ask for the next one with it.
    """

    def acts(hearing: Hearing) -> Iterator[Act]:
        answered = 0
        for index, sound in enumerate(sounds):
            seconds = after()
            while hearing.replies <= answered or not (
                hearing.speaking and hearing.spoken_seconds >= seconds
            ):
                yield NOTHING
            answered = hearing.replies
            yield from says(sound, index)
            if prompt is not None:
                yield from _until_over(hearing)
                answered = hearing.replies
                yield from says(prompt, -1)
        yield from _until_over(hearing)

    return acts


def listens(stories: int, prompt: Int16) -> Caller:
    """Return a caller who only asks for the next story when one is over."""

    def acts(hearing: Hearing) -> Iterator[Act]:
        for story in range(stories):
            if story:
                yield from says(prompt, -1)
            answered = hearing.replies
            while hearing.replies <= answered:
                yield NOTHING
            yield from _until_over(hearing)

    return acts


def asks(questions: list[Int16]) -> Caller:
    """Return a caller who says each when the assistant begins to tell a story, and no sooner."""

    def acts(hearing: Hearing) -> Iterator[Act]:
        for index, question in enumerate(questions):
            while not hearing.speaking:
                yield NOTHING
            yield from _until_over(hearing)
            yield from says(question, index)
        yield from _until_over(hearing)

    return acts


def at_8_khz(sound: Int16) -> Int16:
    """Return 16 kHz sound as the phone takes it."""
    resampler = Resampler(SAMPLE_RATE_HZ, 8000)
    return np.concatenate([resampler.feed(sound), resampler.finish()])


def at_16_khz(sound: Int16) -> Int16:
    """Return the phone's sound as the ASR takes it."""
    resampler = Resampler(8000, SAMPLE_RATE_HZ)
    return np.concatenate([resampler.feed(sound), resampler.finish()])


def says(sound: Int16, cue: int) -> Iterator[Act]:
    """Say this sound, 8 kHz, packet by packet."""
    for start in range(0, len(sound) - PACKET_SAMPLES + 1, PACKET_SAMPLES):
        yield Act(sound[start : start + PACKET_SAMPLES], cue=cue)


def _until_over(hearing: Hearing) -> Iterator[Act]:
    yield from repeat(NOTHING, _block(0.5))
    while hearing.quiet_seconds < OVER_SECONDS:
        yield NOTHING


def _block(seconds: float) -> int:
    return round(seconds / PACKET_SECONDS)
