"""How things are said: texts of the assistant's folder, with their values in spoken form."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from dialogue.assistant import Assistant
from dialogue.forms import Forms, forms_of
from dialogue.next_need import Need
from dialogue.phrasing import render
from dialogue.state import (
    AskSlot,
    ChooseIntent,
    Closing,
    ConfirmChange,
    ConfirmIntent,
    ConfirmSlot,
    Idle,
    OfferPerson,
    Prove,
    State,
    Tip,
)

Clauses = tuple[str, ...]
ORDER = "order_number"  # the slot that a guess fills


@dataclass(frozen=True, slots=True)
class Wording:
    """Texts at this moment of the business's local time."""

    assistant: Assistant
    now: datetime
    written: bool = False  # for the eye: digits stay together
    misses: int = 0  # turns in a row that brought nothing: each is met with other words

    @property
    def forms(self) -> Forms:
        """How the assistant's language says days and amounts."""
        return forms_of(self.assistant.language)

    def text(self, text: str | None, values: Mapping[str, str] | None = None) -> Clauses:
        """Return the text's clauses, filled in; none of no text."""
        return render(text or "", {**self.assistant.facts, **(values or {})})

    def phrase(self, name: str) -> Clauses:
        """Return a phrase of flows.yaml that has no values of its own."""
        return self.text(self._phrase(name))

    def about(self, name: str, intent: str) -> Clauses:
        """Return a phrase about a request; none where its flow does not say what it is about."""
        about = self.assistant.flows[intent].about
        return self.text(self._phrase(name), {"about": about}) if about else ()

    def closed(self, name: str) -> Clauses:
        """Return a phrase about nobody being there, with the time when somebody will."""
        opening = self.assistant.hours.next_opening(self.now)
        opens = self.forms.spoken_moment(opening, self.now.date())
        return self.text(self._phrase(name), {"opens": opens})

    def which(self, values: Sequence[str]) -> Clauses:
        """Return the question which of the values in a picture is meant."""
        return self.text(
            self.assistant.written.picture_which, {"values": self.forms.spoken_list(values)}
        )

    def tip(self, tip: Tip) -> Clauses:
        """Return the suggestion, if the assistant has a phrase for its reason."""
        values = {"product": tip.product, "suggestion": tip.suggestion}
        values = self.named(values) | {"price": self.forms.spoken_money(tip.price)}
        return self.text(getattr(self.assistant.phrases, tip.phrase), values)

    def guess(self, need: Need) -> Clauses:
        """Return the question whether a known caller calls about this."""
        slots = self.spoken({ORDER: need.order})
        return self.text(self.assistant.guesses[need.reason], slots)

    def named(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return the values, the business's own things by the names that callers know."""
        return {key: self.assistant.names.said(value) for key, value in values.items()}

    def spoken(self, slots: Mapping[str, str]) -> dict[str, str]:
        """Return the slots' values as they are said."""
        return {slot: self._spoken(slot, value) for slot, value in slots.items()}

    def _phrase(self, name: str) -> str:
        here: str | None = getattr(self.assistant.written, name, None) if self.written else None
        texts = here or getattr(self.assistant.phrases, name)
        return texts if isinstance(texts, str) else texts[min(self.misses, len(texts) - 1)]

    def _spoken(self, slot: str, value: str) -> str:
        match self.assistant.slots[slot].kind:
            case "digits" | "code" | "phone" if not self.written:
                return self.forms.spoken_digits(value)
            case "address" if not self.written:
                return self.forms.spoken_address(value)
            case "date":
                return self.forms.spoken_date(date.fromisoformat(value), self.now.date())
            case _:
                return self.assistant.names.said(value)

    def question(self, state: State) -> Clauses:  # noqa: PLR0911 - one return for each step
        """Return what the state waits for an answer to."""
        phrases = self.assistant.phrases
        match state.step:
            case Idle() if state.offered and (offer := self.assistant.flows[state.offered].offers):
                return self.text(offer.ask)
            case Idle():
                return self.text(phrases.anything_else if state.served else phrases.how_can_i_help)
            case AskSlot(slot):
                texts = self.assistant.slot_texts[slot]
                return self.text((texts.short if state.terse else None) or texts.ask)
            case ConfirmSlot(value=value, seen=True):
                return self.text(self.assistant.written.picture_confirm, {"value": value})
            case ConfirmSlot(slot, value):
                read_back = self.assistant.slot_texts[slot].confirm
                return self.text(read_back, self.spoken({slot: value}))
            case ConfirmIntent(intent):
                return self.about("is_this_about", intent)
            case ChooseIntent((one, other)):
                first, second = (self.assistant.flows[name].about or "" for name in (one, other))
                return self.text(phrases.which_of_two, {"first": first, "second": second})
            case ConfirmChange(question=question):
                return question
            case Prove(factor):
                tries = len(dict(state.claim.attempts).get(factor, ()))
                proof = self.assistant.factors[factor]
                return self.text((proof.ask, proof.again, proof.last)[min(tries, 2)])
            case OfferPerson():
                return self.text(phrases.offer_person)
            case Closing(words=words):
                return words
