"""One call from greeting to goodbye. Start reading here."""

import logging
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from anyio import create_task_group, move_on_after

from dialogue.agent import Agent, CallerTurn, Opening, Said, Silence, Trouble, Waiting, not_yet
from dialogue.phrasing import is_question
from nlu.mood import AcousticCue
from nlu.tags import primary
from nlu.understand import Alternative, LookAgain
from telephony.floor import Floor
from telephony.foresight import Foresight
from telephony.line import Line
from telephony.playout import Playout
from telephony.record import Record
from telephony.spoken import Spoken
from voice import EngineError
from voice.asr import Transcript
from voice.ears import CallerSilent, Ears, Paused, Utterance
from voice.expectation import Expectation, Kind
from voice.prosody import Prosody
from voice.tts import PreparingTts
from voice.turns import HintFaded, SpeechHinted, SpeechResumed, SpeechStarted, takes_floor

log = logging.getLogger(__name__)

COMMIT_SECONDS = 2.0  # a reply that was silenced gets this long to write down what was heard


@dataclass(frozen=True, slots=True)
class Call:
    """The parts that one call needs, each its own."""

    line: Line
    ears: Ears
    agent: Agent
    tts: PreparingTts
    record: Record
    opening: CallerTurn = field(default_factory=Opening)  # what the assistant speaks first about
    on_waiting: Callable[[Waiting], object] = lambda waiting: None  # hears what is waited for
    voices: Mapping[str, PreparingTts] = field(default_factory=dict)  # of other languages

    @property
    def voice(self) -> PreparingTts:
        """Who speaks, in the language that the agent speaks now."""
        return self.voices.get(self.agent.language, self.tts)

    def expect(self) -> None:
        """Tell the ears what the agent waits for."""
        self.ears.expect(expectation(self.agent.waiting, self.agent.language))


async def run_call(call: Call) -> None:
    """Talk with one caller until one side hangs up."""
    async with create_task_group() as tasks:
        floor = Floor(tasks)
        hang_up = tasks.cancel_scope.cancel
        foresight = Foresight(tasks, call.agent, lambda: call.voice)
        playout = Playout(call.line)
        await floor.give(answer, None, playout, foresight, call, hang_up)
        async with aclosing(call.ears.listen(call.line.frames())) as events:
            async for event in events:
                match event:
                    case SpeechHinted():
                        await playout.hold(call.ears.now)
                    case HintFaded():
                        playout.resume()
                    case SpeechStarted():
                        await playout.hold(call.ears.now)
                        call.expect()
                    case Paused() if floor.taken and goes_on(event, playout, call):
                        call.ears.dismiss()
                        playout.resume(rewind=True)
                    case Paused():
                        await floor.take()
                        foresight.begin(said(event), event.verdict.probability)
                    case SpeechResumed():
                        foresight.drop()
                    case Utterance() | CallerSilent():
                        foresight.fulfil()
                        playout = Playout(call.line)
                        await floor.give(answer, event, playout, foresight, call, hang_up)
        hang_up()
    call.record.foresaw(foresight.prepared)
    call.record.finish(call.ears.now, call.agent.outcome)


async def answer(
    event: Utterance | CallerSilent | None,
    playout: Playout,
    foresight: Foresight,
    call: Call,
    hang_up: Callable[[], None],
) -> None:
    """Answer what the caller did. No exception leaves here."""
    try:
        spoken = Spoken(_to_keep(event), call.line.waiting_seconds)
        await speak(_turn(event, call), spoken, playout, call)
        foresight.suppose()
    except Exception:
        log.exception("a reply failed; the caller hears an apology")
        try:
            await speak(Trouble(), Spoken(), playout, call)
        except Exception:
            log.exception("the apology failed too; hanging up")
            call.record.fail()
            hang_up()
    finally:
        call.expect()
        call.on_waiting(call.agent.waiting)
    if call.agent.outcome:
        hang_up()


async def speak(turn: CallerTurn, spoken: Spoken, playout: Playout, call: Call) -> None:
    """Play the agent's reply clause by clause, then commit what of it was heard."""
    exchange = not_yet(turn, call.agent.waiting)
    try:
        async with aclosing(call.agent.reply(turn)) as clauses:
            async for clause in clauses:
                spoken.begin(clause)
                playout.begin(clause)
                exchange = call.agent.exchange or exchange
                call.record.caller(spoken, exchange)
                call.on_waiting(call.agent.waiting)
                async with aclosing(call.voice.synthesize(clause, call.agent.speed)) as frames:
                    async for frame in frames:
                        spoken.add(frame, call.ears.now, call.line.delay)
                        await playout.play(frame)
                spoken.end()
        await playout.drain()
    finally:
        with move_on_after(COMMIT_SECONDS, shield=True) as limit:
            heard = spoken.until(await playout.clear())
            now = playout.held_at or call.ears.now
            await call.agent.commit(spoken.text, heard)
            call.record.caller(spoken, exchange)
            call.record.assistant(spoken, heard, now, exchange)
        if limit.cancelled_caught:
            log.error("a reply was not committed within %.0f s", COMMIT_SECONDS)


def goes_on(paused: Paused, playout: Playout, call: Call) -> bool:
    """Say whether the reply goes on after what the caller put in: a cough, "mhm", "okay".

    A word of consent is an answer, though, when it comes into a question for a yes or no.
    """
    heard = paused.transcript
    asked = call.agent.waiting.type == Kind.YES_NO and is_question(playout.clause)
    wanted = takes_floor(heard.text, heard.confidence, paused.end - paused.start)
    return not wanted and not (heard.text and asked)


def _turn(event: Utterance | CallerSilent | None, call: Call) -> CallerTurn:
    match event:
        case None:
            return call.opening
        case CallerSilent():
            return Silence()
        case Utterance(failed=True):
            return Trouble()
        case Utterance():
            return said(event)


def said(event: Utterance | Paused) -> Said:
    """What the caller said, all or so far, for the agent."""
    return Said(
        event.transcript.text,
        event.transcript.confidence,
        isinstance(event, Utterance) and event.keys,
        cue=acoustic_cue(event.prosody),
        language=event.transcript.language,
        language_confidence=event.transcript.language_confidence,
        look_again=look_again(event.transcript),
    )


def _to_keep(event: Utterance | CallerSilent | None) -> Utterance | CallerSilent | None:
    """The event without the sound that its second look needs: the record keeps events."""
    if isinstance(event, Utterance):
        return replace(event, transcript=replace(event.transcript, look_again=None))
    return event


def expectation(waiting: Waiting, language: str = "") -> Expectation:
    """Translate what the dialogue waits for into what the ears should expect."""
    spoken = primary(language)
    return Expectation(Kind(waiting.type), waiting.length, waiting.vocabulary, spoken)


def look_again(transcript: Transcript) -> LookAgain | None:
    """Translate what may have been said into what the understanding weighs, if it asks.

    When the engine fails at it, what it heard at first still stands.
    """
    search = transcript.look_again
    if search is None:
        return None

    def alternatives() -> tuple[Alternative, ...]:
        try:
            return tuple(Alternative(each.text, each.confidence) for each in search())
        except EngineError:
            log.exception("a second look failed; what was heard first stands")
            return ()

    return alternatives


def acoustic_cue(prosody: Prosody | None) -> AcousticCue | None:
    """Translate how something was said into what the understanding makes use of."""
    if prosody is None:
        return None
    return AcousticCue(prosody.level_dbfs, prosody.rate_hz, prosody.pitch_hz)
