"""What the caller's words hold, seen from the dialogue."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dialogue.assistant import Assistant
from dialogue.controls import Control, control
from dialogue.flows import Flow
from dialogue.state import ChooseIntent, Heard, State
from nlu.ellipsis import completed, with_digit
from nlu.language import Reader, reader_of
from nlu.understand import OUT_OF_SCOPE

DAYS = frozenset({"date", "birth_date"})  # kinds of slots
FIGURES = frozenset({"digits", "phone"})  # in an address: a house, a ZIP code
BESIDE_DIGIT = 3  # words with a single digit: "the last is three"
BESIDE_NUMBER = 2  # words before it: "it's 15213, and what is shipping?"
_POLARITY = {"yes": "affirm", "no": "deny"}
KEY_PERSON, KEY_YES, KEY_NO = "0", "1", "2"


@dataclass(frozen=True, slots=True)
class Hearing:
    """One utterance, heard on that day."""

    heard: Heard
    assistant: Assistant
    today: date

    @property
    def reader(self) -> Reader:
        """How values are read in the assistant's language."""
        return reader_of(self.assistant.language)

    @property
    def intent(self) -> str:
        """The most likely intent."""
        return self.heard.understanding.intent

    @property
    def flow(self) -> Flow | None:
        """The flow of that intent."""
        return self.assistant.flows.get(self.intent)

    @property
    def text(self) -> str:
        """The words, or the keys pressed."""
        return self.heard.understanding.text

    @property
    def sure(self) -> bool:
        """Whether to act on the intent without asking."""
        confidence = self.assistant.confidence
        clear = self.heard.confidence >= confidence.transcript
        return clear and self.heard.understanding.confidence >= confidence.act

    @property
    def likely(self) -> bool:
        """Whether the intent is worth asking about."""
        return self.heard.understanding.confidence >= self.assistant.confidence.ask

    @property
    def beyond(self) -> bool:
        """Whether it is certain to be none of our business."""
        return self.sure and self.intent == OUT_OF_SCOPE

    @property
    def asks_for_something(self) -> bool:
        """Whether there is a flow to begin for certain, beyond small talk."""
        return self.sure and self.flow is not None and not self.flow.small_talk

    @property
    def control(self) -> Control | None:
        """What they want of the conversation itself, if that is all they said."""
        return None if self.heard.keys else control(self.text, self.assistant.controls)

    @property
    def one_of_two(self) -> ChooseIntent | None:
        """The two requests that it may be, where it is in doubt which."""
        flows = [self.assistant.flows.get(intent) for intent in self.heard.understanding.maybe]
        match flows:
            case [Flow(about=str()) as one, Flow(about=str()) as other]:
                given = self.given(one) | self.given(other)
                first, second = self.heard.understanding.maybe
                return ChooseIntent((first, second), tuple(given.items()))
        return None

    @property
    def polarity(self) -> str | None:
        """Whether it is an answer to a yes/no question: affirm, deny or None."""
        if self.heard.keys:
            return {KEY_YES: "affirm", KEY_NO: "deny"}.get(self.text)
        return self.intent if self.likely and self.intent in {"affirm", "deny"} else None

    def answer(self, flow: str) -> str | None:
        """Whether it answers the yes/no question of this flow: affirm, deny or None.

        The model's word goes first, then the words' own: "yes, cancel it" is a yes, though it is
        the request once more, and so is the beginning of "yes, and when are you open".
        """
        if not self.heard.keys and self.reader.is_undecided(self.text):
            return None
        if self.polarity or self.heard.keys:
            return self.polarity
        if self.asks_for_something and not self.is_about(flow):
            return _POLARITY.get(self.reader.read_leading_yes_no(self.text) or "")
        return _POLARITY.get(self.reader.read("yes_no", self.text, self.today) or "")

    def is_about(self, flow: str) -> bool:
        """Whether the intent is this flow's, or that of the one that offers it."""
        offers = self.flow.offers if self.flow else None
        return self.intent == flow or (offers is not None and offers.flow == flow)

    def asks_besides(self, flow: str) -> bool:
        """Whether a request follows the answer: "yes, and when are you open"."""
        asks = self.asks_for_something and not self.is_about(flow)
        return asks and self.polarity is None and self.answer(flow) is not None

    def clear(self, flow: str) -> bool:
        """Whether keys, words, or what they mean, leave no doubt about a yes to this flow."""
        if not self.heard.keys and self.reader.takes_back_yes(self.text):
            return False
        if self.heard.keys or (self.sure and self.intent in {"affirm", flow}):
            return True
        if self.asks_besides(flow):
            return True  # a plain yes went before
        read = self.reader.read("yes_no", self.text, self.today)
        return read == "yes" and self.heard.confidence >= self.assistant.confidence.transcript

    def value(self, slot: str) -> str | None:
        """Return the slot's value; the last one, where the caller corrected themselves."""
        kind = self.assistant.slots[slot]
        for found in reversed(self.heard.understanding.slots):
            if found.name == slot:
                if kind.kind == "date":  # the assistant's today may be another than the engine's
                    return self.reader.read("date", found.text, self.today)
                return self._thing(slot, found.value) or self._thing(slot, self.text) or found.value
        return self._thing(slot, self.text)

    def _thing(self, slot: str, said: str) -> str | None:
        """Return the business's own name of what these words name in the slot's table."""
        named = self.assistant.names.named(said)
        known = self.assistant.column(slot) if named else ()
        return next((thing for thing in named if thing in known), None)

    def number(self, slot: str, fewest: int = 2) -> str | None:
        """Return the value of a slot that was asked for: any digits will do, from so many on.

        A single one among many words is none: "I have just one with me".
        """
        value, kind = self.value(slot), self.assistant.slots[slot]
        if value is not None or kind.kind != "digits":
            return value
        find = self.reader.find
        found = find("digits", self.text, self.today, kind.length)
        found = found or find("digits", self.text, self.today)
        if found is None or len(found.value) < fewest:  # "I don't have one"
            return None
        beside = _words(self.text[: found.start] + self.text[found.end :])
        return None if len(found.value) == 1 and len(beside) > BESIDE_DIGIT else found.value

    def leading_number(self, slot: str) -> str | None:
        """Return a number that stands first, whatever follows: not the ZIP code of a question."""
        kind = self.assistant.slots[slot]
        if kind.kind != "digits":
            return None
        found = self.reader.find("digits", self.text, self.today, kind.length)
        first = found and len(_words(self.text[: found.start])) <= BESIDE_NUMBER
        return found.value if found and first else None

    def whole(self, slot: str) -> str | None:
        """Return all that was said as the value of a free slot that was asked for.

        What is no more than a yes or a no is none; with a no in it, only where any words may be
        the value: "no, not by card" is no way to pay.
        """
        more, kind = self.reader.says_more(self.text), self.assistant.slots[slot].kind
        if self.polarity and not (more and self._open(slot)):
            return None
        match kind:
            case "text":
                return self.text if more or not self._open(slot) else None  # "no, wait"
            case "name":
                return self.text
            case "address":
                return self.reader.read("address", self.text, self.today)
        return None

    def _open(self, slot: str) -> bool:
        texts = self.assistant.slot_texts.get(slot)
        return texts is None or not (texts.vocabulary or texts.vocabulary_from)

    def correction(self, slot: str, before: str) -> str | None:
        """Return a value given in answer to a read-back; in a yes, a stray digit is none."""
        if self.heard.keys and self.polarity:
            return None
        kind = self.assistant.slots[slot].kind
        if kind in {"digits", "code", "phone"} and (changed := with_digit(self.text, before)):
            return changed
        return self.value(slot) if self.polarity == "affirm" else self.number(slot)

    def refined(self, slot: str, before: str) -> str | None:
        """Return the value of a free slot that was corrected in part: "no, the blue one"."""
        if self.assistant.slots[slot].kind != "text" or self.value(slot) is not None:
            return None
        return completed(self.text, before)

    def given(self, flow: Flow) -> dict[str, str]:
        """Return the slots of the flow that were said."""
        values = {slot: self.value(slot) for slot in (*flow.needs, *flow.takes)}
        return {slot: value for slot, value in values.items() if value is not None}

    def said_beside(self, slot: str, state: State) -> dict[str, str]:
        """Return what else of the flow under way was said, with a slot's value or without it."""
        kinds, known = self.assistant.slots, dict(state.slots)
        given = self.given(self.assistant.flows[state.flow])
        return {
            name: value
            for name, value in given.items()
            if name != slot
            and value != known.get(name)
            and not _one_misread(kinds[name].kind, kinds[slot].kind)
        }

    def other_than(self, offered: Mapping[str, str], state: State) -> dict[str, str]:
        """Return what was said of the flow under way, and is neither known nor what was offered."""
        known, given = dict(state.slots), self.given(self.assistant.flows[state.flow])
        return {
            name: value
            for name, value in given.items()
            if value.casefold()
            not in {known.get(name, "").casefold(), offered.get(name, "").casefold()}
        }

    def unreadable(self, flow: Flow) -> str | None:
        """Return a slot of the flow that was said, but not so that its value is clear."""
        mentioned = {found.name for found in self.heard.understanding.slots}
        slots = [slot for slot in (*flow.needs, *flow.takes) if slot in self.assistant.slot_texts]
        return next((s for s in slots if s in mentioned and self.value(s) is None), None)

    def words_beside(self, slot: str) -> list[str]:
        """Return the words that are no part of the slot's value."""
        text = self.text
        for found in sorted(self.heard.understanding.slots, key=lambda found: -found.start):
            if found.name == slot:
                text = text[: found.start] + text[found.end :]
        return _words(text)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*", text.lower())


def _one_misread(beside: str, awaited: str) -> bool:
    """Whether a value of one kind beside one of the other is likely a piece of it."""
    return {beside, awaited} <= DAYS or (awaited == "address" and beside in FIGURES)
