"""How a caller gets to a person: the TwiML of the cold, the queued and the warm hand-off. Pure.

::

    cold   <Dial>      ── answered ──► they talk           ── nobody ──► back to the assistant
    queue  <Enqueue>   ── a person takes the task ──►      ── nobody ──► back to the assistant
    warm   <Conference> (the caller waits in it)  ◄── joins ── the person, who is rung over REST,
                                                     hears the summary first and then joins
"""

import json
from dataclasses import dataclass

from twilio.twiml.voice_response import Dial, Enqueue, VoiceResponse

from dialogue.identity import HandOff
from nlu.tags import primary
from telephony.packet import ATTRIBUTE_CHARACTERS, Packet

TASK_ROUTER = "WW"  # so a workflow's SID begins; any other name is a plain queue
PAUSE_SECONDS = 10  # between two requests to hold the line
ANSWERED = frozenset({"completed", "answered"})  # of DialCallStatus
BRIDGED = frozenset({"bridged", "bridging-in-process", "redirected-from-bridged"})  # QueueResult
UNANSWERED = frozenset({"busy", "no-answer", "failed", "canceled"})  # CallStatus of a call we place


@dataclass(frozen=True, slots=True)
class HandOffUrls:
    """Where Twilio asks on: public URLs of ours."""

    dialed: str
    queued: str
    hold: str
    left: str


def cold(handoff: HandOff, urls: HandOffUrls, caller_id: str = "") -> VoiceResponse:
    """Ring the person; the caller hears it ring. `caller_id`: what they see, if not the caller."""
    response = VoiceResponse()
    response.append(
        ring(
            handoff,
            urls.dialed,
            answer_on_bridge=True,
            timeout=handoff.answer_seconds,
            caller_id=caller_id or None,
        )
    )
    return response


def queue(handoff: HandOff, urls: HandOffUrls, packet: Packet) -> VoiceResponse:
    """Put the caller into a queue, or hand a task with the packet to a TaskRouter workflow."""
    response = VoiceResponse()
    enqueue = enter(handoff, urls.queued, urls.hold)
    if is_workflow(handoff):
        enqueue.task(attributes(packet))
    response.append(enqueue)
    return response


def ring(handoff: HandOff, action: str, **how: object) -> Dial:
    """Return the verb that rings the person; `action` is asked when that is over."""
    dial = Dial(action=action, method="POST", **how)
    (dial.sip if handoff.number.startswith("sip:") else dial.number)(handoff.number)
    return dial


def enter(handoff: HandOff, action: str, wait_url: str) -> Enqueue:
    """Return the verb that enters the queue, or the workflow; `action` is asked when left."""
    of = {"action": action, "method": "POST", "wait_url": wait_url}
    if is_workflow(handoff):
        return Enqueue(None, workflow_sid=handoff.queue, **of)
    return Enqueue(handoff.queue, **of)


def is_workflow(handoff: HandOff) -> bool:
    """Say whether the queue is a TaskRouter workflow, which takes tasks."""
    return handoff.queue.startswith(TASK_ROUTER)


def waiting_room(room: str, urls: HandOffUrls) -> VoiceResponse:
    """Put the caller into the conference that the person will join; music plays until then."""
    response = VoiceResponse()
    dial = Dial(action=urls.left, method="POST")
    dial.conference(
        room,
        start_conference_on_enter=False,
        end_conference_on_exit=True,
        beep=False,
        max_participants=2,
    )
    response.append(dial)
    return response


def whisper(packet: Packet, join_url: str) -> VoiceResponse:
    """Tell the person what it is about; then they join, unless they hang up."""
    response = VoiceResponse()
    response.say(packet.spoken)
    response.redirect(join_url, method="POST")
    return response


def joined(room: str) -> VoiceResponse:
    """Bring the person to the caller."""
    response = VoiceResponse()
    dial = Dial()
    dial.conference(room, start_conference_on_enter=True, end_conference_on_exit=True, beep=False)
    response.append(dial)
    return response


# Twilio's own voice, which speaks while a caller waits in its queue
QUEUE_VOICES = {"zh": {"voice": "Polly.Zhiyu", "language": "cmn-CN"}}


def hold(words: tuple[str, ...], hold_url: str, patient: bool, language: str = "") -> VoiceResponse:
    """Ask a caller in a queue to hold the line, again and again; or let them leave it."""
    response = VoiceResponse()
    if not patient:
        response.leave()
        return response
    response.say(" ".join(words), **QUEUE_VOICES.get(primary(language), {}))
    response.pause(length=PAUSE_SECONDS)
    response.redirect(hold_url, method="POST")
    return response


def attributes(packet: Packet) -> str:
    """Return the packet as a task's attributes, without the longest parts if it is too long."""
    whole = packet.as_json()
    for dropped in ("", "last_words", "tried", "sentiment", "summary"):
        whole.pop(dropped, None)
        text = json.dumps(whole, ensure_ascii=True)
        if len(text) <= ATTRIBUTE_CHARACTERS:
            break
    return text
