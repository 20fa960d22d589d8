"""`offhook serve` as a process of its own, with real models: how it starts and how it ends."""

import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE

import anyio
import httpx2
import pytest
from anyio import create_task_group, fail_after, open_process
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from telephony.cli_errors import ExitCode
from tests.telephony.phone_server import Twilio, incoming, sid, verbs

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

COMMAND = (sys.executable, "-m", "telephony", "serve", "--insecure-local", "--port", "0")
START_SECONDS = 100


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class Serving:
    """The process, and its Twilio."""

    process: Process
    twilio: Twilio
    printed: BufferedByteReceiveStream

    async def line(self, *words: str) -> str:
        """Return the next line that it prints, which has these words."""
        with fail_after(START_SECONDS):
            line = (await self.printed.receive_until(b"\n", 10_000)).decode()
        for word in words:
            assert word in line
        return line


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Serving]:
    environment = {
        **os.environ,
        "OFFHOOK_CALLS": str(folder),
        "OFFHOOK_DATABASE": str(folder / "offhook.sqlite"),
        "OFFHOOK_ASR_MODEL": "tiny.en",
        "COLUMNS": "200",
    }
    async with await open_process(COMMAND, env=environment, stdout=PIPE, stderr=None) as process:
        assert process.stdout is not None
        printed = BufferedByteReceiveStream(process.stdout)
        with fail_after(START_SECONDS):
            first = (await printed.receive_until(b"\n", 10_000)).decode()
        found = re.search(r"http://\S+", first)
        assert found, first
        async with httpx2.AsyncClient(base_url=found.group()) as http:
            yield Serving(process, Twilio(base=found.group(), http=http), printed)
        if process.returncode is None:
            process.kill()


async def test_sigterm_lets_the_call_in_progress_end(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        twilio = server.twilio
        await server.line("--insecure-local")
        assert (await twilio.http.get("/healthz")).status_code == 204
        assert (await twilio.http.get("/readyz")).status_code == 503
        assert "Connect" not in verbs(await twilio.twiml("/twilio/voice", incoming(sid(1))))
        await server.line("ready after")
        assert (await twilio.http.get("/readyz")).status_code == 204
        given = await twilio.ring(sid(2))
        async with twilio.stream(sid(2), given) as stream:
            await stream.listen(lambda stream: stream.packets > 0)
            server.process.send_signal(signal.SIGTERM)
            await server.line("no new calls")
            assert (await twilio.http.get("/readyz")).status_code == 503
            declined = await twilio.twiml("/twilio/voice", incoming(sid(3), "+1312"))
            assert "Connect" not in verbs(declined)
            await stream.listen(lambda stream: stream.packets > 50)
            await stream.hang_up()
            await stream.listen()
            assert stream.closed_with == 1000
        await twilio.post("/twilio/status", {"CallSid": sid(2), "CallStatus": "completed"})
        await server.line(sid(2)[-6:], "caller hung up after")
        with fail_after(10):
            assert await server.process.wait() == ExitCode.OK
    assert (tmp_path / f"{sid(2)}.json").exists()


async def test_a_second_signal_ends_it_at_once_and_the_call_is_on_record(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await server.line("--insecure-local")
        await server.line("ready after")
        given = await server.twilio.ring(sid(1))
        async with server.twilio.stream(sid(1), given) as stream, create_task_group() as tasks:
            await stream.listen(lambda stream: stream.packets > 50)
            tasks.start_soon(stream.listen)
            server.process.send_signal(signal.SIGINT)
            await server.line("no new calls")
            with anyio.move_on_after(1):
                await server.process.wait()
            assert server.process.returncode is None
            server.process.send_signal(signal.SIGINT)
            with fail_after(5):
                assert await server.process.wait() == ExitCode.INTERRUPTED
    record = (tmp_path / f"{sid(1)}.json").read_text(encoding="utf-8")
    assert "Thank you for calling" in record
