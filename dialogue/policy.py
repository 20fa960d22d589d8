"""What to do next: the same state, event, assistant and time give the same decision.

Pure, but for what `Heard.ask` looks up where it matters.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from dialogue.agent import NobodyCame, Opening, Said, Silence, Trouble
from dialogue.assistant import Assistant
from dialogue.controls import Control
from dialogue.endings import Endings
from dialogue.hearing import KEY_PERSON, Hearing
from dialogue.progress import MOST_LATER
from dialogue.requests import Requests
from dialogue.state import (
    YES_NO_STEPS,
    Asked,
    AskSlot,
    Call,
    ChooseIntent,
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
    Prove,
    State,
    Switched,
)
from dialogue.temper import apologised, felt, upset
from dialogue.urgent import alarm, once_more


def decide(state: State, event: Event, assistant: Assistant, now: datetime) -> Decision:
    """Return what the assistant does about the event; `now` is the business's local time."""
    alarmed = None
    if isinstance(event, Heard):
        state = felt(state, event, Endings(state, assistant, now))
        alarmed = alarm(event, Endings(state, assistant, now))
    decision = alarmed or Policy(state, assistant, now).react(event)
    if isinstance(event, Heard) and not alarmed:
        decision = apologised(decision, event, Endings(decision.state, assistant, now))
    if decision.say:
        decision = replace(decision, state=replace(decision.state, said=decision.say))
    return decision


@dataclass(frozen=True, slots=True)
class Policy(Requests):
    """One decision. The methods run from the event, by way of the flow, to the end of the turn.

    Each says in the decision's trace why it came to be.
    """

    def react(self, event: Event) -> Decision:  # noqa: PLR0911 - one return for each event
        """Find out what kind of event it is."""
        if self.state.change_failed and not isinstance(event, LookedUp | NobodyCame):
            state = replace(self.state, change_failed=False)
            told = self.at(state).offer_person(self.words.phrase("change_failed"))
            return told.because("the change that was promised failed")
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
            case Switched():
                return self.in_this_language(event.left).because(event.why)
            case Said(written=True):
                return self.turn(event).wrote_no_words()
            case NobodyCame():
                words = once_more(self) + self.words.phrase("nobody_came")
                back = self.at(self.dropped()).ask(words)
                return back.because("handed over, and nobody came")
            case _ if not self.state.greeted or isinstance(event, Opening):
                return self.opening()
            case Said():
                state = replace(self.state, silences=0)
                return self.at(state).missed(self.words.phrase("not_heard")).because("no words")
            case Silence():
                return self.silence().because("silence")
            case Trouble():
                return self.trouble().because("a part of the chain failed")

    # what the caller did

    def heard(self, hearing: Hearing) -> Decision:
        """Take it as a word about the conversation, an answer to what was asked, or a request."""
        if decision := self.meta(hearing):
            return decision
        later = (*self.state.later, *self.in_one_breath(hearing))[:MOST_LATER]
        here = self.at(replace(self.state, later=later))
        decision = here.answered(hearing)
        if decision is None and self.pictures and not hearing.asks_for_something:
            return self.wrote_no_words()
        return decision or here.request(hearing)

    def meta(self, hearing: Hearing) -> Decision | None:  # noqa: PLR0911 - one return for each
        """Deal with what is about the conversation itself."""
        wanted = hearing.control
        if wanted is Control.ROBOT:
            return self.ask(self.words.phrase("robot")).because("asked whether it is a machine")
        if hearing.sure and hearing.flow and hearing.flow.hand_over:
            return self.hand_over().because(f"intent {hearing.intent} hands over")
        if hearing.heard.keys and hearing.text == KEY_PERSON:
            return self.hand_over().because("pressed 0")
        if decision := upset(hearing.heard, self):
            return decision
        match wanted:
            case Control.NEVER_MIND if not isinstance(self.state.step, Idle | Closing):
                return (
                    self.at(self.dropped()).ask(self.words.phrase("all_right")).because("dropped")
                )
            case Control.SLOWER:
                slow = replace(self.state, slow=True, misses=0)
                words = self.words.phrase("slower") + self.state.said
                return Decision(slow, words).because("speaks more slowly from here on")
        if (
            hearing.sure
            and hearing.intent == "repeat"
            and self.state.said
            and not self.says_yes(hearing)
        ):
            return Decision(replace(self.state, misses=0), self.state.said).because("says it again")
        return None

    def in_one_breath(self, hearing: Hearing) -> tuple[Asked, ...]:
        """Return the requests that follow the answer, or the first request, in the same breath."""
        if not hearing.sure:
            return ()
        flows, intents = self.assistant.flows, hearing.heard.understanding.more
        step = self.state.step
        about = step.intent if isinstance(step, ConfirmIntent) else self.state.flow
        if isinstance(step, YES_NO_STEPS) and hearing.asks_besides(about):
            intents = (hearing.intent, *intents)
        return tuple(
            Asked(intent, tuple(hearing.given(flows[intent]).items()))
            for intent in intents
            if intent in flows and not flows[intent].small_talk and not flows[intent].ends_call
        )

    def answered(self, hearing: Hearing) -> Decision | None:  # noqa: PLR0911 - one for each step
        """Take it as the answer to the open question, if it is one."""
        match self.state.step:
            case AskSlot() as step:
                return self.answered_slot(step, hearing)
            case ConfirmSlot() as step:
                return self.answered_read_back(step, hearing)
            case ConfirmIntent() as step:
                return self.answered_guess(step, hearing)
            case ChooseIntent() as step:
                return self.answered_choice(step, hearing)
            case ConfirmChange() as step:
                return self.answered_change(step, hearing)
            case Prove() as step:
                return self.answered_proof(step, hearing)
            case OfferPerson():
                return self.answered_offer(hearing)
            case Closing() as step:
                return self.answered_goodbye(step, hearing)
            case Idle():
                return self.took_up_offer(hearing) or self.said_only_a_value(hearing)

    def answered_slot(self, step: AskSlot, hearing: Hearing) -> Decision | None:
        """Take the value, if there is one."""
        slot = step.slot
        if self.changes_topic(hearing, slot):
            return self.answered_with_request(slot, hearing)
        value = hearing.number(slot, fewest=1 if step.begun else 2)
        if value is None and not hearing.heard.answer:
            value = hearing.whole(slot)
        given = {slot: value} if value is not None else {}
        if given := given | hearing.said_beside(slot, self.state):
            return self.take_all(given)
        if self.pictures:
            return self.look_for(slot)
        if "deny" in {hearing.polarity, hearing.answer(self.state.flow)}:  # they do not have it
            return self.offer_person(self.words.phrase("all_right"))
        return None

    def answered_with_request(self, slot: str, hearing: Hearing) -> Decision | None:
        """Take the value that was asked for; what else they want comes after, if it needs none."""
        value, flow = hearing.value(slot) or hearing.leading_number(slot), hearing.flow
        if value is None or flow is None or slot in {*flow.needs, *flow.takes}:
            return None
        given = hearing.given(flow)
        if self.misfit(slot, value) or not self.at_once(flow, given):
            return None
        waits = Asked(hearing.intent, tuple(given.items()))
        later = (waits, *self.state.later)[:MOST_LATER]
        return self.at(replace(self.state, later=later)).take_all({slot: value})

    def answered_read_back(self, step: ConfirmSlot, hearing: Hearing) -> Decision | None:
        """Yes, no, or another value: "No, it's 15206"."""
        besides = hearing.asks_besides(self.state.flow)
        if self.changes_topic(hearing, step.slot) and not besides:
            return None
        value = hearing.correction(step.slot, step.value)
        if value is not None and value != step.value:
            corrected = self.at(replace(self.state, misses=self.state.misses + 1))
            if corrected.state.misses >= self.patience:
                handed = corrected.hand_over(self.words.phrase("sorry"), forced=True)
                return handed.because(f"{step.slot} was corrected too often")
            return corrected.take(step.slot, value).because(f"{step.slot} corrected")
        answer = hearing.answer(self.state.flow)
        if answer == "affirm" or value is not None:
            return self.at(self.filled(step.slot, step.value)).proceed()
        if answer == "deny":
            asking = self.at(replace(self.state, step=AskSlot(step.slot)))
            return asking.missed(self.words.phrase("sorry"))
        return None

    def answered_guess(self, step: ConfirmIntent, hearing: Hearing) -> Decision | None:
        """Begin the flow that was guessed, or ask what it is about."""
        match hearing.answer(step.intent):
            case "affirm" if step.known:
                slots = tuple((dict(self.state.slots) | dict(step.slots)).items())
                here = self.at(replace(self.state, slots=slots))
                return here.start(step.intent, {}).because("guessed right")
            case "affirm":
                return self.start(step.intent, dict(step.slots)).because("guessed right")
            case "deny" if step.known:
                going_on = self.at(self.idle()).resume().after(self.words.phrase("all_right"))
                return going_on.because("guessed wrong")
            case "deny":
                idle = self.at(replace(self.state, step=Idle()))
                return idle.missed(self.words.phrase("sorry")).because("guessed wrong")
        given = self.needed(step.intent, hearing)
        if self.answers_with(given, hearing):
            return self.start(step.intent, dict(step.slots) | given).because("guessed right")
        return None

    def answered_choice(self, step: ChooseIntent, hearing: Hearing) -> Decision | None:
        """Begin the one of the two that they chose, by its place or by their words."""
        first, second = step.intents
        match hearing.control:
            case Control.FIRST:
                chosen = first
            case Control.SECOND:
                chosen = second
            case _ if hearing.intent in step.intents:
                chosen = hearing.intent
            case _ if hearing.polarity == "affirm":
                guess = ConfirmIntent(first, step.slots)
                return self.at(replace(self.state, step=guess)).ask().because("yes, but to which?")
            case _ if hearing.polarity == "deny":
                idle = self.at(replace(self.state, step=Idle()))
                return idle.missed(self.words.phrase("sorry")).because("neither of the two")
            case _:
                given = self.needed(first, hearing) | self.needed(second, hearing)
                if not self.answers_with(given, hearing):
                    return None
                slots = tuple((dict(step.slots) | given).items())
                asking = self.at(replace(self.state, step=replace(step, slots=slots)))
                return asking.missed(()).because("a value, but to which?")
        given = dict(step.slots) | hearing.given(self.assistant.flows[chosen])
        return self.start(chosen, given).because("chosen from two")

    def answered_change(  # noqa: PLR0911 - one return for each answer
        self, step: ConfirmChange, hearing: Hearing
    ) -> Decision | None:
        """Only a clear yes changes anything; "no, Tuesday" is looked up anew."""
        flow = self.assistant.flows[self.state.flow]
        case, values = flow.cases[step.case], dict(step.values)
        answer = hearing.answer(self.state.flow)
        another = hearing.asks_for_something and hearing.intent != self.state.flow
        if another and answer is None:
            return None
        if not another and (other := hearing.other_than(values, self.state)):
            return self.take_all(other).because(f"another {' and '.join(other)} is meant")
        match answer:
            case "affirm" if not hearing.clear(self.state.flow):
                return self.missed(self.words.phrase("not_heard"))
            case "affirm":
                slots = self.state.slots
                call = Call(case.change, slots, step.values) if case.change else None
                done = self.done_with(flow, self.words.text(case.if_yes, values), call)
                return replace(done, change=call).because(f"a clear yes to {case.change}")
            case "deny" if case.ask_again:
                asking = self.at(replace(self.state, step=AskSlot(case.ask_again)))
                return asking.ask(self.words.text(case.if_no, values)).because("a no, so anew")
            case "deny":
                refused = self.finish(flow, self.words.text(case.if_no, values))
                return refused.because(f"a no to {case.change}")
        return None

    def answered_offer(self, hearing: Hearing) -> Decision | None:
        """Put them through, or go on."""
        match hearing.answer(""):
            case "affirm":
                return self.hand_over().because("accepts a person")
            case "deny":
                going_on = self.at(self.idle()).resume().after(self.words.phrase("all_right"))
                return going_on.because("declines a person")
        return None

    def answered_goodbye(self, step: Closing, hearing: Hearing) -> Decision | None:
        """They interrupted the last words: for something else, or these are said again.

        Who says "no", and the rest after a moment, may have got a goodbye for the no.
        """
        flow, here = hearing.flow, self.at(self.idle())
        if hearing.sure and flow and not flow.small_talk and not flow.ends_call:
            return here.request(hearing)
        meant = here.corrected(hearing) or here.said_only_a_value(hearing)
        if meant:
            return meant.because("said into the goodbye")
        if hearing.heard.answer and not (flow and hearing.sure):
            return here.from_faq(hearing.heard.answer)
        return self.end(step.outcome, step.words)

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

    def says_yes(self, hearing: Hearing) -> bool:
        """Whether it is a plain yes to an open question, whatever else "uh huh" may be."""
        return isinstance(self.state.step, YES_NO_STEPS) and hearing.answer("") == "affirm"

    def changes_topic(self, hearing: Hearing, slot: str) -> bool:
        """Say whether the caller wants another flow, rather than to give this slot's value."""
        if not hearing.sure or not hearing.flow or hearing.intent == self.state.flow:
            return False
        if hearing.flow.small_talk:
            return hearing.number(slot) is None
        alone = self.assistant.slot_texts[slot].alone
        bare = hearing.intent == alone or len(hearing.words_beside(slot)) <= 2
        return hearing.number(slot) is None or not bare
