"""A reply before it is heard: what was thought, for whom, and whether it was foreseen."""

from dataclasses import dataclass, field

import anyio

from dialogue.agent import CallerTurn
from dialogue.state import Decision, State
from nlu.mood import Trend
from nlu.understand import Understanding


@dataclass(frozen=True, slots=True)
class Thought:
    """What a reply has come to, before anybody heard it."""

    decision: Decision
    understanding: Understanding | None
    sources: tuple[str, ...]
    nlu_seconds: float | None = None
    secrets: tuple[str, ...] = ()
    mood: Trend | None = None


@dataclass(slots=True)
class Foreseen:
    """A turn that is thought about, as things stand; `thought` once `done`, if that worked."""

    turn: CallerTurn
    state: State
    done: anyio.Event = field(default_factory=anyio.Event)
    thought: Thought | None = None

    def is_of(self, turn: CallerTurn, state: State) -> bool:
        """Whether a reply to this turn, as things stand, comes to the same."""
        return self.turn == turn and self.state is state


@dataclass(frozen=True, slots=True)
class Pending:
    """A reply under way: whose turn it answers, and what it has come to, once it has."""

    turn: CallerTurn
    thought: Thought | None = None
    finished: bool = False  # all its clauses have been asked for
