"""What may be an emergency comes before everything else: rather caught in vain than missed.

The assistant's own words for it (`urgent:` of flows.yaml) are looked for in whatever was said,
however unsure the rest is; and its intent counts where it is far from being the likeliest.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from dialogue.endings import Endings
from dialogue.flows import Urgent
from dialogue.state import Decision, Heard, Outcome
from dialogue.wording import Clauses

BETWEEN = 4  # other words between those of a wording: "a pain right here in my chest"
STEM = 4  # letters, from which on a word stands for its other forms, too: pain, pains, painful
ENDING = 3  # letters, at most: no passport for pass


def alarm(event: Heard, endings: Endings) -> Decision | None:
    """Say whom to call, and put them through where somebody is there."""
    urgent = endings.assistant.urgent
    why = urgent and not event.keys and _signs(event, urgent)
    if not urgent or not why:
        return None
    words = endings.words.text(urgent.say)
    state = replace(endings.dropped(), greeted=True, silences=0, urgent=True)
    here = endings.at(state)
    if endings.assistant.hours.is_open(endings.now):
        decision = here.end(Outcome.HANDED_OVER, words + here.words.text(urgent.put_through))
    else:
        decision = Decision(state, words + here.words.text(urgent.nobody))
    return decision.because(f"may be an emergency: {why}")


def once_more(endings: Endings) -> Clauses:
    """Return whom to call, for a caller who was put through for that, and nobody came."""
    urgent = endings.assistant.urgent
    return endings.words.text(urgent.say) if urgent and endings.state.urgent else ()


def _signs(event: Heard, urgent: Urgent) -> str:
    """Say what speaks for an emergency; nothing, if nothing does."""
    understanding = event.understanding
    ranked = dict(understanding.ranking or ((understanding.intent, understanding.confidence),))
    if (likely := ranked.get(urgent.intent, 0.0)) >= urgent.least:
        return f"intent {urgent.intent} {likely:.2f}"
    if urgent.intent in understanding.more:
        return f"intent {urgent.intent}, with another"
    text = " ".join(_words(understanding.text))
    return next((words for words in urgent.words if _pattern(words).search(text)), "")


@cache
def _pattern(wording: str) -> re.Pattern[str]:
    words = [
        re.escape(word) + (rf"\w{{0,{ENDING}}}" if len(word) >= STEM else "")
        for word in _words(wording)
    ]
    return re.compile(r"\b" + rf"(?: \w+){{0,{BETWEEN}}} ".join(words) + r"\b")


def _words(text: str) -> Sequence[str]:
    return re.findall(r"\w+", re.sub(r"['\u2019]", "", text.lower()))
