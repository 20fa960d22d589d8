"""Decide what to do and say: state, flows, knowledge, store. Text in, text out.

Exceptions::

    DialogueError              what a person can mend; its text is one line with the remedy
    ├── AssistantError         an assistant's folder is broken: file, line, what, how to mend
    ├── ActionError            the business's own system failed; the caller hears an apology
    └── GraphAway              the knowledge graph cannot be asked now; stays within `knowledge`
"""


class DialogueError(Exception):
    """Base of what `dialogue` raises on purpose; the message is one line and names the remedy."""


class AssistantError(DialogueError):
    """An assistant's folder cannot be used."""


class ActionError(DialogueError):
    """An action of the assistant failed."""


class GraphAway(DialogueError):
    """The knowledge graph cannot be asked just now."""
