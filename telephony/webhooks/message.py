"""A text message, or pictures: its webhook."""

import logging

from fastapi import APIRouter, Response

from telephony.messages import message_twiml, read_message
from telephony.picture_download import downloads
from telephony.security import SignedForm
from telephony.service import Service
from telephony.sessions import Session
from telephony.texting import Texting
from telephony.transfer import deliver, packet_of

log = logging.getLogger(__name__)


def message_routes(service: Service) -> APIRouter:
    """Return the route that Twilio calls for each message to our number."""
    routes = APIRouter(prefix="/twilio")
    texting = Texting(service, downloads(service.settings), lambda each: tell(service, each))

    @routes.post("/message")
    async def message(form: SignedForm) -> Response:
        reply = await texting.answer(read_message(form))
        return Response(message_twiml(reply), media_type="application/xml")

    return routes


def tell(service: Service, session: Session) -> None:
    """Have the business's own systems know that somebody waits for a person's answer."""
    packet = packet_of(service, session)
    session.note("handed over", {"how": "message", "summary": packet.summary})
    if not service.settings.handoff_webhook:
        log.error("a writer waits for a person, and nobody is told: set OFFHOOK_HANDOFF_WEBHOOK")
    deliver(service, session, packet)
