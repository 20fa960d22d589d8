"""Small real parts for tests: a scripted caller, and engines that read what the script wrote.

A scripted caller's frames carry the number of the sentence they belong to as their sample value, so
the fake VAD hears speech where a sample is not zero, and the fake ASR looks the sentence up.
"""

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import numpy as np
from anyio import sleep
from anyio.lowlevel import checkpoint

from dialogue.agent import (
    Brief,
    CallerTurn,
    Exchange,
    NobodyCame,
    Opening,
    Said,
    Silence,
    Trouble,
    Waiting,
)
from nlu.understand import Sentiment, Understanding
from telephony.line import Line
from voice import EngineError
from voice.asr import Hypothesis, Transcript
from voice.audio import FRAME_SAMPLES, FRAME_SECONDS, SILENCE, Digit, Frame, SpokenFrame, frame_time
from voice.expectation import Expectation

WORD_SECONDS = 0.3
SENTENCES: list[str] = []  # what sample values mean; only ever appended to


def pcm(sentence: str) -> bytes:
    """Return 20 ms of somebody saying this sentence."""
    if sentence not in SENTENCES:
        SENTENCES.append(sentence)
    return np.full(FRAME_SAMPLES, SENTENCES.index(sentence) + 1, dtype="<i2").tobytes()


def said(seconds: float, sentence: str = "") -> list[bytes]:
    """Return so many seconds of a caller saying this; "" is silence."""
    return [pcm(sentence) if sentence else SILENCE] * round(seconds / FRAME_SECONDS)


def recording(*parts: Iterable[bytes]) -> Iterator[Frame]:
    """Join what a caller said and kept silent into the frames of one recording."""
    flat = [frame for part in parts for frame in part]
    return (Frame(each, frame_time(index)) for index, each in enumerate(flat))


def is_speech(frame: Frame) -> bool:
    """Speech is whatever is not silence."""
    return frame.pcm != SILENCE


class FakeVad:
    """Quite sure of what is speech."""

    def probability(self, frame: Frame) -> float:
        return float(is_speech(frame))


@dataclass
class FakeAsr:
    """Looks sentences up, and what else each may have been; breaks on those it is told to.

    `looks` are the sentences that it was asked to look at again.
    """

    breaks_on: str | None = None
    doubts: Mapping[str, Sequence[Hypothesis]] = field(default_factory=dict)
    expectations: list[Expectation] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)

    def open(self, expectation: Expectation) -> "FakeAsrStream":
        self.expectations.append(expectation)
        return FakeAsrStream(self)

    def transcript(self, text: str) -> Transcript:
        look_again = FakeLook(self, text) if text in self.doubts else None
        return Transcript(text, confidence=0.9 if text else 0.0, look_again=look_again)


class FakeAsrStream:
    def __init__(self, asr: FakeAsr) -> None:
        self._asr = asr
        self._heard: list[int] = []

    def feed(self, frame: Frame) -> None:
        value = int(frame.samples[0])
        if value and value not in self._heard:
            self._heard.append(value)

    async def finish(self) -> Transcript:
        await checkpoint()
        text = " ".join(SENTENCES[value - 1] for value in self._heard)
        if self._asr.breaks_on is not None and self._asr.breaks_on in text:
            raise EngineError("the ASR broke, as the test asked")
        return self._asr.transcript(text)


class FakeLook:
    """What else a sentence may have been; stands for the sound that this is searched in."""

    def __init__(self, asr: FakeAsr, text: str) -> None:
        self._asr, self._text = asr, text

    def __call__(self) -> tuple[Hypothesis, ...]:
        self._asr.looks.append(self._text)
        return tuple(self._asr.doubts[self._text])


@dataclass
class FakeTts:
    """Speaks a word in 0.3 s, after `latency` seconds of thought; `prepared` gains nothing."""

    latency: float = 0.0
    breaks_on: str | None = None
    prepared: list[str] = field(default_factory=list)

    async def prepare(self, text: str, speed: float = 1.0) -> None:
        self.prepared.append(text)
        await checkpoint()

    async def synthesize(self, text: str, speed: float = 1.0) -> AsyncGenerator[SpokenFrame]:
        await sleep(self.latency)
        if self.breaks_on is not None and self.breaks_on in text:
            raise EngineError("the voice broke, as the test asked")
        frames = round(len(text.split()) * WORD_SECONDS / FRAME_SECONDS / speed)
        for index in range(frames):
            yield SpokenFrame(pcm(text), frame_time(index), said=(index + 1) / frames)


@dataclass
class FakeAgent:
    """Answers from a table; keeps what was heard of every reply."""

    answers: Mapping[str, Sequence[str]]
    greeting: Sequence[str] = ("Good morning.",)
    goodbye: str = "Goodbye."
    breaks_on: str | None = None
    latency: float = 0.0
    commit_seconds: float = 0.0  # by the clock; a replay does not wait for it
    outcome: str | None = None
    speed: float = 1.0
    language: str = ""
    waiting: Waiting = field(default_factory=Waiting)
    brief: Brief = field(default_factory=Brief)
    exchange: Exchange | None = None
    turns: list[CallerTurn] = field(default_factory=list)
    likely: str = ""  # how the reply to the likeliest answer begins
    foreseen: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    async def foresee(self, turn: Said | None = None) -> str:
        if turn is None:
            return self.likely
        self.foreseen.append(turn.text)
        await checkpoint()
        return self._clauses(turn)[0]

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[str]:
        self.turns.append(turn)
        await sleep(self.latency)
        for clause in self._clauses(turn):
            understood = None
            if isinstance(turn, Said):
                sentiment = Sentiment("neutral", 0.0)
                understood = Understanding(turn.text, "known", 0.9, (), sentiment)
            self.exchange = Exchange(turn, understood)
            yield clause

    def _clauses(self, turn: CallerTurn) -> Sequence[str]:
        match turn:
            case Opening(words):
                return [words] if words else self.greeting
            case NobodyCame():
                self.outcome = None
                return ["Nobody is free."]
            case Silence():
                return ["Are you still there?"]
            case Trouble():
                return ["Sorry, that went wrong."]
            case Said(text=text):
                if self.breaks_on is not None and self.breaks_on in text:
                    raise RuntimeError("the understanding broke, as the test asked")
                return self.answers.get(text, ["I did not understand."])

    async def commit(self, said: str, heard: str) -> None:
        await sleep(self.commit_seconds)  # of zero, too, it is where others run
        if self.goodbye in said and said == heard:
            self.outcome = "resolved"
        self.said.append(said)
        self.heard.append(heard)


class KeypadLine:
    """A line on which the caller also presses keys, at these media times in seconds."""

    def __init__(self, line: Line, keys: Iterable[tuple[float, str]]) -> None:
        self._line = line
        self._keys = [Digit(key, at) for at, key in keys]
        self.play, self.drain, self.clear = line.play, line.drain, line.clear
        self.delay = line.delay

    @property
    def waiting_seconds(self) -> float:
        return self._line.waiting_seconds

    async def frames(self) -> AsyncGenerator[Frame | Digit]:
        async with aclosing(self._line.frames()) as frames:
            async for frame in frames:
                while self._keys and self._keys[0].at <= frame.at:
                    yield self._keys.pop(0)
                yield frame
