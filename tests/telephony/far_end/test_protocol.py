"""What Twilio sends, as its documentation has it, and what it refuses."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.far_end.protocol import (
    BINARY,
    NOT_A_MESSAGE,
    Clear,
    Identity,
    Mark,
    Messages,
    Play,
    Violation,
    judge,
)

WHO = Identity("AC1", "CA1", "MZ1")


def test_the_stream_begins_with_connected_and_start() -> None:
    messages = Messages(WHO)
    assert json.loads(messages.connected()) == {
        "event": "connected",
        "protocol": "Call",
        "version": "1.0.0",
    }
    start = json.loads(messages.start({"token": "x"}))
    assert start["sequenceNumber"] == "1"
    assert start["streamSid"] == start["start"]["streamSid"] == "MZ1"
    assert start["start"]["customParameters"] == {"token": "x"}
    assert start["start"]["tracks"] == ["inbound"]
    assert start["start"]["mediaFormat"] == {
        "encoding": "audio/x-mulaw",
        "sampleRate": 8000,
        "channels": 1,
    }


def test_numbers_are_strings_and_count_on() -> None:
    messages = Messages(WHO)
    messages.start({})
    first, second = json.loads(messages.media(b"\xff" * 160)), json.loads(messages.media(b"\x00"))
    assert (first["sequenceNumber"], second["sequenceNumber"]) == ("2", "3")
    assert first["media"] == {
        "track": "inbound",
        "chunk": "1",
        "timestamp": "0",
        "payload": base64.b64encode(b"\xff" * 160).decode(),
    }
    assert (second["media"]["chunk"], second["media"]["timestamp"]) == ("2", "20")


def test_keys_marks_and_the_end_have_their_fields() -> None:
    messages = Messages(WHO)
    key, mark, stop = (
        json.loads(text) for text in (messages.dtmf("#"), messages.mark("m"), messages.stop())
    )
    assert key["dtmf"] == {"track": "inbound_track", "digit": "#"}
    assert mark["mark"] == {"name": "m"}
    assert stop["stop"] == {"accountSid": "AC1", "callSid": "CA1"}
    assert {key["streamSid"], mark["streamSid"], stop["streamSid"]} == {"MZ1"}


def test_media_mark_and_clear_are_understood() -> None:
    assert judge(_message("media", {"payload": "AAE="}), "MZ1") == Play(b"\x00\x01")
    assert judge(_message("mark", {"name": "m"}), "MZ1") == Mark("m")
    assert judge(_message("clear"), "MZ1") == Clear()


@pytest.mark.parametrize(
    "message",
    [
        "hello",
        "[]",
        '{"event": "media"}',
        json.dumps({"event": "media", "streamSid": "MZ2", "media": {"payload": "AAE="}}),
        json.dumps({"event": "say", "streamSid": "MZ1"}),
        json.dumps({"event": ["media"], "streamSid": "MZ1"}),
        json.dumps({"event": "mark", "streamSid": "MZ1", "mark": {"name": 3}}),
        json.dumps({"event": "mark", "streamSid": "MZ1"}),
        json.dumps({"event": "media", "streamSid": "MZ1", "media": {"payload": "no base64!"}}),
        json.dumps({"event": "media", "streamSid": "MZ1", "media": {"payload": ""}}),
        "[" * 100_000,
    ],
)
def test_anything_else_is_a_protocol_error(message: str) -> None:
    judged = judge(message, "MZ1")
    assert isinstance(judged, Violation)
    assert judged.error == NOT_A_MESSAGE


def test_a_wav_header_is_no_sound() -> None:
    payload = base64.b64encode(b"RIFF\x24\x00\x00\x00WAVEfmt ").decode()
    judged = judge(_message("media", {"payload": payload}), "MZ1")
    assert "WAV header" in str(judged)


def test_binary_messages_have_their_own_error() -> None:
    judged = judge(b"\xff" * 160, "MZ1")
    assert isinstance(judged, Violation)
    assert judged.error == BINARY


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary() | st.text() | JSON.map(json.dumps))
def test_nothing_a_server_sends_breaks_the_judge(message: str | bytes) -> None:
    judged = judge(message, "MZ1")
    assert isinstance(judged, Violation)


def _message(event: str, content: dict[str, str] | None = None) -> str:
    return json.dumps({"event": event, "streamSid": "MZ1", **({event: content} if content else {})})
