"""A flow's way: begin it, fill its slots, look up, answer, and go on to what comes next. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dialogue.flows import Flow
from dialogue.knowledge import Answer
from dialogue.proving import Proving
from dialogue.state import (
    Asked,
    AskSlot,
    Call,
    ConfirmChange,
    ConfirmSlot,
    Decision,
    Idle,
    LookedUp,
    Prove,
    Rewordable,
    State,
)
from dialogue.wording import Clauses

FAILED_LOOK_UPS = 2  # values in a row that the business does not know, until a person is offered
MOST_LATER = 3  # requests that wait; more than that nobody remembers having made


@dataclass(frozen=True, slots=True)
class Progress(Proving):
    """The part of a decision that is about flows, not about what was said."""

    def start(self, intent: str, given: Mapping[str, str]) -> Decision:
        """Begin a flow with what was said, and what is known from before."""
        return self._started(intent, given).because(f"begins {intent}")

    def _started(self, intent: str, given: Mapping[str, str]) -> Decision:
        flow = self.assistant.flows[intent]
        finished = self.state.finished == intent  # then it is about another one, likely
        again = {slot for slot in flow.needs if finished and self.lasts(slot) != "call"}
        again |= {slot for slot in flow.needs if self.seen(slot)}
        said_again = {pair for pair in self.state.slots if pair in given.items()}  # confirmed
        given = dict(given.items() - said_again)
        known = tuple(
            (slot, value)
            for slot, value in self.state.slots
            if (slot, value) in said_again
            or (slot not in {*flow.takes, *again, *given} and self.lasts(slot) != "request")
        )
        later = tuple(asked for asked in self.state.later if asked.intent != intent)
        here = replace(self.state, flow=intent, step=Idle(), later=later)
        started = replace(here, offered="", slots=known)
        return self.at(started).take_all(given)

    def take_all(self, given: Mapping[str, str]) -> Decision:
        """Take what was said at once; the first of it that is read back, or amiss, comes first."""
        texts, known = self.assistant.slot_texts, dict(self.state.slots)
        odd = [
            slot
            for slot, value in given.items()
            if (slot in texts and texts[slot].confirm) or self.misfit(slot, value)
        ]
        known |= {slot: value for slot, value in given.items() if slot not in odd}
        here = self.at(replace(self.state, slots=tuple(known.items())))
        return here.take(odd[0], given[odd[0]]) if odd else here.proceed()

    def misfit(self, slot: str, value: str) -> bool:
        """Say whether the value has another length than the slot's."""
        length = self.assistant.slots[slot].length
        return length is not None and len(value) != length

    def lasts(self, slot: str) -> str:
        """Return for how long the slot's value stays known."""
        texts = self.assistant.slot_texts.get(slot)
        return texts.lasts if texts else "topic"

    def take(self, slot: str, value: str) -> Decision:
        """Check a value; read it back, or go on with it."""
        texts, length = self.assistant.slot_texts[slot], self.assistant.slots[slot].length
        if self.misfit(slot, value):
            begun = self.begun(slot, value)
            if len(begun) == length:
                return self.take(slot, begun).because(f"{slot} came in pieces")
            asking = self.at(replace(self.state, step=AskSlot(slot, begun)))
            words = self.words.text(texts.invalid, self.words.spoken({slot: value}))
            missed = asking.missed(words or self.words.phrase("not_understood"))
            return missed.because(f"{slot} has {length} characters, not {len(value)}")
        if texts.confirm and not self.state.written:  # what is written was not misheard
            reading_back = self.at(replace(self.state, step=ConfirmSlot(slot, value)))
            return reading_back.ask().because(f"reads back {slot}")
        return self.at(self.filled(slot, value)).proceed()

    def begun(self, slot: str, value: str) -> str:
        """Return the digits of the slot so far, with those of this turn; none if it is another.

        What begins with all that came before is taken as begun anew: of 15152, said as "15" and
        "152", only 152 is kept.
        """
        kind, step = self.assistant.slots[slot], self.state.step
        if kind.kind != "digits" or kind.length is None:
            return ""
        before = step.begun if isinstance(step, AskSlot) and step.slot == slot else ""
        joined = value if value.startswith(before) else before + value  # they may begin anew
        fitting = (digits for digits in (joined, value) if len(digits) <= kind.length)
        return next(fitting, "")

    def proceed(self) -> Decision:
        """Ask for the next slot that the flow needs, or answer.

        Strangers are not asked for what only the caller may change: before it is known who is
        calling, nothing is asked for but what tells who it may be.
        """
        flow = self.assistant.flows[self.state.flow]
        missing = self.missing(flow)
        if flow.verify:
            missing = [slot for slot in missing if slot in self.assistant.narrows]
        if missing:
            return self.look_for(missing[0]).because(f"needs {missing[0]}")
        if flow.hand_over:
            return self.hand_over()
        if flow.ends_call:
            return self.goodbye()
        if flow.verify:
            return self.prove(flow).because("needs to know who is calling")
        if flow.look_up:
            call = Call(flow.look_up, self.state.slots)
            return Decision(self.state, look_up=call).because(f"looks up {flow.look_up}")
        words, sources = self.answer(flow)
        return self.finish(flow, words).citing(sources)

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
        ends = flow.hand_over or flow.ends_call or flow.offer_person or flow.verify
        return known.issuperset(flow.needs) and not asks and not ends

    def answer_aside(self, intent: str, flow: Flow, given: Mapping[str, str]) -> Decision:
        """Answer in passing; the question that was open is asked again."""
        if flow.look_up:
            slots = {slot: value for slot, value in self.state.slots if slot not in flow.takes}
            call = Call(flow.look_up, tuple((slots | dict(given)).items()))
            aside = Decision(replace(self.state, aside=(intent, call.slots)), look_up=call)
            return aside.because(f"{intent} in passing: looks up {flow.look_up}")
        words, sources = self.answer(flow)
        return self.ask(words).citing(sources).because(f"{intent} in passing")

    def from_faq(self, entry: Answer) -> Decision:
        """Give an answer that no flow leads to; then what waits, or the question that is open."""
        served, words = self.at(replace(self.state, served=True)), self.words.text(entry.text)
        next_one = served.resume() if isinstance(self.state.step, Idle) else served.ask()
        answered = next_one.after(words).citing((entry.source,))
        if not entry.path:  # facts of the graph are told as they stand
            passage = " ".join((entry.title, *words)).strip()
            answered = replace(answered, rewordable=Rewordable(words, (passage,)))
        return answered.because(f"known, sure to {entry.score:.2f}: {entry.source}")

    def looked_up(self, event: LookedUp) -> Decision:
        """Say what was found."""
        intent, slots = self.state.aside or (self.state.flow, self.state.slots)
        here = self.at(replace(self.state, aside=None))
        found = event.found
        if found is None:
            return here.look_up_failed()
        if isinstance(self.state.step, Prove) and not self.state.aside:
            return here.proved(found).because(f"verification: {found.case}")
        flow = self.assistant.flows[intent]
        values = self.words.spoken(dict(slots)) | self.words.named(found.values)
        if self.state.aside:
            decision = here.ask(self.words.text(flow.cases[found.case].say, values))
        else:
            tip = self.words.tip(event.tip) if event.tip else ()
            here = here.at(replace(here.state, suggested=here.state.suggested or bool(tip)))
            decision = here.found(flow, found.case, values, tip)
            if event.tip and tip:
                decision = decision.because(f"suggests {event.tip.suggestion}")
        sources = (found.source,) if found.source else ()
        return decision.citing(sources).because(f"{flow.look_up} found {found.case}")

    def found(
        self, flow: Flow, name: str, values: Mapping[str, str], tip: Clauses = ()
    ) -> Decision:
        """Do what the flow says for this case, with a suggestion if there is one."""
        case = flow.cases[name]
        words = self.words.text(case.say, values) + tip
        if case.ask:
            question = self.words.text(case.ask, values)
            step = ConfirmChange(name, question, tuple(values.items()))
            return self.at(replace(self.state, step=step, failed_look_ups=0)).ask(words)
        if case.ask_again:
            slots = tuple(pair for pair in self.state.slots if pair[0] != case.ask_again)
            state = replace(self.state.failed(case.ask_again), slots=slots)
            texts, failed = self.assistant.slot_texts[case.ask_again], state.failed_look_ups
            if failed >= FAILED_LOOK_UPS and texts.private and not texts.vocabulary:
                handed = self.at(state).hand_over(words, forced=True)  # nobody guesses a secret
                return handed.because(f"{case.ask_again} was wrong too often")
            if failed >= FAILED_LOOK_UPS:
                return self.at(state).offer_person(words)
            return self.at(replace(state, step=AskSlot(case.ask_again))).ask(words)
        if case.offer_person:
            return self.at(replace(self.state, served=True)).offer_person(words)
        return self.at(replace(self.state, failed_look_ups=0)).finish(flow, words)

    def finish(self, flow: Flow, words: Clauses) -> Decision:
        """The flow is done: say so; then what waits, or ask what else there is."""
        done = self.at(self.idle())
        if not flow.small_talk:
            done = self.at(replace(done.state, finished=self.state.flow, served=True))
        if flow.offer_person:
            return done.offer_person(words)
        if done.state.later:
            return done.resume().after(words)
        if flow.then:
            return Decision(done.state, words + self.words.text(flow.then))
        if flow.offers:
            done = self.at(replace(done.state, offered=self.state.flow))
        return done.ask(words)

    def done_with(self, flow: Flow, words: Clauses, change: Call | None) -> Decision:
        """Finish a flow that changes something: what waits on the same thing comes a turn later.

        It would be looked up as it was before the change, which is made once this is heard.
        """
        waiting = [self.assistant.flows[asked.intent] for asked in self.state.later[:1]]
        if not change or not any(set(flow.needs) & set(other.needs) for other in waiting):
            return self.finish(flow, words)
        done = self.at(replace(self.state, later=())).finish(flow, words)
        return replace(done, state=replace(done.state, later=self.state.later))

    def resume(self) -> Decision:
        """Go on with the next of what waits; without any, ask what else there is."""
        if not self.state.later:
            return self.ask()
        asked, *rest = self.state.later
        link = self.words.about("back_to" if asked.begun else "next_request", asked.intent)
        here = self.at(replace(self.state, later=tuple(rest)))
        if not asked.begun:
            return here.start(asked.intent, dict(asked.slots)).after(link)
        own = self.own(asked.intent)
        known = {slot: value for slot, value in self.state.slots if slot not in own}
        slots = tuple((known | dict(asked.slots)).items())  # not those of the flow in between
        begun = replace(here.state, flow=asked.intent, step=Idle(), slots=slots)
        return self.at(begun).proceed().because(f"back to {asked.intent}").after(link)

    def left(self) -> State:
        """Return the state with the flow under way put back, to be resumed after another one."""
        if not self.state.flow:
            return self.state
        known = tuple(pair for pair in self.state.slots if pair[0] in self.own(self.state.flow))
        begun = Asked(self.state.flow, known, begun=True)
        return replace(self.state, later=(begun, *self.state.later)[:MOST_LATER])

    def own(self, intent: str) -> set[str]:
        """Return the slots whose values belong to this request, not to whoever calls."""
        flow = self.assistant.flows[intent]
        return {slot for slot in (*flow.needs, *flow.takes) if self.lasts(slot) != "call"}

    def filled(self, slot: str, value: str) -> State:
        """Return the state with the slot filled."""
        slots = dict(self.state.slots) | {slot: value}
        return replace(self.state, slots=tuple(slots.items()), misses=0)
