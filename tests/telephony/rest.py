"""Stand-ins for Twilio's REST API: one that remembers what it was asked, and one on loopback."""

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from anyio.lowlevel import checkpoint

from telephony import TwilioError
from telephony.twilio_api import NewCall, Recording


@dataclass
class RememberingApi:
    """Does as Twilio would, or fails at what it is told to fail at."""

    fails_at: set[str] = field(default_factory=set)
    placed: list[NewCall] = field(default_factory=list)
    done: list[tuple[str, ...]] = field(default_factory=list)

    async def place(self, call: NewCall) -> str:
        await self._does("place", call.to)
        self.placed.append(call)
        return f"CAperson{len(self.placed)}"

    async def redirect(self, call_sid: str, url: str) -> None:
        await self._does("redirect", call_sid, url)

    async def hang_up(self, call_sid: str) -> None:
        await self._does("hang_up", call_sid)

    async def start_recording(self, call_sid: str) -> str:
        await self._does("start", call_sid)
        return "RE1"

    async def change_recording(self, call_sid: str, recording: str, to: Recording) -> None:
        await self._does(to, call_sid, recording)

    async def _does(self, what: str, *details: str) -> None:
        await checkpoint()
        self.done.append((what, *details))
        if what in self.fails_at:
            raise TwilioError(f"Twilio refused to {what}, as the test asked")


@dataclass(frozen=True)
class Asked:
    path: str
    form: dict[str, list[str]]
    authorised: bool


@contextmanager
def twilio_on_loopback(
    status: int = 201, statuses: Iterable[str] = ("ringing",)
) -> Iterator[tuple[str, list[Asked]]]:
    """Yield its address, and what it was asked so far."""
    asked: list[Asked] = []
    fares = iter(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            basic = self.headers.get("Authorization", "").startswith("Basic ")
            asked.append(Asked(self.path, parse_qs(body), basic))
            answer = {"sid": "CA7", "code": 21211, "message": "Invalid 'To'\nnumber"}
            self._answer(answer)

        def do_GET(self) -> None:
            self._answer({"sid": "CA7", "status": next(fares)})

        def _answer(self, answer: dict[str, object]) -> None:
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
