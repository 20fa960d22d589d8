"""What a change of language does to a conversation: nothing is lost, the question is asked anew.

Slots, verification and flows are the same in all languages of an assistant; texts are not.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from dialogue.assistant import Assistant
from dialogue.endings import Endings
from dialogue.progress import Progress
from dialogue.state import (
    ChooseIntent,
    Closing,
    ConfirmChange,
    ConfirmIntent,
    Decision,
    Idle,
    State,
)


@dataclass(frozen=True, slots=True)
class Switching(Progress):
    """The part of a decision that is about the language."""

    def in_this_language(self, left: bool) -> Decision:
        """Say that it is this language from here on, and ask anew what was asked in another.

        Where this one lacks the flow under way, so that it was `left`, a person is offered for it.
        """
        consent = () if self.state.greeted else self.words.text(self.assistant.consent)
        words = consent + self.words.phrase("this_language")
        here = self.at(replace(self.state, greeted=True, misses=0, silences=0))
        if left:
            return here.offer_person(words)
        match self.state.step:
            case ConfirmChange():  # its question has values in it that were said in the other one
                return here.at(replace(here.state, step=Idle())).proceed().after(words)
            case Closing():
                return here.at(here.idle()).ask(words)
        return here.ask(words)


def in_this_language(decision: Decision, assistant: Assistant, why: str, now: datetime) -> Decision:
    """Say first that it is this language from here on; words in it are answered at once."""
    if decision.outcome:
        return decision.because(why)
    told = decision.after(Endings(decision.state, assistant, now).words.phrase("this_language"))
    return replace(told, state=replace(told.state, said=told.say)).because(why)


def carried(state: State, assistant: Assistant) -> State:
    """Return the state with only what the assistant has texts for; where it lacks some, idle."""
    flows = assistant.flows
    slots = tuple(pair for pair in state.slots if pair[0] in assistant.slots)
    later = tuple(asked for asked in state.later if asked.intent in flows)
    offered = state.offered if state.offered in flows else ""
    finished = state.finished if state.finished in flows else ""
    state = replace(state, slots=slots, later=later, offered=offered, finished=finished)
    match state.step:
        case ConfirmIntent(intent):
            needed = {intent}
        case ChooseIntent(intents):
            needed = set(intents)
        case _:
            needed = {state.flow} - {""}
    return state if needed <= flows.keys() else replace(state, step=Idle(), flow="")
