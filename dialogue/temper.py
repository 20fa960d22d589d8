"""What the caller's mood changes in a reply: an apology once, fewer words, a person sooner.

From when on is the assistant's choice: `[mood]` of assistant.toml.
"""

from dataclasses import replace

from dialogue.endings import Endings
from dialogue.state import Decision, Heard, State

_STOPS = ".!\u3002\uff01"  # the last two are Chinese


def felt(state: State, event: Heard, endings: Endings) -> State:
    """Return the state with the caller's mood in it."""
    return replace(state, terse=event.mood.level <= endings.assistant.mood.terse)


def upset(event: Heard, endings: Endings) -> Decision | None:
    """Hand over a caller whose anger stays; once, where nobody is there to take the call."""
    mood = endings.assistant.mood
    stays = event.mood.negatives >= mood.angry_turns and event.mood.level <= mood.person
    if not stays or endings.state.upset:
        return None
    state = replace(endings.state, upset=True, apologised=True)
    handed = endings.at(state).hand_over(endings.words.phrase("upset"))
    return handed.because(f"mood {event.mood.level:.2f} after {event.mood.negatives} angry turns")


def apologised(decision: Decision, event: Heard, endings: Endings) -> Decision:
    """Put an apology before the reply, once in a call, unless the reply has one."""
    calm = event.mood.level > endings.assistant.mood.sorry
    if calm or decision.change or decision.state.apologised:  # a change is said first, to be heard
        return decision
    state = replace(decision.state, apologised=True)
    sorry = endings.assistant.phrases.sorry.rstrip(_STOPS).lower()
    if any(sorry in clause.lower() for clause in decision.say[:2]):
        return replace(decision, state=state)
    told = replace(decision, state=state, say=endings.words.phrase("apology") + decision.say)
    return told.because(f"apology: mood {event.mood.level:.2f}")
