"""What an assistant may do besides its flows and answers: reword, suggest, know who calls."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from dialogue.actions import CallerLookUp, Found, Request
from dialogue.assistant import Assistant
from dialogue.llm.grounding import Speaker
from dialogue.next_need import Known, Need, needs
from dialogue.recommendation.suggestions import Suggestions
from dialogue.state import Tip
from dialogue.store import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Extras:
    """What there is of it; without a part, callers hear what the folder says."""

    speaker: Speaker | None = None
    suggestions: Suggestions | None = None

    def owned(self, known: Known | None) -> Collection[str]:
        """Return which products a known caller has bought."""
        if known is None or self.suggestions is None:
            return ()
        return self.suggestions.recommender.owned(known.customer)

    def tip(self, found: Found, owned: Collection[str], store: Store) -> Tip | None:
        """Return what may be suggested beside what was found. Blocking."""
        if self.suggestions is None:
            return None
        try:
            with store.reading() as connection:
                return self.suggestions.beside(found, owned, connection)
        except Exception as error:  # the business's own table; it may be left out
            log.error("nothing could be suggested: %s: %s", type(error).__name__, error)
            return None


def who_calls(caller: str, assistant: Assistant, store: Store, now: datetime) -> Known | None:
    """Return the customer who calls from this number, if the assistant knows them. Blocking."""
    actions = assistant.actions.values()
    who = next((action for action in actions if isinstance(action, CallerLookUp)), None)
    if who is None:
        return None
    try:
        with store.reading() as connection:
            return who.run(Request({"phone": caller}, now, assistant.hours, connection))
    except Exception as error:  # the business's own code; they are greeted like any other
        log.error("a caller could not be looked up: %s: %s", type(error).__name__, error)
        return None


def likely_need(known: Known | None, assistant: Assistant, today: date) -> Need | None:
    """Return what they call about, where the assistant may guess and that is likely enough."""
    options = assistant.known_callers
    if known is None or not options.guess:
        return None
    likely = next((n for n in needs(known.orders, today) if n.reason in assistant.guesses), None)
    return likely if likely and likely.probability >= options.sure else None
