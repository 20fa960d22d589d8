"""Which persons are rung for which callers: the state of the warm hand-offs under way."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Ringing:
    """A person who is rung for a caller; with `joined` they talk."""

    person: str = ""  # CallSid, once Twilio has told it
    joined: bool = False


@dataclass(slots=True)
class Transfers:
    """The warm hand-offs under way, by the caller's CallSid; `in_progress` knows the calls."""

    in_progress: Callable[[str], bool]
    _rung: dict[str, Ringing] = field(default_factory=dict)

    def begin(self, call_sid: str) -> None:
        """Note that a person is about to be rung for a caller; forget callers who are gone."""
        self._rung = {sid: rung for sid, rung in self._rung.items() if self.in_progress(sid)}
        self._rung[call_sid] = Ringing()

    def rings(self, call_sid: str, person: str) -> bool:
        """Note whose telephone rings; False when it is known already that they do not come."""
        if call_sid not in self._rung:
            return False
        self._rung[call_sid] = Ringing(person)
        return True

    def of(self, call_sid: str) -> Ringing | None:
        """Return who is rung for this caller, or talks with them."""
        return self._rung.get(call_sid)

    def join(self, call_sid: str) -> bool:
        """Note that the person joins; False when the caller waits no more."""
        rung = self._rung.get(call_sid)
        if rung is None:
            return False
        self._rung[call_sid] = replace(rung, joined=True)
        return True

    def end(self, call_sid: str) -> Ringing | None:
        """The caller waits no more; returns who was rung, if anybody."""
        return self._rung.pop(call_sid, None)
