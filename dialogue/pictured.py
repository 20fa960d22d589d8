"""What pictures do for a decision: they stand in for words that give a slot's value."""

from dataclasses import dataclass, replace
from typing import Self

from dialogue.agent import Said
from dialogue.endings import Endings
from dialogue.seeing import values_seen
from dialogue.state import AskSlot, ConfirmSlot, Decision, Heard


@dataclass(frozen=True, slots=True)
class Pictured(Endings):
    """`pictures` is the text of those that came with this turn; never of an earlier one."""

    pictures: tuple[str, ...] = ()

    def turn(self, event: Heard | Said) -> Self:
        """Return the policy for what the caller said or wrote."""
        state = replace(self.state, greeted=True, silences=0, written=event.written)
        return replace(self, state=state, pictures=event.pictures)

    def seen(self, slot: str) -> tuple[str, ...]:
        """Return the values of the slot that the pictures hold."""
        return values_seen(self.pictures, self.assistant.slots[slot], self.now.date())

    def look_for(self, slot: str) -> Decision:
        """Read back the slot's value out of the pictures; without one, ask in words."""
        asking = self.at(replace(self.state, step=AskSlot(slot)))
        if not self.pictures:
            return asking.ask()
        match self.seen(slot):
            case (value,):
                step = ConfirmSlot(slot, value, seen=True)
                return self.at(replace(self.state, step=step)).ask()
            case ():
                return asking.missed(self.words.text(self.assistant.written.picture_no_use))
            case values:
                return Decision(asking.state, self.words.which(values))
