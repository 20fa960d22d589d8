"""Twilio Media Streams from Twilio's side: what it sends, and how it judges what it gets. No I/O.

https://www.twilio.com/docs/voice/media-streams/websocket-messages and the list of error codes.
Sound is G.711 µ-law, 8 kHz, in packets of 20 ms.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SAMPLE_RATE_HZ = 8_000
PACKET_SECONDS = 0.02
PACKET_SAMPLES = round(SAMPLE_RATE_HZ * PACKET_SECONDS)  # and bytes: µ-law has one for each

HANDSHAKE = 31920
NOT_A_MESSAGE = 31924  # anything that is no media, mark or clear, or not even JSON
READS_TOO_SLOWLY = 31930  # Twilio then discards the caller's sound
BINARY = 31950


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a stream belongs to."""

    account_sid: str
    call_sid: str
    stream_sid: str


class Messages:
    """Makes the messages of one stream, in order: the sequence begins at 1 with `start`."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._sequence = 0
        self._chunk = 0

    def connected(self) -> str:
        """Build the first message, which has neither number nor stream."""
        return json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})

    def start(self, parameters: Mapping[str, str]) -> str:
        """Build the message that says whose stream it is."""
        start = {
            "accountSid": self._identity.account_sid,
            "streamSid": self._identity.stream_sid,
            "callSid": self._identity.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {
                "encoding": "audio/x-mulaw",
                "sampleRate": SAMPLE_RATE_HZ,
                "channels": 1,
            },
            "customParameters": dict(parameters),
        }
        return self._numbered("start", start)

    def media(self, payload: bytes) -> str:
        """Build the message with the caller's next 20 ms."""
        timestamp = round(self._chunk * PACKET_SECONDS * 1000)
        self._chunk += 1
        media = {
            "track": "inbound",
            "chunk": str(self._chunk),
            "timestamp": str(timestamp),
            "payload": base64.b64encode(payload).decode(),
        }
        return self._numbered("media", media)

    def dtmf(self, digit: str) -> str:
        """Build the message of a key that the caller pressed."""
        return self._numbered("dtmf", {"track": "inbound_track", "digit": digit})

    def mark(self, name: str) -> str:
        """Build the echo of a mark."""
        return self._numbered("mark", {"name": name})

    def stop(self) -> str:
        """Build the last message."""
        ends = {"accountSid": self._identity.account_sid, "callSid": self._identity.call_sid}
        return self._numbered("stop", ends)

    def _numbered(self, event: str, content: Mapping[str, Any]) -> str:
        self._sequence += 1
        message = {
            "event": event,
            "sequenceNumber": str(self._sequence),
            event: content,
            "streamSid": self._identity.stream_sid,
        }
        return json.dumps(message)


@dataclass(frozen=True, slots=True)
class Play:
    """The server wants this µ-law sound played after what it has sent before."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Mark:
    """The server wants to know when all that it has sent before was played."""

    name: str


@dataclass(frozen=True, slots=True)
class Clear:
    """The server wants what was not played yet thrown away."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What the server did that Twilio does not allow; `error` is Twilio's number of it."""

    error: int
    what: str

    def __str__(self) -> str:
        return f"{self.error}: {self.what}"


def judge(message: str | bytes, stream_sid: str) -> Play | Mark | Clear | Violation:
    """Read a message of the server as strictly as Twilio does."""
    if isinstance(message, bytes):
        return Violation(BINARY, f"a binary message of {len(message)} bytes")
    try:
        return _read(message, stream_sid)
    except _NotAMessage as error:
        return Violation(NOT_A_MESSAGE, str(error))


class _NotAMessage(ValueError):
    pass


def _read(message: str, stream_sid: str) -> Play | Mark | Clear:
    try:
        plain = json.loads(message)
    except (ValueError, RecursionError) as error:
        raise _NotAMessage(f"not JSON: {message[:60]!r}") from error
    if not isinstance(plain, dict):
        raise _NotAMessage(f"not a JSON object: {message[:60]!r}")
    event = plain.get("event")
    if plain.get("streamSid") != stream_sid:
        raise _NotAMessage(f"{event}: streamSid {plain.get('streamSid')!r} is not {stream_sid}")
    match event:
        case "media":
            return Play(_sound(_text(plain, "media", "payload")))
        case "mark":
            return Mark(_text(plain, "mark", "name"))
        case "clear":
            return Clear()
    raise _NotAMessage(f"event {event!r} is none of media, mark, clear")


def _text(plain: Mapping[str, Any], event: str, key: str) -> str:
    content = plain.get(event)
    if not isinstance(content, dict):
        raise _NotAMessage(f"{event}: without the object {event!r}")
    text = content.get(key)
    if not isinstance(text, str) or not text:
        raise _NotAMessage(f"{event}: {key} is no text")
    return text


def _sound(payload: str) -> bytes:
    try:
        sound = base64.b64decode(payload, validate=True)
    except (ValueError, binascii.Error) as error:
        raise _NotAMessage("media: payload is not base64") from error
    if sound.startswith(b"RIFF") and sound[8:12] == b"WAVE":
        raise _NotAMessage("media: payload begins with a WAV header; it must be \u00b5-law alone")
    return sound
