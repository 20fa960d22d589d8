"""One caller's conversation: text in, clauses out."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Protocol, Self

from anyio import move_on_after

from nlu.mood import AcousticCue, Trend
from nlu.understand import LookAgain, Understanding

COMMIT_SECONDS = 2.0  # so long may the history take that nobody waits to hear


@dataclass(frozen=True, slots=True)
class Opening:
    """The call has begun: say these words, why we call; without any, greet.

    `caller` is the number that calls, if it is known: +13125550123.
    """

    words: str = ""
    caller: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller said, as transcribed ("" = a voice, but no words), or the keys pressed.

    Or what they wrote: a text message, with the text that was read in each of its pictures. `cue`
    is how it was said, if that was measured. `look_again` asks the recogniser what else it may have
    heard, where it doubts; it holds the sound, so an `Exchange` does not keep it. `language` is the
    one that was heard, where several were told apart, and how likely.
    """

    text: str
    confidence: float = 1.0
    keys: bool = False
    written: bool = False
    pictures: tuple[str, ...] = ()
    cue: AcousticCue | None = None
    language: str = ""
    language_confidence: float = 0.0
    look_again: LookAgain | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Silence:
    """The caller has said nothing for a while."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A part of the chain failed while it dealt with the caller's last turn."""


@dataclass(frozen=True, slots=True)
class NobodyCame:
    """The caller was handed over, and is back: no person took the call."""


CallerTurn = Opening | Said | Silence | Trouble | NobodyCame


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the dialogue waits for: the slot's name and its type in the assistant's flows.

    `type` is one of open, more (after "anything else?"), yes_no, digits, code, date, name; `length`
    is known for some codes; `vocabulary` holds words that are likely. With `private` no recording
    may hold what is said.
    """

    slot: str = ""
    type: str = "open"
    length: int | None = None
    vocabulary: tuple[str, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """How one caller's turn was dealt with; complete when the reply's first clause has come.

    `secrets` are pieces of what both sides said that nothing written may hold: see `masked`. `mood`
    is the caller's with this turn in it; None where the turn tells nothing of it. `answered` is
    empty unless a language model was asked: "reworded", or "as written: " and why. The seconds are
    those that the caller waited for: what was foreseen took none.
    """

    caller: CallerTurn
    understanding: Understanding | None = None
    sources: tuple[str, ...] = ()  # "faq.md#returns", "orders/15213": where the answer came from
    nlu_seconds: float | None = None
    dialogue_seconds: float | None = None  # decision, without the NLU, up to the first clause
    secrets: tuple[str, ...] = ()
    mood: Trend | None = None
    trace: tuple[str, ...] = ()  # why this reply: the rules that led to it
    answered: str = ""
    language: str = ""  # of the reply

    def told(self, how: str, dialogue_seconds: float) -> Self:
        """Return the exchange with how the model answered; its first clause took so long."""
        if self.answered:
            return replace(self, answered=how)
        return replace(self, answered=how, dialogue_seconds=dialogue_seconds)


def not_yet(turn: CallerTurn, waiting: Waiting) -> Exchange:
    """Return the exchange of a turn that nothing has come of so far."""
    if waiting.private and isinstance(turn, Said):
        return Exchange(turn, secrets=(turn.text,))
    return Exchange(turn)


@dataclass(frozen=True, slots=True)
class Brief:
    """What a person who takes over should know beyond the turns.

    `reason` is why the assistant hands over: caller_asked, not_understood, not_verified, upset,
    urgent or trouble; `slots` are the values that the caller has confirmed, private ones masked.
    """

    reason: str = ""
    slots: Mapping[str, str] = field(default_factory=dict)


class Agent(Protocol):
    """One per call. Not safe for two replies at once: the floor sees to that.

    `outcome` is None while the conversation goes on; `commit` sets it ("resolved", "handed_over",
    "silent_caller", …: `dialogue.state.Outcome`) when the last words were heard to their end, and
    the line hangs up. `speed` is how fast to speak, against the voice's own; `language` is what is
    spoken and listened for, the one that calls begin in if empty.
    """

    outcome: str | None
    speed: float
    language: str
    waiting: Waiting
    exchange: Exchange | None

    @property
    def brief(self) -> Brief:
        """What a person who takes over should know, as things stand."""
        ...

    async def foresee(self, turn: Said | None = None) -> str:
        """Think about what may be all that the caller says, and return how the reply would begin.

        Without a turn it is about the likeliest answer to what was asked. Nothing changes by it. A
        `reply` to the same words takes up the thought, or waits for it; cancelled, it is none. ""
        where nobody can say how the reply begins.
        """
        ...

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


async def converse(agent: Agent, turn: CallerTurn) -> str:
    """Return the agent's whole reply, committed; if it breaks, the words are kept for later."""
    clauses: list[str] = []
    written = ""
    try:
        async with aclosing(agent.reply(turn)) as reply:
            clauses += [clause async for clause in reply]
        written = " ".join(clauses)
    finally:
        with move_on_after(COMMIT_SECONDS, shield=True):
            await agent.commit(" ".join(clauses), written)
    return written
