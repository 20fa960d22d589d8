"""Scripted dialogues: what a caller says turn by turn, and what must come of it.

`docs/dialogues.md` explains the format. Every mistake is one line with file, line and remedy.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from dialogue import AssistantError, Fault
from dialogue.agent import CallerTurn, NobodyCame, Said, Silence, Trouble
from dialogue.assistant import Assistant
from dialogue.reading import Document, Part, did_you_mean, read_yaml
from dialogue.state import Outcome

NONE = "none"  # no flow is under way; the call goes on
ANYTHING, YES_NO = "anything", "yes_no"
OUTCOMES = [*(outcome.value for outcome in Outcome), NONE]
DOINGS = ("caller", "keys", "silence", "noise", "trouble", "nobody_came")


def _words(value: object) -> object:
    """YAML takes a bare yes and no for true and false; callers say them often."""
    return {True: "yes", False: "no"}.get(value, value) if isinstance(value, bool) else value


def _list(value: object) -> object:
    return (
        (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value
    )


def _moment(value: object) -> object:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError(f"'{value}' is no local time; write 2026-11-20 14:00") from error


Words = Annotated[str, BeforeValidator(_words)]
Several = Annotated[tuple[str, ...], BeforeValidator(_list)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Queries = dict[str, Any]  # an SQL query → the one value that it must give


class Turn(Part):
    """One turn: what the caller does, then what must be so once they have heard the reply."""

    caller: Words | None = None
    confidence: float = Field(default=1.0, ge=0, le=1)  # of the transcript
    keys: str = Field(default="", pattern=r"^[0-9*#]*$")
    silence: Literal[True] | None = None
    noise: Literal[True] | None = None  # a voice, but no words
    trouble: Literal[True] | None = None  # a part of ours failed
    nobody_came: Literal[True] | None = None  # they were handed over, and are back

    flow: str | None = None
    asks: str | None = None
    confirms: str | None = None
    slots: dict[str, str] = Field(default={})
    calls: Several | None = None
    says: Several = ()
    says_not: Several = ()
    source: str | None = None
    language: str | None = None
    store: Queries = Field(default={})
    outcome: str | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> "Turn":
        done = [name for name in DOINGS if getattr(self, name) not in {None, ""}]
        if len(done) != 1:
            raise ValueError(f"a turn has exactly one of {', '.join(DOINGS)}; mend this one")
        if self.asks and self.confirms:
            raise ValueError("a turn asks or confirms; remove one of them")
        return self

    @property
    def done(self) -> CallerTurn:
        """What the agent gets."""
        if self.caller is not None:
            return Said(self.caller, self.confidence)
        if self.silence:
            return Silence()
        if self.trouble:
            return Trouble()
        if self.nobody_came:
            return NobodyCame()
        return Said(self.keys, keys=bool(self.keys))

    @property
    def shown(self) -> str:
        """What the caller did, for a person to read."""
        name = next(name for name in DOINGS if getattr(self, name) not in {None, ""})
        return self.caller or (f"keys {self.keys}" if self.keys else f"({name.replace('_', ' ')})")


class Script(Part):
    """One dialogue. `not_yet` says why it is known to fail; it counts as failed all the same."""

    name: str = Field(min_length=1)
    skill: str = ""
    now: Moment | None = None
    not_yet: str = ""
    turns: list[Turn] = Field(min_length=1)
    store: Queries = Field(default={})  # after the last turn


class _File(Part):
    now: Moment
    skill: str = ""
    dialogues: list[Script] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A script with its place, and what its file says of it."""

    script: Script
    path: Path
    line: int
    skill: str
    now: datetime


def load_dialogues(path: Path, assistant: Assistant) -> list[Dialogue]:
    """Read a file of dialogues with this assistant.

    Raises AssistantError: its text is the first mistake, as one line.
    """
    document = read_yaml(path)
    file = document.validate(_File)
    seen: set[str] = set()
    found, faults = [], []
    for index, script in enumerate(file.dialogues):
        where = ("dialogues", index)
        if script.name in seen:
            told = f"a second '{script.name}'; give it a name of its own"
            faults.append(document.fault(where, told))
        seen.add(script.name)
        for number, turn in enumerate(script.turns):
            faults += _check(turn, assistant, document, (*where, "turns", number))
        skill = script.skill or file.skill or path.stem.replace("_", " ")
        line = document.lines[where]
        found.append(Dialogue(script, path, line, skill, script.now or file.now))
    if faults:
        raise AssistantError(*faults)
    return found


def dialogue_files(paths: Iterable[Path]) -> list[Path]:
    """Return the files; of a folder those in it.

    Raises AssistantError: there are none.
    """
    files = []
    for path in paths:
        inside = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
        if not inside:
            raise AssistantError(f"{path}: has no dialogues; name a folder with *.yaml files")
        files += inside
    return files


def _check(
    turn: Turn, assistant: Assistant, document: Document, where: tuple[Any, ...]
) -> Iterator[Fault]:
    flows, slots = list(assistant.flows), list(assistant.slots)
    for key, name, known in (
        ("flow", turn.flow, [*flows, NONE]),
        ("asks", turn.asks, [*slots, *assistant.factors, YES_NO, ANYTHING]),
        ("confirms", turn.confirms, slots),
        ("outcome", turn.outcome, OUTCOMES),
        ("language", turn.language, list(assistant.languages)),
        *(("slots", slot, slots) for slot in turn.slots),
        *(("calls", action, list(assistant.actions)) for action in turn.calls or ()),
    ):
        if name is not None and name not in known:
            told = f"there is no '{name}'{did_you_mean(name, known)}"
            yield document.fault((*where, key), told)
