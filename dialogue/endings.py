"""Turns that need no understanding: greet, ask again, offer a person, say goodbye."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from dialogue.assistant import Assistant
from dialogue.phrasing import is_question, sentences
from dialogue.state import (
    YES_NO_STEPS,
    AskSlot,
    Closing,
    ConfirmIntent,
    ConfirmSlot,
    Decision,
    Idle,
    OfferPerson,
    Outcome,
    State,
)
from dialogue.wording import ORDER, Clauses, Wording

MISSES = 3  # turns in a row that brought nothing, until the caller is put through
SILENCES = 2  # in a row, until the assistant says goodbye
TROUBLES = 2  # in a row, until the caller is put through


@dataclass(frozen=True, slots=True)
class Endings:
    """In this state, at this moment of the business's local time."""

    state: State
    assistant: Assistant
    now: datetime

    @property
    def words(self) -> Wording:
        """The assistant's texts, at this moment."""
        return Wording(self.assistant, self.now, self.state.written, self.state.misses)

    def at(self, state: State) -> Self:
        """Return the policy in another state."""
        return replace(self, state=state)

    def idle(self) -> State:
        """Return the state without a flow."""
        return replace(self.state, step=Idle(), flow="", offered="", misses=0, troubles=0)

    def dropped(self) -> State:
        """Return the state without a flow, and with nothing that waits."""
        return replace(self.idle(), later=())

    @property
    def patience(self) -> int:
        """Turns in a row that may bring nothing, until the caller is put through."""
        return MISSES - 1 if self.state.terse else MISSES

    def ask(self, words: Clauses = ()) -> Decision:
        """Say the words, then the question that is open."""
        state = replace(self.state, troubles=0)
        if not isinstance(state.step, ConfirmSlot):  # corrections in a row are counted
            state = replace(state, misses=0)
        return Decision(state, words + self.words.question(state))

    def offer_person(self, words: Clauses) -> Decision:
        """Say the words, then ask whether to put them through."""
        state = replace(self.state, step=OfferPerson(), flow="")
        return Decision(state, words + self.words.question(state))

    def hand_over(self, words: Clauses = (), forced: bool = False) -> Decision:
        """Put the caller through if somebody is there; `forced` when the assistant cannot go on."""
        if self.assistant.hours.is_open(self.now):
            return self.end(Outcome.HANDED_OVER, words + self.words.phrase("hand_over"))
        if forced:
            return self.end(Outcome.UNRESOLVED, words + self.words.closed("give_up"))
        return self.at(self.idle()).ask(words + self.words.closed("closed"))

    def goodbye(self) -> Decision:
        """End a conversation that went as it should."""
        outcome = Outcome.RESOLVED if self.state.served else Outcome.NO_REQUEST
        return self.end(outcome, self.words.phrase("goodbye"))

    def end(self, outcome: Outcome, words: Clauses) -> Decision:
        """Say the last words."""
        state = replace(self.state, step=Closing(outcome, words), flow="")
        return Decision(state, words, outcome=outcome)

    def opening(self) -> Decision:
        """Say who calls and why, or greet; a known caller with what they likely call about."""
        consent = self.words.text(self.assistant.consent)
        state, need = replace(self.state, greeted=True, guess=None), self.state.guess
        words = sentences(self.state.opening) or self.words.text(self.assistant.greeting)
        if need is None or self.state.opening:
            return Decision(state, consent + words)
        words = tuple(clause for clause in words if not is_question(clause))
        step = ConfirmIntent(need.intent, ((ORDER, need.order),), known=True)
        asking = Decision(replace(state, step=step), consent + words + self.words.guess(need))
        return asking.because(f"a known caller: {need.reason}")

    def silence(self) -> Decision:
        """Ask whether they are there; then say goodbye."""
        if isinstance(self.state.step, Closing):
            return self.end(self.state.step.outcome, self.state.step.words)
        state = replace(self.state, silences=self.state.silences + 1)
        if state.silences >= SILENCES:
            return self.end(Outcome.SILENT_CALLER, self.words.phrase("silent_goodbye"))
        return Decision(state, self.words.phrase("still_there") + self.words.question(state))

    def trouble(self) -> Decision:
        """Apologise; then hand over."""
        state = replace(self.state, troubles=self.state.troubles + 1)
        words = self.words.phrase("trouble")
        if state.troubles >= TROUBLES:
            return self.at(state).hand_over(words, forced=True)
        return Decision(state, words + self.words.question(state))

    def look_up_failed(self) -> Decision:
        """Apologise, and offer a person; the second time, hand over."""
        words, troubles = self.words.phrase("look_up_failed"), self.state.troubles + 1
        here = self.at(replace(self.state, troubles=troubles))
        if troubles >= TROUBLES:
            return here.hand_over(words, forced=True).because("a look-up failed again")
        return here.offer_person(words).because("a look-up failed")

    def missed(self, words: Clauses) -> Decision:
        """Ask again, each time in a way that helps more; at last, hand over."""
        state = replace(self.state, misses=self.state.misses + 1)
        if state.misses >= (MISSES if isinstance(state.step, Idle) else self.patience):
            handed = self.at(state).hand_over(words, forced=True)
            return handed.because(f"{state.misses} turns in a row brought nothing")
        if isinstance(state.step, Idle) and state.misses > 1:
            return self.at(state).offer_person(words).because("not understood again")
        return Decision(state, words + self.asked_again(state)).because("asks again")

    def asked_again(self, state: State) -> Clauses:
        """Return the open question, in a way that helps more each time."""
        question = self.words.question(state)
        match state.step:
            case AskSlot(slot):
                again = self.assistant.slot_texts[slot].again
                at = state.misses - 1 - max(0, MISSES - 1 - len(again))  # the last re-ask is last
                return self.words.text(again[at]) if at >= 0 else question
            case step if isinstance(step, YES_NO_STEPS) and state.misses > 1:
                return question + self.words.phrase("yes_or_no")
        return question
