"""Callers: what somebody on the phone says and presses, step by step, given what they hear. Pure.

A caller is an iterator that gives an `Act` for each 20 ms and looks at one `Hearing`, which the
phone feeds before every step.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import repeat

from telephony.far_end.hearing import Hearing
from telephony.far_end.protocol import PACKET_SAMPLES, PACKET_SECONDS
from telephony.far_end.sound import SILENT, loudness, speech_threshold
from voice.audio import Int16

REPLY_OVER_SECONDS = 1.2  # this long quiet, the other side has finished; between sentences is less
NO_REPLY_SECONDS = 15.0  # whoever has heard nothing by then goes on
GREETING_SECONDS = 6.0  # a recorded caller waits so long for a greeting
LINGER_SECONDS = 4.0  # a caller stays this long after the last word of either side
KEY_SECONDS = 0.2  # from key to key
PAUSE_BLOCKS = 10  # a recording that was silent this long is in a pause: 0.2 s
WORD_SECONDS = 0.37  # of ordinary speech, 160 words a minute: to interrupt after so many words


@dataclass(frozen=True, slots=True)
class Act:
    """What the caller does in 20 ms; without a voice they are silent.

    `cue` counts what a scripted caller does, from 0; -1 is waiting, or a caller without a script.
    """

    voice: Int16 | None = None
    key: str = ""
    hangs_up: bool = False
    cue: int = -1


Caller = Callable[[Hearing], Iterator[Act]]
"""Begins with the call; hangs up at the latest when the acts are over."""

NOTHING = Act()


@dataclass(frozen=True, slots=True)
class Cue:
    """One thing that a scripted caller does.

    First they wait: until the other side has spoken and is silent, or for `wait_seconds`, or until
    it has spoken for `interrupt_seconds`. Then they talk or press keys; the reply must hold `hear`.
    """

    voice: Int16 | None = None  # 8 kHz
    keys: str = ""
    hangs_up: bool = False
    wait_seconds: float | None = None
    interrupt_seconds: float | None = None
    hear: tuple[str, ...] = ()
    words: str = ""  # of the voice, to be shown

    @property
    def acts(self) -> bool:
        """Whether the caller takes a turn, and does not only listen."""
        return self.voice is not None or bool(self.keys)


def scripted(cues: Sequence[Cue]) -> Caller:
    """Return a caller who does these things in order, waits for the last reply and hangs up."""

    def acts(hearing: Hearing) -> Iterator[Act]:
        answered = 0
        for index, cue in enumerate(cues):
            yield from _wait_for(cue, hearing, answered)
            if cue.acts:
                answered = hearing.replies
            for act in _do(cue):
                yield replace(act, cue=index)
        yield from _until_silent(hearing, answered)
        yield from repeat(NOTHING, round(LINGER_SECONDS / PACKET_SECONDS))

    return acts


def recorded(sound: Int16) -> Caller:
    """Return a caller who is a recording, held in its pauses while the other side speaks."""

    def acts(hearing: Hearing) -> Iterator[Act]:
        yield from _until_silent(hearing, 0, GREETING_SECONDS)
        speech = speech_threshold(sound)
        quiet = PAUSE_BLOCKS
        for voice in _blocks(sound):
            while hearing.speaking and quiet >= PAUSE_BLOCKS:
                yield NOTHING
            quiet = 0 if loudness(voice) >= speech else quiet + 1
            yield Act(voice)
        yield from _while_both_quiet(hearing)

    return acts


def _wait_for(cue: Cue, hearing: Hearing, answered: int) -> Iterator[Act]:
    if cue.interrupt_seconds is not None:
        began = hearing.now
        while hearing.now - began < NO_REPLY_SECONDS and not (
            hearing.replies > answered
            and hearing.speaking
            and hearing.spoken_seconds >= cue.interrupt_seconds
        ):
            yield NOTHING
    elif cue.wait_seconds is not None:
        yield from repeat(NOTHING, round(cue.wait_seconds / PACKET_SECONDS))
    else:
        yield from _until_silent(hearing, answered)


def _until_silent(
    hearing: Hearing, answered: int, patience: float = NO_REPLY_SECONDS
) -> Iterator[Act]:
    """Wait until the other side has spoken anew and is silent again, or says nothing for long."""
    began = hearing.now
    while hearing.replies <= answered and hearing.now - began < patience:
        yield NOTHING
    while hearing.replies > answered and hearing.quiet_seconds < REPLY_OVER_SECONDS:
        yield NOTHING


def _while_both_quiet(hearing: Hearing) -> Iterator[Act]:
    began = hearing.now
    while min(hearing.quiet_seconds, hearing.now - began) < LINGER_SECONDS:
        yield NOTHING


def _do(cue: Cue) -> Iterator[Act]:
    if cue.voice is not None:
        for voice in _blocks(cue.voice):
            yield Act(voice)
    for key in cue.keys:
        yield Act(key=key)
        yield from repeat(NOTHING, round(KEY_SECONDS / PACKET_SECONDS) - 1)
    if cue.hangs_up:
        yield Act(hangs_up=True)


def _blocks(sound: Int16) -> Iterator[Int16]:
    for start in range(0, len(sound), PACKET_SAMPLES):
        block = sound[start : start + PACKET_SAMPLES]
        if len(block) < PACKET_SAMPLES:
            last = SILENT.copy()
            last[: len(block)] = block
            block = last
        yield block
