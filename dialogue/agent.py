"""One caller's conversation: text in, clauses out."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from nlu.understand import Understanding


@dataclass(frozen=True, slots=True)
class Opening:
    """The call has begun: greet."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller said, as transcribed ("" = a voice, but no words), or the keys pressed."""

    text: str
    confidence: float = 1.0
    keys: bool = False


@dataclass(frozen=True, slots=True)
class Silence:
    """The caller has said nothing for a while."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A part of the chain failed while it dealt with the caller's last turn."""


CallerTurn = Opening | Said | Silence | Trouble


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the dialogue waits for: the slot's name and its type in the assistant's flows.

    `type` is one of open, yes_no, digits, code, date, name; `length` is known for some codes;
    `vocabulary` holds words that are likely.
    """

    slot: str = ""
    type: str = "open"
    length: int | None = None
    vocabulary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exchange:
    """How one caller's turn was dealt with; complete when the reply's first clause has come."""

    caller: CallerTurn
    understanding: Understanding | None = None
    sources: tuple[str, ...] = ()  # "faq.md#returns", "orders/15213": where the answer came from
    nlu_seconds: float | None = None
    dialogue_seconds: float | None = None  # decision, without the NLU, up to the first clause


class Agent(Protocol):
    """One per call. Not safe for two replies at once: the floor sees to that.

    `outcome` is None while the conversation goes on; `commit` sets it ("resolved", "handed_over",
    "silent_caller", …: `dialogue.state.Outcome`) when the last words were heard to their end, and
    the line hangs up.
    """

    outcome: str | None
    waiting: Waiting
    exchange: Exchange | None

    def reply(self, turn: CallerTurn) -> AsyncGenerator[str]:
        """Yield the reply clause by clause. Changes nothing outside the process (see `commit`)."""
        ...

    async def commit(self, said: str, heard: str) -> None:
        """End the turn: `said` was meant, `heard` reached the caller's ear.

        Only what was heard becomes history, and only now may anything outside the process change.
        With nothing heard, or not the words that a change depends on, the reply never happened:
        the state is as before it, and the caller's words are kept as the beginning of what they say
        next.
        """
        ...
