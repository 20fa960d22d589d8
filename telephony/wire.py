"""A WebSocket as the phone line needs it, so that servers, emulators and tests swap freely."""

from typing import Protocol

import anyio
from anyio.streams.stapled import StapledObjectStream


class Wire(Protocol):
    """One open WebSocket that carries messages both ways, in order."""

    async def send(self, text: str) -> None:
        """Send a text message. Raises anyio.BrokenResourceError when the other side is gone."""
        ...

    async def receive(self) -> str | bytes:
        """Return the next message, bytes for a binary one. Raises anyio.EndOfStream at the end."""
        ...

    async def close(self, code: int = 1000) -> None:
        """End it; the other side's `receive` raises EndOfStream. Again does nothing."""
        ...


class MemoryWire:
    """One end of a wire within this process; `memory_wires` makes two that are joined."""

    def __init__(self, stream: StapledObjectStream[str | bytes]) -> None:
        self._stream = stream
        self.closed_with: int | None = None

    async def send(self, text: str) -> None:
        """Send to the other end."""
        try:
            await self._stream.send(text)
        except anyio.ClosedResourceError as error:
            raise anyio.BrokenResourceError from error

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message, which the protocol does not allow."""
        await self._stream.send(data)

    async def receive(self) -> str | bytes:
        """Receive from the other end."""
        try:
            return await self._stream.receive()
        except anyio.ClosedResourceError as error:
            raise anyio.EndOfStream from error

    async def close(self, code: int = 1000) -> None:
        """Close both directions."""
        if self.closed_with is None:
            self.closed_with = code
            await self._stream.aclose()


def memory_wires(buffered: int = 10_000) -> tuple[MemoryWire, MemoryWire]:
    """Return both ends of a wire; so many messages may be under way in each direction."""
    there, here = anyio.create_memory_object_stream[str | bytes](buffered)
    back, away = anyio.create_memory_object_stream[str | bytes](buffered)
    return (
        MemoryWire(StapledObjectStream(there, away)),
        MemoryWire(StapledObjectStream(back, here)),
    )
