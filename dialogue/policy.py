"""What to do next. Pure: the same state, event, assistant and time give the same decision."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from dialogue.agent import NobodyCame, Opening, Said, Silence, Trouble
from dialogue.assistant import Assistant
from dialogue.endings import MISSES, TROUBLES
from dialogue.flows import Flow
from dialogue.hearing import KEY_PERSON, Hearing
from dialogue.knowledge import Answer
from dialogue.phrasing import sentences
from dialogue.pictured import Pictured
from dialogue.state import (
    AskSlot,
    Call,
    Closing,
    ConfirmChange,
    ConfirmIntent,
    ConfirmSlot,
    Decision,
    Event,
    Heard,
    Idle,
    LookedUp,
    OfferPerson,
    State,
)
from dialogue.wording import Clauses
from nlu.understand import OUT_OF_SCOPE

FAILED_LOOK_UPS = 2  # values in a row that the business does not know, until a person is offered


def decide(state: State, event: Event, assistant: Assistant, now: datetime) -> Decision:
    """Return what the assistant does about the event; `now` is the business's local time."""
    decision = Policy(state, assistant, now).react(event)
    if decision.say:
        decision = replace(decision, state=replace(decision.state, said=decision.say))
    return decision


@dataclass(frozen=True, slots=True)
class Policy(Pictured):
    """One decision. The methods run from the event, by way of the flow, to the end of the turn."""

    def react(self, event: Event) -> Decision:  # noqa: PLR0911 - one return for each event
        """Find out what kind of event it is."""
        if self.state.change_failed and not isinstance(event, LookedUp | NobodyCame):
            state = replace(self.state, change_failed=False)
            return self.at(state).offer_person(self.words.phrase("change_failed"))
        match event:
            case LookedUp():
                return self.looked_up(event)
            case Heard():
                hearing = Hearing(event, self.assistant, self.now.date())
                decision = self.turn(event).heard(hearing)
                if self.state.greeted or event.written:
                    return decision
                asks = hearing.asks_for_something or hearing.polarity == "deny"
                if self.state.opening and not asks:  # their "hello?"
                    return self.opening()
                consent = self.words.text(self.assistant.consent)  # they spoke before they heard it
                return replace(decision, say=consent + decision.say)
            case Said(written=True):
                return self.turn(event).wrote_no_words()
            case NobodyCame():
                return self.at(self.idle()).ask(self.words.phrase("nobody_came"))
            case _ if not self.state.greeted or isinstance(event, Opening):
                return self.opening()
            case Said():
                state = replace(self.state, silences=0)
                return self.at(state).missed(self.words.phrase("not_heard"))
            case Silence():
                return self.silence()
            case Trouble():
                return self.trouble()

    def opening(self) -> Decision:
        """Say who calls and why, or greet."""
        words = sentences(self.state.opening) or self.words.text(self.assistant.greeting)
        state = replace(self.state, greeted=True)
        return Decision(state, self.words.text(self.assistant.consent) + words)

    # what the caller did

    def heard(self, hearing: Hearing) -> Decision:
        """Take it as the answer to what was asked, or else as a new request."""
        if hearing.sure and hearing.flow and hearing.flow.hand_over:
            return self.hand_over()
        if hearing.heard.keys and hearing.text == KEY_PERSON:
            return self.hand_over()
        if hearing.sure and hearing.intent == "repeat" and self.state.said:
            return Decision(replace(self.state, misses=0), self.state.said)
        match self.state.step:
            case AskSlot(slot):
                decision = self.answered_slot(slot, hearing)
            case ConfirmSlot() as step:
                decision = self.answered_read_back(step, hearing)
            case ConfirmIntent() as step:
                decision = self.answered_guess(step, hearing)
            case ConfirmChange() as step:
                decision = self.answered_change(step, hearing)
            case OfferPerson():
                decision = self.answered_offer(hearing)
            case Closing() as step:
                decision = self.answered_goodbye(step, hearing)
            case Idle():
                decision = self.said_only_a_value(hearing)
        if decision is None and self.pictures and not hearing.asks_for_something:
            return self.wrote_no_words()
        return decision or self.request(hearing)

    def answered_slot(self, slot: str, hearing: Hearing) -> Decision | None:
        """Take the value, if there is one."""
        if self.changes_topic(hearing, slot):
            return None
        value = hearing.number(slot)
        free = self.assistant.slots[slot].kind in {"text", "name"}
        if value is None and free and not hearing.heard.answer and not hearing.polarity:
            value = hearing.text
        if value is not None:
            return self.take(slot, value)
        if self.pictures:
            return self.look_for(slot)
        if hearing.polarity == "deny":  # they do not have it
            return self.offer_person(self.words.phrase("all_right"))
        return None

    def answered_read_back(self, step: ConfirmSlot, hearing: Hearing) -> Decision | None:
        """Yes, no, or another value: "No, it's 15206"."""
        if self.changes_topic(hearing, step.slot):
            return None
        value = hearing.correction(step.slot)
        if value is not None and value != step.value:
            corrected = self.at(replace(self.state, misses=self.state.misses + 1))
            if corrected.state.misses >= MISSES:
                return corrected.hand_over(self.words.phrase("sorry"), forced=True)
            return corrected.take(step.slot, value)
        if hearing.polarity == "affirm" or value is not None:
            return self.at(self.filled(step.slot, step.value)).proceed()
        if hearing.polarity == "deny":
            asking = self.at(replace(self.state, step=AskSlot(step.slot)))
            return asking.missed(self.words.phrase("sorry"))
        return None

    def answered_guess(self, step: ConfirmIntent, hearing: Hearing) -> Decision | None:
        """Begin the flow that was guessed, or ask what it is about."""
        match hearing.polarity:
            case "affirm":
                return self.start(step.intent, dict(step.slots))
            case "deny":
                idle = self.at(replace(self.state, step=Idle()))
                return idle.missed(self.words.phrase("sorry"))
        return None

    def answered_change(self, step: ConfirmChange, hearing: Hearing) -> Decision | None:
        """Only a clear yes changes anything."""
        flow = self.assistant.flows[self.state.flow]
        case, values = flow.cases[step.case], dict(step.values)
        match hearing.polarity:
            case "affirm" if not hearing.sure:
                return self.missed(self.words.phrase("not_heard"))
            case "affirm":
                call = Call(case.change, self.state.slots) if case.change else None
                return replace(self.finish(flow, self.words.text(case.if_yes, values)), change=call)
            case "deny":
                return self.finish(flow, self.words.text(case.if_no, values))
        return None

    def answered_offer(self, hearing: Hearing) -> Decision | None:
        """Put them through, or go on."""
        match hearing.polarity:
            case "affirm":
                return self.hand_over()
            case "deny":
                return self.at(self.idle()).ask(self.words.phrase("all_right"))
        return None

    def answered_goodbye(self, step: Closing, hearing: Hearing) -> Decision | None:
        """They interrupted the last words: for a new request, or these are said again."""
        flow = hearing.flow
        if hearing.sure and flow and not flow.small_talk and not flow.ends_call:
            return self.at(self.idle()).request(hearing)
        return self.end(step.outcome, step.words)

    def said_only_a_value(self, hearing: Hearing) -> Decision | None:
        """A bare order number is a request, too."""
        for slot, texts in self.assistant.slot_texts.items():
            value = hearing.value(slot)
            if texts.alone and value is not None and not hearing.words_beside(slot):
                return self.start(texts.alone, {slot: value})
        return None

    def wrote_no_words(self) -> Decision:
        """Take what the pictures hold as the answer, or as a request of its own."""
        if not self.pictures:
            return self.ask()
        match self.state.step:
            case AskSlot(slot):
                return self.look_for(slot)
            case ConfirmSlot(slot, value) if self.seen(slot) == (value,):
                return self.at(self.filled(slot, value)).proceed()
            case ConfirmSlot(slot):
                return self.look_for(slot)
            case Idle():
                for slot, texts in self.assistant.slot_texts.items():
                    if texts.alone and self.seen(slot):
                        return self.start(texts.alone, {})
        return self.missed(self.words.text(self.assistant.written.picture_no_use))

    def request(self, hearing: Hearing) -> Decision:  # noqa: PLR0911 - one return for each way
        """Do what the caller asks for, whatever was asked before."""
        flow, busy = hearing.flow, not isinstance(self.state.step, Idle)
        if flow and hearing.sure and not hearing.heard.answer:
            return self.requested(flow, hearing, busy)
        if not busy and hearing.polarity == "deny":
            return self.goodbye()
        if not busy and hearing.polarity == "affirm":
            return Decision(replace(self.state, misses=0), self.words.phrase("how_can_i_help"))
        if hearing.heard.answer:
            return self.from_faq(hearing.heard.answer)
        if flow and flow.about and hearing.likely and not busy:
            guess = ConfirmIntent(hearing.intent, tuple(hearing.given(flow).items()))
            state = replace(self.state, step=guess)
            return Decision(state, self.words.question(state))
        if hearing.heard.unanswered:
            words = self.words.phrase("dont_know")
            return self.ask(words) if busy else self.offer_person(words)
        beyond = hearing.intent == OUT_OF_SCOPE and hearing.sure
        words = self.words.phrase("out_of_scope" if beyond else "not_understood")
        if not busy and not self.state.misses:
            words += self.words.phrase("what_i_can_do")
        return self.missed(words)

    def requested(self, flow: Flow, hearing: Hearing, busy: bool) -> Decision:
        """Start the flow; answer in passing what needs no question."""
        if busy and hearing.intent == self.state.flow:
            return self.ask()
        if slot := hearing.unreadable(flow):
            asking = replace(self.state, flow=hearing.intent, step=AskSlot(slot))
            return self.at(asking).ask()
        given = hearing.given(flow)
        if busy and self.at_once(flow, given):
            return self.answer_aside(hearing.intent, flow, given)
        return self.start(hearing.intent, given)

    def changes_topic(self, hearing: Hearing, slot: str) -> bool:
        """Say whether the caller wants another flow, rather than to give this slot's value."""
        if not hearing.sure or not hearing.flow or hearing.intent == self.state.flow:
            return False
        alone = self.assistant.slot_texts[slot].alone
        bare = hearing.intent == alone or len(hearing.words_beside(slot)) <= 2
        return hearing.number(slot) is None or not bare

    # flows

    def start(self, intent: str, given: Mapping[str, str]) -> Decision:
        """Begin a flow with what was said, and what is known from before."""
        flow, texts = self.assistant.flows[intent], self.assistant.slot_texts
        finished = self.state.finished == intent  # then it is about another one, likely
        again = tuple(slot for slot in flow.needs if finished or self.seen(slot))
        known = {
            slot: value
            for slot, value in self.state.slots
            if slot not in (*flow.takes, *again, *given)
        }
        known |= {slot: value for slot, value in given.items() if not texts[slot].confirm}
        started = replace(self.state, flow=intent, step=Idle(), slots=tuple(known.items()))
        for slot, value in given.items():
            if texts[slot].confirm:
                return self.at(started).take(slot, value)
        return self.at(started).proceed()

    def take(self, slot: str, value: str) -> Decision:
        """Check a value; read it back, or go on with it."""
        texts, length = self.assistant.slot_texts[slot], self.assistant.slots[slot].length
        if length is not None and len(value) != length:
            asking = self.at(replace(self.state, step=AskSlot(slot)))
            words = self.words.text(texts.invalid, self.words.spoken({slot: value}))
            return asking.missed(words or self.words.phrase("not_understood"))
        if texts.confirm and not self.state.written:  # what is written was not misheard
            return self.at(replace(self.state, step=ConfirmSlot(slot, value))).ask()
        return self.at(self.filled(slot, value)).proceed()

    def proceed(self) -> Decision:
        """Ask for the next slot that the flow needs, or answer."""
        flow, known = self.assistant.flows[self.state.flow], dict(self.state.slots)
        for slot in flow.needs:
            if slot not in known:
                return self.look_for(slot)
        if flow.hand_over:
            return self.hand_over()
        if flow.ends_call:
            return self.goodbye()
        if flow.look_up:
            return Decision(self.state, look_up=Call(flow.look_up, self.state.slots))
        words, sources = self.answer(flow)
        return replace(self.finish(flow, words), sources=sources)

    def answer(self, flow: Flow) -> tuple[Clauses, tuple[str, ...]]:
        """Return the words and the sources of a flow that looks nothing up."""
        if flow.faq:
            entry = self.assistant.faq[flow.faq]
            return self.words.text(entry.text), (entry.source,)
        return self.words.text(flow.say, self.words.spoken(dict(self.state.slots))), ()

    def at_once(self, flow: Flow, given: Mapping[str, str]) -> bool:
        """Say whether the flow can answer without asking anything."""
        known = {*dict(self.state.slots), *given}
        asks = any(case.ask or case.ask_again for case in flow.cases.values())
        ends = flow.hand_over or flow.ends_call or flow.offer_person
        return known.issuperset(flow.needs) and not asks and not ends

    def answer_aside(self, intent: str, flow: Flow, given: Mapping[str, str]) -> Decision:
        """Answer in passing; the question that was open is asked again."""
        if flow.look_up:
            slots = {slot: value for slot, value in self.state.slots if slot not in flow.takes}
            call = Call(flow.look_up, tuple((slots | dict(given)).items()))
            return Decision(replace(self.state, aside=(intent, call.slots)), look_up=call)
        words, sources = self.answer(flow)
        return replace(self.ask(words), sources=sources)

    def from_faq(self, entry: Answer) -> Decision:
        """Give an answer that no flow leads to."""
        served = self.at(replace(self.state, served=True))
        return replace(served.ask(self.words.text(entry.text)), sources=(entry.source,))

    def looked_up(self, event: LookedUp) -> Decision:
        """Say what was found."""
        intent, slots = self.state.aside or (self.state.flow, self.state.slots)
        here = self.at(replace(self.state, aside=None))
        found = event.found
        if found is None:
            return here.look_up_failed()
        flow = self.assistant.flows[intent]
        values = {**self.words.spoken(dict(slots)), **found.values}
        if self.state.aside:
            decision = here.ask(self.words.text(flow.cases[found.case].say, values))
        else:
            decision = here.found(flow, found.case, values)
        return replace(decision, sources=(found.source,) if found.source else ())

    def look_up_failed(self) -> Decision:
        """Apologise, and offer a person; the second time, hand over."""
        words, troubles = self.words.phrase("look_up_failed"), self.state.troubles + 1
        here = self.at(replace(self.state, troubles=troubles))
        if troubles >= TROUBLES:
            return here.hand_over(words, forced=True)
        return here.offer_person(words)

    def found(self, flow: Flow, name: str, values: Mapping[str, str]) -> Decision:
        """Do what the flow says for this case."""
        case = flow.cases[name]
        words = self.words.text(case.say, values)
        if case.ask:
            question = self.words.text(case.ask, values)
            step = ConfirmChange(name, question, tuple(values.items()))
            return self.at(replace(self.state, step=step)).ask(words)
        if case.ask_again:
            failed = self.state.failed_look_ups + 1
            slots = tuple(pair for pair in self.state.slots if pair[0] != case.ask_again)
            state = replace(self.state, slots=slots, failed_look_ups=failed)
            if failed >= FAILED_LOOK_UPS:
                return self.at(state).offer_person(words)
            return self.at(replace(state, step=AskSlot(case.ask_again))).ask(words)
        if case.offer_person:
            return self.at(replace(self.state, served=True)).offer_person(words)
        return self.at(replace(self.state, failed_look_ups=0)).finish(flow, words)

    def finish(self, flow: Flow, words: Clauses) -> Decision:
        """The flow is done: say so, and ask what else there is."""
        done = self.at(self.idle())
        if not flow.small_talk:
            done = self.at(replace(done.state, finished=self.state.flow, served=True))
        if flow.offer_person:
            return done.offer_person(words)
        if flow.then:
            return Decision(done.state, words + self.words.text(flow.then))
        return done.ask(words)

    def filled(self, slot: str, value: str) -> State:
        """Return the state with the slot filled."""
        slots = dict(self.state.slots) | {slot: value}
        return replace(self.state, slots=tuple(slots.items()), misses=0)
