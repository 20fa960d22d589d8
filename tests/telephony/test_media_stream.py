"""Twilio's messages, and everything that is none."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony import LineError, ProtocolError, media_stream
from telephony.media_stream import (
    MESSAGE_CHARACTERS,
    NUMBER_LIMIT,
    PAYLOAD_BYTES,
    Connected,
    Dtmf,
    MarkEcho,
    Media,
    Start,
    Stop,
    parse,
)

# As Twilio's documentation shows them (Voice, Media Streams, WebSocket messages).
CONNECTED = {"event": "connected", "protocol": "Call", "version": "1.0.0"}
START: dict[str, Any] = {
    "event": "start",
    "sequenceNumber": "1",
    "start": {
        "accountSid": "AC0123456789abcdef0123456789abcdef",
        "streamSid": "MZ0123456789abcdef0123456789abcdef",
        "callSid": "CA0123456789abcdef0123456789abcdef",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"FirstName": "Jane", "LastName": "Doe"},
    },
    "streamSid": "MZ0123456789abcdef0123456789abcdef",
}
STREAM = START["streamSid"]
MEDIA: dict[str, Any] = {
    "event": "media",
    "sequenceNumber": "4",
    "media": {"track": "inbound", "chunk": "2", "timestamp": "5", "payload": "/38A"},
    "streamSid": STREAM,
}
DTMF: dict[str, Any] = {
    "event": "dtmf",
    "streamSid": STREAM,
    "sequenceNumber": "5",
    "dtmf": {"track": "inbound_track", "digit": "1"},
}
MARK: dict[str, Any] = {
    "event": "mark",
    "sequenceNumber": "4",
    "streamSid": STREAM,
    "mark": {"name": "my label"},
}
STOP: dict[str, Any] = {
    "event": "stop",
    "sequenceNumber": "5",
    "streamSid": STREAM,
    "stop": {"accountSid": START["start"]["accountSid"], "callSid": START["start"]["callSid"]},
}
DOCUMENTED = [CONNECTED, START, MEDIA, DTMF, MARK, STOP]


def without(message: dict[str, Any], *path: str) -> str:
    """Return the message without what is at this path."""
    return changed(message, *path)


def changed(message: dict[str, Any], *path: str, **to: Any) -> str:
    """Return the message with something else at this path."""
    copy = json.loads(json.dumps(message))
    *inner, last = path
    place = copy
    for name in inner:
        place = place[name]
    del place[last]
    place.update({last: to["to"]} if to else {})
    return json.dumps(copy)


def test_reads_the_messages_of_the_documentation() -> None:
    start = START["start"]
    assert [parse(json.dumps(message)) for message in DOCUMENTED] == [
        Connected("Call"),
        Start(
            STREAM, start["callSid"], start["accountSid"], {"FirstName": "Jane", "LastName": "Doe"}
        ),
        Media(STREAM, sequence=4, timestamp=5, payload=b"\xff\x7f\x00"),
        Dtmf(STREAM, sequence=5, key="1"),
        MarkEcho(STREAM, sequence=4, name="my label"),
        Stop(STREAM),
    ]


@pytest.mark.parametrize(
    "message",
    [
        changed(MEDIA, "sequenceNumber", to=4),
        changed(MEDIA, "media", "timestamp", to=5),
        changed(MEDIA, "media", to={**MEDIA["media"], "loudness": {"peak": [1.5, None]}}),
        without(MEDIA, "media", "chunk"),
        json.dumps({**MEDIA, "new": "field"}),
    ],
    ids=["a whole number", "another", "an inner field more", "a field we do not need", "more"],
)
def test_small_differences_are_no_mistake(message: str) -> None:
    assert parse(message) == parse(json.dumps(MEDIA))


@pytest.mark.parametrize(
    ("message", "where"),
    [
        (b"{}", "binary"),
        (json.dumps(MEDIA).encode(), "binary"),
        ("", "json_invalid"),
        ("\ud800", "message"),
        ("[" * MESSAGE_CHARACTERS, "json_invalid"),
        (" " * (MESSAGE_CHARACTERS + 1), "characters"),
        ("[]", "message"),
        ('{"event": "media"}', "media.streamSid"),
        ('{"event": "hello"}', "message"),
        ('{"event": ["media"]}', "message"),
        (without(START, "streamSid"), "streamSid"),
        (without(START, "start", "callSid"), "callSid"),
        (changed(START, "start", "mediaFormat", "encoding", to="audio/x-l16"), "encoding"),
        (changed(START, "start", "mediaFormat", "sampleRate", to=16000), "sampleRate"),
        (changed(START, "start", "customParameters", to={"a": {"b": "c"}}), "customParameters"),
        (changed(START, "streamSid", to="MZ1\n"), "streamSid"),
        (changed(START, "streamSid", to="M" * 65), "streamSid"),
        (changed(MEDIA, "sequenceNumber", to="9" * 5000), "sequenceNumber"),
        (changed(MEDIA, "sequenceNumber", to=str(NUMBER_LIMIT)), "sequenceNumber"),
        (changed(MEDIA, "sequenceNumber", to="-1"), "sequenceNumber"),
        (changed(MEDIA, "sequenceNumber", to=float("nan")), "sequenceNumber"),
        (changed(MEDIA, "sequenceNumber", to=1e300), "sequenceNumber"),
        (changed(MEDIA, "media", "payload", to="/38A!"), "payload"),
        (changed(MEDIA, "media", "payload", to="/38"), "payload"),
        (changed(MEDIA, "media", "payload", to="é"), "payload"),
        (changed(MEDIA, "media", "payload", to=""), "payload"),
        (changed(MEDIA, "media", "payload", to=None), "payload"),
        (
            changed(
                MEDIA, "media", "payload", to=base64.b64encode(bytes(PAYLOAD_BYTES + 1)).decode()
            ),
            "payload",
        ),
        (changed(MEDIA, "media", "track", to="outbound"), "track"),
        (changed(MEDIA, "media", to=[]), "media"),
        (changed(DTMF, "dtmf", "digit", to="12"), "digit"),
        (changed(DTMF, "dtmf", "digit", to="\u0661"), "digit"),
        (json.dumps(MARK).replace("my label", "\\ud800"), "json_invalid"),
        (changed(MARK, "mark", "name", to="x" * 257), "name"),
    ],
)
def test_what_is_not_as_twilio_sends_it_is_refused(message: str | bytes, where: str) -> None:
    with pytest.raises(ProtocolError, match=where) as refused:
        parse(message)
    assert isinstance(refused.value, LineError)
    assert len(str(refused.value)) < 160


def test_a_refusal_tells_nothing_of_what_was_said() -> None:
    with pytest.raises(ProtocolError) as refused:
        parse(changed(DTMF, "dtmf", "digit", to="secret"))
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


def survives(message: str | bytes) -> None:
    with suppress(ProtocolError):
        parse(message)


@given(st.binary() | st.text(st.characters()))
def test_any_text_and_any_bytes_are_survived(message: str | bytes) -> None:
    survives(message)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON)
def test_any_json_is_survived(value: Any) -> None:
    survives(json.dumps(value))


def paths(message: dict[str, Any]) -> list[tuple[str, ...]]:
    inner = [
        (name, *path)
        for name, value in message.items()
        if isinstance(value, dict)
        for path in paths(value)
    ]
    return [(name,) for name in message] + inner


@given(
    st.sampled_from([(message, path) for message in DOCUMENTED for path in paths(message)]),
    JSON,
)
def test_a_message_with_anything_in_any_place_is_survived(
    where: tuple[dict[str, Any], tuple[str, ...]], value: Any
) -> None:
    message, path = where
    survives(changed(message, *path, to=value))


@given(st.sampled_from(DOCUMENTED), st.integers(0, 400), st.characters())
def test_a_message_with_a_letter_changed_or_cut_is_survived(
    message: dict[str, Any], at: int, letter: str
) -> None:
    text = json.dumps(message)
    survives(text[:at] + letter + text[at + 1 :])
    survives(text[:at])


@given(
    st.binary(min_size=1, max_size=PAYLOAD_BYTES),
    st.integers(0, NUMBER_LIMIT - 1),
    st.integers(0, NUMBER_LIMIT - 1),
)
def test_media_comes_back_as_it_was_sent(payload: bytes, sequence: int, timestamp: int) -> None:
    """A far end that sends back what we send it, and adds what only it knows."""
    sent = json.loads(media_stream.media(STREAM, payload))
    sent["sequenceNumber"] = str(sequence)
    sent["media"]["timestamp"] = str(timestamp)
    assert parse(json.dumps(sent)) == Media(STREAM, sequence, timestamp, payload)


@given(st.text(st.characters(codec="utf-8"), max_size=256))
def test_a_mark_comes_back_as_it_was_sent(name: str) -> None:
    sent = json.loads(media_stream.mark(STREAM, name)) | {"sequenceNumber": "3"}
    assert parse(json.dumps(sent)) == MarkEcho(STREAM, 3, name)


def test_commands_are_those_of_the_documentation_and_hold_nothing_else() -> None:
    commands = [
        media_stream.media("MZ1", b"\xff\x7f\x00"),
        media_stream.mark("MZ1", "0.1"),
        media_stream.clear("MZ1"),
    ]
    assert [json.loads(command) for command in commands] == [
        {"event": "media", "streamSid": "MZ1", "media": {"payload": "/38A"}},
        {"event": "mark", "streamSid": "MZ1", "mark": {"name": "0.1"}},
        {"event": "clear", "streamSid": "MZ1"},
    ]
