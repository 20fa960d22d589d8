"""A stand-in for a language model: an HTTP server on loopback, as clients of OpenAI know it.

It streams what it is told to, and fails in the way that it is told to.
"""

import json
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HANG_SECONDS = 30.0


@dataclass
class Endpoint:
    """What it says, in tokens; `fault` is how it fails, or "".

    silent (accepts, and says nothing), hangs (after `after` tokens), drops (likewise), http-500,
    http-401, http-404, html, nonsense, wrong-shape, error-event, empty, cut (too few tokens).
    """

    says: str = "Yes."
    fault: str = ""
    after: int = 3
    token_seconds: float = 0.0
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)  # a client hung up

    @property
    def tokens(self) -> list[str]:
        words = self.says.split(" ")
        return [word if n == 0 else f" {word}" for n, word in enumerate(words)]


@contextmanager
def endpoint(says: str = "Yes.", fault: str = "", after: int = 3) -> Iterator[Endpoint]:
    """Run one; it is gone afterwards, whatever hangs."""
    told = Endpoint(says, fault, after)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(told))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield told
    finally:
        told.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(told: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            told.asked.append(json.loads(body) | {"path": self.path})
            told.keys.append(self.headers.get("authorization", ""))
            try:
                _answer(self, told)
            except (BrokenPipeError, ConnectionResetError):
                told.left.set()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _answer(to: BaseHTTPRequestHandler, told: Endpoint) -> None:
    match told.fault:
        case "silent":
            told.released.wait(HANG_SECONDS)
        case "http-500" | "http-401" | "http-404" as fault:
            _send(to, int(fault[-3:]), "application/json", '{"error": {"message": "no, not now"}}')
        case "html":
            _send(to, 200, "text/html", "<html>Welcome to nginx!</html>")
        case _:
            to.send_response(200)
            to.send_header("content-type", "text/event-stream; charset=utf-8")
            to.end_headers()
            for event in _events(told):
                to.wfile.write(event.encode())
                to.wfile.flush()


def _events(told: Endpoint) -> Iterator[str]:
    for number, token in enumerate(told.tokens):
        if number == told.after and (yield from _fails(told)):
            return
        time.sleep(told.token_seconds)
        yield _event({"choices": [{"index": 0, "delta": {"content": token}}]})
    if told.fault != "empty":
        finish = "length" if told.fault == "cut" else "stop"
        yield _event({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        yield _event({"choices": [], "usage": {"completion_tokens": len(told.tokens)}})
    yield "data: [DONE]\n\n"


def _fails(told: Endpoint) -> Generator[str, None, bool]:
    """Do what was told in the middle of the answer; returns whether that is its end."""
    match told.fault:
        case "hangs":
            told.released.wait(HANG_SECONDS)
            return True
        case "drops":
            return True
        case "nonsense":
            yield "data: {not json\n\n"
        case "wrong-shape":
            yield _event({"choices": [{"delta": "text"}]})
        case "error-event":
            yield _event({"error": {"message": "out of memory"}})
    return False


def _event(content: dict[str, Any]) -> str:
    return f"data: {json.dumps(content)}\n\n"


def _send(to: BaseHTTPRequestHandler, status: int, kind: str, body: str) -> None:
    to.send_response(status)
    to.send_header("content-type", kind)
    to.send_header("content-length", str(len(body)))
    to.end_headers()
    to.wfile.write(body.encode())
