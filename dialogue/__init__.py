"""Decide what to do and say: state, flows, knowledge, store. Text in, text out.

Exceptions::

    DialogueError              what a person can mend; its text is one line with the remedy
    ├── AssistantError         an assistant's folder is broken: file, line, what, how to mend
    └── ActionError            the business's own system failed; the caller hears an apology
        └── ConnectionLost     … in the midst of a change, which may have been made: ask again
"""


class DialogueError(Exception):
    """Base of what `dialogue` raises on purpose; the message is one line and names the remedy."""


class AssistantError(DialogueError):
    """An assistant's folder cannot be used."""


class ActionError(DialogueError):
    """An action of the assistant failed."""


class ConnectionLost(ActionError):
    """The database went away; whether the change was made, the same key tells."""
