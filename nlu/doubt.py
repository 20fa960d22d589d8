"""When the recogniser is asked what else it may have heard: where the meaning is in doubt.

Its second look may take longer than all the rest of an answer, and most misheard words change no
meaning.
"""

from collections.abc import Mapping
from dataclasses import replace

from nlu.dataset import SlotType
from nlu.decode import YES_NO_INTENTS, is_whole
from nlu.understand import YES_NO, Context, LookAgain, Nlu, Understanding

# Chosen on a development set of 529 utterances over a phone line and on what a caller waits: at 0.9
# one in seven was looked at again and 1.7 points more were understood, but callers who speak of
# other things waited 0.15 s longer at the median; at 0.5 it is one in fifty, 0.4 points, no wait.
SURE = 0.5
# Where the recogniser is surer of its words, other ways to hear them changed no meaning (602
# development utterances), and a caller waits 0.3 s for them. A figure may be wrong even so.
CLEARLY_HEARD = 0.85


def understood(
    nlu: Nlu,
    text: str,
    context: Context,
    slots: Mapping[str, SlotType],
    look_again: LookAgain | None,
) -> Understanding:
    """Understand an utterance, and once more in all ways it may have been heard. Blocking.

    `slots` are the assistant's by name. None is not to look again.
    """
    first = nlu.understand(text, context)
    if look_again is None or not in_doubt(first, context, slots):
        return first
    ways = look_again()
    return nlu.understand(text, replace(context, heard=ways)) if len(ways) > 1 else first


def in_doubt(first: Understanding, context: Context, slots: Mapping[str, SlotType]) -> bool:
    """Tell whether it is worth a second look; an answer to what was asked for needs none.

    Half a number is no answer, however clear the intent, and none that may be left as it is.
    """
    if context.waiting_for == YES_NO and first.intent in YES_NO_INTENTS:
        return False
    awaited = slots.get(context.waiting_for)
    given = [slot for slot in first.slots if awaited and slot.name == awaited.name]
    if awaited and given:
        return not any(is_whole(slot, awaited) for slot in given)
    return bool(first.unread) or (first.confidence < SURE and context.confidence < CLEARLY_HEARD)
