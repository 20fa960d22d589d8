"""The other end of a phone call: Twilio as a server meets it, and a caller who hears.

Nothing here shares code with our own Twilio line: what one gets wrong the other must notice. Start
reading in `telephony/emulator.py`; `docs/emulator.md` is the manual.

::

    caller ──Act──► Phone ──packets──► Network ──► MediaStream ──JSON──► the server under test
       ▲              │ one 20 ms clock                 │
       └──Hearing── Ear ◄──────────media, mark, clear───┘

Exceptions::

    TelephonyError
    ├── ScriptError            a call script has a mistake; names its file and line
    └── LineError
        └── Unreachable        the server under test cannot be reached, or is not ours to call
"""

from telephony import LineError, TelephonyError


class ScriptError(TelephonyError):
    """A call script cannot be used."""


class Unreachable(LineError):
    """The server under test does not answer."""
