"""A packet on its way to the business, over a real socket."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
import pytest

from telephony.deliveries import SIGNATURE, WAITING, Deliveries, Webhook

pytestmark = pytest.mark.anyio


@contextmanager
def business(*answers: int) -> Iterator[tuple[str, list[tuple[bytes, str]]]]:
    """Yield the webhook's URL and what came: bodies and signatures."""
    came: list[tuple[bytes, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((body, self.headers.get(SIGNATURE, "")))
            self.send_response(answers[len(came) - 1])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", came
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def deliver(deliveries: Deliveries, came: list[tuple[bytes, str]], count: int) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(deliveries.run)
        with anyio.fail_after(5):
            while len(came) < count and not deliveries.lost:  # noqa: ASYNC110 - in another thread
                await anyio.sleep(0.01)
            await anyio.sleep(0.05)
        tasks.cancel_scope.cancel()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.deliveries.FIRST_PAUSE_SECONDS", 0.01)


async def test_what_is_found_later_is_put_into_the_packet() -> None:
    async def found() -> dict[str, str]:
        await anyio.sleep(0.01)
        return {"summary": "More."}

    with business(200) as (url, came):
        deliveries = Deliveries(Webhook(url))
        deliveries.put({"call": "CA1", "summary": "Short."}, found)
        await deliver(deliveries, came, 1)
    assert json.loads(came[0][0]) == {"call": "CA1", "summary": "More."}


async def test_a_packet_is_signed() -> None:
    with business(200) as (url, came):
        deliveries = Deliveries(Webhook(url, "key"))
        deliveries.put({"call": "CA1"})
        await deliver(deliveries, came, 1)
    ((body, signature),) = came
    assert json.loads(body) == {"call": "CA1"}
    assert signature == "sha256=" + hmac.new(b"key", body, hashlib.sha256).hexdigest()


async def test_a_business_that_stumbles_gets_it_again() -> None:
    with business(500, 503, 200) as (url, came):
        deliveries = Deliveries(Webhook(url))
        deliveries.put({"call": "CA1"})
        await deliver(deliveries, came, 3)
    assert len(came) == 3
    assert deliveries.lost == 0


async def test_a_business_that_refuses_is_not_asked_again() -> None:
    with business(403) as (url, came):
        deliveries = Deliveries(Webhook(url))
        deliveries.put({"call": "CA1"})
        await deliver(deliveries, came, 2)
    assert len(came) == 1
    assert deliveries.lost == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "nonsense", "http://["])
async def test_nobody_takes_packets(url: str) -> None:
    deliveries = Deliveries(Webhook(url))
    deliveries.put({"call": "CA1"})
    await deliver(deliveries, [], 1)
    assert deliveries.lost == 1


async def test_too_many_packets_are_counted() -> None:
    deliveries = Deliveries(Webhook("http://127.0.0.1:9/"))
    for _ in range(WAITING + 3):
        deliveries.put({"call": "CA1"})
    assert deliveries.lost == 3


async def test_without_a_webhook_nothing_waits() -> None:
    deliveries = Deliveries(Webhook())
    for _ in range(WAITING + 3):
        deliveries.put({"call": "CA1"})
    assert deliveries.lost == 0


async def test_what_waits_when_the_server_stops_is_counted() -> None:
    with business(500, 500, 500) as (url, _):
        deliveries = Deliveries(Webhook(url))
        deliveries.put({"call": "CA1"})
        deliveries.put({"call": "CA2"})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(deliveries.run)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    assert deliveries.lost == 2


def test_the_key_is_not_shown() -> None:
    assert "secret" not in repr(Webhook("https://example.com", "secret"))
