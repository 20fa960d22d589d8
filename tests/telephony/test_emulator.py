"""`offhook call` over real sockets: a small server on loopback, and the product's own."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from io import StringIO
from pathlib import Path

import anyio
import pytest
import soundfile
import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from rich.console import Console
from twilio.request_validator import RequestValidator

from telephony.cli_emulator import show_call, show_calls
from telephony.cli_errors import ExitCode
from telephony.emulator import Plan, numbers, place_call, place_calls
from telephony.far_end import Unreachable
from telephony.far_end.caller import Cue, scripted
from telephony.far_end.exchange import Conditions, Exchange
from telephony.far_end.network import Impairments
from telephony.far_end.web import Refused, Site, real_web
from tests.telephony.environment import without_settings
from tests.telephony.far_end.server import TinyServer, speech
from tests.telephony.test_cli import Run, offhook, refused
from voice.codec import decode_ulaw

__all__ = ["offhook"]  # a fixture

pytestmark = pytest.mark.anyio

CLIP = Path(__file__).parents[1] / "clips" / "order_status.wav"
TOKEN = "secret"  # noqa: S105 - of no account
PUBLIC = "https://calls.example.com"
SAYS = Cue(voice=decode_ulaw(speech(0.4)), wait_seconds=0.8)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


class ServerWire:
    """Starlette's socket as a `Wire`."""

    def __init__(self, web_socket: WebSocket) -> None:
        self._socket = web_socket

    async def send(self, text: str) -> None:
        await self._socket.send_text(text)

    async def receive(self) -> str | bytes:
        try:
            return await self._socket.receive_text()
        except WebSocketDisconnect as error:
            raise anyio.EndOfStream from error

    async def close(self, code: int = 1000) -> None:
        try:
            await self._socket.close(code)
        except RuntimeError:
            return  # the other side was first


def voice_app() -> FastAPI:
    app = FastAPI()
    signed = RequestValidator(TOKEN)

    @app.post("/twilio/voice")
    async def voice(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        url = f"{PUBLIC}/twilio/voice"
        if not signed.validate(url, form, request.headers.get("X-Twilio-Signature", "")):
            return Response(status_code=403)
        stream = '<Stream url="wss://calls.example.com/media"/>'
        return Response(f"<Response><Connect>{stream}</Connect></Response>")

    @app.post("/twilio/status")
    async def status() -> Response:
        return Response(status_code=204)

    @app.websocket("/media")
    async def media(web_socket: WebSocket) -> None:
        signature = web_socket.headers.get("X-Twilio-Signature", "")
        if not signed.validate("wss://calls.example.com/media", {}, signature):
            await web_socket.close()
            return
        await web_socket.accept()
        await TinyServer(ServerWire(web_socket), greeting=0.3, patience=0.2, reply=0.3).run()

    return app


@asynccontextmanager
async def exchange(
    token: str = TOKEN, conditions: Conditions | None = None
) -> AsyncIterator[Exchange]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(voice_app(), lifespan="off", log_level="error"))
    local = f"http://127.0.0.1:{listening.getsockname()[1]}"
    async with real_web() as web, anyio.create_task_group() as tasks:
        tasks.start_soon(server._serve, [listening])
        yield Exchange(
            Site(local, PUBLIC, token), web, tasks, "AC1", conditions=conditions or Conditions()
        )
        server.should_exit = True


async def test_a_signed_call_over_real_sockets() -> None:
    async with exchange() as office:
        result = await place_call(office, Plan(scripted([SAYS, Cue(hangs_up=True)])))
    assert result.succeeded, result.violations
    assert [name for _, name in result.streams[0].marks] == ["greeting", "reply 1"]
    assert result.streams[0].ended_by == "caller"
    reply = result.turns[1].reply_ms
    assert reply is not None
    assert 180 <= reply <= 600


async def test_an_unsigned_handshake_is_refused_and_a_dead_server_is_named() -> None:
    async with exchange() as office:
        with pytest.raises(Refused, match="403"):
            async with office.web.open(office.site.reach("wss://calls.example.com/media"), {}):
                pass
        with pytest.raises(Unreachable, match="is the server running"):
            await office.web.post("http://127.0.0.1:9/voice", {}, {})


async def test_several_calls_on_bad_lines_and_one_that_is_dropped() -> None:
    bad = Conditions(Impairments(0.05, 0.06, 0.02, 0.02), echo_db=-20.0, noise_db=25.0)
    plan = Plan(scripted([SAYS, Cue(hangs_up=True)]))
    async with exchange(conditions=bad) as office:
        results = await place_calls(office, plan, 3)
    assert [result.succeeded for result in results] == [True] * 3
    assert {result.caller for result in results} == set(numbers(plan.number, 3))
    async with exchange(conditions=Conditions(drop_after=0.5)) as office:
        dropped = await place_call(office, plan)
    assert dropped.streams[0].ended_by == "drop"


async def test_the_ear_is_written_as_stereo(tmp_path: Path) -> None:
    async with exchange() as office:
        result = await place_call(office, Plan(scripted([SAYS, Cue(hangs_up=True)])))
    result.write_sound(tmp_path / "ear.wav")
    sound, rate = soundfile.read(tmp_path / "ear.wav")
    assert (rate, sound.shape[1]) == (8000, 2)
    assert len(sound) / rate == pytest.approx(result.seconds)
    assert abs(sound[:1600, 1]).max() > 0.1  # the greeting, at the ear
    assert abs(sound[:1600, 0]).max() == 0
    json.dumps(result.as_json())


def test_help_and_refusals(offhook: Run, tmp_path: Path) -> None:
    assert "at the caller's ear" in offhook("call", "--help").out
    refused(offhook("call"), ExitCode.USAGE, "--conformance")
    refused(offhook("call", "nowhere.wav"), ExitCode.BAD_INPUT, "nowhere.wav")
    refused(offhook("call", CLIP, "--server", "localhost"), ExitCode.USAGE, "--server")
    refused(offhook("call", CLIP, "--cloud", "0"), ExitCode.USAGE, "OFFHOOK_TWILIO_ACCOUNT_SID")
    script = tmp_path / "call.yaml"
    script.write_text("turns:\n  - says: hello\n", encoding="utf-8")
    refused(offhook("call", script), ExitCode.BAD_INPUT, "call.yaml:2", "say")


def test_a_script_of_people_alone_needs_the_rest_api(offhook: Run, tmp_path: Path) -> None:
    script = tmp_path / "people.yaml"
    script.write_text("people:\n  '+15550100': {answers: busy}\n", encoding="utf-8")
    ended = offhook("call", script)
    assert ended.code == ExitCode.BAD_INPUT
    assert "--cloud PORT" in ended.err


async def test_a_call_is_shown_whoever_was_on_the_phone() -> None:
    async with exchange() as office:
        result = await place_call(office, Plan(scripted([SAYS, Cue(hangs_up=True)])))
    text = StringIO()
    console = Console(file=text, width=200)
    show_call(result, Plan(scripted([])), console)
    show_calls([result, result], console)
    assert "(0.4 s of speech)" in text.getvalue()
    assert "2 calls, 0 failed" in text.getvalue()


def test_without_a_server_the_call_fails_in_words(offhook: Run) -> None:
    ended = offhook("call", CLIP, "--server", "http://127.0.0.1:9", "--no-transcript")
    assert ended.code == ExitCode.PROBLEM
    assert "is the server running?" in ended.out
    ended = offhook("call", "--conformance", "--server", "http://127.0.0.1:9")
    assert ended.code == ExitCode.PROBLEM
    assert "broken nothing is sent before start" in ended.out


@contextmanager
def offhook_serve(folder: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "telephony", "serve", "--insecure-local", "--port", str(port)]
    log = folder / "serve.log"
    with log.open("w") as output, subprocess.Popen(command, stdout=output, stderr=output) as server:
        try:
            until = time.monotonic() + 60
            while "ready" not in log.read_text() and server.poll() is None:
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.2)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.kill()


@pytest.mark.slow
def test_offhook_serves_a_recorded_caller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from telephony.__main__ import main

    without_settings(monkeypatch)
    monkeypatch.setenv("OFFHOOK_CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("OFFHOOK_DATABASE", str(tmp_path / "offhook.sqlite"))
    with offhook_serve(tmp_path) as url, pytest.raises(SystemExit) as ending:
        main(["call", str(CLIP), "--server", url, "--json"])
    result = json.loads(capsys.readouterr().out)
    assert ending.value.code == ExitCode.OK, result["violations"]
    heard = " ".join(result["heard"]).lower()
    assert "15213" in heard
    assert "on its way" in heard
    assert "goodbye" in heard
    assert len(result["turns"]) == 4
    assert result["streams"][0]["ended_by"] == "server"
