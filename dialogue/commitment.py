"""What of a reply counts that was not heard to its end; and what it left unanswered comes again.

Pure functions.
"""

from dataclasses import replace

from dialogue.agent import CallerTurn, Said, Silence
from dialogue.state import Asked, ConfirmChange, Decision, Idle, State
from nlu.understand import Alternative, LookAgain


def binding(decision: Decision, heard: str) -> bool:
    """Say whether enough of the reply was heard to build on it.

    Any word will do, but nothing may change that the caller does not know of: what is changed is
    said in the first clause; and a yes to a change counts only if half of its question was heard.
    """
    words = len(heard.split())
    clauses = [len(clause.split()) for clause in decision.say]
    if decision.change:
        return words >= clauses[0]
    if isinstance(decision.state.step, ConfirmChange):
        return words >= sum(clauses[:-1]) + clauses[-1] / 2
    return words > 0


def asked(decision: Decision, heard: str) -> State:
    """Return the state that the reply leads to, as far as it was heard.

    What was to be agreed to after a change, but not heard, was not asked: it waits.
    """
    words = sum(len(clause.split()) for clause in decision.say)
    missed = words - len(heard.split())
    question = isinstance(decision.state.step, ConfirmChange) and len(decision.say[-1].split()) / 2
    if decision.change and question and missed > question:
        state = decision.state
        unheard = Asked(state.flow, state.slots, begun=True)
        return replace(state, step=Idle(), flow="", later=(unheard, *state.later))
    return decision.state


def joined(before: Said | None, turn: CallerTurn) -> CallerTurn:
    """Put words that went unanswered before what the caller says next, or does not say."""
    if before is None:
        return turn
    match turn:
        case Silence():
            return before
        case Said(text, confidence, keys):
            between = "" if keys and before.keys else " "
            return replace(
                turn,
                text=f"{before.text}{between}{text}".strip(),
                confidence=min(before.confidence, confidence),
                keys=keys and before.keys,
                pictures=before.pictures + turn.pictures,
                look_again=_joined_look(before, turn),
            )
        case _:
            return turn


def _joined_look(before: Said, turn: Said) -> LookAgain | None:
    """How else both may have been heard; where both are in doubt, the first stays as it is."""
    last, first = turn.look_again, before.look_again
    if last:
        return lambda: tuple(_with_text(way, before.text, way.text) for way in last())
    if first:
        return lambda: tuple(_with_text(way, way.text, turn.text) for way in first())
    return None


def _with_text(way: Alternative, *parts: str) -> Alternative:
    return replace(way, text=" ".join(parts).strip())
