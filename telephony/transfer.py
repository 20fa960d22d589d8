"""A caller goes to a person, and comes back when nobody takes the call."""

import logging
from urllib.parse import quote

import anyio
from twilio.twiml.voice_response import VoiceResponse

from dialogue.agent import NobodyCame
from dialogue.llm.summary import Line, summary
from dialogue.state import Outcome
from telephony import TwilioError
from telephony.handoff import HandOffUrls, cold, queue, waiting_room
from telephony.packet import Packet, Parties, make_packet
from telephony.service import Service
from telephony.sessions import Session
from telephony.twilio_api import NewCall
from telephony.twiml import connect, goodbye, voicemail

log = logging.getLogger(__name__)

TRIES = 3  # to bring a caller back
PAUSE_SECONDS = 1.0  # between them
JOIN_SECONDS = 60.0  # for a person who has answered, to hear the summary and join


async def after_stream(service: Service, session: Session) -> VoiceResponse:
    """Say goodbye and close the session, or have a person take over, as the folder says."""
    if session.agent.outcome != Outcome.HANDED_OVER:
        await service.sessions.close(session)
        return goodbye()
    handoff, urls = service.assistant.handoff, hand_off_urls(service)
    if handoff.kind != "warm":
        service.sessions.left_to_person(session)
    if not (handoff.number or handoff.queue):
        log.error("nobody to hand over to: add number = below [handoff] in assistant.toml")
        return voicemail(service)
    packet = packet_of(service, session)
    deliver(service, session, packet)
    session.note("handed over", {"how": handoff.kind, "summary": packet.summary})
    match handoff.kind:
        case "cold":
            ours = service.settings.twilio_number if session.outbound else ""
            return cold(handoff, urls, caller_id=ours)
        case "queue":
            return queue(handoff, urls, packet)
        case "warm":
            return await warm(service, session)


async def warm(service: Service, session: Session) -> VoiceResponse:
    """Ring the person, and let the caller wait for them in a conference.

    Until the person joins the call is ours: nobody else can bring the caller back.
    """
    seconds = service.assistant.handoff.answer_seconds
    service.sessions.keep(session, seconds + JOIN_SECONDS)
    call = quote(session.call_sid, safe="")
    wanted = NewCall(
        to=service.assistant.handoff.number,
        from_=service.settings.twilio_number or session.called,
        url=service.url(f"/twilio/handoff/whisper?call={call}"),
        status_url=service.url(f"/twilio/handoff/person?call={call}"),
        ring_seconds=seconds,
        detect="machine",
    )
    service.transfers.begin(session.call_sid)
    try:
        if service.api is None:
            raise TwilioError("a warm hand-off needs OFFHOOK_TWILIO_ACCOUNT_SID and _AUTH_TOKEN")
        person = await service.api.place(wanted)
    except TwilioError as error:
        log.error("nobody could be rung: %s", error)
        return back(service, session)
    if not service.transfers.rings(session.call_sid, person):  # it failed while we were told so
        return back(service, session)
    return waiting_room(room(session.call_sid), hand_off_urls(service))


def back(service: Service, session: Session) -> VoiceResponse:
    """Connect the caller to the assistant again, which knows that nobody came."""
    service.transfers.end(session.call_sid)
    session.note("nobody came")
    session.with_person = False
    session.opening = NobodyCame()
    return connect(service, session)


async def bring_back(service: Service, session: Session) -> None:
    """Have Twilio ask for `back`: the caller waits in a conference that nobody joins."""
    rung = service.transfers.end(session.call_sid)
    if rung is None or not rung.person or service.api is None:
        return  # they are back, or `warm` is about to see that nobody comes
    for again in range(TRIES):
        if again:
            await anyio.sleep(PAUSE_SECONDS)
        try:
            await service.api.redirect(session.call_sid, service.url("/twilio/handoff/back"))
        except TwilioError as error:
            log.error("a caller who waits for a person could not be brought back: %s", error)
        else:
            return


async def stop_ringing(service: Service, call_sid: str) -> None:
    """The caller has hung up: nobody need come any more."""
    rung = service.transfers.end(call_sid)
    if rung is None or rung.joined or service.api is None:
        return
    try:
        await service.api.hang_up(rung.person)
    except TwilioError as error:
        log.warning("a person is rung for a caller who is gone: %s", error)


def packet_of(service: Service, session: Session) -> Packet:
    """Return what the person should know."""
    parties = Parties(
        session.call_sid,
        session.caller,
        session.called,
        service.links.transcript(session.call_sid),
    )
    return make_packet(parties, session.record.turns, session.agent.brief, service.assistant)


def deliver(service: Service, session: Session, packet: Packet) -> None:
    """Have the business's own systems know, in more words where a language model finds them."""
    speaker = service.parts.speaker if service.parts else None
    lines = [Line(turn.speaker, turn.heard) for turn in session.record.turns if turn.heard]

    async def in_more_words() -> dict[str, str]:
        return {"summary": await summary(packet.summary, lines, speaker)}

    service.deliveries.put(packet.as_json(), in_more_words if speaker else None)


def hand_off_urls(service: Service) -> HandOffUrls:
    """Return where Twilio asks on."""
    urls = (service.url(f"/twilio/handoff/{name}") for name in ("dialed", "queued", "hold", "left"))
    return HandOffUrls(*urls)


def room(call_sid: str) -> str:
    """Return the name of the conference in which this caller waits."""
    return f"offhook-{call_sid}"
