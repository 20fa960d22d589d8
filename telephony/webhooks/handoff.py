"""What Twilio asks and tells while a caller goes to a person."""

import json
import logging
from pathlib import Path
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from twilio.twiml.voice_response import VoiceResponse

from dialogue.phrasing import render
from telephony.archive import is_call_sid
from telephony.handoff import ANSWERED, BRIDGED, UNANSWERED, hold, joined, whisper
from telephony.security import Form, SignedForm
from telephony.service import Service
from telephony.sessions import Session
from telephony.transfer import back, bring_back, hand_off_urls, packet_of, room, stop_ringing
from telephony.twilio_api import MACHINES
from telephony.twiml import goodbye, never_dead, without_assistant, xml
from telephony.webhooks.voice import end, note

log = logging.getLogger(__name__)

GONE = "The caller has hung up."


def handoff_routes(service: Service) -> APIRouter:
    """Return the routes of hand-offs, and of the transcripts that persons get to read."""
    routes = APIRouter(prefix="/twilio")

    @routes.post("/handoff/dialed")
    async def dialed(form: SignedForm) -> Response:
        return await never_dead(service, after_dial(service, form), form)

    @routes.post("/handoff/queued")
    async def queued(form: SignedForm) -> Response:
        return await never_dead(service, after_queue(service, form), form)

    @routes.post("/handoff/hold")
    async def holding(form: SignedForm) -> Response:
        return xml(hold_the_line(service, form))

    @routes.post("/handoff/left")
    async def left(form: SignedForm) -> Response:
        return await never_dead(service, after_conference(service, form), form)

    @routes.post("/handoff/back")
    async def brought_back(form: SignedForm) -> Response:
        return await never_dead(service, come_back(service, form), form)

    @routes.post("/handoff/whisper")
    async def whispered(request: Request, form: SignedForm) -> Response:
        return xml(await person_answers(service, request.query_params.get("call", ""), form))

    @routes.post("/handoff/join")
    async def join(request: Request, form: SignedForm) -> Response:
        return xml(person_joins(service, request.query_params.get("call", "")))

    @routes.post("/handoff/person")
    async def person(request: Request, form: SignedForm) -> Response:
        await person_status(service, request.query_params.get("call", ""), form)
        return Response(status_code=204)

    @routes.get("/transcript/{call_sid}")
    async def transcript(call_sid: str, expires: str = "", signature: str = "") -> Response:
        if not service.links.is_good(call_sid, expires, signature):
            return Response(status_code=403)
        record = await read_record(service, call_sid)
        return JSONResponse(record) if record is not None else Response(status_code=404)

    return routes


async def after_dial(service: Service, form: Form) -> VoiceResponse:
    """Say goodbye when they have talked; else go on with the caller."""
    await note(service, form, "person")
    if form.get("DialCallStatus") in ANSWERED or form.get("CallStatus") == "completed":
        return await end(service, form)
    return await come_back(service, form)


async def after_queue(service: Service, form: Form) -> VoiceResponse:
    """Likewise, after the queue."""
    result = form.get("QueueResult", "")
    if session := _session(service, form):
        session.note("queue", {"QueueResult": result, "QueueTime": form.get("QueueTime", "")})
    if result in BRIDGED or result == "hangup":
        return await end(service, form)
    return await come_back(service, form)


async def after_conference(service: Service, form: Form) -> VoiceResponse:
    """Likewise, after the conference; a caller who hung up is waited for no more."""
    call_sid = form.get("CallSid", "")
    rung = service.transfers.of(call_sid)
    if form.get("CallStatus") == "completed" or (rung and rung.joined):
        await stop_ringing(service, call_sid)
        return await end(service, form)
    return await come_back(service, form)


async def come_back(service: Service, form: Form) -> VoiceResponse:
    """Connect the caller to the assistant again."""
    session = _session(service, form)
    return back(service, session) if session else without_assistant(service)


def hold_the_line(service: Service, form: Form) -> VoiceResponse:
    """Keep a caller in the queue as long as the assistant's folder says."""
    waited = form.get("QueueTime", "")
    seconds = int(waited) if waited.isdecimal() else 0
    session = service.sessions.of(form.get("CallSid", ""))
    assistant = service.assistant.spoken_in(session.agent.language if session else "")
    patient = seconds < assistant.handoff.answer_seconds
    words = render(assistant.phrases.please_hold, assistant.facts)
    return hold(words, hand_off_urls(service).hold, patient, assistant.language)


async def person_answers(service: Service, call_sid: str, form: Form) -> VoiceResponse:
    """Tell the person what it is about; a machine brings the caller back."""
    session, rung = service.sessions.of(call_sid), service.transfers.of(call_sid)
    if session is None or rung is None:
        return goodbye(GONE)
    if form.get("AnsweredBy", "").startswith(MACHINES):
        session.note("person", {"AnsweredBy": form["AnsweredBy"]})
        await bring_back(service, session)
        return goodbye()
    join_url = service.url(f"/twilio/handoff/join?call={call_sid}")
    return whisper(packet_of(service, session), join_url)


def person_joins(service: Service, call_sid: str) -> VoiceResponse:
    """Bring the person to the caller, if they still wait."""
    session = service.sessions.of(call_sid)
    if session is None or not service.transfers.join(call_sid):
        return goodbye(GONE)
    session.note("person joined")
    service.sessions.left_to_person(session)
    return joined(room(call_sid))


async def person_status(service: Service, call_sid: str, form: Form) -> None:
    """Bring the caller back when the person does not answer, or hangs up before they joined."""
    session, rung = service.sessions.of(call_sid), service.transfers.of(call_sid)
    status = form.get("CallStatus", "")
    if session is None:
        return
    session.note("person", {"CallStatus": status})
    gone = status in UNANSWERED or status == "completed"
    another = rung is not None and rung.person not in {"", form.get("CallSid")}  # rung before
    if gone and rung is not None and not (rung.joined or another):
        await bring_back(service, session)


async def read_record(service: Service, call_sid: str) -> Any:
    """Return a call's record as JSON, in progress or over; None without one."""
    if session := service.sessions.of(call_sid):
        models = service.parts.models if service.parts else {}
        return session.as_record(service.assistant.name, models).as_json()
    if not is_call_sid(call_sid):
        return None
    return await to_thread.run_sync(_read, service.archive.folder / f"{call_sid}.json")


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _session(service: Service, form: Form) -> Session | None:
    return service.sessions.of(form.get("CallSid", ""))
