"""Calls that we place: Twilio asks what to say, and tells who answered."""

import logging
from collections.abc import Iterable, Mapping

from fastapi import APIRouter, Request, Response
from twilio.twiml.voice_response import VoiceResponse

from dialogue.agent import Opening
from telephony import Refused
from telephony.outbound import Announcement, Errand
from telephony.record import CallRecord, PhoneRecord
from telephony.security import Form, Reason, SignedForm
from telephony.service import Service
from telephony.sessions import Session, happening
from telephony.twilio_api import MACHINES
from telephony.twiml import connect, goodbye, xml
from telephony.webhooks.voice import FINAL, KEPT, note_status

log = logging.getLogger(__name__)

PLACED = 1000  # calls that have not been answered yet; of more the first are forgotten
SORRY = "We are sorry, we cannot talk right now. Goodbye."


class Placed:
    """What was told of calls that nobody has answered yet, by CallSid."""

    def __init__(self) -> None:
        self._told: dict[str, list[Mapping[str, str]]] = {}

    def note(self, call_sid: str, told: Mapping[str, str]) -> None:
        """Keep it until the call is answered or over."""
        while len(self._told) >= PLACED and call_sid not in self._told:
            self._told.pop(next(iter(self._told)))
        self._told.setdefault(call_sid, []).append(told)

    def take(self, call_sid: str) -> list[Mapping[str, str]]:
        """Return what was told, in order, and forget it."""
        return self._told.pop(call_sid, [])


def outbound_routes(service: Service) -> APIRouter:
    """Return the routes of calls that we place."""
    routes = APIRouter(prefix="/twilio")
    placed = Placed()

    @routes.post("/outbound")
    async def answered(request: Request, form: SignedForm) -> Response:
        query = request.query_params
        wanted = Errand(query.get("message", ""), query.get("opening", ""))
        try:
            return xml(await talk_to(service, wanted, form, placed))
        except Refused:
            raise
        except Exception:
            log.exception("a call that we placed failed when it was answered")
            return xml(goodbye(wanted.message or SORRY))

    @routes.post("/outbound/status")
    async def status(form: SignedForm) -> Response:
        await note_placed(service, form, placed)
        return Response(status_code=204)

    @routes.post("/amd")
    async def detected(form: SignedForm) -> Response:
        detect(service, form)
        return Response(status_code=204)

    return routes


async def talk_to(service: Service, wanted: Errand, form: Form, placed: Placed) -> VoiceResponse:
    """Connect who, or what, has answered to the assistant. Raises Refused for a replay."""
    call_sid, parts = form.get("CallSid", ""), service.parts
    if await service.sessions.is_over(call_sid):
        raise service.guard.refusals.note(Reason.REPLAYED, "a call")
    declined = service.gate.admits(ready=parts is not None, callers=0)
    if declined or parts is None:
        log.warning("a call that we placed is not talked to: %s", declined or "not ready")
        placed.note(call_sid, happening("declined", {"why": declined.value if declined else ""}))
        return goodbye(wanted.message or SORRY)
    session = Session(
        call_sid=call_sid,
        caller=form.get("To", ""),
        called=form.get("From", ""),
        language=service.assistant.language,
        agent=parts.agent(),
        record=service.record(),
        outbound=True,
        opening=Opening(wanted.first_words),
        message=wanted.message,
    )
    try:
        response = connect(service, service.sessions.open(session))
    except Refused as error:
        raise service.guard.refusals.note(Reason.REPLAYED, "a call") from error
    session.happenings.extend(placed.take(call_sid))
    return response


def detect(service: Service, form: Form) -> None:
    """Leave the message when a machine has answered: its greeting is over now.

    The conversation under way ends; Twilio then asks what comes next, and is connected again.
    """
    session = service.sessions.of(form.get("CallSid", ""))
    if session is None or not session.outbound:
        return
    who = form.get("AnsweredBy", "")
    took = form.get("MachineDetectionDuration", "")
    session.note("answered by", {"AnsweredBy": who, "MachineDetectionDuration": took})
    known = isinstance(session.agent, Announcement)
    if not who.startswith(MACHINES) or session.with_person or known:
        return
    session.agent = Announcement("" if who == "fax" else session.message)
    if session.hang_up is not None:
        session.hang_up()


async def note_placed(service: Service, form: Form, placed: Placed) -> None:
    """Put on record how a call fares that we place, also one that nobody answers."""
    call_sid, status = form.get("CallSid", ""), form.get("CallStatus", "")
    known = service.sessions.of(call_sid) or await service.sessions.is_over(call_sid)
    if known:
        await note_status(service, form)
        return
    details = {name: form[name] for name in KEPT if name in form}
    placed.note(call_sid, happening("status", details))
    if status in FINAL:
        await service.sessions.turn_away(unanswered(service, form, placed.take(call_sid)))


def unanswered(service: Service, form: Form, told: Iterable[Mapping[str, str]]) -> CallRecord:
    """Return the record of a call that we placed, and never talked on."""
    happenings = tuple(told)
    phone = PhoneRecord(
        form.get("To", ""), form.get("From", ""), True, happenings[0]["at"], 0, happenings
    )
    return CallRecord(
        call=form.get("CallSid", ""),
        assistant=service.assistant.name,
        line="twilio",
        seconds=0.0,
        outcome=form.get("CallStatus", ""),
        turns=(),
        models={},
        phone=phone,
    )
