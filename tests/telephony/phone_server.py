"""A server on loopback with small real parts, and what Twilio would send to it."""

import base64
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
from anyio import Event, create_task_group, fail_after, sleep
from pydantic import SecretStr
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from dialogue.agent import Waiting
from telephony.admission import Gate
from telephony.parts import Parts
from telephony.server import Server, listen, make_service
from telephony.service import Service
from telephony.settings import Settings
from tests.fakes import FakeAgent, FakeAsr, FakeTts, FakeVad

TOKEN = "12345678901234567890123456789012"  # noqa: S105 - of nobody
ORIGIN = "https://calls.example.com"
OPEN = datetime(2026, 3, 3, 10, 30)  # a Tuesday
CLOSED = datetime(2026, 3, 3, 23, 30)
SILENT_PACKET = base64.b64encode(b"\xff" * 160).decode()


def talker() -> FakeAgent:
    """An agent that says goodbye when the caller presses 1."""
    return FakeAgent({"1": ["Goodbye."]}, waiting=Waiting("choice", "digits", 1))


def parts(agent: Callable[[], FakeAgent] = talker, tts: FakeTts | None = None) -> Parts:
    return Parts(FakeVad, FakeAsr(), tts or FakeTts(), agent, "Maplewood", {"tiny": "0" * 64})


class CalmGate(Gate):
    """Does not mind how busy the machine that runs the tests is."""

    def late(self, seconds: float) -> None:
        pass


@dataclass(kw_only=True)
class Twilio:
    """What Twilio does: signed webhooks, media streams. `base` is where the server listens."""

    base: str
    http: httpx2.AsyncClient
    validator: RequestValidator = field(default_factory=lambda: RequestValidator(TOKEN))

    def signature(self, url: str, form: Mapping[str, Any]) -> str:
        return str(self.validator.compute_signature(url, form))

    async def post(
        self, path: str, form: Mapping[str, str], signed: str | None = None, **more: str
    ) -> httpx2.Response:
        """Send a webhook; `signed` replaces the right signature, "" leaves it out."""
        right = self.signature(ORIGIN + path, form)
        headers = {"X-Twilio-Signature": right if signed is None else signed, **more}
        headers = {name: value for name, value in headers.items() if value}
        return await self.http.post(path, data=dict(form), headers=headers)

    async def twiml(self, path: str, form: Mapping[str, str]) -> ET.Element:
        """Send a webhook and return its TwiML."""
        response = await self.post(path, form)
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("application/xml")
        return ET.fromstring(response.text)  # noqa: S314 - our own

    async def ring(self, call: str, caller: str = "+13125550123") -> dict[str, str]:
        """Announce a call; returns the parameters for its stream."""
        twiml = await self.twiml("/twilio/voice", incoming(call, caller))
        return {each.attrib["name"]: each.attrib["value"] for each in twiml.iter("Parameter")}

    @asynccontextmanager
    async def socket(self, signed: str | None = None) -> AsyncIterator[ClientConnection]:
        """Open a media socket without saying a word on it."""
        url = ORIGIN.replace("https", "wss") + "/twilio/media"
        right = self.signature(url, {})
        headers = {"X-Twilio-Signature": right if signed is None else signed}
        where = self.base.replace("http", "ws") + "/twilio/media"
        async with connect(where, additional_headers=headers, open_timeout=5) as socket:
            yield socket

    @asynccontextmanager
    async def stream(self, call: str, parameters: Mapping[str, str]) -> AsyncIterator["Stream"]:
        """Open a call's media stream."""
        async with self.socket() as socket:
            stream = Stream(socket, call)
            await stream.begin(parameters)
            yield stream


@dataclass(kw_only=True)
class TwilioSide(Twilio):
    """Twilio, and a server in this process."""

    service: Service
    server: Server


@dataclass
class Stream:
    """A media stream as Twilio has it; marks come back at once, so sound takes no time."""

    socket: ClientConnection
    call: str
    packets: int = 0
    sequence: int = 1
    closed_with: int | None = None

    @property
    def sid(self) -> str:
        return f"MZ{self.call[2:]}"

    async def begin(self, parameters: Mapping[str, str]) -> None:
        await self.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "streamSid": self.sid,
            "accountSid": "AC1",
            "callSid": self.call,
            "tracks": ["inbound"],
            "customParameters": dict(parameters),
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        }
        await self.send(
            {"event": "start", "sequenceNumber": "1", "streamSid": self.sid, "start": start}
        )

    async def send(self, message: Mapping[str, Any]) -> None:
        await self.socket.send(json.dumps(message))

    async def tell(self, event: str, **what: Any) -> None:
        self.sequence += 1
        number = str(self.sequence)
        await self.send(
            {"event": event, "sequenceNumber": number, "streamSid": self.sid, event: what}
        )

    async def press(self, key: str) -> None:
        await self.tell("dtmf", track="inbound_track", digit=key)

    async def hang_up(self) -> None:
        await self.tell("stop", accountSid="AC1", callSid=self.call)

    async def listen(self, until: Callable[["Stream"], bool] = lambda stream: False) -> None:
        """Send silence and take what comes, until then or until the server closes the socket."""
        try:
            async with create_task_group() as tasks:
                tasks.start_soon(self._send_silence)
                with fail_after(10):
                    while not until(self):
                        await self._take(json.loads(await self.socket.recv()))
                tasks.cancel_scope.cancel()
        except* ConnectionClosed:
            self.closed_with = self.socket.close_code

    async def greeting(self) -> None:
        """Listen until the greeting has been played to its end."""
        await self.listen(lambda stream: stream.packets >= 30)

    async def _take(self, message: Mapping[str, Any]) -> None:
        match message["event"]:
            case "media":
                self.packets += 1
            case "mark":
                await self.tell("mark", name=message["mark"]["name"])

    async def _send_silence(self) -> None:
        chunk = 0
        while True:
            chunk += 1
            await self.tell(
                "media",
                track="inbound",
                chunk=str(chunk),
                timestamp=str(chunk * 20),
                payload=SILENT_PACKET,
            )
            await sleep(0.02)


def incoming(call: str, caller: str = "+13125550123") -> dict[str, str]:
    """Return the form of an incoming call's webhook."""
    return {"CallSid": call, "From": caller, "To": "+13125550100", "CallStatus": "ringing"}


@asynccontextmanager
async def running(
    folder: Path,
    made: Parts | None = None,
    now: datetime = OPEN,
    insecure_local: bool = False,
    auth_token: str = TOKEN,
    **settings: Any,
) -> AsyncIterator[TwilioSide]:
    """Run a server; `made` comes after a moment, and None never comes."""
    chosen = Settings(
        calls=folder,
        port=0,
        public_url="" if insecure_local else ORIGIN,
        twilio_auth_token=SecretStr(auth_token),
        **settings,
    )

    def load() -> Parts:
        if made is None:
            raise RuntimeError("no models here")
        return made

    loaded = Event()
    with closing(listen(chosen, insecure_local)) as listening:
        address = listening.getsockname()
        base = f"http://{address[0]}:{address[1]}"
        service = calm(make_service(chosen, address, insecure_local, now=lambda: now))
        server = Server(service, listening)
        async with create_task_group() as tasks, httpx2.AsyncClient(base_url=base) as http:
            tasks.start_soon(server.run, load, lambda failure: loaded.set())
            with fail_after(5):
                await loaded.wait()
                assert (await http.get("/healthz")).status_code == 204
            yield TwilioSide(service=service, server=server, base=base, http=http)
            await server.stop()


def calm(service: Service) -> Service:
    """Return the service with a gate that does not mind the tests' own load."""
    gate = service.gate
    return replace(service, gate=CalmGate(gate.limits, gate.calls, gate.waiting, cores=64))


def sid(number: int) -> str:
    """Return a CallSid."""
    return f"CA{number:032x}"


def verbs(twiml: ET.Element) -> list[str]:
    """Return the TwiML's verbs in order."""
    return [re.sub("{.*}", "", verb.tag) for verb in twiml]
