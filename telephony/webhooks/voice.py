"""An incoming call: its webhooks, and the media stream."""

import logging

from fastapi import APIRouter, Response, WebSocket
from twilio.twiml.voice_response import VoiceResponse

from dialogue.agent import Opening, Trouble
from telephony import Refused
from telephony.admission import Declined
from telephony.handoff import ANSWERED, BRIDGED
from telephony.outbound import Announcement
from telephony.record import FAILED, CallRecord, PhoneRecord
from telephony.security import Form, Reason, SignedForm
from telephony.service import Service
from telephony.sessions import Session, happening
from telephony.streams import talk
from telephony.transfer import after_stream
from telephony.twiml import (
    THANKS,
    connect,
    goodbye,
    never_dead,
    voicemail,
    without_assistant,
)

log = logging.getLogger(__name__)

STREAMS = 3  # a call whose stream broke is connected again, so often in all
WITHHELD = frozenset({"", "anonymous", "restricted", "unavailable", "unknown", "+266696687"})
"""What Twilio says of callers who hide their number: nobody can tell their calls apart."""

FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
DECLINED = "declined"  # an outcome of the record
KEPT = (
    "CallStatus",
    "CallDuration",
    "DialCallStatus",
    "DialCallDuration",
    "QueueResult",
    "QueueTime",
    "SipResponseCode",
    "ErrorCode",
    "StreamEvent",
    "StreamError",
    "RecordingSid",
    "RecordingStatus",
    "RecordingUrl",
    "RecordingDuration",
)
"""Fields of status callbacks that go into the record."""


def voice_routes(service: Service) -> APIRouter:
    """Return the routes of calls that come in, and of every media stream."""
    routes = APIRouter(prefix="/twilio")

    @routes.post("/voice")
    async def voice(form: SignedForm) -> Response:
        return await never_dead(service, answer(service, form), form)

    @routes.post("/after")
    async def after(form: SignedForm) -> Response:
        return await never_dead(service, go_on(service, form), form)

    @routes.post("/status")
    async def status(form: SignedForm) -> Response:
        await note_status(service, form)
        return Response(status_code=204)

    @routes.post("/person")
    async def person(form: SignedForm) -> Response:
        return await never_dead(service, after_person(service, form), form)

    @routes.post("/voicemail")
    async def recorded(form: SignedForm) -> Response:
        await note(service, form, "voicemail")
        return Response(status_code=204)

    @routes.post("/voicemail/end")
    async def message_taken(form: SignedForm) -> Response:
        return await never_dead(service, end(service, form, THANKS), form)

    @routes.websocket("/media")
    async def media(socket: WebSocket) -> None:
        await talk(service, socket)

    return routes


async def answer(service: Service, form: Form) -> VoiceResponse:
    """Connect a call that comes in, or say who takes it instead. Raises Refused for a replay."""
    call_sid, caller = form.get("CallSid", ""), form.get("From", "")
    if "ErrorCode" in form:  # Twilio could not use our first answer, and this is its fallback URL
        return without_assistant(service)
    if service.sessions.of(call_sid) or await service.sessions.is_over(call_sid):
        raise service.guard.refusals.note(Reason.REPLAYED, "a call")
    callers = 0 if caller.lower() in WITHHELD else service.sessions.by(caller)
    parts = service.parts
    declined = service.gate.admits(ready=parts is not None, callers=callers)
    if declined or parts is None:
        return await decline(service, form, declined or Declined.NOT_READY)
    session = Session(
        call_sid=call_sid,
        caller=caller,
        called=form.get("To", ""),
        language=service.assistant.language,
        agent=parts.agent(),
        record=service.record(),
        opening=Opening(caller="" if caller.lower() in WITHHELD else caller),
    )
    try:
        return connect(service, service.sessions.open(session))
    except Refused as error:
        raise service.guard.refusals.note(Reason.REPLAYED, "a call") from error


async def decline(service: Service, form: Form, why: Declined) -> VoiceResponse:
    """Have a person take the call, or voicemail, and put it on record."""
    log.warning("a call was not taken: %s", why.value)
    now = happening("declined", {"why": why.value})
    phone = PhoneRecord(
        form.get("From", ""), form.get("To", ""), False, now["at"], streams=0, happenings=(now,)
    )
    await service.sessions.turn_away(
        CallRecord(
            call=form.get("CallSid", ""),
            assistant=service.assistant.name,
            line="twilio",
            seconds=0.0,
            outcome=DECLINED,
            turns=(),
            models={},
            phone=phone,
        )
    )
    return without_assistant(service)


async def go_on(service: Service, form: Form) -> VoiceResponse:
    """Say what comes after a stream: what the dialogue came to, or help where it broke."""
    session = service.sessions.of(form.get("CallSid", ""))
    if session is None:
        return without_assistant(service)
    if not await service.sessions.stream_over(session):
        raise service.guard.refusals.note(Reason.REPLAYED, "the end of a stream")
    if session.agent.outcome and session.record.outcome != FAILED:
        return await after_stream(service, session)
    if isinstance(session.agent, Announcement) and session.streams < STREAMS:
        return connect(service, session)
    session.note("stream broke")
    if session.record.outcome != FAILED and 0 < session.streams < STREAMS:
        session.opening = Trouble()
        return connect(service, session)
    session.record.fail()
    service.sessions.left_to_person(session)
    return without_assistant(service)


async def after_person(service: Service, form: Form) -> VoiceResponse:
    """Say what comes when nobody took the call, or when the person has hung up."""
    await note(service, form, "person")
    if form.get("DialCallStatus") in ANSWERED or form.get("QueueResult") in BRIDGED:
        return await end(service, form)
    return voicemail(service)


async def end(service: Service, form: Form, words: str = "") -> VoiceResponse:
    """Say goodbye and end the call."""
    if session := service.sessions.of(form.get("CallSid", "")):
        await service.sessions.close(session)
    return goodbye(words)


async def note_status(service: Service, form: Form) -> None:
    """Put a status callback on record; a call that is over is closed."""
    fields = {"StreamEvent": "stream", "RecordingSid": "recording"}
    await note(service, form, next((fields[each] for each in fields if each in form), "status"))
    if error := form.get("StreamError"):
        log.warning("Twilio tells of a stream: %s", error)
    session = service.sessions.of(form.get("CallSid", ""))
    if session and form.get("CallStatus") in FINAL and "StreamEvent" not in form:
        await service.sessions.close(session)


async def note(service: Service, form: Form, what: str) -> None:
    """Put what Twilio tells on the call's record, also when the call is over."""
    details = {name: form[name] for name in KEPT if name in form}
    call_sid = form.get("CallSid", "")
    if session := service.sessions.of(call_sid):
        session.note(what, details)
        return
    try:
        known = await service.archive.add(call_sid, happening(what, details))
    except (OSError, ValueError) as error:
        log.error("what Twilio told of a call is lost: %s", error)
    else:
        if not known:
            log.warning("Twilio told of a call that is not on record: %s", what)
