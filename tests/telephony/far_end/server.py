"""A tiny voice server for tests: it greets, listens by energy, and answers."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.lowlevel
import numpy as np

from telephony.far_end.protocol import PACKET_SAMPLES
from telephony.wire import Wire
from voice.codec import decode_ulaw, encode_ulaw

LOUD = encode_ulaw(np.resize(np.array([4000, 4000, -4000, -4000], np.int16), PACKET_SAMPLES))


def speech(seconds: float) -> bytes:
    return LOUD * round(seconds * 50)


@dataclass
class TinyServer:
    """Answers every silence after speech with `reply` seconds of sound; 0.5 s after its end."""

    wire: Wire
    greeting: float = 1.0
    reply: float = 1.0
    patience: float = 0.5
    replies: int = 1_000
    hears: list[dict[str, Any]] = field(default_factory=list)
    stream_sid: str = ""
    clears_on_speech: bool = True

    async def run(self) -> None:
        loud_at, last, pending, answered = 0.0, 0.0, False, 0
        try:
            while True:
                message = json.loads(await self.wire.receive())
                self.hears.append(message)
                match message["event"]:
                    case "start":
                        self.stream_sid = message["start"]["streamSid"]
                        await self.say(self.greeting, "greeting")
                    case "media":
                        last = int(message["media"]["timestamp"]) / 1000
                        if _loud(message["media"]["payload"]):
                            if not pending and self.clears_on_speech:
                                await self.send("clear")
                            loud_at, pending = last, True
                        elif pending and last - loud_at >= self.patience:
                            pending = False
                            answered += 1
                            await self.say(self.reply, f"reply {answered}")
                    case "mark" if message["mark"]["name"] == f"reply {self.replies}":
                        return
                    case "stop":
                        return
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return
        finally:
            with anyio.CancelScope(shield=True):
                await self.wire.close()

    async def say(self, seconds: float, mark: str) -> None:
        await self.send("media", payload=base64.b64encode(speech(seconds)).decode())
        await self.send("mark", name=mark)
        await anyio.lowlevel.checkpoint()

    async def send(self, event: str, **content: str) -> None:
        message: dict[str, Any] = {"event": event, "streamSid": self.stream_sid}
        if content:
            message[event] = content
        await self.wire.send(json.dumps(message))

    def events(self) -> list[str]:
        return [message["event"] for message in self.hears]


def _loud(payload: str) -> bool:
    return int(np.abs(decode_ulaw(base64.b64decode(payload)).astype(int)).max()) > 1000
