"""One caller's conversation: understand, decide, look up, answer; then commit or forget."""

import logging
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from datetime import datetime

from anyio import fail_after, to_thread

from dialogue import ActionError
from dialogue.actions import Change, Found, LookUp, Request
from dialogue.agent import (
    Brief,
    CallerTurn,
    Exchange,
    NobodyCame,
    Opening,
    Said,
    Silence,
    Waiting,
)
from dialogue.assistant import Assistant
from dialogue.endings import MISSES, TROUBLES
from dialogue.inquiry import Inquiry
from dialogue.knowledge import Knowledge
from dialogue.policy import decide
from dialogue.privacy import mask, masked, secrets
from dialogue.state import (
    YES_NO_STEPS,
    AskSlot,
    Call,
    ConfirmChange,
    ConfirmSlot,
    Decision,
    Event,
    Heard,
    Idle,
    LookedUp,
    State,
)
from dialogue.store import Store, Turn
from nlu.mood import Trend
from nlu.understand import YES_NO, Context, Nlu, Understanding

log = logging.getLogger(__name__)

WAITING_TYPES = {
    "digits": "digits",
    "phone": "digits",
    "code": "code",
    "date": "date",
    "name": "name",
}  # of a slot's kind; other kinds are open speech
THINK_SECONDS = 8.0  # a look-up that hangs in the business's own systems must not silence a call


@dataclass(frozen=True, slots=True)
class Thought:
    """What a reply has come to, before anybody heard it."""

    decision: Decision
    understanding: Understanding | None
    sources: tuple[str, ...]
    nlu_seconds: float | None = None
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pending:
    """A reply under way: whose turn it answers, and what it has come to, once it has."""

    turn: CallerTurn
    thought: Thought | None = None
    finished: bool = False  # all its clauses have been asked for


class FlowAgent:
    """The `Agent` of an assistant's flows; one per call.

    `now` gives the time, with a zone or on the business's own clock; nothing else tells it. Without
    `knowledge` only the flows answer. `call` names the conversation in the history. `mood` is the
    caller's so far: what they feel is so, whether they hear the answer or not.
    """

    def __init__(  # noqa: PLR0913 - the house allows six
        self,
        assistant: Assistant,
        nlu: Nlu,
        store: Store,
        now: Callable[[], datetime],
        *,
        knowledge: Knowledge | None = None,
        call: str = "",
    ) -> None:
        self.outcome: str | None = None
        self.waiting = Waiting()
        self.exchange: Exchange | None = None
        self.mood = Trend()
        self._answered_mood = self.mood  # without the turn that went unanswered and comes again
        self._assistant = assistant
        self._nlu = nlu
        self._store = store
        self._now = now
        self._inquiry = Inquiry(assistant, knowledge, store, now)
        self._call = call
        self._state = State()
        self._pending: Pending | None = None
        self._unanswered: Said | None = None  # said, but nothing of the answer was heard

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[str]:
        """Yield the reply clause by clause; nothing outside the process changes.

        Raises TimeoutError when nothing has come to mind within THINK_SECONDS.
        """
        began = time.perf_counter()
        turn = joined(self._unanswered, turn)
        self._happened(turn)
        self._pending = Pending(turn)
        with fail_after(THINK_SECONDS):
            thought = await to_thread.run_sync(self._think, turn, abandon_on_cancel=True)
        self._pending = Pending(turn, thought)
        self.waiting = waiting(thought.decision.state, self._assistant)
        seconds = time.perf_counter() - began - (thought.nlu_seconds or 0.0)
        self.exchange = Exchange(
            turn,
            thought.understanding,
            thought.sources,
            thought.nlu_seconds,
            seconds,
            thought.secrets,
            self._feel(turn, thought),
        )
        for clause in thought.decision.say:
            yield clause
        self._pending = Pending(turn, thought, finished=True)

    async def commit(self, said: str, heard: str) -> None:
        """Keep what was heard; without what matters in the reply, only the caller's own words."""
        pending, self._pending = self._pending, None
        if pending is None:
            return
        thought = pending.thought
        whole = pending.finished and heard.split() == said.split()
        unsaid = isinstance(pending.turn, Opening) and pending.turn.words and not whole
        if thought is None or unsaid or not binding(thought.decision, heard):
            self._unanswered = pending.turn if isinstance(pending.turn, Said) else self._unanswered
            self.waiting = waiting(self._state, self._assistant)
            if heard:
                await to_thread.run_sync(self._remember, None, thought, heard)
            return
        self._unanswered = None
        self._answered_mood = self.mood
        self._state = thought.decision.state
        if whole:
            self.outcome = thought.decision.outcome
        if thought.decision.change:
            await to_thread.run_sync(self._change, thought.decision.change)
        await to_thread.run_sync(self._remember, pending.turn, thought, heard)

    @property
    def brief(self) -> Brief:
        """Why it hands over, and what is known."""
        return brief(self._state, self._assistant)

    def _happened(self, turn: CallerTurn) -> None:
        """Take in what is so, whether the caller hears of it or not."""
        match turn:
            case Opening(words):
                self._state = replace(self._state, opening=words)
            case NobodyCame():
                self.outcome = None
                self._state = replace(self._state, step=Idle(), flow="", misses=0, troubles=0)
            case _:
                pass

    def _feel(self, turn: CallerTurn, thought: Thought) -> Trend | None:
        """Take in how the caller feels; keys do not tell."""
        if not isinstance(turn, Said) or turn.keys or thought.understanding is None:
            return None
        self.mood = self._answered_mood.after(thought.understanding.sentiment, turn.cue)
        return self.mood

    def _think(self, turn: CallerTurn) -> Thought:
        """Understand, decide, and look up what the decision asks for. Blocking."""
        now = self._assistant.hours.local(self._now())
        event: Event = turn
        understanding, nlu_seconds = None, None
        if isinstance(turn, Said) and any(character.isalnum() for character in turn.text):
            began = time.perf_counter()
            understanding = self._nlu.understand(turn.text, self._context())
            nlu_seconds = time.perf_counter() - began
            event = self._heard(turn, understanding)
        decision = decide(self._state, event, self._assistant, now)
        say, sources = decision.say, decision.sources
        while decision.look_up:
            found = self._look_up(decision.look_up, now)
            decision = decide(decision.state, LookedUp(found), self._assistant, now)
            say, sources = say + decision.say, sources + decision.sources
        states = self._state, decision.state
        hidden = secrets(turn, understanding, states, self._assistant)
        return Thought(replace(decision, say=say), understanding, sources, nlu_seconds, hidden)

    def _context(self) -> Context:
        now_waiting = waiting(self._state, self._assistant)
        return Context(YES_NO if now_waiting.type == YES_NO else now_waiting.slot)

    def _heard(self, turn: Said, understanding: Understanding) -> Heard:
        found = self._inquiry.look(turn, understanding, self._state.slots)
        return Heard(
            understanding,
            turn.confidence,
            turn.keys,
            found.answer,
            turn.written,
            turn.pictures,
            found.about_us and not found.answer,
        )

    def _look_up(self, call: Call, now: datetime) -> Found | None:
        action = self._assistant.actions[call.action]
        if not isinstance(action, LookUp):
            raise TypeError(f"{call.action} is no look-up")  # the folder's checks see to that
        try:
            with self._store.reading() as connection:
                found = action.run(
                    Request(dict(call.slots), now, self._assistant.hours, connection)
                )
            promised = action.cases.get(found.case)
            if promised is None or not promised <= found.values.keys():
                raise ActionError(f"it returned {found}, not a case of its cases=")
        except Exception as error:  # the business's own code; the caller hears an apology
            log.error("%s failed: %s: %s", call.action, type(error).__name__, error)
            return None
        return found

    def _change(self, call: Call) -> None:
        """Make the change that the caller agreed to. Blocking."""
        action = self._assistant.actions[call.action]
        if not isinstance(action, Change):
            raise TypeError(f"{call.action} is no change")  # the folder's checks see to that
        hours = self._assistant.hours
        try:
            with self._store.writing() as connection:
                action.run(Request(dict(call.slots), hours.local(self._now()), hours, connection))
        except Exception as error:  # the business's own code; the caller hears an apology
            log.error("%s failed: %s: %s", call.action, type(error).__name__, error)
            self._state = replace(self._state, change_failed=True)

    def _remember(self, turn: CallerTurn | None, thought: Thought | None, heard: str) -> None:
        """Write what both sides heard into the history. Blocking."""
        hidden = thought.secrets if thought else ()
        at = self._assistant.hours.local(self._now()).isoformat(timespec="seconds")
        turns = [Turn(self._call, at, "assistant", masked(heard, hidden))]
        if isinstance(turn, Said) and turn.text:
            intent = thought.understanding.intent if thought and thought.understanding else None
            turns.insert(0, Turn(self._call, at, "caller", masked(turn.text, hidden), intent))
        try:
            self._store.remember(turns)
        except ActionError as error:
            log.error("the history lacks %d turns: %s", len(turns), error)


def binding(decision: Decision, heard: str) -> bool:
    """Say whether enough of the reply was heard to build on it.

    Any word will do, but nothing may change that the caller does not know of: what is changed is
    said in the first clause; and a yes to a change counts only if half of its question was heard.
    """
    words = len(heard.split())
    clauses = [len(clause.split()) for clause in decision.say]
    if decision.change:
        return words >= clauses[0]
    if isinstance(decision.state.step, ConfirmChange):
        return words >= sum(clauses[:-1]) + clauses[-1] / 2
    return words > 0


def waiting(state: State, assistant: Assistant) -> Waiting:
    """Return what the ears should expect in this state."""
    match state.step:
        case AskSlot(slot):
            kind, texts = assistant.slots[slot], assistant.slot_texts[slot]
            words = texts.vocabulary
            if texts.vocabulary_from:
                table, column = texts.vocabulary_from.split(".")
                words += next(seed for seed in assistant.seeds if seed.table == table).column(
                    column
                )
            type_ = WAITING_TYPES.get(kind.kind, "open")
            return Waiting(slot, type_, kind.length, words, texts.private)
        case ConfirmSlot(slot):
            return Waiting(slot, YES_NO, private=assistant.slot_texts[slot].private)
        case step if isinstance(step, YES_NO_STEPS):
            return Waiting("", YES_NO)
        case _:
            return Waiting()


def brief(state: State, assistant: Assistant) -> Brief:
    """Return what a person should know who takes over in this state."""
    reason = "caller_asked"
    if state.troubles >= TROUBLES:
        reason = "trouble"
    elif state.misses >= MISSES:
        reason = "not_understood"
    texts = assistant.slot_texts
    known = {
        slot: mask(value) if slot in texts and texts[slot].private else value
        for slot, value in state.slots
    }
    return Brief(reason, known)


def joined(before: Said | None, turn: CallerTurn) -> CallerTurn:
    """Put words that went unanswered before what the caller says next, or does not say."""
    if before is None:
        return turn
    match turn:
        case Silence():
            return before
        case Said(text, confidence, keys):
            between = "" if keys and before.keys else " "
            return replace(
                turn,
                text=f"{before.text}{between}{text}".strip(),
                confidence=min(before.confidence, confidence),
                keys=keys and before.keys,
                pictures=before.pictures + turn.pictures,
            )
        case _:
            return turn
