"""Decide what to do and say: state, flows, knowledge, language model. Text in, text out.

Exceptions::

    DialogueError              what a person can mend; its text is one line with the remedy
    ├── AssistantError         an assistant's folder is broken: file, line, what, how to mend
    ├── ActionError            the business's own system failed; the caller hears an apology
    │   └── ConnectionLost     … in the midst of a change, which may have been made: ask again
    ├── LlmError               the language model failed; the caller hears the answer as written
    └── GraphAway              the knowledge graph cannot be asked now; stays within `knowledge`
"""

from dataclasses import dataclass
from pathlib import Path


class DialogueError(Exception):
    """Base of what `dialogue` raises on purpose; the message is one line and names the remedy."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake in an assistant's folder: where, what, and how to mend it.

    `about` names another file that it depends on: one that could not be read makes it idle.
    """

    path: Path
    line: int
    what: str
    about: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"


class AssistantError(DialogueError):
    """An assistant's folder cannot be used. Its text is the first fault."""

    def __init__(self, *faults: Fault | str) -> None:
        super().__init__(str(faults[0]))
        self.faults = tuple(fault for fault in faults if isinstance(fault, Fault))


class ActionError(DialogueError):
    """An action of the assistant failed."""


class ConnectionLost(ActionError):
    """The database went away; whether the change was made, the same key tells."""


class LlmError(DialogueError):
    """The language model gave no answer, or not all of it."""


class GraphAway(DialogueError):
    """The knowledge graph cannot be asked just now."""
