"""What a caller waited for, read off the tape of the call: turns, reply times, silence. Pure.

Everything is measured where the caller is: at the mouth and at the ear, to 20 ms.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from telephony.far_end.phone import Tape
from telephony.far_end.protocol import PACKET_SECONDS
from telephony.far_end.sound import levels, speech_threshold
from voice.audio import Int16
from voice.loudness import AUDIBLE_DBOV

Blocks = npt.NDArray[np.bool_]

ONSET_BLOCKS = 3  # audible in a row: shorter are clicks
TURN_PAUSE_SECONDS = 0.8  # shorter silences of a recorded caller are within a turn
KEYS_PAUSE_SECONDS = 1.5  # likewise between keys
SILENT_SECONDS = 0.3  # this long quiet, the other side has stopped
SPOKE_SECONDS = 0.2  # who was audible so shortly before is being interrupted


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn of the caller, from `start` to `end`, and the answer. Seconds of the call.

    `reply_ms` is from the end of what they said, or the last key, to the first audible sound of the
    answer; None when none came before their next turn. When they talked into the assistant's
    speech, `silence_ms` is from their first sound to its silence; None when it went on. The answer
    lies in the ear from `reply_from` to `reply_to`.
    """

    start: float
    end: float
    cue: int = -1
    keys: str = ""
    interrupts: bool = False
    silence_ms: float | None = None
    reply_ms: float | None = None
    reply_from: float = 0.0
    reply_to: float = 0.0


def measure(tape: Tape) -> tuple[Turn, ...]:
    """Return the caller's turns, in order; before them, as a turn of no length, the greeting."""
    ear = _audible(tape.ear, AUDIBLE_DBOV)
    spans = [(0, 0, -1), *_caller_spans(tape)]
    marked = [_measured(tape, ear, here, after) for here, after in pairwise([*spans, None])]
    return tuple(marked)


def _measured(
    tape: Tape, ear: Blocks, here: tuple[int, int, int] | None, after: tuple[int, int, int] | None
) -> Turn:
    assert here is not None  # noqa: S101 - only the one after the last is None
    start, end, cue = here
    interrupts, silent = _interruption(ear, start)
    next_interrupts, next_silent = _interruption(ear, after[0]) if after else (False, None)
    until = len(ear) if after is None else after[0]
    if after and next_interrupts:
        until = next_silent if next_silent is not None else after[1]
    reply = _onset(ear, max(end, silent or 0), len(ear) if after is None else after[0])
    begins = silent if silent is not None else (end if interrupts else start)
    return Turn(
        start=_seconds(start),
        end=_seconds(end),
        cue=cue,
        keys="".join(key for at, key in tape.keys if start <= round(at / PACKET_SECONDS) - 1 < end),
        interrupts=interrupts,
        silence_ms=None if silent is None else round(_seconds(silent - start) * 1000),
        reply_ms=None if reply is None else round(_seconds(reply - end) * 1000),
        reply_from=_seconds(begins),
        reply_to=_seconds(max(begins, until)),
    )


def _interruption(ear: Blocks, start: int) -> tuple[bool, int | None]:
    """Say whether the ear was busy at this block, and at which one it had fallen silent."""
    before = ear[max(0, start - round(SPOKE_SECONDS / PACKET_SECONDS)) : start]
    if not before.any():
        return False, None
    quiet = 0
    for index in range(start, len(ear)):
        quiet = 0 if ear[index] else quiet + 1
        if quiet * PACKET_SECONDS >= SILENT_SECONDS:
            return True, index - quiet + 1
    return True, None


def _onset(ear: Blocks, begin: int, end: int) -> int | None:
    """Return the block in which the other side begins to speak; None if it does not."""
    run = 0
    for index in range(begin, end):
        run = run + 1 if ear[index] else 0
        if run == ONSET_BLOCKS:
            return index - ONSET_BLOCKS + 1
    return None


def _caller_spans(tape: Tape) -> list[tuple[int, int, int]]:
    """Return the first block of each turn, the one after its last, and the cue."""
    sound = np.concatenate(tape.voice) if tape.voice else np.zeros(0, np.int16)
    loud = levels(sound) >= speech_threshold(sound)
    pressed = {round(at / PACKET_SECONDS) - 1 for at, _ in tape.keys}
    if any(cue >= 0 for cue in tape.cues):
        return _by_cue(tape.cues, loud, pressed)
    spans = [*_runs(loud, TURN_PAUSE_SECONDS)]
    keys = np.array([index in pressed for index in range(len(tape.ear))], bool)
    spans += _runs(keys, KEYS_PAUSE_SECONDS, shortest=1)
    return [(start, end, -1) for start, end in sorted(spans)]


def _by_cue(cues: list[int], loud: Blocks, pressed: set[int]) -> list[tuple[int, int, int]]:
    acts: dict[int, list[int]] = {}
    for index, cue in enumerate(cues):
        if cue >= 0 and (loud[index] or index in pressed):
            acts.setdefault(cue, []).append(index)
    return [(blocks[0], blocks[-1] + 1, cue) for cue, blocks in acts.items()]


def _runs(
    active: Blocks, pause_seconds: float, shortest: int = ONSET_BLOCKS
) -> Iterator[tuple[int, int]]:
    """Yield stretches of activity with no longer pause in them; shorter ones are clicks."""
    found = np.flatnonzero(active)
    if not len(found):
        return
    breaks = np.flatnonzero(np.diff(found) > pause_seconds / PACKET_SECONDS)
    for blocks in np.split(found, breaks + 1):
        if len(blocks) >= shortest:
            yield int(blocks[0]), int(blocks[-1]) + 1


def _audible(sound: list[Int16], threshold: float) -> Blocks:
    return levels(np.concatenate(sound)) >= threshold if sound else np.zeros(0, bool)


def _seconds(blocks: int) -> float:
    return round(blocks * PACKET_SECONDS, 2)
