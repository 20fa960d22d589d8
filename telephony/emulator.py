"""The emulator, `offhook call`: phone calls to a server as Twilio and a caller would make them.

It knows a server only by HTTP, TwiML and the media stream's protocol, so it tries out any. What it
measures it measures at the caller's ear. Start reading here; the parts are in `telephony/far_end`.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from anyio import create_task_group, sleep

from telephony.far_end.caller import Caller, Cue, recorded, scripted
from telephony.far_end.calls import LiveCall, Step
from telephony.far_end.ear import Underrun
from telephony.far_end.exchange import (
    Callee,
    Exchange,
    Source,
    Who,
    new_sid,
    quiet_person,
)
from telephony.far_end.measure import Turn, measure
from telephony.far_end.media import StreamLog
from telephony.far_end.phone import Tape
from telephony.far_end.protocol import SAMPLE_RATE_HZ, Violation
from telephony.far_end.script import Person, Script, ScriptTurn, Speak, cues, read_sound
from telephony.far_end.sound import beep, speech_level
from telephony.far_end.transcript import contains, transcribe
from voice.asr import Asr
from voice.wav import WavWriter

STAGGER_SECONDS = 0.7  # between the beginnings of several calls
LAG_SECONDS = 0.1  # a clock that came later than that has measured the emulator, not the server
MACHINE_GREETING = "Hello, I cannot take your call now. Please leave a message after the tone."
MACHINE_SECONDS = 60.0  # an answering machine records so long
VOICE_PATH = "/twilio/voice"
STATUS_PATH = "/twilio/status"


@dataclass(frozen=True, slots=True)
class Plan:
    """Who calls, whom, and what they do."""

    caller: Caller
    cues: tuple[Cue, ...] = ()  # of a scripted caller
    speech_db: float | None = None  # how loud the caller is, for noise that is relative to it
    number: str = "+15550001111"
    called: str = "+15559990000"
    voice_path: str = VOICE_PATH
    status_path: str = STATUS_PATH  # empty: nobody is told that the call is over


@dataclass(frozen=True, slots=True)
class CallResult:
    """An emulated call: what happened, what the caller waited for, and what it sounded like."""

    call_sid: str
    caller: str
    seconds: float
    turns: tuple[Turn, ...]  # the first is the greeting
    steps: tuple[Step, ...]
    streams: tuple[StreamLog, ...]
    violations: tuple[Violation, ...]
    underruns: tuple[Underrun, ...]
    lag_seconds: float  # of the emulator's own clock, at worst
    tape: Tape = field(repr=False)
    heard: tuple[str, ...] = ()  # of each turn the answer's words, where an ASR has listened
    missing: tuple[str, ...] = ()  # what must be heard and was not

    @property
    def succeeded(self) -> bool:
        """Whether a stream was opened, no rule was broken, and all was heard that must be."""
        return bool(self.streams) and not self.violations and not self.missing

    def as_json(self) -> dict[str, Any]:
        """Return all but the sound as plain data."""
        plain = {
            name: getattr(self, name)
            for name in ("call_sid", "caller", "seconds", "lag_seconds", "heard", "missing")
        }
        for name in ("turns", "steps", "streams", "violations", "underruns"):
            plain[name] = [asdict(each) for each in getattr(self, name)]
        return {**plain, "succeeded": self.succeeded}

    def write_sound(self, path: Path) -> None:
        """Write the call as stereo WAV, 8 kHz: left what the caller said, right what they heard."""
        mouth, ear = self.tape.stereo()
        with WavWriter(path, channels=2, rate_hz=SAMPLE_RATE_HZ) as file:
            file.write(mouth, ear)


async def place_call(exchange: Exchange, plan: Plan, seed: int = 0) -> CallResult:
    """Call the server, and return when the call is over."""
    phone = exchange.phone(plan.caller, plan.speech_db, seed)
    call = LiveCall(Who(new_sid("CA"), plan.number, plan.called), phone, exchange)
    await call.run(Source(exchange.site.url(plan.voice_path)))
    if plan.status_path:
        duration = {"CallDuration": str(round(phone.tape.seconds))}
        await call.notify(exchange.site.url(plan.status_path), duration)
    return result_of(call)


async def place_calls(
    exchange: Exchange,
    plan: Plan,
    count: int,
    on_end: Callable[[CallResult], object] = lambda result: None,
) -> list[CallResult]:
    """Make so many calls at once, from as many numbers; `on_end` sees each as it ends."""
    results: list[CallResult] = []

    async def one(index: int, plan: Plan) -> None:
        await sleep(index * STAGGER_SECONDS)
        results.append(await place_call(exchange, plan, seed=index))
        on_end(results[-1])

    async with create_task_group() as tasks:
        for index, number in enumerate(numbers(plan.number, count)):
            tasks.start_soon(one, index, replace(plan, number=number))
    return results


def result_of(call: LiveCall) -> CallResult:
    """Return what is known of a call that is over."""
    phone = call.phone
    return CallResult(
        call_sid=call.who.sid,
        caller=call.who.caller,
        seconds=round(phone.tape.seconds, 2),
        turns=measure(phone.tape),
        steps=tuple(call.steps),
        streams=tuple(call.streams),
        violations=(*call.violations, *(one for log in call.streams for one in log.violations)),
        underruns=tuple(phone.ear.underruns),
        lag_seconds=round(phone.lag_seconds, 3),
        tape=phone.tape,
    )


async def listen(result: CallResult, asr: Asr, plan: Plan) -> CallResult:
    """Return the result with what an ASR hears at the ear, and what of the script is missing."""
    heard = tuple([await transcribe(result.tape, turn, asr) for turn in result.turns])
    return replace(result, heard=heard, missing=missing(plan.cues, result.turns, heard))


def missing(cues: Sequence[Cue], turns: Sequence[Turn], heard: Sequence[str]) -> tuple[str, ...]:
    """Return what was to be heard and was not.

    What a cue wants to hear is in the answer to it; of a cue that only listens, to the one before.
    """
    answers = {turn.cue: text for turn, text in zip(turns, heard, strict=True)}
    absent, last = [], -1  # -1 is the greeting
    for index, cue in enumerate(cues):
        last = index if cue.acts else last
        absent += [words for words in cue.hear if not contains(answers.get(last, ""), words)]
    return tuple(absent)


async def plan_of(script: Script, folder: Path, speak: Speak) -> Plan:
    """Return what a script's caller does."""
    spoken = tuple(await cues(script.turns, folder, speak))
    voices = [cue.voice for cue in spoken if cue.voice is not None]
    level = speech_level(np.concatenate(voices)) if voices else None
    return Plan(scripted(spoken), spoken, level)


async def people_of(script: Script, folder: Path, speak: Speak) -> dict[str, Callee]:
    """Return who can be called, by number."""
    return {
        number: Callee(person.answers, person.after, await _on_the_phone(person, folder, speak))
        for number, person in script.people.items()
    }


async def _on_the_phone(person: Person, folder: Path, speak: Speak) -> Caller:
    """Return what somebody does who takes a call; a machine greets, beeps and listens."""
    if person.answers == "machine":
        said = person.turns or [ScriptTurn(say=MACHINE_GREETING, wait=0.5)]
        tone = Cue(voice=beep(), wait_seconds=0.5)
        listens = Cue(wait_seconds=MACHINE_SECONDS)
        return scripted([*await cues(said, folder, speak), tone, listens])
    return scripted(await cues(person.turns, folder, speak)) if person.turns else quiet_person


def plan_of_recording(path: Path) -> Plan:
    """Return a caller who is a recording. Raises AudioFileError."""
    sound = read_sound(path)
    return Plan(recorded(sound), speech_db=speech_level(sound))


def numbers(first: str, count: int) -> list[str]:
    """Return so many phone numbers, counting up from the first."""
    digits = first.lstrip("+")
    return [f"+{int(digits) + index:0{len(digits)}d}" for index in range(count)]
