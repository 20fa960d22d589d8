"""What callers ask for of their own accord: a flow, a question, another thing, or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dialogue.flows import Flow
from dialogue.hearing import Hearing
from dialogue.state import (
    AskSlot,
    ChooseIntent,
    ConfirmIntent,
    Decision,
    Idle,
    Rewordable,
)
from dialogue.switching import Switching
from nlu.understand import OUT_OF_SCOPE

BESIDE_VALUE = 3  # words with a value that answers an offer; with more it may be another request


@dataclass(frozen=True, slots=True)
class Requests(Switching):
    """The part of a decision that is about what the caller wants next."""

    def request(self, hearing: Hearing) -> Decision:  # noqa: PLR0911, PLR0912 - one for each kind
        """Do what the caller asks for, whatever was asked before."""
        flow, busy = hearing.flow, not isinstance(self.state.step, Idle)
        score = f"{hearing.intent} {hearing.heard.understanding.confidence:.2f}"
        if decision := self.corrected(hearing):
            return decision.because("another one is meant")
        if self.declined_with_thanks(hearing):
            return self.goodbye().because("nothing else, and thanks")
        answer = hearing.heard.answer
        if hearing.one_of_two and not busy and not (answer and answer.named):
            return self.guess(hearing.one_of_two).because("one of two")
        if flow and hearing.sure and not answer:
            return self.requested(flow, hearing, busy).because(f"intent {score}, sure")
        again = flow and hearing.likely and hearing.intent == self.state.finished
        if flow and again and not busy and hearing.given(flow):
            return self.requested(flow, hearing, busy).because(f"intent {score}, as just before")
        if not busy and self.state.offered and hearing.polarity == "deny":
            return self.declined_offer().because("not what was offered")
        if not busy and hearing.polarity and self.state.later:
            return self.resume().because("what waits")
        if not busy and hearing.polarity == "deny":
            return self.goodbye().because("nothing else")
        if not busy and hearing.polarity == "affirm":
            asking = Decision(replace(self.state, misses=0), self.words.phrase("how_can_i_help"))
            return asking.because("yes, but to what?")
        if answer:
            return self.from_faq(answer)
        if flow and flow.about and hearing.likely and not busy:
            guess = ConfirmIntent(hearing.intent, tuple(hearing.given(flow).items()))
            return self.guess(guess).because(f"intent {score}, likely")
        if hearing.heard.unanswered:
            words = self.words.phrase("dont_know")
            told = self.missed(words) if busy else self.offer_person(words)
            return told.because("a question to us that nothing known answers")
        beyond = hearing.intent == OUT_OF_SCOPE and hearing.sure
        sorry = words = self.words.phrase("out_of_scope" if beyond else "not_understood")
        if not busy and not self.state.misses and not self.state.terse:
            words += self.words.phrase("what_i_can_do")
        missed = self.missed(words).because(f"intent {score}: {'beyond' if beyond else 'unsure'}")
        return replace(missed, rewordable=Rewordable(sorry) if beyond else None)

    def declined_with_thanks(self, hearing: Hearing) -> bool:
        """Whether "anything else?" got a no that reads as thanks: "perfect, that's all"."""
        state, flow = self.state, hearing.flow
        asked = isinstance(state.step, Idle) and state.served and not state.offered
        small_talk = flow is not None and flow.small_talk and bool(flow.say)
        done = hearing.answer("") == "deny" or hearing.reader.wants_nothing_more(hearing.text)
        return asked and not state.later and small_talk and done

    def corrected(self, hearing: Hearing) -> Decision | None:
        """Answer once more, about another one than the flow that ended last was about."""
        flow = self.assistant.flows.get(self.state.finished)
        done = hearing.reader.wants_nothing_more(hearing.text)  # "that's all about 15213"
        if flow is None or done or not isinstance(self.state.step, Idle):
            return None
        for slot, before in self.state.slots:
            said = hearing.value(slot) if hearing.polarity == "deny" else None
            value = said or hearing.refined(slot, before)
            if slot in flow.needs and value:
                return self.start(self.state.finished, {slot: value})
        return None

    def said_only_a_value(self, hearing: Hearing) -> Decision | None:
        """A bare order number is a request, too; so is one with thanks, or with what means nothing.

        "Thank you, and what about 52340?"
        """
        for slot, texts in self.assistant.slot_texts.items():
            value = hearing.value(slot)
            if texts.alone is None or value is None:
                continue
            if not hearing.words_beside(slot) or self.nothing_else(hearing, slot, value):
                return self.start(texts.alone, {slot: value})
        return None

    def nothing_else(self, hearing: Hearing, slot: str, value: str) -> bool:
        """Whether the words beside a value ask for nothing that we know of."""
        flow = hearing.flow
        if (flow and flow.ends_call) or hearing.reader.wants_nothing_more(hearing.text):
            return False
        idle_words = hearing.beyond or (flow is not None and flow.small_talk)
        return idle_words and not self.misfit(slot, value) and not hearing.heard.answer

    def took_up_offer(self, hearing: Hearing) -> Decision | None:
        """Begin the flow that was offered, where they say yes to it or name what it needs."""
        before = self.assistant.flows.get(self.state.offered)
        if before is None or before.offers is None:
            return None
        if "deny" in {hearing.polarity, hearing.answer("")}:  # "no, what about 15213?"
            return None
        offered = before.offers.flow
        given = self.needed(offered, hearing)
        if self.answers_with(given, hearing) or hearing.polarity == "affirm":
            return self.start(offered, given).because("what was offered")
        return None

    def needed(self, intent: str, hearing: Hearing) -> dict[str, str]:
        """Return what was said of that which the flow needs."""
        said = hearing.given(self.assistant.flows[intent])
        return {slot: said[slot] for slot in self.assistant.flows[intent].needs if slot in said}

    def answers_with(self, given: Mapping[str, str], hearing: Hearing) -> bool:
        """Whether these values are all that was said: "where is order 15213" is another request."""
        if not hearing.asks_for_something:
            return bool(given)
        texts = self.assistant.slot_texts
        return any(
            hearing.intent == texts[slot].alone and len(hearing.words_beside(slot)) <= BESIDE_VALUE
            for slot in given
        )

    def declined_offer(self) -> Decision:
        """Leave the flow that was offered."""
        offer = self.assistant.flows[self.state.offered].offers
        return self.at(self.idle()).ask(self.words.text(offer.if_no if offer else None))

    def guess(self, step: ConfirmIntent | ChooseIntent) -> Decision:
        """Ask what they meant."""
        state = replace(self.state, step=step)
        return Decision(state, self.words.question(state))

    def requested(self, flow: Flow, hearing: Hearing, busy: bool) -> Decision:
        """Start the flow; answer in passing what needs no question."""
        if busy and hearing.intent == self.state.flow:
            return self.ask()
        if slot := hearing.unreadable(flow):
            asking = replace(self.state, flow=hearing.intent, step=AskSlot(slot))
            return self.at(asking).ask()
        if flow.offers and (named := self.needed(flow.offers.flow, hearing)):
            return self.at(self.left()).start(flow.offers.flow, named)
        given = hearing.given(flow)
        if busy and self.at_once(flow, given):
            return self.answer_aside(hearing.intent, flow, given)
        return self.at(self.left()).start(hearing.intent, given)
