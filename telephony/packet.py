"""What goes along when a person takes over: a hand-off packet. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dialogue.agent import Brief
from dialogue.assistant import Assistant
from telephony.record import TurnRecord

VERSION = 1  # of the packet: raised when a field changes its meaning or goes
QUOTED_CHARACTERS = 200  # of the caller's last request
ATTRIBUTE_CHARACTERS = 4000  # of 4096 bytes that a TaskRouter task's attributes may have

REASONS = {
    "caller_asked": "They asked for a person.",
    "not_understood": "The assistant did not understand them several times in a row.",
    "urgent": "What they said may be an emergency.",
    "not_verified": "They could not show who they are: verify them before you tell them anything.",
    "upset": "They stayed upset with the assistant.",
    "trouble": "The assistant had a technical problem.",
}


@dataclass(frozen=True, slots=True)
class Packet:
    """One hand-off, for whoever takes over and for the business's own systems.

    `intent` is what the caller wanted last, `about` says it in words; `slots` are confirmed values,
    private ones masked; `sentiment` is one label for each of the caller's turns; `tried` is what
    the assistant looked up or cited; `transcript` is a link to the call's record.
    """

    call: str
    caller: str
    called: str
    business: str
    reason: str
    intent: str | None
    about: str
    slots: Mapping[str, str]
    sentiment: tuple[str, ...]
    tried: tuple[str, ...]
    last_words: str
    transcript: str

    @property
    def summary(self) -> str:
        """The call in a few plain sentences."""
        known = ", ".join(f"{_words(slot)} {value}" for slot, value in self.slots.items())
        parts = [
            f"A caller of {self.business} wants {self.about or 'to speak to a person'}.",
            f"Known: {known}." if known else "",
            self._why,
            f"The assistant looked at {', '.join(self.tried)}." if self.tried else "",
            f"They sounded {self.sentiment[-1]} at the end." if self._upset else "",
            f'Their last words: "{self.last_words}"' if self.last_words else "",
        ]
        return " ".join(part for part in parts if part)

    @property
    def spoken(self) -> str:
        """The summary as it is whispered to the person: shorter, with digits one by one."""
        known = ", ".join(f"{_words(slot)} {value}" for slot, value in self.slots.items())
        text = " ".join(
            part
            for part in (
                f"A caller of {self.business} wants {self.about or 'to speak to a person'}.",
                f"{known[:1].upper()}{known[1:]}." if known else "",
                self._why,
            )
            if part
        )
        return re.sub(r"\d{3,}", lambda digits: " ".join(digits[0]), text.replace("•", ""))

    @property
    def _why(self) -> str:
        """Why the assistant hands over, where that is not all they want."""
        wants_it = self.reason == "caller_asked" and not self.about
        return "" if wants_it else REASONS.get(self.reason, "")

    @property
    def _upset(self) -> bool:
        return self.sentiment[-1:] == ("negative",)

    def as_json(self) -> dict[str, Any]:
        """Return the public form: plain dicts, lists and strings."""
        return {"version": VERSION, "summary": self.summary, **asdict(self)}


@dataclass(frozen=True, slots=True)
class Parties:
    """Who talks: the call's CallSid and both numbers, and the link to what was said."""

    call: str
    caller: str
    called: str
    transcript: str


def make_packet(
    parties: Parties, turns: Sequence[TurnRecord], brief: Brief, assistant: Assistant
) -> Packet:
    """Build the packet from what the call's record and its agent hold."""
    callers = [turn for turn in turns if turn.speaker == "caller"]
    request = next((turn for turn in reversed(callers) if _asks(turn, assistant)), None)
    flow = assistant.flows.get(request.intent or "") if request else None
    last = callers[-1].text if callers else ""
    return Packet(
        call=parties.call,
        caller=parties.caller,
        called=parties.called,
        business=assistant.name,
        reason=brief.reason,
        intent=request.intent if request else None,
        about=(flow.about or "") if flow else "",
        slots=dict(brief.slots),
        sentiment=tuple(turn.sentiment for turn in callers if turn.sentiment),
        tried=tuple(dict.fromkeys(source for turn in turns for source in turn.sources)),
        last_words=last[:QUOTED_CHARACTERS],
        transcript=parties.transcript,
    )


def _asks(turn: TurnRecord, assistant: Assistant) -> bool:
    """Say whether the caller asked for something in this turn, other than for a person."""
    flow = assistant.flows.get(turn.intent or "")
    return flow is not None and not (flow.small_talk or flow.hand_over or flow.ends_call)


def _words(name: str) -> str:
    return name.replace("_", " ")
