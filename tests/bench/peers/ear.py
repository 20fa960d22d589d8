"""What the callers lived through, read off the tapes of their calls; the same for all subjects."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from telephony.emulator import CallResult
from telephony.far_end.hearing import ONSET_BLOCKS, Hearing
from telephony.far_end.measure import Turn
from telephony.far_end.phone import Tape
from telephony.far_end.protocol import PACKET_SECONDS
from tests.bench.peers.callers import ASKS, INTERRUPTS, Question
from tests.bench.report import quantiles


@dataclass(frozen=True, slots=True)
class Heard:
    """A question, and the call in which it was asked."""

    question: Question
    call: CallResult

    @property
    def taken(self) -> bool:
        """Whether the call was answered, and not declined."""
        return bool(self.call.streams)

    @property
    def turns(self) -> tuple[Turn | None, Turn | None]:
        """What the caller said: the question, and what was to interrupt the answer."""
        return self._turn(ASKS), self._turn(INTERRUPTS)

    @property
    def asked(self) -> Turn | None:
        """The caller's question; None when they did not come to ask it."""
        return self.turns[0]

    @property
    def interrupted(self) -> Turn | None:
        """The interruption of an answer; None when none was made."""
        turn = self.turns[1]
        return turn if turn is not None and turn.interrupts else None

    @property
    def cut_off(self) -> bool:
        """Whether the other side began to speak before the question was over."""
        asked = self.asked
        return asked is not None and any(
            asked.start <= at < asked.end for at in onsets(self.call.tape)
        )

    @property
    def replies_ms(self) -> list[float]:
        """From the last sound of what the caller said to the answer, where nobody was cut off."""
        turns = [] if self.cut_off else [self.asked, self.interrupted]
        return [turn.reply_ms for turn in turns if turn is not None and turn.reply_ms is not None]

    def _turn(self, cue: int) -> Turn | None:
        return next((turn for turn in self.call.turns if turn.cue == cue), None)


def onsets(tape: Tape) -> Iterator[float]:
    """When the other side began to speak, after half a second of silence; seconds of the call."""
    hearing = Hearing()
    for block in tape.ear:
        before = hearing.replies
        hearing.hear(block)
        if hearing.replies > before:
            yield hearing.now - ONSET_BLOCKS * PACKET_SECONDS


def summary(every: Sequence[Heard], cpu_seconds: float) -> dict[str, Any]:
    """Sum up one round of calls."""
    calls = [one for one in every if one.taken]
    asked = [one for one in calls if one.asked]
    stopped = [one for one in asked if one.question.stops]
    cuts = [turn for turn in (one.interrupted for one in calls) if turn is not None]
    silences = [turn.silence_ms for turn in cuts if turn.silence_ms is not None]
    minutes = sum(one.call.seconds for one in calls) / 60
    return {
        "calls": len(every),
        "turned_away": len(every) - len(calls),
        "ungreeted": len(calls) - len(asked),
        "questions": len(asked),
        "turns_said": sum(turn is not None for one in calls for turn in one.turns),
        "unanswered": sum(not one.cut_off and _reply(one) is None for one in asked),
        "greeting_ms": _quantiles([ms for one in calls if (ms := one.call.turns[0].reply_ms)]),
        "voice_to_voice_ms": _quantiles([ms for one in calls for ms in one.replies_ms]),
        "stops": len(stopped),
        "cut_off": sum(one.cut_off for one in stopped),
        "cut_off_without_stop": sum(one.cut_off for one in asked if not one.question.stops),
        "interruptions": len(cuts),
        "went_on": len(cuts) - len(silences),
        "silent_after_ms": _quantiles(silences),
        "gaps_in_speech": sum(len(one.call.underruns) for one in calls),
        "violations": sum(len(one.call.violations) for one in calls),
        "call_minutes": round(minutes, 2),
        "cpu_seconds_per_call_minute": round(cpu_seconds / minutes, 2) if minutes else None,
        "emulator_lag_ms": round(1000 * max(one.call.lag_seconds for one in every)),
    }


def _reply(one: Heard) -> float | None:
    return one.asked.reply_ms if one.asked else None


def _quantiles(values: Sequence[float]) -> dict[str, float]:
    return {"count": len(values), **(quantiles(values) if len(values) > 1 else {})}
