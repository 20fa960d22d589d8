"""A caller for scripts, and an understanding engine that goes by words alone."""

import re
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime

from dialogue.agent import CallerTurn, NobodyCame, Opening, Said, Silence, Trouble
from dialogue.conversation import FlowAgent
from nlu.understand import (
    OUT_OF_SCOPE,
    Alternative,
    Context,
    Sentiment,
    Slot,
    Understanding,
)
from nlu.values import find, read

FRIDAY_AFTERNOON = datetime(2026, 11, 20, 14, 0)
TODAY = FRIDAY_AFTERNOON.date()

INTENTS = {  # the first whose pattern is found
    "repeat": r"repeat|say that again|^pardon",
    "speak_to_person": r"person|human|agent",
    "complaint": r"complain|broken",
    "cancel_order": r"cancel",
    "refund_status": r"refund|money back",
    "order_status": r"where.*order|status|package",
    "opening_hours": r"open\b|close\b|hours",
    "return_policy": r"return",
    "shipping_cost": r"shipping",
    "product_availability": r"in stock|do you have",
    "help": r"\bhelp\b",
    "goodbye": r"goodbye|\bbye\b",
    "deny": r"^no\b|that's all|don't have it",
    "affirm": r"^yes\b|right",
    "thanks": r"thank",
    "greeting": r"^(hello|hi)\b",
}
PRODUCTS = r"(?:the |an? )?(kettle|desk lamp|espresso machine|mountain bike|trampoline)"
DATES = r"(on )?(sunday|saturday|tomorrow|thanksgiving|founders day|november 26th)"


PROOFS = {  # ZIP code and birth date of whose order it is
    "15206": ("six two seven one one", "November 22nd 1971"),
    "15217": ("six oh six one four", "July 30th 1992"),
    "15213": ("six two seven oh four", "March 5th 1984"),
}


@dataclass(frozen=True)
class Words:
    """By which words an assistant's callers are understood."""

    intents: Mapping[str, str]  # the first whose pattern is found
    number: tuple[str, int]  # the slot that so many digits fill
    slots: Mapping[str, tuple[str, str]]  # kind and pattern of the others
    bare: str  # what the number alone means


RETAIL_WORDS = Words(
    INTENTS,
    ("order_number", 5),
    {"product": ("", PRODUCTS), "date": ("date", DATES)},
    "order_status",
)


class WordsNlu:
    """Understands by keywords; with "maybe" in the text it is less sure, with "perhaps" hardly."""

    def __init__(self, words: Words = RETAIL_WORDS) -> None:
        self.contexts: list[Context] = []
        self._words = words

    def understand(self, text: str, context: Context) -> Understanding:
        """See `nlu.understand.Nlu`."""
        self.contexts.append(context)
        words = text.lower()
        slots = tuple(self._slots(words))
        number = self._words.number[0]
        bare = bool(slots) and slots[0].name == number and not re.search("[a-z]", words)
        named = (name for name, pattern in self._words.intents.items() if re.search(pattern, words))
        intent = self._words.bare if bare else next(named, OUT_OF_SCOPE)
        confidence = 0.45 if "maybe" in words else 0.1 if "perhaps" in words else 0.9
        return Understanding(text, intent, confidence, slots, Sentiment("neutral", 0.0))

    def _slots(self, words: str) -> list[Slot]:
        slots = []
        name, length = self._words.number
        if number := find("digits", words, TODAY, length):
            start, end = number.start, number.end
            slots.append(Slot(name, words[start:end], number.value, start, end, 0.9))
        for name, (kind, pattern) in self._words.slots.items():
            if match := re.search(pattern, words):
                value = read(kind, match[0], TODAY) if kind else match[0]
                slots.append(Slot(name, match[0], value or "", *match.span(), 0.9))
        return slots


class DeafNlu:
    """Fails whatever is said."""

    def understand(self, text: str, context: Context) -> Understanding:
        """See `nlu.understand.Nlu`."""
        raise RuntimeError("the model is gone")


class Caller:
    """Talks with an agent the way the call loop does; each method returns what was said."""

    def __init__(self, agent: FlowAgent) -> None:
        self.agent = agent
        self.looks: list[str] = []  # what the agent wanted to know the other ways of

    async def rings(self, number: str = "") -> str:
        return await self._turn(Opening(caller=number))

    async def says(self, text: str, confidence: float = 0.9) -> str:
        return await self._turn(Said(text, confidence))

    async def may_have_said(self, *ways: Alternative, words_heard: int | None = None) -> str:
        """Speak unclearly; the first way is what is written down."""

        def look_again() -> tuple[Alternative, ...]:
            self.looks.append(ways[0].text)
            return ways

        said = Said(ways[0].text, ways[0].confidence or 0.9, look_again=look_again)
        return await self._turn(said, words_heard)

    async def proves(self, order: str = "15206") -> str:
        """Show who they are; what was said after that."""
        said = ""
        for words in PROOFS[order]:
            said = await self.says(words)
        return said

    async def presses(self, keys: str) -> str:
        return await self._turn(Said(keys, keys=True))

    async def writes(self, text: str) -> str:
        """Send a message."""
        return await self._turn(Said(text, written=True))

    async def keeps_silent(self) -> str:
        return await self._turn(Silence())

    async def meets_trouble(self) -> str:
        return await self._turn(Trouble())

    async def hears_nothing_of_the_answer_to(self, text: str) -> str:
        """Speak on before the first word has come."""
        return await self._turn(Said(text), words_heard=0)

    async def hears(self, words: int, text: str) -> str:
        """Interrupt the answer after so many words."""
        return await self._turn(Said(text), words)

    async def comes_back(self, words_heard: int | None = None) -> str:
        """Nobody took the call that was handed over."""
        return await self._turn(NobodyCame(), words_heard)

    async def is_called(self, words: str, words_heard: int | None = None) -> str:
        return await self._turn(Opening(words), words_heard)

    async def interrupts_the_greeting(self) -> str:
        return await self._turn(Opening(), words_heard=0)

    async def _turn(self, turn: CallerTurn, words_heard: int | None = None) -> str:
        said: list[str] = []
        try:
            async with aclosing(self.agent.reply(turn)) as clauses:
                async for clause in clauses:
                    assert clause.strip() == clause != ""
                    said.append(clause)
                    if words_heard is not None and len(" ".join(said).split()) > words_heard:
                        break
        finally:
            text = " ".join(said)
            heard = text if words_heard is None else " ".join(text.split()[:words_heard])
            await self.agent.commit(text, heard)
        return text
