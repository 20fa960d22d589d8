"""Twilio's Media Streams protocol without I/O: messages in → events, commands → messages.

The messages are JSON text; what they hold is in https://www.twilio.com/docs/voice/media-streams/
websocket-messages. Anyone can send some, so each is checked: what is not as Twilio sends it raises
ProtocolError, and nothing else. Fields that we do not know are no mistake.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import (
    AliasPath,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationError,
)

from telephony import ProtocolError

CODEC_RATE_HZ: Literal[8000] = 8000  # G.711 µ-law, one byte for a sample
PACKET_SECONDS = 0.02
PACKET_BYTES = round(CODEC_RATE_HZ * PACKET_SECONDS)

MESSAGE_CHARACTERS = 16_384  # 20 ms of sound take 350; a start with its parameters, a few thousand
PAYLOAD_BYTES = CODEC_RATE_HZ  # a second
NUMBER_LIMIT = 1 << 53  # numbers stay below: JSON's own limit for whole ones


def _payload(encoded: object) -> bytes:
    if not isinstance(encoded, str):
        raise ValueError("a payload is a string")
    return base64.b64decode(encoded, validate=True)


def _at(*path: str) -> Any:
    return Field(validation_alias=AliasPath(*path))


Number = Annotated[int, Field(ge=0, lt=NUMBER_LIMIT)]  # Twilio's are strings: "3"
Sid = Annotated[str, Field(pattern=r"\A[A-Za-z0-9_-]{1,64}\z")]
StreamSid = Annotated[Sid, _at("streamSid")]
Sequence = Annotated[Number, _at("sequenceNumber")]
"""Counts a stream's messages, whatever they are, from 1."""


@dataclass(frozen=True, slots=True)
class Connected:
    """The first message of all; it knows no stream yet."""

    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Start:
    """The stream begins; `parameters` are those of our own TwiML."""

    stream_sid: StreamSid
    call_sid: Annotated[Sid, _at("start", "callSid")]
    account_sid: Annotated[Sid, _at("start", "accountSid")]
    parameters: Annotated[Mapping[str, str], _at("start", "customParameters")] = field(
        default_factory=dict
    )
    sequence: Sequence = 1
    encoding: Annotated[Literal["audio/x-mulaw"], _at("start", "mediaFormat", "encoding")] = (
        "audio/x-mulaw"
    )
    rate_hz: Annotated[Literal[8000, "8000"], _at("start", "mediaFormat", "sampleRate")] = (
        CODEC_RATE_HZ
    )
    channels: Annotated[Literal[1, "1"], _at("start", "mediaFormat", "channels")] = 1


@dataclass(frozen=True, slots=True)
class Media:
    """A packet of the caller's voice: µ-law, as of `timestamp` ms since the stream began."""

    stream_sid: StreamSid
    sequence: Sequence
    timestamp: Annotated[Number, _at("media", "timestamp")]
    payload: Annotated[
        bytes,
        BeforeValidator(_payload),
        Field(min_length=1, max_length=PAYLOAD_BYTES),
        _at("media", "payload"),
    ]
    track: Annotated[Literal["inbound"], _at("media", "track")] = "inbound"


@dataclass(frozen=True, slots=True)
class Dtmf:
    """A key that the caller pressed: 0 to 9, * or #."""

    stream_sid: StreamSid
    sequence: Sequence
    key: Annotated[str, Field(pattern=r"\A[0-9*#]\z"), _at("dtmf", "digit")]


@dataclass(frozen=True, slots=True)
class MarkEcho:
    """What we sent before the mark of this name has been played, or cleared."""

    stream_sid: StreamSid
    sequence: Sequence
    name: Annotated[str, Field(max_length=256), _at("mark", "name")]


@dataclass(frozen=True, slots=True)
class Stop:
    """The stream is over: the caller hung up, or the call left the stream."""

    stream_sid: StreamSid


Event = Connected | Start | Media | Dtmf | MarkEcho | Stop


def _kind(message: Any) -> str | None:
    kind = message.get("event") if isinstance(message, dict) else None
    return kind if isinstance(kind, str) else None


_EVENT: TypeAdapter[Event] = TypeAdapter(
    Annotated[
        Annotated[Connected, Tag("connected")]
        | Annotated[Start, Tag("start")]
        | Annotated[Media, Tag("media")]
        | Annotated[Dtmf, Tag("dtmf")]
        | Annotated[MarkEcho, Tag("mark")]
        | Annotated[Stop, Tag("stop")],
        Discriminator(_kind),
    ]
)


def parse(message: str | bytes) -> Event:
    """Return what a message says.

    Raises ProtocolError when it is binary, too long, no JSON or not what Twilio sends. The error
    tells where the mistake is, and holds nothing of what the message said.
    """
    if isinstance(message, bytes):
        raise ProtocolError("a binary message: Twilio sends text only")
    if len(message) > MESSAGE_CHARACTERS:
        raise ProtocolError(f"a message of {len(message)} characters: Twilio's are short")
    try:
        return _EVENT.validate_json(message)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "message"
        raise ProtocolError(f"{where[:80]}: {first['type']}") from None


def media(stream_sid: str, payload: bytes) -> str:
    """Return the message that queues µ-law sound for the caller's ear."""
    encoded = base64.b64encode(payload).decode("ascii")
    return _command("media", stream_sid, media={"payload": encoded})


def mark(stream_sid: str, name: str) -> str:
    """Return the message that asks to be told when all sound before it has been played."""
    return _command("mark", stream_sid, mark={"name": name})


def clear(stream_sid: str) -> str:
    """Return the message that drops all sound not yet played; pending marks come back at once."""
    return _command("clear", stream_sid)


def _command(event: str, stream_sid: str, **content: Mapping[str, str]) -> str:
    return json.dumps({"event": event, "streamSid": stream_sid, **content})
