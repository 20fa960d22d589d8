"""Messages and pictures through the whole server: signed webhooks, media from a stand-in, OCR."""

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest
from anyio import to_thread

from dialogue.assistant import Assistant, default_assistant, load_assistant
from dialogue.conversation import FlowAgent
from dialogue.store import open_store
from telephony.parts import Parts
from tests.dialogue.caller import FRIDAY_AFTERNOON, TODAY, WordsNlu
from tests.fakes import FakeAsr, FakeTts, FakeVad
from tests.telephony.phone_server import ORIGIN, TOKEN, TwilioSide, running
from tests.telephony.receipts import Receipt

pytestmark = pytest.mark.anyio

US, THEM = "+13125550100", "+13125550123"
SID = "MM0123456789abcdef0123456789abcdef"
NEXT = "SM0123456789abcdef0123456789abcdef"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # uvicorn's


@pytest.fixture(scope="module")
def retail() -> Assistant:
    return load_assistant(default_assistant())


@pytest.fixture
def parts(retail: Assistant) -> Iterator[Parts]:
    store, nlu = open_store(None, retail.seeds, TODAY), WordsNlu()

    def agent() -> FlowAgent:
        return FlowAgent(retail, nlu, store, lambda: FRIDAY_AFTERNOON)

    yield Parts(FakeVad, FakeAsr(), FakeTts(), agent, "Maplewood", {"tiny": "0" * 64})
    store.close()


@contextmanager
def far_end(picture: bytes = b"") -> Iterator[tuple[str, Queue[Any]]]:
    """Serve a picture, as Twilio does to those who know the secret; take packets of hand-offs."""
    packets: Queue[Any] = Queue()

    class FarEnd(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = b64decode(self.headers.get("Authorization", "Basic ").split()[1])
            self.send_response(200 if given == f"AC1:{TOKEN}".encode() else 401)
            self.end_headers()
            self.wfile.write(picture)

        def do_POST(self) -> None:
            packets.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), FarEnd)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", packets
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def files(folder: Path) -> list[Path]:
    return [*folder.iterdir()]


async def text(twilio: TwilioSide, body: str, sid: str = SID, **more: str) -> str:
    form = {"MessageSid": sid, "From": THEM, "To": US, "Body": body, "NumMedia": "0", **more}
    twiml = await twilio.twiml("/twilio/message", form)
    assert twiml.tag == "Response"
    return " ".join(message.text or "" for message in twiml)


async def test_a_message_is_answered_in_its_webhook(tmp_path: Path, parts: Parts) -> None:
    async with running(tmp_path, parts) as twilio:
        assert (await text(twilio, "where is my order 15213")).startswith("Order 15213 is on its")
        assert await text(twilio, "STOP", NEXT) == ""
    assert json.loads((tmp_path / f"{SID}.json").read_text())["line"] == "message"


@pytest.mark.parametrize("signed", ["", "wrong"])
async def test_what_twilio_did_not_sign_is_refused(
    tmp_path: Path, parts: Parts, signed: str
) -> None:
    async with running(tmp_path, parts) as twilio:
        form = {"MessageSid": SID, "From": THEM, "To": US, "Body": "hello"}
        assert (await twilio.post("/twilio/message", form, signed)).status_code == 403
    assert files(tmp_path) == []


async def test_a_person_is_told_by_webhook(tmp_path: Path, parts: Parts) -> None:
    with far_end() as (url, packets):
        async with running(tmp_path, parts, handoff_webhook=url) as twilio:
            assert (await text(twilio, "I want a person")).startswith("A colleague will get back")
            packet = await to_thread.run_sync(lambda: packets.get(timeout=5))
    assert packet["caller"] == THEM
    assert packet["transcript"].startswith(f"{ORIGIN}/twilio/transcript/{SID}?")


@pytest.mark.slow
async def test_a_photographed_receipt_answers_the_question(tmp_path: Path, parts: Parts) -> None:
    receipt = Receipt("15213", "$47.45", "11/20/2026", tilt=3, noise=10, quality=60).jpeg()
    with far_end(receipt) as (url, _):
        async with running(tmp_path, parts, twilio_api=url, twilio_account_sid="AC1") as twilio:
            media = {
                "NumMedia": "1",
                "MediaUrl0": f"{url}/media/1",
                "MediaContentType0": "image/jpeg",
            }
            reply = await text(twilio, "Where is my order?", **media)
            assert reply == "I see 15213 in your picture. Is that right?"
            assert "is on its way" in await text(twilio, "Yes", NEXT)
    assert (tmp_path / "pictures" / f"{SID}-1.jpg").read_bytes() == receipt
    happenings = json.loads((tmp_path / f"{SID}.json").read_text())["phone"]["happenings"]
    assert "Order number: 15213" in happenings[0]["text"]
