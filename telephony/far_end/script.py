"""A call script: a YAML file that says what a caller does and what they must hear.

`docs/emulator.md` explains the format. Every mistake is one line with file, line and remedy.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from dialogue import AssistantError
from dialogue.reading import Part, read_yaml
from telephony.far_end import ScriptError
from telephony.far_end.caller import WORD_SECONDS, Cue
from telephony.far_end.protocol import SAMPLE_RATE_HZ
from voice import AudioFileError
from voice.audio import SAMPLE_RATE_HZ as VOICE_RATE_HZ
from voice.audio import Int16
from voice.resample import Resampler
from voice.wav import open_recording

MAX_RECORDING_SECONDS = 1800.0

Speak = Callable[[str], Awaitable[Int16]]
"""Says a text; returns its sound, 8 kHz."""


class ScriptTurn(Part):
    """One turn; `wait` or `interrupt_after` says when, `say`, `play` or `press` what."""

    wait: float | Literal["silent"] | None = None
    interrupt_after: float | str | None = None
    say: str = ""
    play: str = ""
    press: str = Field(default="", pattern=r"^[0-9*#]*$")
    hang_up: Literal[True] | None = None
    hear: str | list[str] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _bare_word(cls, data: object) -> object:
        return {"hang_up": True} if data == "hang_up" else data

    @model_validator(mode="after")
    def _one_thing(self) -> "ScriptTurn":
        done = [name for name in ("say", "play", "press", "hang_up") if getattr(self, name)]
        if len(done) > 1:
            raise ValueError(f"a turn cannot {' and '.join(done)}; make it two turns")
        if not done and not self.hear and self.wait is None:
            raise ValueError("a turn needs one of say, play, press, hear, wait, hang_up")
        if self.wait is not None and self.interrupt_after is not None:
            raise ValueError("wait and interrupt_after exclude each other; remove one")
        return self

    @field_validator("interrupt_after")
    @classmethod
    def _after(cls, value: float | str | None) -> float | str | None:
        if isinstance(value, str) and not re.fullmatch(r"\d+ words?", value):
            raise ValueError(f"{value!r} is no time; write seconds, or like: 4 words")
        return value

    @property
    def must_hear(self) -> tuple[str, ...]:
        """All that the reply must hold."""
        return (self.hear,) if isinstance(self.hear, str) else tuple(self.hear)

    @property
    def interrupt_seconds(self) -> float | None:
        """After how much of the reply the caller breaks in."""
        if isinstance(self.interrupt_after, str):
            return int(self.interrupt_after.split()[0]) * WORD_SECONDS
        return self.interrupt_after


class Person(Part):
    """Somebody whom the assistant can reach: how they take a call, and what they do on it."""

    answers: Literal["human", "machine", "nobody", "busy"] = "human"
    after: float = Field(default=2.0, ge=0)  # seconds of ringing
    turns: list[ScriptTurn] = Field(default_factory=list)


class Script(Part):
    """A caller, and by number (or `queue:NAME`) the people who can be reached."""

    about: str = ""
    turns: list[ScriptTurn] = Field(default_factory=list)
    people: Mapping[str, Person] = Field(default_factory=dict)


def load_script(path: Path) -> Script:
    """Read and check a script. Raises ScriptError for the first mistake."""
    if not path.is_file():
        raise ScriptError(f"{path}: no such file; check the path")
    try:
        document = read_yaml(path)
        script = document.validate(Script)
    except AssistantError as error:
        raise ScriptError(str(error)) from error
    for turn in _all_turns(script):
        if turn.play:
            _open(path, turn)
    return script


async def cues(turns: list[ScriptTurn], folder: Path, speak: Speak) -> list[Cue]:
    """Return what the caller does, spoken."""
    return [await _cue(turn, folder, speak) for turn in turns]


async def _cue(turn: ScriptTurn, folder: Path, speak: Speak) -> Cue:
    voice = None
    if turn.say:
        voice = await speak(turn.say)
    elif turn.play:
        voice = read_sound(folder / turn.play)
    return Cue(
        voice=voice,
        keys=turn.press,
        hangs_up=bool(turn.hang_up),
        wait_seconds=turn.wait if isinstance(turn.wait, float | int) else None,
        interrupt_seconds=turn.interrupt_seconds,
        hear=turn.must_hear,
        words=turn.say or (f"({turn.play})" if turn.play else ""),
    )


def read_sound(path: Path) -> Int16:
    """Return a recording's caller side at the rate of a phone. Raises AudioFileError."""
    recording = open_recording(path, max_seconds=MAX_RECORDING_SECONDS)
    return to_phone_rate([frame.samples for frame in recording.frames()])


def to_phone_rate(pieces: list[Int16]) -> Int16:
    """Join pieces of 16 kHz sound at 8 kHz."""
    resampler = Resampler(VOICE_RATE_HZ, SAMPLE_RATE_HZ)
    return np.concatenate([*(resampler.feed(piece) for piece in pieces), resampler.finish()])


def _all_turns(script: Script) -> list[ScriptTurn]:
    return [*script.turns, *(turn for person in script.people.values() for turn in person.turns)]


def _open(script: Path, turn: ScriptTurn) -> None:
    try:
        open_recording(script.parent / turn.play, max_seconds=MAX_RECORDING_SECONDS)
    except AudioFileError as error:
        raise ScriptError(f"{script}: play: {error}") from error
