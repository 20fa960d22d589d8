"""A media stream: who opens it is checked, then a call is held over it."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict

import anyio
from anyio import CancelScope
from fastapi import WebSocket, WebSocketDisconnect

from telephony import ProtocolError, Refused
from telephony.call import Call, run_call
from telephony.media_stream import Start
from telephony.parts import Parts
from telephony.recording import Tell, recording
from telephony.security import Reason
from telephony.service import Service
from telephony.sessions import Session
from telephony.twilio import handshake, open_twilio_line
from telephony.wire import Wire
from voice.echo import EchoGuard

log = logging.getLogger(__name__)

NORMAL, POLICY_VIOLATION = 1000, 1008  # WebSocket close codes


class SocketWire:
    """A WebSocket that we have accepted, as a `Wire`."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._open = True

    async def send(self, text: str) -> None:
        """Send a text message."""
        try:
            await self._socket.send_text(text)
        except (WebSocketDisconnect, RuntimeError) as error:  # RuntimeError: it is closed
            self._open = False
            raise anyio.BrokenResourceError from error

    async def receive(self) -> str | bytes:
        """Return the next message."""
        try:
            message = await self._socket.receive()
        except RuntimeError as error:
            raise anyio.EndOfStream from error
        if message["type"] == "websocket.disconnect":
            self._open = False
            raise anyio.EndOfStream
        text, data = message.get("text"), message.get("bytes")
        return str(text) if text is not None else bytes(data or b"")

    async def close(self, code: int = NORMAL) -> None:
        """End it."""
        if self._open:
            self._open = False
            with suppress(WebSocketDisconnect, RuntimeError):  # the other side was faster
                await self._socket.close(code)


async def talk(service: Service, socket: WebSocket) -> None:
    """Hold a call over this socket, if Twilio opened it for a call of ours.

    A handshake that Twilio did not sign is answered with 403, and never becomes a socket. No error
    leaves here: one call's failure never reaches another's.
    """
    try:
        service.guard.check_stream(socket)
    except Refused:
        await socket.close()  # not accepted yet: 403
        return
    await socket.accept()
    wire = SocketWire(socket)
    try:
        session, start = await identify(service, wire)
    except Refused:
        await wire.close(POLICY_VIOLATION)
        return
    try:
        async with recorded(service, session) as tell:
            await hold(service, session, wire, start, tell)
            await wire.close()
    except Exception:
        log.exception("the recording of the call %s broke", session.call_sid)
        await wire.close()


async def identify(service: Service, wire: Wire) -> tuple[Session, Start]:
    """Return whose call the stream is. Raises Refused: none of ours, or it shows no token."""
    refusals = service.guard.refusals
    try:
        start = await handshake(wire)
        token = start.parameters.get("token", "")
        return service.sessions.redeem(token, start.call_sid), start
    except ProtocolError as error:
        log.debug("a media stream: %s", error)
        raise refusals.note(Reason.PROTOCOL, "a media stream") from error
    except Refused as error:
        raise refusals.note(Reason.BAD_TOKEN, "a media stream") from error


@asynccontextmanager
async def recorded(service: Service, session: Session) -> AsyncGenerator[Tell]:
    """Have Twilio record the call meanwhile, if the settings say so."""
    if service.settings.record_calls and service.api is not None:
        async with recording(service.api, session.call_sid, session.note) as tell:
            yield tell
    else:
        yield lambda waiting: None


async def hold(service: Service, session: Session, wire: Wire, start: Start, tell: Tell) -> None:
    """Talk with the caller until one side hangs up, or `session.hang_up` is called."""
    parts = service.parts
    if parts is None:  # a session is opened with the parts, and they stay
        raise RuntimeError("a stream began before the models were loaded")
    session.record.go_on()
    with CancelScope() as scope:
        service.sessions.stream_began(session, scope.cancel)
        try:
            await _converse(session, parts, wire, start, tell)
        except Exception:
            log.exception("the call %s broke", session.call_sid)
            session.record.fail()
        finally:
            service.sessions.stream_ended(session)


async def _converse(session: Session, parts: Parts, wire: Wire, start: Start, tell: Tell) -> None:
    ears = parts.ears()
    async with open_twilio_line(wire, start, EchoGuard().clean) as line:
        session.waiting = lambda: line.waiting_seconds
        try:
            opening, record = session.opening, session.record
            call = Call(line, ears, session.agent, parts.tts, record, opening, tell, parts.voices)
            await run_call(call)
        finally:
            session.record.finish(ears.now, session.agent.outcome)
            counts = {name: str(count) for name, count in asdict(line.counts).items() if count}
            session.note("stream ended", counts | ({"lost": line.lost} if line.lost else {}))
            session.waiting = float
