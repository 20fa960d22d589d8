"""Facts of Twilio's protocol that a voice server must live with, each tried on a call of its own.

Any server can be tried: it is known by the URL of its voice webhook alone.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import anyio
from anyio import fail_after, move_on_after, sleep

from telephony.far_end import Unreachable
from telephony.far_end.exchange import API_VERSION, new_sid
from telephony.far_end.protocol import (
    PACKET_SAMPLES,
    PACKET_SECONDS,
    Clear,
    Identity,
    Mark,
    Messages,
    Play,
    Violation,
    judge,
)
from telephony.far_end.twiml import Stream, TwimlError, parse
from telephony.far_end.web import SIGNATURE, Answer, Refused, Site, Web
from telephony.wire import Wire

SPEAK_SECONDS = 10.0  # a greeting has begun by then
CLOSE_SECONDS = 6.0  # a stream that is over, or not to be, has been closed by then
LISTEN_SECONDS = 1.0
BUSY_ATTEMPTS, BUSY_SECONDS = 10, 3.0  # a server that declines a call is called again
SEND_SECONDS = 3.0  # a second of packets has been read by then
OVERSIZED = 1 << 20  # characters of a message
QUIET = b"\xff" * PACKET_SAMPLES


class Broken(Exception):
    """The server does otherwise; the text says how."""


@dataclass(slots=True)
class Talk:
    """One stream to the server, spoken by hand."""

    wire: Wire
    messages: Messages
    stream_sid: str
    heard: list[Play | Mark | Clear | Violation] = field(default_factory=list)
    closed: bool = False

    async def send(self, *messages: str) -> None:
        """Send messages; a server that has closed does not get them."""
        for message in messages:
            try:
                await self.wire.send(message)
            except anyio.BrokenResourceError:
                return

    async def listen(self, seconds: float, until: type | None = None) -> None:
        """Hear what the server sends for so long, or until such a message, or its end."""
        with move_on_after(seconds):
            while not self.closed:
                try:
                    self.heard.append(judge(await self.wire.receive(), self.stream_sid))
                except anyio.EndOfStream:
                    self.closed = True
                    return
                if until is not None and isinstance(self.heard[-1], until):
                    return

    async def live(self, seconds: float) -> None:
        """Be a quiet caller for so long."""
        for _ in range(round(seconds / PACKET_SECONDS)):
            await self.send(self.messages.media(QUIET))
            await self.listen(PACKET_SECONDS)

    def lawful(self) -> None:
        """Raise Broken for the first message that Twilio would refuse."""
        for heard in self.heard:
            if isinstance(heard, Violation):
                raise Broken(str(heard))

    @property
    def spoke(self) -> bool:
        """Whether the server has sent sound."""
        return any(isinstance(heard, Play) for heard in self.heard)


@dataclass(slots=True)
class Probe:
    """Calls the server, each time from another number."""

    site: Site
    web: Web
    account_sid: str
    voice_path: str
    called: str = "+15559990000"
    status_path: str = ""  # where it is told that a call is over; empty: nowhere
    calls: int = 0
    _begun: list[dict[str, str]] = field(default_factory=list)  # forms of calls that are not over

    async def webhook(self, headers: Mapping[str, str] | None = None) -> tuple[Answer, str]:
        """Post the voice webhook, signed unless there are headers; with the CallSid."""
        self.calls += 1
        call_sid, caller = new_sid("CA"), f"+1555777{self.calls:04d}"
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "CallSid": call_sid,
            "CallStatus": "ringing",
            "Called": self.called,
            "Caller": caller,
            "Direction": "inbound",
            "From": caller,
            "To": self.called,
        }
        url = self.site.url(self.voice_path)
        signed = self.site.signed(url, form) if headers is None else headers
        self._begun.append(form)
        return await self.web.post(self.site.reach(url), form, signed), call_sid

    async def end_calls(self) -> None:
        """Tell the server that the calls so far are over."""
        url = self.site.url(self.status_path)
        while self._begun:
            form = {**self._begun.pop(), "CallStatus": "completed", "CallDuration": "1"}
            if self.status_path:
                with suppress(Unreachable):
                    await self.web.post(self.site.reach(url), form, self.site.signed(url, form))

    async def stream(self) -> tuple[Stream, str]:
        """Return the stream that a call gets, and the call's SID. Raises Broken.

        A server may decline a call while it is busy: then it is called again.
        """
        for _ in range(BUSY_ATTEMPTS):
            answer, call_sid = await self.webhook()
            if answer.status != 200:
                raise Broken(f"the webhook answered HTTP {answer.status}")
            try:
                verbs = parse(answer.text)
            except TwimlError as error:
                raise Broken(str(error)) from error
            found = next((verb for verb in verbs if isinstance(verb, Stream)), None)
            if found is not None:
                return found, call_sid
            await self.end_calls()
            await sleep(BUSY_SECONDS)
        raise Broken("the TwiML has no <Connect><Stream>, or the server stays too busy")

    @asynccontextmanager
    async def open(self, stream: Stream, call_sid: str) -> AsyncIterator[Talk]:
        """Open the signed socket of a stream. Raises Refused."""
        identity = Identity(self.account_sid, call_sid, new_sid("MZ"))
        url = self.site.reach(stream.url)
        async with self.web.open(url, self.site.signed(stream.url, {})) as wire:
            yield Talk(wire, Messages(identity), identity.stream_sid)

    @asynccontextmanager
    async def talk(self) -> AsyncIterator[Talk]:
        """Call, and be greeted; in the end `stop` is said."""
        stream, call_sid = await self.stream()
        async with self.open(stream, call_sid) as talk:
            await talk.send(talk.messages.connected(), talk.messages.start(stream.parameters))
            await talk.listen(SPEAK_SECONDS, until=Play)
            if not talk.spoke:
                raise Broken(f"no sound within {SPEAK_SECONDS:.0f} s of start")
            yield talk
            await talk.send(talk.messages.stop())
            await talk.listen(CLOSE_SECONDS)


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that must hold; `check` raises Broken where it does not."""

    name: str
    check: Callable[[Probe], Awaitable[None]]
    needs_token: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of a fact: `broken` is empty where it holds, `skipped` where it was not tried."""

    name: str
    broken: str = ""
    skipped: str = ""


async def examine(
    probe: Probe, on_finding: Callable[[Finding], object] = lambda finding: None
) -> list[Finding]:
    """Try all facts, one after the other."""
    findings = []
    for fact in FACTS:
        findings.append(await _examine(fact, probe))
        on_finding(findings[-1])
    return findings


async def _examine(fact: Fact, probe: Probe) -> Finding:
    if fact.needs_token and not probe.site.auth_token:
        return Finding(fact.name, skipped="without an auth token nothing is signed")
    try:
        await fact.check(probe)
    except (Broken, Refused, Unreachable) as error:
        return Finding(fact.name, broken=str(error))
    finally:
        await probe.end_calls()
    return Finding(fact.name)


async def _webhook(probe: Probe) -> None:
    stream, _ = await probe.stream()
    local = probe.site.public.startswith("http:")
    if not stream.url.startswith("wss://") and not (local and stream.url.startswith("ws://")):
        raise Broken(f"the stream's URL is {stream.url}; Twilio wants wss://")
    if "?" in stream.url:
        raise Broken(f"the stream's URL {stream.url} has a query string; Twilio refuses that")


async def _unsigned_webhook(probe: Probe) -> None:
    for headers in ({}, {SIGNATURE: "c2lnbmVkIGJ5IG1l"}):
        answer, _ = await probe.webhook(headers)
        if answer.status < 400:
            raise Broken(
                f"answered HTTP {answer.status} to a webhook with {headers or 'no headers'}"
            )


async def _unsigned_handshake(probe: Probe) -> None:
    stream, _ = await probe.stream()
    for headers in ({}, {SIGNATURE: "c2lnbmVkIGJ5IG1l"}):
        try:
            async with probe.web.open(probe.site.reach(stream.url), headers):
                raise Broken(f"accepted a socket with {headers or 'no headers'}")
        except Refused:
            pass


async def _waits_for_start(probe: Probe) -> None:
    stream, call_sid = await probe.stream()
    async with probe.open(stream, call_sid) as talk:
        await talk.send(talk.messages.connected())
        await talk.listen(LISTEN_SECONDS)
        if talk.heard:
            raise Broken(f"sent {talk.heard[0]} before start, when it cannot know the streamSid")


async def _greets(probe: Probe) -> None:
    async with probe.talk() as talk:
        await talk.live(LISTEN_SECONDS)
        talk.lawful()
        if talk.closed:
            raise Broken("closed the socket within a second of its greeting")


async def _token_is_checked(probe: Probe) -> None:
    stream, call_sid = await probe.stream()
    wrong = {name: f"{value}x" for name, value in stream.parameters.items()}
    await _refuses_start(probe, stream, call_sid, wrong)


async def _token_works_once(probe: Probe) -> None:
    stream, call_sid = await probe.stream()
    async with probe.open(stream, call_sid) as talk:
        await talk.send(talk.messages.connected(), talk.messages.start(stream.parameters))
        await talk.listen(SPEAK_SECONDS, until=Play)
        await _refuses_start(probe, stream, call_sid, stream.parameters)
        await talk.send(talk.messages.stop())


async def _refuses_start(
    probe: Probe, stream: Stream, call_sid: str, parameters: Mapping[str, str]
) -> None:
    async with probe.open(stream, call_sid) as talk:
        await talk.send(talk.messages.connected(), talk.messages.start(parameters))
        await talk.listen(CLOSE_SECONDS, until=Play)
        if talk.spoke:
            raise Broken("speaks to a stream that nothing proves to be Twilio's")
        if not talk.closed:
            raise Broken("leaves a stream open that nothing proves to be Twilio's")


async def _media_before_start(probe: Probe) -> None:
    stream, call_sid = await probe.stream()
    async with probe.open(stream, call_sid) as talk:
        await talk.send(talk.messages.media(QUIET))
        await talk.listen(LISTEN_SECONDS)
        talk.lawful()
        if talk.spoke:
            raise Broken("speaks before start")
    await _greets(probe)


def _survives(
    what: Callable[[Talk], tuple[str, ...]], *, stays: bool
) -> Callable[[Probe], Awaitable[None]]:
    """Return a check: after these messages the call goes on (or may end), and the next one does."""

    async def check(probe: Probe) -> None:
        async with probe.talk() as talk:
            await talk.send(*what(talk))
            await talk.live(LISTEN_SECONDS)
            talk.lawful()
            if stays and talk.closed:
                raise Broken("closed the socket")
        await _greets(probe)

    return check


async def _binary(probe: Probe) -> None:
    async with probe.talk() as talk:
        send = getattr(talk.wire, "send_bytes", None)
        if send is not None:
            await send(QUIET)
        await talk.live(LISTEN_SECONDS)
        talk.lawful()
    await _greets(probe)


async def _reads_on(probe: Probe) -> None:
    async with probe.talk() as talk:
        packets = [talk.messages.media(QUIET) for _ in range(200)]
        try:
            with fail_after(SEND_SECONDS):
                await talk.send(*packets)
        except TimeoutError as error:
            raise Broken(f"has not read 4 s of packets within {SEND_SECONDS:.0f} s") from error
        talk.lawful()


async def _closes_after_stop(probe: Probe) -> None:
    async with probe.talk() as talk:
        pass
    if not talk.closed:
        raise Broken(f"the socket is open {CLOSE_SECONDS:.0f} s after stop")


async def _survives_a_lost_connection(probe: Probe) -> None:
    stream, call_sid = await probe.stream()
    async with probe.open(stream, call_sid) as talk:
        await talk.send(talk.messages.connected(), talk.messages.start(stream.parameters))
        await talk.listen(LISTEN_SECONDS, until=Play)
        await talk.wire.close(1006)
    await sleep(LISTEN_SECONDS)
    await _greets(probe)


def _mixed_up(talk: Talk) -> tuple[str, ...]:
    packets = [talk.messages.media(QUIET) for _ in range(10)]
    return (*packets[5:], *packets[:5], *packets)


FACTS = (
    Fact("the webhook gets TwiML with a stream's wss URL, without a query string", _webhook),
    Fact("a webhook without the right signature is refused", _unsigned_webhook, True),
    Fact("a handshake without the right signature is refused", _unsigned_handshake, True),
    Fact("nothing is sent before start", _waits_for_start),
    Fact("after start there are only media, mark and clear, in Twilio's form", _greets),
    Fact("a start with other parameters than the TwiML's is refused", _token_is_checked),
    Fact("a start cannot be replayed", _token_works_once),
    Fact("media before start does no harm", _media_before_start),
    Fact(
        "packets out of order and twice do no harm",
        _survives(_mixed_up, stays=True),
    ),
    Fact("keys are taken", _survives(lambda talk: (talk.messages.dtmf("1"),), stays=True)),
    Fact(
        "the echo of a mark that was never sent does no harm",
        _survives(lambda talk: (talk.messages.mark("never sent"),), stays=True),
    ),
    Fact(
        "an event of a later version does no harm",
        _survives(lambda talk: ('{"event": "later"}',), stays=True),
    ),
    Fact(
        "what is not JSON does no harm to other calls",
        _survives(lambda talk: ("{", "[]", "null", '{"event": 1}'), stays=False),
    ),
    Fact(
        "an oversized message does no harm to other calls",
        _survives(lambda talk: ("x" * OVERSIZED,), stays=False),
    ),
    Fact("a binary message does no harm to other calls", _binary),
    Fact("the socket is read while the server speaks", _reads_on),
    Fact("a lost connection does no harm to other calls", _survives_a_lost_connection),
    Fact("after stop the server closes the socket", _closes_after_stop),
)
