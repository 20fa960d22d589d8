"""What `offhook serve` tells whoever starts it, and of each call."""

import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console

from telephony.cli_serve import LastingConsole, announcement, print_call
from telephony.record import Record
from telephony.server import make_service
from telephony.sessions import Session
from telephony.settings import Settings
from tests.fakes import FakeAgent

ADDRESS = ("127.0.0.1", 8000)
URL = "https://calls.example.com"
SECRET = "0123456789abcdef"  # noqa: S105 - of nobody


def told(folder: Path, insecure_local: bool = False, **chosen: Any) -> str:
    service = make_service(Settings(calls=folder, **chosen), ADDRESS, insecure_local)
    return "\n".join(announcement(service, ADDRESS))


def test_with_all_it_needs_it_says_what_to_enter_at_twilio(tmp_path: Path) -> None:
    text = told(tmp_path, public_url=URL, twilio_auth_token=SecretStr(SECRET))
    assert "Maplewood listens on http://127.0.0.1:8000" in text
    for path in ("voice", "status", "message"):
        assert f"{URL}/twilio/{path} " in text
    assert "off:" not in text
    assert SECRET not in text


def test_what_is_off_is_said_with_the_remedy(tmp_path: Path) -> None:
    nothing = told(tmp_path)
    assert nothing.count("off:") == 2
    for name in ("OFFHOOK_TWILIO_AUTH_TOKEN", "OFFHOOK_PUBLIC_URL", "--insecure-local"):
        assert name in nothing
    assert told(tmp_path, public_url=URL).count("off:") == 1


def test_local_trials_say_that_nothing_is_checked(tmp_path: Path) -> None:
    text = told(tmp_path, insecure_local=True)
    assert "not checked" in text
    assert "off:" not in text


@pytest.mark.parametrize("text", ["+13125550123", "my secret order"])
def test_a_finished_call_is_a_line_without_the_caller(text: str) -> None:
    screen = io.StringIO()
    record = Record()
    record.finish(42.0, "resolved")
    call = Session("CA0123456789abcdef", "+13125550123", "+1", "en", FakeAgent({}), record)
    call.note("my secret order")
    print_call(Console(file=screen, width=200), call)
    assert screen.getvalue() == "CA…abcdef  resolved after 0:42.0\n"
    assert text not in screen.getvalue()


def test_calls_go_on_when_nobody_reads_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "w") as screen:
        monkeypatch.setattr(sys, "stdout", screen)
        console = LastingConsole()
        console.print("a call is over")
        console.print("and another")
