"""One call from greeting to goodbye. Start reading here."""

import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from anyio import create_task_group, move_on_after

from dialogue.agent import Agent, CallerTurn, Exchange, Opening, Said, Silence, Trouble, Waiting
from telephony.floor import Floor
from telephony.line import Line
from telephony.record import Record
from telephony.spoken import Spoken
from voice.ears import CallerSilent, Ears, Utterance
from voice.tts import Tts
from voice.turns import Expectation, Kind, SpeechStarted

log = logging.getLogger(__name__)

COMMIT_SECONDS = 2.0  # a reply that was silenced gets this long to write down what was heard


@dataclass(frozen=True, slots=True)
class Call:
    """The parts that one call needs, each its own."""

    line: Line
    ears: Ears
    agent: Agent
    tts: Tts
    record: Record


async def run_call(call: Call) -> None:
    """Talk with one caller until one side hangs up."""
    async with create_task_group() as tasks:
        floor = Floor(tasks)
        hang_up = tasks.cancel_scope.cancel
        await floor.give(answer, Spoken(), call, hang_up)
        async with aclosing(call.ears.listen(call.line.frames())) as events:
            async for event in events:
                match event:
                    case SpeechStarted():
                        await floor.take()
                    case Utterance() | CallerSilent():
                        await floor.give(answer, Spoken(event), call, hang_up)
        hang_up()
    call.record.finish(call.ears.now, call.agent.outcome)


async def answer(spoken: Spoken, call: Call, hang_up: Callable[[], None]) -> None:
    """Answer what the caller did. No exception leaves here."""
    try:
        await speak(_turn(spoken.event), spoken, call)
    except Exception:
        log.exception("a reply failed; the caller hears an apology")
        try:
            await speak(Trouble(), Spoken(), call)
        except Exception:
            log.exception("the apology failed too; hanging up")
            call.record.fail()
            hang_up()
    if call.agent.outcome:
        hang_up()


async def speak(turn: CallerTurn, spoken: Spoken, call: Call) -> None:
    """Play the agent's reply clause by clause, then commit what of it was heard."""
    exchange = Exchange(turn)
    try:
        async with aclosing(call.agent.reply(turn)) as clauses:
            async for clause in clauses:
                spoken.begin(clause)
                exchange = call.agent.exchange or exchange
                call.record.caller(spoken, exchange)
                async with aclosing(call.tts.synthesize(clause)) as frames:
                    async for frame in frames:
                        spoken.add(frame, call.ears.now)
                        await call.line.play(frame)
                spoken.end()
        await call.line.drain()
    finally:
        with move_on_after(COMMIT_SECONDS, shield=True) as limit:
            heard, now = spoken.until(await call.line.clear()), call.ears.now
            await call.agent.commit(spoken.text, heard)
            call.record.caller(spoken, exchange)
            call.record.assistant(spoken, heard, now, exchange)
        if limit.cancelled_caught:
            log.error("a reply was not committed within %.0f s", COMMIT_SECONDS)
        call.ears.expect(expectation(call.agent.waiting))


def _turn(event: Utterance | CallerSilent | None) -> CallerTurn:
    match event:
        case None:
            return Opening()
        case CallerSilent():
            return Silence()
        case Utterance(failed=True):
            return Trouble()
        case Utterance(transcript=transcript, keys=keys):
            return Said(transcript.text, transcript.confidence, keys)


def expectation(waiting: Waiting) -> Expectation:
    """Translate what the dialogue waits for into what the ears should expect."""
    return Expectation(Kind(waiting.type), waiting.length, waiting.vocabulary)
