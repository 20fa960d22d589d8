"""The floor: at most one reply speaks at a time."""

from collections.abc import Awaitable, Callable
from typing import TypeVarTuple, Unpack

from anyio import CancelScope, Event
from anyio.abc import TaskGroup

Args = TypeVarTuple("Args")


class Floor:
    """Belongs to one call; replies run as tasks of the call's own group."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._scope = CancelScope()
        self._free = Event()
        self._free.set()

    @property
    def taken(self) -> bool:
        """Whether a reply speaks, or is about to."""
        return not self._free.is_set()

    async def take(self) -> None:
        """Silence the reply that speaks, and return when it has committed what was heard."""
        self._scope.cancel()
        await self._free.wait()

    async def give(self, reply: Callable[[Unpack[Args]], Awaitable[None]], *args: *Args) -> None:
        """Let this reply speak, after the one that speaks now has been silenced."""
        await self.take()
        self._scope, self._free = CancelScope(), Event()
        self._tasks.start_soon(self._speak, reply, args, self._scope, self._free)

    async def _speak(
        self,
        reply: Callable[[Unpack[Args]], Awaitable[None]],
        args: tuple[*Args],
        scope: CancelScope,
        free: Event,
    ) -> None:
        try:
            with scope:
                await reply(*args)
        finally:
            free.set()
