"""When to ask the knowledge, and what it should know of the caller to answer."""

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from sqlalchemy import TextClause, text
from sqlalchemy.exc import SQLAlchemyError

from dialogue.agent import Said
from dialogue.assistant import Assistant
from dialogue.flows import Flow
from dialogue.knowledge import Answer, Found, Knowledge, Known, Purchase
from dialogue.proving import is_attempt
from dialogue.state import Idle, Prove, State, Step
from dialogue.store import Store
from nlu.language import reader_of
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

    def look(self, turn: Said, understanding: Understanding, state: State) -> Found:
        """Return what is known, where no flow answers it better; nothing otherwise. Blocking.

        What shows who is calling is no question.
        """
        if self.knowledge is None or turn.keys or self._proves(turn.text, state.step):
            return Found()
        slots = state.slots
        unsure = understanding.confidence < self.assistant.confidence.act
        flow = self.assistant.flows.get(understanding.intent)
        if unsure or understanding.intent == OUT_OF_SCOPE:
            nothing = None if unsure else ""
            return self.knowledge.find(turn.text, self._known(slots), expected=nothing)
        changes = flow is not None and any(case.change for case in flow.cases.values())
        if flow and flow.look_up and not changes:
            found = self.knowledge.find(turn.text, self._known(slots), NAMED)
            return _fitting(found.answer, NAMED)
        if flow and flow.faq:
            asked_first = isinstance(state.step, Idle)  # in passing a flow does not go on
            goes_on = asked_first and bool(flow.offers or flow.then or flow.offer_person)
            found = self.knowledge.find(turn.text, self._known(slots), int(goes_on), flow.faq)
            if found.answer and (found.answer.named or _nearer(flow, found)):
                return _fitting(found.answer)
        return Found()

    def _proves(self, text: str, step: Step) -> bool:
        if not isinstance(step, Prove) or not step.factor:
            return False
        today = self.assistant.hours.local(self.now()).date()
        kind, reader = self.assistant.factors[step.factor].kind, reader_of(self.assistant.language)
        return is_attempt(kind, text, today, reader)

    def _known(self, slots: Sequence[tuple[str, str]]) -> Known:
        today = self.assistant.hours.local(self.now()).date()
        query, given = self.assistant.purchases, dict(slots)
        needed = set(re.findall(r":(\w+)", query))
        if not query or not needed <= given.keys():
            return Known(today)
        try:
            with self.store.reading() as connection:
                rows = connection.execute(_prepared(query), {name: given[name] for name in needed})
                bought = [Purchase(item, date.fromisoformat(str(day))) for item, day in rows]
        except (SQLAlchemyError, ValueError) as error:
            log.error("purchases of assistant.toml failed: %s: %s", type(error).__name__, error)
            return Known(today)
        return Known(today, tuple(bought))


@cache
def _prepared(query: str) -> TextClause:
    return text(query)


def _nearer(flow: Flow, found: Found) -> bool:
    """Whether another answer of the FAQ is nearer than the one that is all that the flow has."""
    nearest = found.passages[0].passage if found.passages else None
    return nearest is not None and nearest.whole and nearest.anchor != flow.faq


def _fitting(answer: Answer | None, least_named: int = 0) -> Found:
    """Return only what answers better than what the intent leads to."""
    if answer and answer.named >= least_named and answer.score >= MORE_FITTING:
        return Found(answer)
    return Found()
