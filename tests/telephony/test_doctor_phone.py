"""What `offhook doctor` says of the phone line; nothing beyond loopback is asked."""

from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
from pydantic import SecretStr

from telephony.doctor_phone import (
    check_credentials,
    check_handoff,
    check_phone,
    check_port,
    check_public_url,
    reach,
)
from telephony.findings import Finding, Level
from telephony.server import listen
from telephony.settings import Settings

SID, TOKEN = "AC" + "0" * 32, "0" * 32


def settings(**chosen: Any) -> Settings:
    return Settings(port=0, **chosen)


def with_account(**chosen: Any) -> Settings:
    return settings(twilio_account_sid=SID, twilio_auth_token=SecretStr(TOKEN), **chosen)


def one(findings: Iterator[Finding]) -> Finding:
    (finding,) = findings
    return finding


def found(finding: Finding, level: Level, *words: str) -> None:
    assert finding.level is level, finding
    for word in words:
        assert word in finding.what + finding.remedy


@pytest.fixture
def web() -> Iterator[list[tuple[int, str]]]:
    """A server that gives these answers, status and JSON, in order; then 404. Its port is first."""
    answers: list[tuple[int, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = answers.pop(0) if answers else (404, "{}")
            self.send_response(status)
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        answers.append((server.server_port, ""))
        yield answers
        server.shutdown()
        thread.join()


def test_who_has_no_phone_line_is_told_so_and_no_more() -> None:
    first, *_ = check_phone(settings())
    found(first, Level.OK, "no phone line", "offhook serve")


def test_credentials_of_a_wrong_form() -> None:
    found(one(check_credentials(settings())), Level.PROBLEM, "ACCOUNT_SID", "console")
    swapped = settings(twilio_account_sid=SID, twilio_auth_token=SecretStr(SID))
    found(one(check_credentials(swapped)), Level.PROBLEM, "AUTH_TOKEN", "console")


def test_a_secret_is_never_shown() -> None:
    secret = settings(twilio_account_sid=SID, twilio_auth_token=SecretStr("hunter2"))
    assert "hunter2" not in str(one(check_credentials(secret)))


def test_credentials_are_tried(web: list[tuple[int, str]]) -> None:
    port, _ = web.pop()
    there = with_account(twilio_api=f"http://127.0.0.1:{port}")
    web.append((200, f'{{"sid": "{SID}", "friendly_name": "Maplewood"}}'))
    found(one(check_credentials(there)), Level.OK, "Maplewood")
    web.append((401, '{"code": 20003, "message": "Authenticate", "status": 401}'))
    found(one(check_credentials(there)), Level.PROBLEM, "OFFHOOK_TWILIO_AUTH_TOKEN")


def test_a_twilio_that_cannot_be_reached() -> None:
    with closing(listen(settings(), insecure_local=False)) as taken:
        port = taken.getsockname()[1]
    nobody = with_account(twilio_api=f"http://127.0.0.1:{port}", twilio_number="312")
    tried, number = check_credentials(nobody)
    found(tried, Level.PROBLEM, "cannot be reached")
    found(number, Level.PROBLEM, "OFFHOOK_TWILIO_NUMBER=312", "+13125550100")


def test_public_urls_that_twilio_cannot_use() -> None:
    found(one(check_public_url(settings())), Level.PROBLEM, "OFFHOOK_PUBLIC_URL")
    here = settings(public_url="http://localhost:8000")
    found(one(check_public_url(here)), Level.PROBLEM, "not https")
    nowhere = settings(public_url="https://calls.invalid")
    found(one(check_public_url(nowhere)), Level.PROBLEM, "calls.invalid has no address", "DNS")


def test_a_public_url_that_is_private() -> None:
    port, address, answer = check_public_url(settings(public_url="https://127.0.0.1:1"))
    found(port, Level.WARNING, "443")
    found(address, Level.WARNING, "127.0.0.1", "Twilio cannot reach it")
    found(answer, Level.WARNING, "does not answer", "offhook serve")


def test_whether_it_is_us_who_answers(web: list[tuple[int, str]]) -> None:
    port, _ = web.pop()
    origin = f"http://127.0.0.1:{port}"
    web.append((204, ""))
    found(reach(origin), Level.OK, "reaches")
    found(reach(origin), Level.WARNING, "404", "pass everything on")


def test_whether_the_port_is_free() -> None:
    with closing(listen(settings(), insecure_local=False)) as taken:
        busy = Settings(port=taken.getsockname()[1])
        found(one(check_port(busy)), Level.WARNING, "OFFHOOK_PORT", "offhook serve")
    found(one(check_port(settings())), Level.OK, "is free")


def test_where_hand_offs_go() -> None:
    found(one(check_handoff(settings())), Level.OK, "+13125550100", "cold")
