"""Traffic that is not Twilio's, over real sockets: refused, and no call notices."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import ImmutableMultiDict
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from telephony import SettingsError
from telephony.security import FORM_BYTES, LOG_SECONDS, Reason, Refusals, stream_url
from telephony.server import listen
from telephony.service import public_origin
from telephony.settings import Settings
from tests.telephony.phone_server import (
    ORIGIN,
    Stream,
    TwilioSide,
    incoming,
    parts,
    running,
    sid,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # uvicorn's


@asynccontextmanager
async def undisturbed(twilio: TwilioSide) -> AsyncIterator[None]:
    """Hold a call meanwhile: it goes on, and comes to its end."""
    async with twilio.stream(sid(99), await twilio.ring(sid(99), "+1555")) as stream:
        await stream.greeting()
        yield
        await stream.press("1")
        await stream.listen()
        assert stream.closed_with == 1000
    session = twilio.service.sessions.of(sid(99))
    assert session is not None
    assert [turn.text for turn in session.record.turns] == ["Good morning.", "1", "Goodbye."]


def refused(twilio: TwilioSide, reason: Reason, times: int = 1) -> None:
    assert twilio.service.guard.refusals.counts == {reason: times}


async def test_an_unsigned_webhook_is_refused_without_a_word(tmp_path: Path) -> None:
    async with running(tmp_path, parts()) as twilio:
        response = await twilio.post("/twilio/voice", incoming(sid(1)), signed="")
        assert (response.status_code, response.content) == (403, b"")
        refused(twilio, Reason.UNSIGNED)
        assert len(twilio.service.sessions) == 0


@pytest.mark.parametrize("path", ["voice", "after", "status", "person", "voicemail"])
async def test_a_signature_for_something_else_is_refused(tmp_path: Path, path: str) -> None:
    async with running(tmp_path, parts()) as twilio:
        form = incoming(sid(1))
        for url, signed in (
            (ORIGIN + "/twilio/other", form),
            (f"{ORIGIN}/twilio/{path}?x=1", form),
            (f"https://evil.example/twilio/{path}", form),
            (f"{ORIGIN}/twilio/{path}", {**form, "From": "+1900"}),
            (f"{ORIGIN}/twilio/{path}", {}),
        ):
            signature = twilio.signature(url, signed)
            response = await twilio.post(f"/twilio/{path}", form, signed=signature)
            assert response.status_code == 403, url
        refused(twilio, Reason.WRONG_SIGNATURE, 5)


async def test_parameters_that_repeat_are_empty_or_new_are_signed_too(tmp_path: Path) -> None:
    async with running(tmp_path, parts()) as twilio:
        pairs = [*incoming(sid(1)).items(), ("New", "b"), ("New", "a"), ("Empty", ""), ("é", "ü+&")]
        form = ImmutableMultiDict(pairs)
        signature = twilio.signature(ORIGIN + "/twilio/voice?a=b%20c", form)
        response = await twilio.http.post(
            "/twilio/voice?a=b%20c",
            content=urlencode(pairs),
            headers={
                "X-Twilio-Signature": signature,
                "content-type": "application/x-www-form-urlencoded",
            },
        )
        assert response.status_code == 200


async def test_a_webhook_that_comes_twice_opens_no_second_call(tmp_path: Path) -> None:
    async with running(tmp_path, parts()) as twilio:
        given = await twilio.ring(sid(1))
        assert (await twilio.post("/twilio/voice", incoming(sid(1)))).status_code == 403
        async with twilio.stream(sid(1), given) as stream:
            await stream.press("1")
            await stream.listen()
        await twilio.twiml("/twilio/after", incoming(sid(1)))
        assert (await twilio.post("/twilio/voice", incoming(sid(1)))).status_code == 403
        refused(twilio, Reason.REPLAYED, 2)
    async with running(tmp_path, parts()) as twilio:  # started anew
        assert (await twilio.post("/twilio/voice", incoming(sid(1)))).status_code == 403


async def test_a_webhook_that_comes_twice_does_not_harm_its_call_when_the_server_is_full(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, parts(), calls_at_once=1) as twilio, undisturbed(twilio):
        assert (await twilio.post("/twilio/voice", incoming(sid(99)))).status_code == 403


async def test_the_end_of_a_stream_told_while_it_goes_on_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telephony.sessions.END_SECONDS", 0.05)
    async with running(tmp_path, parts()) as twilio, undisturbed(twilio):
        assert (await twilio.post("/twilio/after", incoming(sid(99)))).status_code == 403


@pytest.mark.parametrize("signed", ["", "wrong"])
async def test_a_handshake_that_twilio_did_not_sign_never_becomes_a_socket(
    tmp_path: Path, signed: str
) -> None:
    async with running(tmp_path, parts()) as twilio, undisturbed(twilio):
        with pytest.raises(InvalidStatus) as answer:
            async with twilio.socket(signed):
                pass
        assert answer.value.response.status_code == 403


async def test_a_handshake_may_be_signed_with_a_slash_after_the_url(tmp_path: Path) -> None:
    async with running(tmp_path, parts()) as twilio:
        signed = twilio.signature("wss://calls.example.com/twilio/media/", {})
        async with twilio.socket(signed):
            pass


async def close_code(stream: Stream) -> int | None:
    await stream.listen()
    return stream.closed_with


async def test_a_stream_needs_a_token_of_its_own_call_that_is_unused(tmp_path: Path) -> None:
    async with running(tmp_path, parts()) as twilio, undisturbed(twilio):
        given, other = await twilio.ring(sid(1)), await twilio.ring(sid(2), "+1312")
        for parameters in ({}, {"token": "guess"}, other):
            async with twilio.stream(sid(1), parameters) as stream:
                assert await close_code(stream) == 1008
        async with twilio.stream(sid(1), given) as stream:
            await stream.greeting()
            async with twilio.stream(sid(1), given) as again:
                assert await close_code(again) == 1008
            await stream.press("1")
            assert await close_code(stream) == 1000
        refused(twilio, Reason.BAD_TOKEN, 4)


@pytest.mark.parametrize(
    "messages",
    [
        ["hello"],
        [b"\x00\x01"],
        ["[]", "{}"],
        ['{"event": "start"}'],
        ['{"event": "connected"}', '{"event": "media"}'],
        ['{"event": "connected"}', '{"event": "start", "start": {"callSid": 7}}'],
    ],
    ids=repr,
)
async def test_a_stream_that_begins_in_another_way_is_closed(
    tmp_path: Path, messages: list[str | bytes]
) -> None:
    async with running(tmp_path, parts()) as twilio, twilio.socket() as socket:
        for message in messages:
            await socket.send(message)
        with pytest.raises(ConnectionClosed), anyio.fail_after(2):
            await socket.recv()
        assert socket.close_code == 1008
        refused(twilio, Reason.PROTOCOL)


async def test_a_socket_that_says_nothing_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telephony.twilio.HANDSHAKE_SECONDS", 0.1)
    async with running(tmp_path, parts()) as twilio, twilio.socket() as socket:
        with pytest.raises(ConnectionClosed), anyio.fail_after(2):
            await socket.recv()
        assert socket.close_code == 1008


async def test_messages_too_large_or_malformed_end_their_own_stream_at_most(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, parts()) as twilio, undisturbed(twilio):
        async with twilio.stream(sid(1), await twilio.ring(sid(1))) as stream:
            await stream.greeting()
            await stream.socket.send("x" * 1_000_000)
            assert await close_code(stream) == 1009
        async with twilio.stream(sid(2), await twilio.ring(sid(2))) as stream:
            await stream.greeting()
            await stream.socket.send(b"\xff" * 160)
            for nonsense in ("", "{", "null", '{"event": "media", "media": {"payload": "%%"}}'):
                await stream.socket.send(nonsense)
            await stream.tell("media", track="inbound", chunk="-1", timestamp="x", payload="")
            stream.sequence += 3
            await stream.press("1")
            assert await close_code(stream) == 1000


async def test_a_body_that_is_too_large_or_no_form_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path, parts()) as twilio, undisturbed(twilio):
        large = {**incoming(sid(1)), "SpeechResult": "x" * FORM_BYTES}
        assert (await twilio.post("/twilio/voice", large)).status_code == 403
        for body in (b"\xff\xfe", b"a=%ff", b"&".join([b"a=1"] * 1000)):
            signature = twilio.signature(ORIGIN + "/twilio/voice", {})
            headers = {"X-Twilio-Signature": signature}
            response = await twilio.http.post("/twilio/voice", content=body, headers=headers)
            assert response.status_code == 403
        counts = twilio.service.guard.refusals.counts
        assert counts == {Reason.TOO_LARGE: 1, Reason.NO_FORM: 3}


async def test_a_body_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telephony.security.BODY_SECONDS", 0.1)
    async with running(tmp_path, parts()) as twilio:
        host, port = twilio.base.removeprefix("http://").split(":")
        async with await anyio.connect_tcp(host, int(port)) as slow:
            head = "POST /twilio/voice HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n"
            await slow.send(head.encode())
            with anyio.fail_after(2):
                assert b"403" in await slow.receive()
        refused(twilio, Reason.TOO_SLOW)


async def test_nothing_else_is_exposed(tmp_path: Path) -> None:
    async with running(tmp_path, parts()) as twilio:
        for path in ("/", "/docs", "/redoc", "/openapi.json", "/twilio", "/twilio/media"):
            assert (await twilio.http.get(path)).status_code == 404, path
        for path, code in (("/healthz", 204), ("/readyz", 204)):
            response = await twilio.http.get(path)
            assert (response.status_code, response.content) == (code, b"")
            assert "server" not in response.headers


async def test_without_credentials_everything_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path, parts(), auth_token="") as twilio:
        assert (await twilio.post("/twilio/voice", incoming(sid(1)))).status_code == 403
        with pytest.raises(InvalidStatus):
            async with twilio.socket():
                pass
        refused(twilio, Reason.NO_CREDENTIALS, 2)


async def test_insecure_local_lets_this_machine_in_and_nothing_that_was_passed_on(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, parts(), insecure_local=True) as twilio:
        form = incoming(sid(1))
        passed_on: tuple[Mapping[str, str], ...] = (
            {"x-forwarded-for": "127.0.0.1"},
            {"forwarded": "for=127.0.0.1"},
            {"host": "calls.example.com"},
            {"host": "["},
            {"origin": "https://evil.example"},
        )
        for headers in passed_on:
            response = await twilio.http.post("/twilio/voice", data=form, headers=headers)
            assert response.status_code == 403, headers
        response = await twilio.post("/twilio/voice", form, signed="")
        assert "Connect" in response.text
        assert f"{twilio.base.replace('http', 'ws')}/twilio/media" in response.text
        async with connect(stream_url(twilio.base)):
            pass


def test_insecure_local_does_not_listen_to_the_world() -> None:
    with pytest.raises(SettingsError, match="insecure-local"):
        listen(Settings(host="0.0.0.0", port=0), insecure_local=True)  # noqa: S104


def test_an_address_that_is_taken_is_told_in_a_line() -> None:
    taken = listen(Settings(port=0), insecure_local=False)
    try:
        with pytest.raises(SettingsError, match="OFFHOOK_PORT"):
            listen(Settings(port=taken.getsockname()[1]), insecure_local=False)
    finally:
        taken.close()
    with pytest.raises(SettingsError, match="OFFHOOK_HOST"):
        listen(Settings(host="no such host", port=0), insecure_local=False)


@pytest.mark.parametrize(
    "url",
    [
        "calls.example.com",
        "http://calls.example.com",
        "https://",
        "https://u:p@x.example",
        "https://x.example?a=b",
        "https://x.example:port",
        "ftp://x.example",
    ],
)
def test_a_public_url_that_twilio_cannot_use_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="OFFHOOK_PUBLIC_URL"):
        public_origin(url, ("127.0.0.1", 8000))


def test_the_public_url_may_have_a_port_a_path_and_a_slash() -> None:
    here = ("127.0.0.1", 8000)
    assert public_origin("https://x.example:8443/calls/", here) == "https://x.example:8443/calls"
    assert public_origin("", here) == "http://127.0.0.1:8000"
    assert public_origin("", ("::1", 8000)) == "http://[::1]:8000"
    assert stream_url("https://x.example") == "wss://x.example/twilio/media"


def test_a_flood_is_counted_and_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    now = 100.0
    refusals = Refusals(lambda: now)
    for _ in range(1000):
        refusals.note(Reason.UNSIGNED, "a webhook")
    assert len(caplog.records) == 1
    now += LOG_SECONDS
    refusals.note(Reason.UNSIGNED, "a webhook")
    assert "(1000 times)" in caplog.records[1].getMessage()
    assert refusals.counts[Reason.UNSIGNED] == 1001


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
"""Anything that is JSON."""


async def test_no_message_whatsoever_ends_another_call(tmp_path: Path) -> None:
    async with running(tmp_path, parts()) as twilio, undisturbed(twilio):
        messages: list[str | bytes] = []

        @given(st.text(max_size=50) | st.binary(max_size=50) | JSON.map(json.dumps))
        def collect(message: Any) -> None:
            messages.append(message)

        collect()
        for message in messages:
            async with twilio.socket() as socket:
                await socket.send(message)
        async with twilio.stream(sid(1), await twilio.ring(sid(1))) as stream:
            for message in messages:
                await stream.socket.send(message)
            await stream.listen(lambda stream: stream.packets > 5)
