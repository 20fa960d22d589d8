"""A text message, or pictures: its webhook."""

from fastapi import APIRouter, Response

from telephony.messages import message_twiml, read_message
from telephony.picture_download import downloads
from telephony.security import SignedForm
from telephony.service import Service
from telephony.texting import Texting


def message_routes(service: Service) -> APIRouter:
    """Return the route that Twilio calls for each message to our number."""
    routes = APIRouter(prefix="/twilio")
    texting = Texting(service, downloads(service.settings))

    @routes.post("/message")
    async def message(form: SignedForm) -> Response:
        reply = await texting.answer(read_message(form))
        return Response(message_twiml(reply), media_type="application/xml")

    return routes
