"""What a state means to the rest of the product: what the ears expect, what a person should know.

Pure functions.
"""

from dialogue.agent import Brief, Waiting
from dialogue.assistant import Assistant
from dialogue.endings import MISSES, TROUBLES
from dialogue.privacy import masked, secret_parts
from dialogue.state import YES_NO_STEPS, AskSlot, ConfirmSlot, Idle, Prove, State
from nlu.understand import YES_NO

MORE = "more"  # the type of what follows "anything else?"
WAITING_TYPES = {
    "digits": "digits",
    "phone": "digits",
    "code": "code",
    "date": "date",
    "name": "name",
    "postcode": "code",
    "birth_date": "date",
}  # of a slot's kind; other kinds are open speech


def waiting(state: State, assistant: Assistant) -> Waiting:
    """Return what the ears should expect in this state."""
    match state.step:
        case AskSlot(slot):
            kind, texts = assistant.slots[slot], assistant.slot_texts[slot]
            words = texts.vocabulary + assistant.column(slot)
            type_ = WAITING_TYPES.get(kind.kind, "open")
            return Waiting(slot, type_, kind.length, words, texts.private)
        case Prove(factor) if factor:
            type_ = WAITING_TYPES.get(assistant.factors[factor].kind, "open")
            return Waiting(factor, type_, private=True)
        case ConfirmSlot(slot):
            return Waiting(slot, YES_NO, private=assistant.slot_texts[slot].private)
        case step if isinstance(step, YES_NO_STEPS):
            return Waiting("", YES_NO)
        case Idle() if state.served and not state.offered:
            return Waiting("", MORE)
        case _:
            return Waiting()


def brief(state: State, assistant: Assistant) -> Brief:
    """Return what a person should know who takes over in this state."""
    reason = "caller_asked"
    if state.urgent:
        reason = "urgent"
    elif state.locked:
        reason = "not_verified"
    elif state.troubles >= TROUBLES:
        reason = "trouble"
    elif state.upset:
        reason = "upset"
    elif state.misses >= (MISSES - 1 if state.terse else MISSES):
        reason = "not_understood"
    texts = assistant.slot_texts
    known = {
        slot: masked(value, secret_parts(value, slot, assistant))
        if slot in texts and texts[slot].private
        else value
        for slot, value in state.slots
    }
    if state.claim.customer:
        known["verified_customer"] = state.claim.customer
    return Brief(reason, known)
