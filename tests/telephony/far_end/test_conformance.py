"""The conformance facts, on a server that keeps them and on servers that break one each."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio
import pytest
from trio.testing import MockClock

from telephony.far_end.conformance import FACTS, Finding, Probe, examine
from telephony.far_end.web import Answer
from telephony.wire import MemoryWire, Wire
from tests.telephony.far_end.server import TinyServer
from tests.telephony.far_end.web import SITE, STREAM, MemoryWeb

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


@dataclass
class Careful(TinyServer):
    """Keeps every fact: survives what it does not know, and a token works once."""

    tokens: set[str] = field(default_factory=set)

    async def run(self) -> None:
        self.wire = _Checked(self.wire, self.tokens)
        await super().run()


class _Checked:
    """Passes on only what a careful server would listen to."""

    def __init__(self, wire: Wire, tokens: set[str]) -> None:
        self._wire, self._tokens = wire, tokens
        self.send, self.close = wire.send, wire.close
        self._started = False

    async def receive(self) -> str | bytes:
        while True:
            message = await self._wire.receive()
            try:
                plain = json.loads(message)
            except ValueError as error:
                raise anyio.EndOfStream from error
            event = plain.get("event") if isinstance(plain, dict) else None
            if event == "start":
                token = plain["start"]["customParameters"]["token"]
                if token not in self._tokens:
                    raise anyio.EndOfStream
                self._tokens.discard(token)
                self._started = True
            elif event == "media" and not self._started:
                raise anyio.EndOfStream
            if isinstance(event, str):
                return message


@dataclass
class CarefulWeb(MemoryWeb):
    tokens: set[str] = field(default_factory=set)

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        answer = await super().post(url, form, headers)
        self.tokens.add(form["CallSid"])
        return Answer(answer.status, answer.text.replace('value="t"', f'value="{form["CallSid"]}"'))


def careful_web() -> CarefulWeb:
    web = CarefulWeb({"/voice": STREAM})
    web.server = lambda wire: Careful(wire, tokens=web.tokens)
    return web


async def examined(web: MemoryWeb) -> list[Finding]:
    return await examine(Probe(SITE, web, "AC1", "/voice"))


def broken(findings: list[Finding]) -> set[str]:
    return {finding.name for finding in findings if finding.broken}


async def test_a_careful_server_keeps_every_fact() -> None:
    findings = await examined(careful_web())
    assert [finding for finding in findings if finding.broken] == []
    assert len(findings) == len(FACTS)


async def test_without_a_token_of_its_own_the_stream_is_open_to_anyone() -> None:
    web = careful_web()
    web.server = lambda wire: Careful(wire, tokens=_Any())
    assert broken(await examined(web)) == {
        "a start cannot be replayed",
        "a start with other parameters than the TwiML's is refused",
    }


class _Any(set[str]):
    def __contains__(self, token: object) -> bool:
        return True


@dataclass
class Binary(Careful):
    async def say(self, seconds: float, mark: str) -> None:
        await super().say(seconds, mark)
        assert isinstance(self.wire, _Checked)
        assert isinstance(self.wire._wire, MemoryWire)
        await self.wire._wire.send_bytes(b"\xff" * 160)


async def test_binary_media_are_found() -> None:
    web = careful_web()
    web.server = lambda wire: Binary(wire, tokens=web.tokens)
    findings = await examined(web)
    only = next(finding for finding in findings if "only media, mark and clear" in finding.name)
    assert only.broken.startswith("31950")


@dataclass
class Open(CarefulWeb):
    """Checks no signature."""

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        return await super().post(url, form, SITE.signed(SITE.public + "/voice", form))

    @asynccontextmanager
    async def open(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Wire]:
        signed = SITE.signed("wss://calls.example.com/media", {})
        async with super().open(url, signed) as wire:
            yield wire


async def test_open_doors_are_found() -> None:
    web = Open({"/voice": STREAM})
    web.server = lambda wire: Careful(wire, tokens=web.tokens)
    assert broken(await examined(web)) == {
        "a webhook without the right signature is refused",
        "a handshake without the right signature is refused",
    }


async def test_a_mute_server_is_found() -> None:
    web = careful_web()
    web.server = lambda wire: Careful(wire, greeting=0.0, tokens=web.tokens)
    findings = await examined(web)
    only = next(finding for finding in findings if "only media, mark and clear" in finding.name)
    assert "no sound" in only.broken or "31924" in only.broken
