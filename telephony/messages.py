"""Text messages as Twilio tells of them, and their records: values, without I/O."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twilio.twiml.messaging_response import MessagingResponse

from dialogue.agent import Exchange
from dialogue.privacy import mask, masked
from nlu.understand import Slot
from telephony.record import TurnRecord
from telephony.timings import TurnTimings

BODY_CHARACTERS = 1600  # Twilio's limit, both ways
MEDIA = 10  # files of one message; likewise
ADDRESS_CHARACTERS = 200
PICTURE_TYPES = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}
TWILIOS_OWN = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
    | {"start", "unstop", "help", "info"}
)
"""Words that Twilio answers itself when they are all of a message; "yes", too, but not alone."""

_SID = re.compile(r"[A-Za-z0-9]{2,64}")
_CARD = re.compile(r"\d(?:[ -]?\d){11,}")


@dataclass(frozen=True, slots=True)
class Media:
    """A file that came with a message: `extension` is "" for what is no picture that we read."""

    url: str
    extension: str


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody wrote. `sid` is "" if it cannot be a file's name."""

    sid: str
    sender: str
    to: str
    text: str
    media: tuple[Media, ...] = ()
    for_twilio: bool = False  # STOP and its like: Twilio has answered


def read_message(form: Mapping[str, str]) -> Message:
    """Read a webhook's form; what is too long is cut, what is missing is empty."""
    sid, body = form.get("MessageSid", ""), form.get("Body", "")[:BODY_CHARACTERS]
    text = " ".join("".join(each if each.isprintable() else " " for each in body).split())
    told = form.get("NumMedia", "0")
    count = min(int(told), MEDIA) if told.isascii() and told.isdigit() and len(told) < 4 else 0
    return Message(
        sid=sid if _SID.fullmatch(sid) else "",
        sender=form.get("From", "")[:ADDRESS_CHARACTERS],
        to=form.get("To", "")[:ADDRESS_CHARACTERS],
        text=text,
        media=tuple(_media(form, index) for index in range(count)),
        for_twilio="OptOutType" in form or (not count and text.casefold() in TWILIOS_OWN),
    )


def message_twiml(reply: str) -> str:
    """Return the answer to the webhook; nothing is sent for an empty reply."""
    response = MessagingResponse()
    for part in textwrap.wrap(reply, BODY_CHARACTERS):
        response.message(part)
    return str(response)


def message_turns(
    text: str, reply: str, exchange: Exchange, at: tuple[float, float]
) -> tuple[TurnRecord, TurnRecord]:
    """Return both sides of an exchange for the record, at these seconds of the conversation."""
    understood, hidden = exchange.understanding, exchange.secrets
    asked, answered = (round(seconds, 2) for seconds in at)
    wrote, replied = masked(text, hidden), masked(reply, hidden)
    nlu, dialogue = exchange.nlu_seconds, exchange.dialogue_seconds
    caller = TurnRecord(
        speaker="caller",
        start_s=asked,
        end_s=asked,
        text=wrote,
        heard=wrote,
        intent=understood.intent if understood else None,
        confidence=round(understood.confidence, 3) if understood else None,
        slots={slot.name: masked(slot.value, hidden) for slot in _slots(exchange)},
        sentiment=understood.sentiment.label if understood else None,
        sentiment_score=round(understood.sentiment.score, 3) if understood else None,
        timings_ms=TurnTimings.from_seconds(None, None, nlu, None, None, None),
    )
    assistant = TurnRecord(
        speaker="assistant",
        start_s=answered,
        end_s=answered,
        text=replied,
        heard=replied,
        sources=tuple(masked(source, hidden) for source in exchange.sources),
        trace=exchange.trace,
        language=exchange.language,
        timings_ms=TurnTimings.from_seconds(None, None, nlu, dialogue, None, None),
    )
    return caller, assistant


def without_cards(text: str) -> str:
    """Mask what may be a card's number in the text of a picture, but for its last four digits."""
    return _CARD.sub(lambda number: mask(number[0]), text)


def _slots(exchange: Exchange) -> Sequence[Slot]:
    return exchange.understanding.slots if exchange.understanding else ()


def _media(form: Mapping[str, str], index: int) -> Media:
    kind = form.get(f"MediaContentType{index}", "").partition(";")[0].strip().lower()
    return Media(form.get(f"MediaUrl{index}", ""), PICTURE_TYPES.get(kind, ""))
