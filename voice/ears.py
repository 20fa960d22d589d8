"""Ears: frames in, what the caller did out.

What they decide depends on media time alone; the one wall clock here is the stopwatch that tells
how long the ASR took. The VAD runs on the event loop: 0.15 ms for 20 ms of sound is less than the
way to a worker thread and back.
"""

import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

import numpy as np
from anyio import create_task_group

from voice.asr import Asr, AsrStream, Transcript
from voice.audio import FRAME_SAMPLES, FRAME_SECONDS, Digit, Frame, GuardedFrame
from voice.end_of_turn import SoundsFinished
from voice.endpointing import Evidence, Verdict, is_worth_listening, is_worth_understanding
from voice.expectation import OPEN_SPEECH, Expectation
from voice.keypad import Keypad, Keys
from voice.loudness import Faintness, levels, speech_from
from voice.prosody import Measure, Prosody
from voice.turns import (
    HintFaded,
    Pause,
    SpeechHinted,
    SpeechResumed,
    SpeechStarted,
    TurnEnded,
    TurnTaker,
)
from voice.vad import Vad

log = logging.getLogger(__name__)

LEAD_IN_SECONDS = 0.4  # sound before the detected onset that the ASR still gets
SILENCE_SECONDS = 8.0  # a caller who says nothing for this long is asked again
NOTHING = Transcript("", confidence=0.0)

Understands = Callable[[str, str], Awaitable[float | None]]
"""Words and their language → how sure it is what they ask for; None: for nothing known."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What the caller said, from `start` to `end`; the turn was over at `at`. Media seconds.

    `asr_seconds` is how long the last transcription took by the wall clock; what of it did not fit
    into the pause that had to be waited out anyway is `asr_overrun_seconds`. With `keys` the text
    was typed on the phone, and nothing was transcribed. `failed`: the ASR broke, so there was a
    voice, but its words are lost. `prosody` is None where the ears do not measure it. `verdict` is
    why the turn was over; None where it was cut, or nothing was known. `end` is where the voice
    fell, or the VAD's speech ended, and `hangover` how long before it the last loud sound was.
    """

    transcript: Transcript
    start: float
    end: float
    at: float
    asr_seconds: float | None = None
    asr_overrun_seconds: float = 0.0
    keys: bool = False
    failed: bool = False
    prosody: Prosody | None = None
    verdict: Verdict | None = None
    hangover: float = 0.0


@dataclass(frozen=True, slots=True)
class Paused:
    """The caller spoke from `start` to `end`; these are the words, and how likely they are all."""

    transcript: Transcript
    start: float
    end: float
    at: float
    evidence: Evidence
    verdict: Verdict
    prosody: Prosody | None = None


@dataclass(frozen=True, slots=True)
class CallerSilent:
    """The caller has said nothing since they were expected to, up to media time `at`."""

    at: float


CallerEvent = (
    SpeechHinted | HintFaded | SpeechStarted | Paused | SpeechResumed | Utterance | CallerSilent
)


class Ears:
    """One call's ears. `expect` tells them what comes next and starts the wait for it.

    Where it matters they also tell by `sounds_finished` whether the voice did, and by `understands`
    whether the words are a whole request; with `measure`, how it was said.
    """

    def __init__(  # noqa: PLR0913 - one for each part they are made of
        self,
        vad: Vad,
        asr: Asr,
        turns: TurnTaker,
        measure: Measure | None = None,
        *,
        sounds_finished: SoundsFinished | None = None,
        understands: Understands | None = None,
    ) -> None:
        self._vad = vad
        self._asr = asr
        self._turns = turns
        self._measure = measure
        self._sounds_finished = sounds_finished
        self._understands = understands
        self._faintness = Faintness()
        self._keypad = Keypad()
        self._expected = OPEN_SPEECH
        self._quiet_since: float | None = None
        self._lead_in: deque[Frame] = deque(maxlen=round(LEAD_IN_SECONDS / FRAME_SECONDS))
        self._hearing: _Hearing | None = None
        self.now = 0.0  # media time: the end of the last frame heard

    def expect(self, expected: Expectation) -> None:
        """The assistant has finished: it is the caller's turn, and this is what to listen for."""
        self._expected = expected
        self._quiet_since = self.now

    def dismiss(self) -> None:
        """Forget what the caller is saying: they do not want the floor."""
        self._turns.cut(self.now)
        if self._hearing:
            self._lead_in.extend(self._hearing.frames)  # they may go on: it was their first word
        self._hearing = None

    async def listen(self, frames: AsyncGenerator[Frame | Digit]) -> AsyncGenerator[CallerEvent]:
        """Hear the caller out until the frames end.

        The turn-taker waits for the transcript at every pause, so that its decisions depend on
        media time alone. On a live line the frames that come meanwhile wait in the line's buffer.
        """
        async with aclosing(frames):
            async for heard in frames:
                happened = self._key(heard) if isinstance(heard, Digit) else self._sound(heard)
                for event in await happened:
                    yield event
                    if not isinstance(event, SpeechHinted | HintFaded):
                        self._quiet_since = None  # until the reply that this brings or cuts ends
        for event in await self._cut(self.now):
            yield event

    async def _key(self, digit: Digit) -> list[CallerEvent]:
        begun: list[CallerEvent] = []
        if self._keypad.trails(digit):
            return begun
        if not self._keypad.typing:
            begun = [*await self._cut(digit.at), SpeechStarted(digit.at)]
        self._keypad.press(digit)
        return begun

    async def _sound(self, frame: Frame) -> list[CallerEvent]:
        self.now = frame.at + FRAME_SECONDS
        keys = self._keypad.wait(self.now, self._expected)
        spoken = await self._spoken(frame)
        if self._hearing and not keys:  # they go on by voice
            keys = self._keypad.take(self.now)
        return [_typed(keys), *spoken] if keys else spoken

    async def _spoken(self, frame: Frame) -> list[CallerEvent]:
        (self._hearing.feed if self._hearing else self._lead_in.append)(frame)
        heard = for_vad(frame)
        probability = self._vad.probability(heard)
        match self._turns.hear(frame.at, probability, self._faintness.is_faint(heard)):
            case (SpeechHinted() | HintFaded() | SpeechResumed()) as told:
                return [] if self._keypad.typing else [told]
            case SpeechStarted() as started:
                self._hearing = _Hearing(
                    lambda: self._asr.open(self._expected),
                    self._lead_in,
                    self._measure,
                )
                return [started]
            case Pause() as pause if self._hearing:
                return await self._paused(self._hearing, pause)
            case TurnEnded() as ended:
                return await self._ended(ended, transcribed=ended.paused < ended.at)
            case None if self._silent_too_long():
                return [CallerSilent(self.now)]
        return []

    async def _paused(self, hearing: "_Hearing", pause: Pause) -> list[CallerEvent]:
        await hearing.take_in()
        if hearing.failed:
            return []
        heard = hearing.transcript
        evidence = Evidence(heard.text, heard.confidence, expected=self._expected)
        if self._sounds_finished and is_worth_listening(evidence):
            sounds = await hearing.sounds(self._sounds_finished)
            evidence = replace(evidence, sounds_finished=sounds)
        if self._understands and is_worth_understanding(evidence):
            sure = await hearing.understood(self._understands, self._expected.language)
            evidence = replace(evidence, understood=sure)
        verdict = self._turns.judge(evidence)
        return [Paused(heard, pause.start, pause.end, pause.at, evidence, verdict, hearing.prosody)]

    async def _cut(self, at: float) -> list[CallerEvent]:
        """End what the caller is saying, if anything."""
        ended = self._turns.cut(at)
        return await self._ended(ended, transcribed=False) if ended else []

    async def _ended(self, ended: TurnEnded, *, transcribed: bool) -> list[CallerEvent]:
        hearing, self._hearing = self._hearing, None
        if hearing is None:
            return []
        if not transcribed:
            await hearing.take_in()
        return [hearing.complete(ended)]

    def _silent_too_long(self) -> bool:
        if self._hearing or self._quiet_since is None:
            return False
        return self.now - self._quiet_since >= SILENCE_SECONDS


def for_vad(frame: Frame) -> Frame:
    """Return the frame as the VAD should hear it: silent where it may be the assistant's echo."""
    return frame.muted if isinstance(frame, GuardedFrame) else frame


class _Hearing:
    """An utterance while it is being heard; the ASR is opened with the frame after the onset."""

    def __init__(
        self,
        open_stream: Callable[[], AsrStream],
        lead_in: deque[Frame],
        measure: Measure | None,
    ) -> None:
        self.transcript = NOTHING
        self.prosody: Prosody | None = None
        self.failed = False
        self._measure = measure
        self._open = open_stream
        self.frames = [*lead_in]
        self._stream: AsrStream | None = None
        self._seconds: float | None = None
        lead_in.clear()

    def feed(self, frame: Frame) -> None:
        stream = self._opened()
        self.frames.append(frame)
        stream.feed(frame)

    def _opened(self) -> AsrStream:
        if self._stream is None:
            self._stream = self._open()
            for frame in self.frames:
                self._stream.feed(frame)
        return self._stream

    async def take_in(self) -> None:
        """Transcribe what was said so far; meanwhile measure it, if that is wanted."""
        began = time.perf_counter()
        async with create_task_group() as tasks:
            if self._measure:
                tasks.start_soon(self._measure_prosody, self._measure)
            await self._transcribe()
        self._seconds = time.perf_counter() - began

    async def sounds(self, finished: SoundsFinished) -> float | None:
        """Tell whether the voice sounded as if it had finished; None where that cannot be told."""
        return await self._told("sounds finished", finished([*map(for_vad, self.frames)]))

    async def understood(self, understands: Understands, expected: str) -> float | None:
        """Tell how sure it is what they ask for; None where nothing, or where that failed.

        `expected` is the language that is, where the ASR tells none.
        """
        language = self.transcript.language or expected
        return await self._told("is a request", understands(self.transcript.text, language))

    async def _told(self, what: str, asked: Awaitable[float | None]) -> float | None:
        """Wait for what is asked about the utterance; that it failed costs no turn."""
        began = time.perf_counter()
        try:
            return await asked
        except Exception:
            log.exception("whether an utterance %s could not be told", what)
            return None
        finally:
            self._seconds = (self._seconds or 0.0) + time.perf_counter() - began

    async def _measure_prosody(self, measure: Measure) -> None:
        try:
            self.prosody = await measure([*map(for_vad, self.frames)])
        except Exception:
            log.exception("the prosody of an utterance could not be measured")
            self.prosody = None

    async def _transcribe(self) -> None:
        try:
            self.transcript, self.failed = await self._opened().finish(), False
        except Exception:
            log.exception("the ASR failed on an utterance")
            self.transcript, self.failed = NOTHING, True

    def complete(self, ended: TurnEnded) -> Utterance:
        return Utterance(
            transcript=self.transcript,
            start=ended.start,
            end=ended.end,
            at=ended.at,
            asr_seconds=self._seconds,
            asr_overrun_seconds=max(0.0, (self._seconds or 0.0) - (ended.at - ended.paused)),
            failed=self.failed,
            prosody=self.prosody,
            verdict=ended.verdict,
            hangover=max(0.0, ended.end - last_loud(self.frames, ended.end)),
        )


def last_loud(frames: Sequence[Frame], before: float) -> float:
    """Media time when the last loud frame before then was over; `before` where none is loud."""
    heard = [frame for frame in frames if frame.at < before]
    sound = np.frombuffer(b"".join(frame.pcm for frame in heard), "<i2")
    found = levels(sound, FRAME_SAMPLES)
    loud = np.flatnonzero(found >= speech_from(found))
    return heard[int(loud[-1])].at + FRAME_SECONDS if len(loud) else before


def _typed(keys: Keys) -> Utterance:
    return Utterance(
        Transcript(keys.keys, confidence=1.0), keys.start, keys.end, keys.at, keys=True
    )
