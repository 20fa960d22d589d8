"""The TwiML that connects a call to the assistant, and what callers get when it cannot answer."""

import logging
from collections.abc import Awaitable, Mapping

from fastapi import Response
from twilio.twiml.voice_response import Connect, VoiceResponse

from telephony import Refused
from telephony.handoff import enter, ring
from telephony.service import Service
from telephony.sessions import Session

log = logging.getLogger(__name__)

PARAMETER_CHARACTERS = 200  # of 500 that Twilio allows for a name and its value
HOLD_PATH = "/twilio/handoff/hold"  # what callers in a queue hear
RING_SECONDS = 30
VOICEMAIL_SECONDS = 180
SILENCE_SECONDS = 6  # ends a voicemail

CONNECTING = "Our assistant cannot take your call right now. I am connecting you with a person."
SORRY = (
    "We are sorry. Nobody can take your call right now."
    " Please leave a message after the tone, and we will call you back."
)
THANKS = "Thank you. We have your message. Goodbye."
NO_MESSAGE = "We have no message from you. Please call again later. Goodbye."


def connect(service: Service, session: Session) -> VoiceResponse:
    """Connect the call to the assistant; when the stream is over Twilio asks /twilio/after."""
    response = VoiceResponse()
    connection = Connect()
    stream = connection.stream(url=service.media_url, status_callback=service.url("/twilio/status"))
    for name, value in (
        ("token", service.sessions.token(session)),
        ("caller", session.caller),
        ("called", session.called),
        ("language", session.language),
    ):
        stream.parameter(name=name, value=value[:PARAMETER_CHARACTERS])
    response.append(connection)
    response.redirect(service.url("/twilio/after"), method="POST")
    return response


def without_assistant(service: Service) -> VoiceResponse:
    """Return what a caller gets when the assistant cannot answer: a person, or voicemail."""
    handoff, asked = service.assistant.handoff, service.url("/twilio/person")
    if not service.is_open or not (handoff.number or handoff.queue):
        return voicemail(service)
    response = VoiceResponse()
    response.say(CONNECTING)
    if handoff.kind == "queue":
        response.append(enter(handoff, asked, service.url(HOLD_PATH)))
    else:
        response.append(ring(handoff, asked, timeout=RING_SECONDS))
    return response


def voicemail(service: Service) -> VoiceResponse:
    """Apologise and record a message."""
    response = VoiceResponse()
    response.say(SORRY)
    response.record(
        action=service.url("/twilio/voicemail/end"),
        method="POST",
        max_length=VOICEMAIL_SECONDS,
        timeout=SILENCE_SECONDS,
        play_beep=True,
        recording_status_callback=service.url("/twilio/voicemail"),
        recording_status_callback_method="POST",
    )
    response.say(NO_MESSAGE)  # Twilio comes here when it recorded nothing
    response.hangup()
    return response


def goodbye(words: str = "") -> VoiceResponse:
    """End the call."""
    response = VoiceResponse()
    if words:
        response.say(words)
    response.hangup()
    return response


def xml(response: VoiceResponse) -> Response:
    """Return TwiML as an answer to Twilio."""
    return Response(str(response), media_type="application/xml")


async def never_dead(
    service: Service, making: Awaitable[VoiceResponse], form: Mapping[str, str]
) -> Response:
    """Answer with this TwiML; if making it fails, with a person or voicemail.

    Raises Refused alone.
    """
    try:
        return xml(await making)
    except Refused:
        raise
    except Exception:
        log.exception("a webhook of %s failed; the caller gets a person", form.get("CallSid", ""))
        return xml(without_assistant(service))
