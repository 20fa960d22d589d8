"""When to ask the knowledge, and what it should know of the caller to answer."""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dialogue.agent import Said
from dialogue.assistant import Assistant
from dialogue.knowledge import Found, Knowledge, Known, Purchase
from dialogue.store import Store
from nlu.understand import OUT_OF_SCOPE, Understanding

log = logging.getLogger(__name__)

MORE_FITTING = (
    0.7  # an answer's confidence, to be given instead of the one that the intent leads to
)
NAMED = 2  # things in a question that a look-up, which knows of one, cannot answer


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Asks for one conversation."""

    assistant: Assistant
    knowledge: Knowledge | None
    store: Store
    now: Callable[[], datetime]

    def look(
        self, turn: Said, understanding: Understanding, slots: Sequence[tuple[str, str]]
    ) -> Found:
        """Return what is known, where no flow answers it better; nothing otherwise. Blocking."""
        if self.knowledge is None or turn.keys:
            return Found()
        unsure = understanding.confidence < self.assistant.confidence.act
        flow = self.assistant.flows.get(understanding.intent)
        if unsure or understanding.intent == OUT_OF_SCOPE:
            return self.knowledge.find(turn.text, self._known(slots))
        changes = flow is not None and any(case.change for case in flow.cases.values())
        if flow and (flow.faq or flow.look_up) and not changes:
            least = NAMED if flow.look_up else 1
            found = self.knowledge.find(turn.text, self._known(slots), least)
            if found.answer and found.answer.named >= least and found.answer.score >= MORE_FITTING:
                return Found(found.answer)
        return Found()

    def _known(self, slots: Sequence[tuple[str, str]]) -> Known:
        today = self.assistant.hours.local(self.now()).date()
        query, given = self.assistant.purchases, dict(slots)
        needed = set(re.findall(r":(\w+)", query))
        if not query or not needed <= given.keys():
            return Known(today)
        try:
            with self.store.reading() as connection:
                rows = connection.execute(text(query), {name: given[name] for name in needed})
                bought = [Purchase(item, date.fromisoformat(str(day))) for item, day in rows]
        except (SQLAlchemyError, ValueError) as error:
            log.error("purchases of assistant.toml failed: %s: %s", type(error).__name__, error)
            return Known(today)
        return Known(today, tuple(bought))
