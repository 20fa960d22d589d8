"""Play scripted dialogues with the real agent, and compare what comes of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import text

from dialogue import ActionError
from dialogue.actions import Action, CallerLookUp, Callers, Change, Found, LookUp, Request
from dialogue.agent import Opening, converse
from dialogue.assistant import Assistant
from dialogue.conversation import FlowAgent
from dialogue.knowledge import Knowledge
from dialogue.languages import Tongue
from dialogue.scripted import ANYTHING, NONE, YES_NO, Dialogue, Queries, Turn
from dialogue.state import ConfirmSlot
from dialogue.store import Store, open_store
from dialogue.verification import VERIFY
from nlu.understand import Nlu


@dataclass(frozen=True, slots=True)
class Difference:
    """What a turn was to bring, and what it brought."""

    what: str  # the key of the script: says, asks, calls, …
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Played:
    """One turn as it went; `checks` counts what was expected of it."""

    caller: str
    reply: str
    intent: str | None
    confidence: float | None
    checks: int
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One dialogue as it went; `after` is what the database should hold and does not."""

    dialogue: Dialogue
    turns: tuple[Played, ...]
    after: tuple[Difference, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.after and not any(turn.differences for turn in self.turns)


@dataclass(slots=True)
class Clock:
    """Tells the understanding what day it is in the dialogue that is played."""

    now: datetime

    def __call__(self) -> datetime:
        """Return the business's local time."""
        return self.now

    def today(self) -> date:
        """Return the day."""
        return self.now.date()


@dataclass(frozen=True, slots=True)
class Players:
    """What all dialogues share."""

    assistant: Assistant
    nlu: Nlu
    knowledge: Knowledge | None
    clock: Clock
    others: Mapping[str, Tongue] = field(default_factory=dict)  # by language


async def play(dialogue: Dialogue, players: Players) -> Result:
    """Hold the dialogue with a fresh database; a turn that breaks ends it."""
    called: list[str] = []
    assistant = watched(players.assistant, called)
    store = open_store(None, assistant.seeds, dialogue.now.date())
    clock = players.clock
    clock.now = dialogue.now
    others = {
        name: replace(one, assistant=assistant.variants[name])
        for name, one in players.others.items()
    }
    agent = FlowAgent(
        assistant, players.nlu, store, clock, knowledge=players.knowledge, others=others
    )
    played: list[Played] = []
    try:
        await converse(agent, Opening())
        for turn in dialogue.script.turns:
            called.clear()
            played.append(await _turn(turn, agent, store, called))
            if any(difference.what == "reply" for difference in played[-1].differences):
                break
        after = tuple(_stored(dialogue.script.store, store))
    finally:
        store.close()
    return Result(dialogue, tuple(played), after)


def watched(assistant: Assistant, called: list[str]) -> Assistant:
    """Return the assistant with actions that note when they are called."""
    actions = {name: _noted(name, action, called) for name, action in assistant.actions.items()}
    if VERIFY in actions:  # the assistant's own
        actions[VERIFY] = assistant.actions[VERIFY]
    variants = {name: watched(one, called) for name, one in assistant.variants.items()}
    return replace(assistant, actions=actions, variants=variants)


def _noted(name: str, action: Action, called: list[str]) -> Action:
    if isinstance(action, LookUp):
        look_up = action.run

        def find(request: Request) -> Found:
            called.append(name)
            return look_up(request)

        return replace(action, run=find)
    if isinstance(action, Callers | CallerLookUp):
        return action
    change = action.run

    def make(request: Request) -> None:
        called.append(name)
        change(request)

    return Change(make, action.needs)


async def _turn(turn: Turn, agent: FlowAgent, store: Store, called: list[str]) -> Played:
    if agent.outcome is not None and not turn.nobody_came:
        over = Difference("reply", "an answer", f"the call was over: {agent.outcome}")
        return Played(turn.shown, "", None, None, 1, (over,))
    try:
        reply = await converse(agent, turn.done)
    except Exception as error:  # whatever breaks, the other dialogues are still played
        broke = Difference("reply", "an answer", f"{type(error).__name__}: {error}")
        return Played(turn.shown, "", None, None, 1, (broke,))
    understood = agent.exchange.understanding if agent.exchange else None
    compared = list(_compared(turn, agent, reply, called))
    differences = [different for different in compared if different is not None]
    differences += _stored(turn.store, store)
    return Played(
        turn.shown,
        reply,
        understood.intent if understood else None,
        understood.confidence if understood else None,
        len(compared) + len(turn.store),
        tuple(differences),
    )


def _compared(
    turn: Turn, agent: FlowAgent, reply: str, called: list[str]
) -> Iterator[Difference | None]:
    """Yield for each thing that is expected None, or how it differs."""
    state = agent.state
    known = dict(state.slots)
    if isinstance(state.step, ConfirmSlot):
        known[state.step.slot] = state.step.value
    if turn.flow is not None:
        yield _same("flow", turn.flow, state.flow or NONE)
    if turn.asks is not None:
        yield _same("asks", turn.asks, _asked(agent))
    if turn.confirms is not None:
        yield _same("confirms", f"confirms {turn.confirms}", _asked(agent))
    for slot, value in turn.slots.items():
        yield _same(slot, value, known.get(slot, NONE))
    if turn.calls is not None:
        yield _same("calls", ", ".join(turn.calls) or NONE, ", ".join(called) or NONE)
    for words in turn.says:
        yield None if _said(words, reply) else Difference("says", words, reply)
    for words in turn.says_not:
        yield Difference("says not", words, reply) if _said(words, reply) else None
    if turn.source is not None:
        sources = agent.exchange.sources if agent.exchange else ()
        found = turn.source in sources
        yield None if found else Difference("source", turn.source, ", ".join(sources) or NONE)
    if turn.language is not None:
        yield _same("language", turn.language, agent.language)
    if turn.outcome is not None:
        yield _same("outcome", turn.outcome, agent.outcome or NONE)


def _asked(agent: FlowAgent) -> str:
    """Say what the assistant waits for, in the words of a script."""
    waiting = agent.waiting
    if waiting.type == YES_NO:
        return f"confirms {waiting.slot}" if waiting.slot else YES_NO
    return waiting.slot or ANYTHING


def _same(what: str, expected: str, got: str) -> Difference | None:
    return None if expected == got else Difference(what, expected, got)


def _said(words: str, reply: str) -> bool:
    """Tell whether the reply holds the words, or one of those between bars."""
    plain = _plain(reply)
    return any(_plain(either) in plain for either in words.split("|"))


def _plain(words: str) -> str:
    return " ".join(words.lower().replace("\u2019", "'").split())


def _stored(queries: Queries, store: Store) -> Iterable[Difference]:
    for query, expected in queries.items():
        try:
            with store.reading() as connection:
                got = str(connection.execute(text(query)).scalar())
        except ActionError as error:
            got = str(error)
        if got != str(expected):
            yield Difference(query, str(expected), got)
