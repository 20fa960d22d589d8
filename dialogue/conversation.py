"""One caller's conversation: understand, decide, look up, answer; then commit or forget."""

import logging
import time
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from functools import cache, partial

from anyio import fail_after, to_thread
from sqlalchemy import Connection

from dialogue import ActionError
from dialogue.actions import Change, Found, LookUp, Request
from dialogue.agent import (
    Brief,
    CallerTurn,
    Exchange,
    NobodyCame,
    Opening,
    Said,
    Waiting,
)
from dialogue.assistant import Assistant
from dialogue.commitment import asked, binding, joined
from dialogue.extras import Extras, likely_need, who_calls
from dialogue.forms import forms_of
from dialogue.inquiry import Inquiry
from dialogue.knowledge import Knowledge
from dialogue.languages import Tongue, Wish, wish
from dialogue.llm.own_words import in_own_words
from dialogue.outward import brief, waiting
from dialogue.policy import decide
from dialogue.privacy import masked, secrets
from dialogue.recommendation.suggestions import may_suggest, welcome
from dialogue.state import (
    Call,
    ConfirmChange,
    Event,
    Heard,
    Idle,
    LookedUp,
    Prove,
    State,
    Switched,
    Tip,
)
from dialogue.store import Store, Turn
from dialogue.switching import carried, in_this_language
from dialogue.thought import Foreseen, Pending, Thought
from nlu.doubt import understood
from nlu.mood import Trend
from nlu.understand import YES_NO, Alternative, Context, Nlu, Understanding

log = logging.getLogger(__name__)

SLOW_SPEED = 0.8  # of the voice's own, for a caller who asked to be spoken to slowly
THINK_SECONDS = 8.0  # a look-up that hangs in the business's own systems must not silence a call


class FlowAgent:
    """The `Agent` of an assistant's flows; one per call.

    `now` gives the time, with a zone or on the business's own clock; nothing else tells it. Without
    `knowledge` only the flows answer; `extras` is what else there is. `call` names the conversation
    in the history. `mood` is the caller's so far: what they feel is so, whether they hear the
    answer or not. `others` are the languages beside the assistant's own, by name.
    """

    def __init__(  # noqa: PLR0913 - one for each part it is made of
        self,
        assistant: Assistant,
        nlu: Nlu,
        store: Store,
        now: Callable[[], datetime],
        *,
        knowledge: Knowledge | None = None,
        extras: Extras | None = None,
        others: Mapping[str, Tongue] | None = None,
        call: str = "",
    ) -> None:
        self.outcome: str | None = None
        self.speed = 1.0
        self.waiting = Waiting()
        self.exchange: Exchange | None = None
        self.mood = Trend()
        self._answered_mood = self.mood  # without the turn that went unanswered and comes again
        own = Tongue(assistant, nlu, knowledge)
        self._tongues = {assistant.language: own, **(others or {})}
        self._own = assistant.language
        self.language = self._own
        self._store = store
        self._now = now
        self._extras = extras or Extras()
        self._owned: Collection[str] = ()  # by the caller, if they are known
        self._call = call
        self._state = State()
        self._pending: Pending | None = None
        self._foreseen: Foreseen | None = None
        self._unanswered: Said | None = None  # said, but nothing of the answer was heard
        self._key = f"{call} {now().isoformat()}"  # a conversation's name may come again
        self._commits = 0

    async def foresee(self, turn: Said | None = None) -> str:
        """Think ahead; see `Agent`."""
        turn = turn or self._likely()
        if turn is None:
            return ""
        whole = joined(self._unanswered, turn)
        kept = replace(whole, look_again=None) if isinstance(whole, Said) else whole
        foreseen = self._foreseen = Foreseen(kept, self._state)
        try:
            with fail_after(THINK_SECONDS):
                thought = await to_thread.run_sync(self._think, whole, abandon_on_cancel=True)
            foreseen.thought = thought
        finally:
            foreseen.done.set()
        decided = thought.decision
        reworded = self._extras.speaker and decided.rewordable
        spoken_anew = decided.state.language != self._state.language or (
            decided.state.slow != self._state.slow
        )
        return "" if reworded or spoken_anew else next(iter(decided.say), "")

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[str]:
        """Yield the reply clause by clause; nothing outside the process changes.

        Raises TimeoutError when nothing has come to mind within THINK_SECONDS.
        """
        began = time.perf_counter()
        turn = joined(self._unanswered, turn)
        self._happened(turn)
        self._pending = Pending(turn)
        with fail_after(THINK_SECONDS):
            thought = await self._thought(turn)
        waited = time.perf_counter() - began
        understood = min(thought.nlu_seconds, waited) if thought.nlu_seconds is not None else None
        self._pending = Pending(turn, thought)
        self._expect(thought.decision.state)
        self.mood = thought.mood or self.mood
        self.exchange = Exchange(
            replace(turn, look_again=None) if isinstance(turn, Said) else turn,
            thought.understanding,
            thought.sources,
            understood,
            waited - (understood or 0.0),
            thought.secrets,
            thought.mood,
            thought.decision.trace,
            language=self.language,
        )
        spoken = in_own_words(thought.decision, self._question(turn, thought), self._extras.speaker)
        async with aclosing(spoken) as clauses:
            async for clause in clauses:
                thought = replace(thought, decision=clause.of)
                self._pending = Pending(turn, thought)
                if clause.how:
                    took = time.perf_counter() - began - (understood or 0.0)
                    self.exchange = self.exchange.told(clause.how, took)
                yield clause.text
        self._pending = Pending(turn, thought, finished=True)

    async def commit(self, said: str, heard: str) -> None:
        """Keep what was heard; without what matters in the reply, only the caller's own words."""
        pending, self._pending = self._pending, None
        self._commits += 1
        if pending is None:
            return
        thought = pending.thought
        whole = pending.finished and heard.split() == said.split()
        unsaid = isinstance(pending.turn, Opening) and pending.turn.words and not whole
        if thought is None or unsaid or not binding(thought.decision, heard):
            self._unanswered = pending.turn if isinstance(pending.turn, Said) else self._unanswered
            self._expect(self._state)
            if heard:
                await to_thread.run_sync(self._remember, None, thought, heard)
            return
        self._unanswered = None
        self._answered_mood = self.mood
        self._state = asked(thought.decision, heard)
        if whole:
            self.outcome = thought.decision.outcome
        await to_thread.run_sync(self._keep, pending.turn, thought, heard)

    @property
    def state(self) -> State:
        """Where it stands, as far as the caller has heard."""
        return self._state

    @property
    def brief(self) -> Brief:
        """Why it hands over, and what is known."""
        return brief(self._state, self._assistant)

    def _likely(self) -> Said | None:
        """The likeliest answer to what was asked, where there is one."""
        if self.waiting.type != YES_NO:
            return None
        return Said(forms_of(self.language).YES, confidence=1.0)

    async def _thought(self, turn: CallerTurn) -> Thought:
        """What was foreseen of this very turn; else think."""
        foreseen, self._foreseen = self._foreseen, None
        if foreseen and foreseen.is_of(turn, self._state):
            await foreseen.done.wait()
            if foreseen.thought:
                return foreseen.thought
        return await to_thread.run_sync(self._think, turn, abandon_on_cancel=True)

    @property
    def _assistant(self) -> Assistant:
        """The assistant in the language that is spoken."""
        return self._tongue(self._state).assistant

    def _tongue(self, state: State) -> Tongue:
        return self._tongues[state.language or self._own]

    def _expect(self, state: State) -> None:
        """Tell the ears and the voice how it goes on from this state."""
        self.waiting = waiting(state, self._tongue(state).assistant)
        self.speed = SLOW_SPEED if state.slow else 1.0
        self.language = state.language or self._own

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

    def _feel(self, turn: Said, understanding: Understanding) -> Trend | None:
        """Return how the caller feels after these words; keys do not tell."""
        if turn.keys:
            return None
        return self._answered_mood.after(understanding.sentiment, turn.cue)

    def _question(self, turn: CallerTurn, thought: Thought) -> str:
        """Return what a language model may know of the caller's words; "" where nothing."""
        if not isinstance(turn, Said) or turn.keys or thought.secrets:
            return ""
        talkative = self.mood.level >= 0 and not self.mood.negatives
        rewordable = thought.decision.rewordable
        small_talk = rewordable is not None and not rewordable.passages
        return "" if small_talk and not talkative else turn.text

    def _think(self, turn: CallerTurn) -> Thought:
        """Understand, decide, and look up what the decision asks for. Blocking."""
        state, wished = self._state, self._wish(turn)
        if wished:
            state = replace(state, language=wished.language)
            state = carried(state, self._tongue(state).assistant)
        tongue = self._tongue(state)
        now = tongue.assistant.hours.local(self._now())
        event: Event = turn
        understanding, nlu_seconds, mood = None, None, None
        told = wished is not None and wished.told and not isinstance(state.step, ConfirmChange)
        if wished and not told:
            event = Switched(wished.why, left=bool(self._state.flow and not state.flow))
        elif isinstance(turn, Said) and any(character.isalnum() for character in turn.text):
            began = time.perf_counter()
            understanding = self._understood(turn, state)
            nlu_seconds = time.perf_counter() - began
            mood = self._feel(turn, understanding)
            event = self._heard(turn, understanding, mood or self.mood, tongue)
        if isinstance(turn, Opening) and turn.caller and not (turn.words or state.greeted):
            known = who_calls(turn.caller, tongue.assistant, self._store, now)
            self._owned = self._extras.owned(known)
            state = replace(state, guess=likely_need(known, tongue.assistant, now.date()))
        decision = decide(state, event, tongue.assistant, now)
        while decision.look_up:
            found = self._look_up(decision.look_up, now, tongue.assistant)
            tip = self._tip(found, decision.state, mood or self.mood)
            next_one = decide(decision.state, LookedUp(found, tip), tongue.assistant, now)
            decision = next_one.following(decision)
        if wished and told:
            decision = in_this_language(decision, tongue.assistant, wished.why, now)
        states = self._state, decision.state
        hidden = secrets(turn, understanding, states, tongue.assistant)
        return Thought(decision, understanding, decision.sources, nlu_seconds, hidden, mood)

    def _wish(self, turn: CallerTurn) -> Wish | None:
        """Return the language that the caller changes to, if they do."""
        if not isinstance(turn, Said):
            return None
        assistants = [tongue.assistant for tongue in self._tongues.values()]
        return wish(turn, self._assistant, assistants)

    def _understood(self, turn: Said, state: State) -> Understanding:
        tongue = self._tongue(state)
        now_waiting = waiting(state, tongue.assistant)
        slot = YES_NO if now_waiting.type == YES_NO else now_waiting.slot
        spoken = not (turn.keys or turn.written)
        context = Context(slot, spoken=spoken, confidence=turn.confidence)
        return understood(tongue.nlu, turn.text, context, tongue.assistant.slots, turn.look_again)

    def _heard(
        self, turn: Said, understanding: Understanding, mood: Trend, tongue: Tongue
    ) -> Heard:
        inquiry = Inquiry(tongue.assistant, tongue.knowledge, self._store, self._now)
        return Heard(
            understanding,
            turn.confidence,
            turn.keys,
            cache(partial(inquiry.look, turn, understanding, self._state)),
            turn.written,
            turn.pictures,
            mood=mood,
            alternatives=self._ways(turn),
        )

    def _ways(self, turn: Said) -> tuple[Alternative, ...]:
        """In what ways a proof of who they are may have been heard; of other words none."""
        proves = isinstance(self._state.step, Prove)
        return turn.look_again() if proves and turn.look_again else ()

    def _look_up(self, call: Call, now: datetime, assistant: Assistant) -> Found | None:
        action = assistant.actions[call.action]
        if not isinstance(action, LookUp):
            raise TypeError(f"{call.action} is no look-up")  # the folder's checks see to that
        try:
            with self._store.reading() as connection:
                found = action.run(self._request(call, now, connection, assistant))
            promised = action.cases.get(found.case)
            if promised is None or not promised <= found.values.keys():
                raise ActionError(f"it returned {found}, not a case of its cases=")
        except Exception as error:  # the business's own code; the caller hears an apology
            log.error("%s failed: %s: %s", call.action, type(error).__name__, error)
            return None
        return found

    def _tip(self, found: Found | None, state: State, mood: Trend) -> Tip | None:
        """Return what may be suggested beside what was found. Blocking."""
        if (
            found is None
            or not welcome(mood)
            or not may_suggest(found, state, self._tongue(state).assistant)
        ):
            return None
        return self._extras.tip(found, self._owned, self._store)

    def _keep(self, turn: CallerTurn, thought: Thought, heard: str) -> None:
        """Do what the caller agreed to, and write down what was said. Blocking."""
        if thought.decision.change:
            self._change(thought.decision.change)
        self._remember(turn, thought, heard)

    def _change(self, call: Call) -> None:
        """Make the change that the caller agreed to. Blocking."""
        assistant = self._assistant
        action = assistant.actions[call.action]
        if not isinstance(action, Change):
            raise TypeError(f"{call.action} is no change")  # the folder's checks see to that
        now = assistant.hours.local(self._now())
        key = f"{self._key} {self._commits}"
        try:
            self._store.change(
                key,
                call.action,
                now,
                lambda kept: action.run(self._request(call, now, kept, assistant)),
            )
        except Exception as error:  # the business's own code; the caller hears an apology
            log.error("%s failed: %s: %s", call.action, type(error).__name__, error)
            self._state = replace(self._state, change_failed=True)

    def _request(
        self, call: Call, now: datetime, connection: Connection, assistant: Assistant
    ) -> Request:
        return Request(
            dict(call.slots),
            now,
            assistant.hours,
            connection,
            self._call,
            dict(call.values),
            call.claim,
            forms_of(assistant.language),
            assistant.names,
        )

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
