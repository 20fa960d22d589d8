"""What a decision does until it is known who is calling; who it is, is looked up."""

from dataclasses import dataclass, replace
from datetime import date
from itertools import product

from dialogue.actions import Claim, Found
from dialogue.flows import Flow
from dialogue.hearing import DAYS, Hearing
from dialogue.pictured import Pictured
from dialogue.state import AskSlot, Call, Decision, Idle, Prove
from dialogue.verification import VERIFY
from nlu.language import Reader
from nlu.understand import Alternative

UNKNOWN = 2  # order or telephone numbers in a row that lead to nobody, until a person is offered
CODES = frozenset({"postcode", "code", "digits", "phone"})  # kinds of factors
BESIDE = 3  # words with a number that is not clear; with more of them it may be a request


@dataclass(frozen=True, slots=True)
class Proving(Pictured):
    """Nothing of a flow with `verify:` is looked up before its caller is known."""

    def prove(self, flow: Flow) -> Decision:
        """Find out whether it is known already who is calling, and what to ask for if not."""
        if self.state.locked:
            return self.lock()
        claim = replace(self.state.claim, required=flow.required(self.assistant.factors))
        state = replace(self.state, step=Prove(), claim=claim)
        return Decision(state, look_up=Call(VERIFY, state.slots, claim=claim))

    def missing(self, flow: Flow) -> list[str]:
        """Return the slots that the flow needs and does not know."""
        known = dict(self.state.slots)
        return [slot for slot in flow.needs if slot not in known]

    def proved(self, found: Found) -> Decision:
        """Go on with the flow, or ask for what is still missing."""
        flow = self.assistant.flows[self.state.flow]
        match found.case:
            case "verified":
                claim = self.state.claim
                same = found.values["customer"] == claim.customer
                proven = {*claim.required, *(claim.proven if same else ())}
                known = Claim(found.values["customer"], tuple(sorted(proven)))
                state = replace(self.state, step=Idle(), claim=known, misses=0)
                if state.failed_slot in self.assistant.narrows:  # they were numbers of nobody
                    state = replace(state, failed_look_ups=0)
                if missing := self.missing(flow):
                    return self.at(state).look_for(missing[0]).because(f"needs {missing[0]}")
                return Decision(state, look_up=Call(flow.look_up or "", state.slots))
            case "ask":
                return self.at(replace(self.state, step=Prove(found.values["factor"]))).ask()
            case "failed":
                return self.lock()
        return self.unknown(flow)

    def answered_proof(self, step: Prove, hearing: Hearing) -> Decision | None:
        """Take what was said as an attempt, unless it is something else altogether."""
        kind, flow = self.assistant.factors[step.factor].kind, hearing.flow
        reader, today = hearing.reader, self.now.date()
        readable = is_attempt(kind, hearing.text, today, reader)
        if not readable and hearing.polarity == "deny":  # they do not know, or will not say
            return self.offer_person(self.words.phrase("all_right"))
        if not readable and hearing.sure and flow:
            small_talk = flow.small_talk and kind != "name"  # "Grace Hall" may pass for a greeting
            if small_talk or hearing.intent == self.state.flow:
                return self.ask()
            if not flow.small_talk:
                return None
        if not readable and hearing.beyond and kind != "name" and not _has_digits(hearing):
            words = self.words.phrase("not_understood")  # "why do you need that?" is no try
            return self.missed(words).because("beyond what was asked for")
        claim = self.attempted(step.factor, hearing)
        return self.at(replace(self.state, claim=claim)).prove(
            self.assistant.flows[self.state.flow]
        )

    def attempted(self, factor: str, hearing: Hearing) -> Claim:
        """Return the claim with what was said for this factor, and for others with it."""
        heard: dict[str, tuple[Alternative, ...]] = {}
        for way in hearing.heard.alternatives or (Alternative(hearing.text),):
            for name, words in self.told(factor, way.text, hearing.reader).items():
                kind = self.assistant.factors[name].kind
                text = hearing.reader.in_figures(kind, words, self.now.date())
                heard[name] = (*heard.get(name, ()), replace(way, text=text))
        attempts = dict(self.state.claim.attempts)
        attempts |= {name: (*attempts.get(name, ()), ways) for name, ways in heard.items()}
        return replace(self.state.claim, attempts=tuple(attempts.items()))

    def told(self, factor: str, text: str, reader: Reader) -> dict[str, str]:
        """Return the words for each factor: all for the one asked for, or a code's and a day's."""
        today, kinds = self.now.date(), self.assistant.factors
        required = self.state.claim.required
        codes = [name for name in required if kinds[name].kind in CODES]
        days = [name for name in required if kinds[name].kind in DAYS]
        for code, day in product(codes, days):
            for run in reader.digit_runs(text) if factor in {code, day} else ():
                piece, rest = text[run.start : run.end], text[: run.start] + text[run.end :]
                pairs = ((kinds[code].kind, piece), (kinds[day].kind, rest))
                if all(reader.read(kind, words, today) for kind, words in pairs):
                    return {code: piece, day: rest}
        return {factor: text}

    def lock(self) -> Decision:
        """Do no more for this caller than to put them through."""
        state = replace(self.state, step=Idle(), locked=True)
        texts = self.assistant.verification
        words = self.words.text(texts.locked if texts else None)
        return self.at(state).hand_over(words, forced=True)

    def unknown(self, flow: Flow) -> Decision:
        """Nobody has that order or telephone number: ask for it again."""
        texts = self.assistant.verification
        words = self.words.text(texts.unknown if texts else None)
        slot = next(slot for slot in flow.needs if slot in self.assistant.narrows)
        slots = tuple(pair for pair in self.state.slots if pair[0] != slot)
        state = replace(self.state.failed(slot), slots=slots)
        if state.failed_look_ups >= UNKNOWN:
            return self.at(state).offer_person(words)
        return self.at(replace(state, step=AskSlot(slot))).ask(words)


def is_attempt(kind: str, text: str, today: date, reader: Reader) -> bool:
    """Whether the words are a value of this kind, or were meant to be; of a name nobody can say."""
    if kind == "name":
        return False
    return reader.read(kind, text, today) is not None or _is_a_number(text, reader)


def _has_digits(hearing: Hearing) -> bool:
    texts = (hearing.text, *(way.text for way in hearing.heard.alternatives))
    return any(run.value for text in texts for run in hearing.reader.digit_runs(text))


def _is_a_number(text: str, reader: Reader) -> bool:
    """Whether it is hardly anything but digits, though too few or too many."""
    runs = [run for run in reader.digit_runs(text) if run.value]
    for run in reversed(runs):
        text = text[: run.start] + text[run.end :]
    return bool(runs) and len(text.split()) <= BESIDE
