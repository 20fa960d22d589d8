"""Foresight: a reply thought out and begun to be spoken while the caller may still go on.

Nothing outside the process changes, and nothing is kept: the agent recognises what it has thought
about already, and the voice what it has said. When the caller goes on, the work is given up.
"""

import logging
from collections.abc import Callable

from anyio import CancelScope
from anyio.abc import TaskGroup

from dialogue.agent import Agent, Said
from telephony.record import ForesightRecord
from voice.tts import PreparingTts

log = logging.getLogger(__name__)

LIKELY = 0.1  # a pause less likely the end, as where something is missing, is not worth the work


class Foresight:
    """Belongs to one call; works in the call's own task group.

    `voice` tells who speaks at the time.
    """

    def __init__(self, tasks: TaskGroup, agent: Agent, voice: Callable[[], PreparingTts]) -> None:
        self.begun = self.dropped = self.supposed = 0
        self._tasks = tasks
        self._agent = agent
        self._voice = voice
        self._scope = CancelScope()  # of what was begun last
        self._open = False  # whether it is for the pause under way
        self._supposed = CancelScope()

    @property
    def prepared(self) -> ForesightRecord:
        """How many replies were prepared so far, and given up since."""
        return ForesightRecord(self.begun, self.dropped, self.supposed)

    def suppose(self) -> None:
        """Prepare the reply to the likeliest answer, if there is one: callers take a second."""
        self._supposed.cancel()
        self._supposed = CancelScope()
        self._tasks.start_soon(self._prepare, None, self._supposed)

    def begin(self, turn: Said, likely: float) -> None:
        """Prepare the reply to what may be all that the caller says."""
        self.drop()
        self._scope.cancel()  # what was for an earlier turn, too: its time is over
        if likely >= LIKELY:
            self.begun += 1
            self._scope, self._open = CancelScope(), True
            self._tasks.start_soon(self._prepare, turn, self._scope)

    def drop(self) -> None:
        """Give up: the caller goes on."""
        if self._open:
            self.dropped += 1
            self._scope.cancel()
            self._open = False

    def fulfil(self) -> None:
        """The turn is over: what was begun goes on by itself, for the reply that comes."""
        self._open = False

    async def _prepare(self, turn: Said | None, scope: CancelScope) -> None:
        try:
            with scope:
                clause = await self._agent.foresee(turn)
                if clause:
                    self.supposed += turn is None
                    await self._voice().prepare(clause, self._agent.speed)
        except Exception:
            log.exception("a reply could not be prepared; it is made when it is due")
