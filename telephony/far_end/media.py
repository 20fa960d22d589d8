"""A media stream of one call: the phone on one side, the server's socket on the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import anyio
from anyio import CancelScope, create_task_group, move_on_after

from telephony.far_end.network import Impairments, Network
from telephony.far_end.phone import Phone
from telephony.far_end.protocol import (
    READS_TOO_SLOWLY,
    Clear,
    Identity,
    Mark,
    Messages,
    Play,
    Violation,
    judge,
)
from telephony.wire import Wire

OUTBOX = 250  # messages, 5 s of the caller: more wait for no server, as Twilio discards them too
CLOSE_SECONDS = 5.0  # after `stop` the server has so long to close the socket
VIOLATIONS = 100  # so many are kept; more are only counted


@dataclass(slots=True)
class StreamLog:
    """What happened on a stream. Seconds are the call's."""

    stream_sid: str
    began: float = 0.0
    ended: float = 0.0
    ended_by: str = ""  # caller, server, drop, or api: the call was redirected
    server_closed: bool = False  # the server closed the socket, on its own or after `stop`
    received: dict[str, int] = field(default_factory=dict)  # events of the server, by name
    marks: list[tuple[float, str]] = field(default_factory=list)  # echoes: when, and which
    clears: list[float] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    violated: int = 0
    discarded: int = 0  # messages that the server did not read in time

    def violate(self, violation: Violation) -> None:
        """Note what the protocol does not allow."""
        self.violated += 1
        if len(self.violations) < VIOLATIONS:
            self.violations.append(violation)


class MediaStream:
    """Joins a phone and a socket: a `Party` of the phone while `run` runs."""

    def __init__(
        self, phone: Phone, wire: Wire, identity: Identity, impairments: Impairments
    ) -> None:
        self.log = StreamLog(identity.stream_sid)
        self._phone = phone
        self._wire = wire
        self._messages = Messages(identity)
        self._network = Network(impairments)
        self._send, self._outbox = anyio.create_memory_object_stream[str](OUTBOX)

    async def run(
        self, parameters: Mapping[str, str], drop_after: float | None = None
    ) -> StreamLog:
        """Stream until one side ends it; what was not played by then never is.

        `drop_after` seconds the connection is lost, without `stop`. Cancelled, it says `stop`.
        """
        self.log.began = self._phone.ear.now
        for message in (self._messages.connected(), self._messages.start(parameters)):
            self._push(message)
        self._phone.party = self
        try:
            async with create_task_group() as tasks:
                tasks.start_soon(self._sends)
                tasks.start_soon(self._waits_for_the_caller, tasks.cancel_scope, drop_after)
                await self._listen()
                self._end("server")
                tasks.cancel_scope.cancel()
        finally:
            self._end("caller" if self._phone.hung_up.is_set() else "api")
            self._phone.party = None
            self._phone.ear.clear()
            with CancelScope(shield=True):
                await self._close()
            self._send.close()
            self._outbox.close()
        return self.log

    def hear(self, payload: bytes, key: str) -> None:
        """Send the caller's next 20 ms."""
        now = self._phone.ear.now
        self._network.send(self._messages.media(payload), now, media=True)
        if key:
            self._network.send(self._messages.dtmf(key), now, media=False)
        for message in self._network.arrived(now):
            self._push(message)

    def reached(self, marks: tuple[str, ...]) -> None:
        """Echo marks."""
        for name in marks:
            self.log.marks.append((self._phone.ear.now, name))
            self._push(self._messages.mark(name))

    def _push(self, message: str) -> None:
        try:
            self._send.send_nowait(message)
        except anyio.WouldBlock:
            self.log.discarded += 1
            if self.log.discarded == 1:
                self.log.violate(Violation(READS_TOO_SLOWLY, "the server does not read its socket"))
        except anyio.ClosedResourceError:
            pass

    async def _sends(self) -> None:
        async for message in self._outbox:
            try:
                await self._wire.send(message)
            except anyio.BrokenResourceError:
                return  # who listens sees the end too

    async def _listen(self) -> None:
        while True:
            try:
                message = await self._wire.receive()
            except anyio.EndOfStream:
                self.log.server_closed = True
                return
            self._obey(judge(message, self.log.stream_sid))

    def _obey(self, command: Play | Mark | Clear | Violation) -> None:
        name = type(command).__name__.lower()
        self.log.received[name] = self.log.received.get(name, 0) + 1
        match command:
            case Play(payload=payload):
                self._phone.ear.play(payload)
            case Mark(name=mark):
                self.reached(self._phone.ear.mark(mark))
            case Clear():
                self.log.clears.append(self._phone.ear.now)
                self.reached(self._phone.ear.clear())
            case Violation():
                self.log.violate(command)

    async def _waits_for_the_caller(self, stream: CancelScope, drop_after: float | None) -> None:
        with move_on_after(drop_after if drop_after is not None else float("inf")) as limit:
            await self._phone.hung_up.wait()
        self._end("drop" if limit.cancelled_caught else "caller")
        stream.cancel()

    def _end(self, by: str) -> None:
        if not self.log.ended_by:
            self.log.ended_by, self.log.ended = by, self._phone.ear.now

    async def _close(self) -> None:
        """Say `stop`, wait a moment for the server to close, and close."""
        if self.log.ended_by == "drop":
            await self._wire.close(1006)
            return
        with move_on_after(CLOSE_SECONDS):
            if not self.log.server_closed:
                await self._flush()
                await self._listen_out()
        await self._wire.close()

    async def _flush(self) -> None:
        self._send.close()
        await self._sends()
        try:
            await self._wire.send(self._messages.stop())
        except anyio.BrokenResourceError:
            return

    async def _listen_out(self) -> None:
        """Read on to the end; nobody hears it."""
        while True:
            try:
                await self._wire.receive()
            except anyio.EndOfStream:
                self.log.server_closed = True
                return
