"""A small honest Twilio: a caller's phone at the other end of a wire, on the test's clock."""

import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import numpy as np
from anyio import create_task_group, current_time, sleep_until
from anyio.abc import TaskGroup

from telephony.wire import MemoryWire, memory_wires
from voice.codec import decode_ulaw

STREAM, CALL, ACCOUNT = "MZ1", "CA1", "AC1"
PACKET = 160
QUIET = b"\xff" * PACKET
ALOUD = b"\x80" * PACKET


def no_delay() -> float:
    return 0.0


def media(number: int, payload: bytes = QUIET, at: int | None = None) -> str:
    """Return the packet that is `number`-th, from 1, right after `start`."""
    return message("media", number + 1, media=_media(number, payload, at))


def _media(number: int, payload: bytes, at: int | None = None) -> dict[str, str]:
    return {
        "track": "inbound",
        "chunk": str(number),
        "timestamp": str((number - 1) * 20 if at is None else at),
        "payload": base64.b64encode(payload).decode(),
    }


def message(event: str, sequence: int, **content: Any) -> str:
    return json.dumps(
        {"event": event, "sequenceNumber": str(sequence), "streamSid": STREAM, **content}
    )


def connected() -> str:
    return json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})


def start(parameters: Mapping[str, str] | None = None) -> str:
    return message(
        "start",
        1,
        start={
            "streamSid": STREAM,
            "accountSid": ACCOUNT,
            "callSid": CALL,
            "tracks": ["inbound"],
            "customParameters": dict(parameters or {}),
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        },
    )


@asynccontextmanager
async def call_from(
    delay: Callable[[], float] = no_delay,
) -> AsyncIterator[tuple["FarTwilio", MemoryWire]]:
    """Place a call; the wire is our end of it."""
    here, there = memory_wires()
    far = FarTwilio(there, delay)
    try:
        async with create_task_group() as tasks:
            await far.call(tasks)
            yield far, here
            tasks.cancel_scope.cancel()
    finally:
        await here.close()
        await there.close()


class FarTwilio:
    """Plays what it gets in order, 20 ms at a time; echoes marks; streams the caller's side.

    `delay` gives the seconds that each message takes, in either direction; order is kept.
    """

    def __init__(self, wire: MemoryWire, delay: Callable[[], float] = no_delay) -> None:
        self._wire = wire
        self._delay = delay
        self._coming: list[tuple[float, dict[str, Any]]] = []
        self._going: list[tuple[float, str]] = []
        self._buffer: list[bytes | str] = []
        self._sequence = 1
        self._chunk = 0
        self.caller: list[bytes] = []  # what the caller says next, packet by packet
        self.ear = bytearray()  # what the caller's ear got, with its silences, as µ-law
        self.played = 0  # packets of the assistant's
        self.got: list[tuple[float, str]] = []  # when which command came
        self.echoes = True  # of marks

    async def call(self, tasks: TaskGroup) -> None:
        """Begin the stream."""
        await self._wire.send(connected())
        await self._wire.send(start())
        tasks.start_soon(self._receive)
        tasks.start_soon(self._play)

    async def hang_up(self) -> None:
        await self._send("stop", stop={"accountSid": ACCOUNT, "callSid": CALL})

    async def press(self, key: str) -> None:
        await self._send("dtmf", dtmf={"track": "inbound_track", "digit": key})

    @property
    def commands(self) -> list[str]:
        return [event for _, event in self.got]

    @property
    def buffered(self) -> float:
        """Seconds of sound in the buffer."""
        return sum(isinstance(each, bytes) for each in self._buffer) * 0.02

    def loudness(self) -> list[int]:
        """Return how loud each 20 ms at the ear was, 0 for silence."""
        samples = decode_ulaw(bytes(self.ear)).reshape(-1, PACKET)
        return [int(each) for each in np.abs(samples.astype(int)).max(axis=1)]

    async def _receive(self) -> None:
        due = 0.0
        while True:
            try:
                text = await self._wire.receive()
            except anyio.EndOfStream:
                return
            due = max(due, current_time() + self._delay())
            self._coming.append((due, json.loads(text)))

    async def _play(self) -> None:
        began, ticks = current_time(), 0
        while True:
            await self._tick()
            ticks += 1
            await sleep_until(began + ticks * 0.02)

    async def _tick(self) -> None:
        while self._coming and self._coming[0][0] <= current_time():
            await self._take(self._coming.pop(0)[1])
        await self._echo()
        self.played += bool(self._buffer)
        heard = self._buffer.pop(0) if self._buffer else QUIET
        assert isinstance(heard, bytes), "marks were echoed"
        self.ear += heard
        await self._echo()
        packet = self.caller.pop(0) if self.caller else QUIET
        self._chunk += 1
        await self._send("media", media=_media(self._chunk, packet))
        while self._going and self._going[0][0] <= current_time():
            await self._wire.send(self._going.pop(0)[1])

    async def _take(self, command: dict[str, Any]) -> None:
        assert command["streamSid"] == STREAM
        self.got.append((current_time(), command["event"]))
        match command["event"]:
            case "media":
                payload = base64.b64decode(command["media"]["payload"])
                assert len(payload) == PACKET
                self._buffer.append(payload)
            case "mark":
                self._buffer.append(command["mark"]["name"])
            case "clear":
                self._buffer = [each for each in self._buffer if isinstance(each, str)]

    async def _echo(self) -> None:
        """Send back the marks before which nothing is left to play."""
        while self._buffer and isinstance(name := self._buffer[0], str):
            self._buffer.pop(0)
            if self.echoes:
                await self._send("mark", mark={"name": name})

    async def _send(self, event: str, **content: Any) -> None:
        self._sequence += 1
        due = max(current_time() + self._delay(), self._going[-1][0] if self._going else 0.0)
        self._going.append((due, message(event, self._sequence, **content)))
