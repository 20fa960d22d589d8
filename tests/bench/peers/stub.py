"""A language model that isn't one: OpenAI's streaming protocol, fixed answers, a fixed delay."""

import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from anyio import sleep
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

FIRST_TOKEN_SECONDS = 0.05
TOKEN_SECONDS = 0.005  # 200 words a second: it is never the model that is waited for
GREETING = "Thank you for calling Maplewood, how can I help you?"
ANSWERS = (
    "You can return anything within 30 days of delivery, in any condition but used up. The label"
    " for it is in the box, and the money is back on your card within a week.",
    "Shipping takes three to five working days and costs six dollars. It is free for orders of more"
    " than fifty dollars, and we tell you by e-mail when the parcel is on its way.",
    "I can look that up for you at once. Could you please tell me your order number? It has five"
    " digits, and stands at the top of the e-mail that we sent you.",
)


class Stub:
    """Counts what it is asked: a turn that is taken for two asks twice."""

    def __init__(self) -> None:
        self.answered = 0  # requests with a caller's words in them

    async def serve(self, listening: socket.socket) -> None:
        """Answer on this socket until cancelled. Needs asyncio."""
        config = uvicorn.Config(self.app(), lifespan="off", access_log=False, log_level="error")
        await _Server(config).serve([listening])

    def app(self) -> FastAPI:
        """Return what answers."""
        app = FastAPI()

        @app.post("/v1/chat/completions")
        async def complete(request: dict[str, Any]) -> StreamingResponse:
            said = sum(message["role"] == "user" for message in request["messages"])
            self.answered += bool(said)
            words = ANSWERS[(said - 1) % len(ANSWERS)] if said else GREETING
            return StreamingResponse(_stream(words), media_type="text/event-stream")

        return app


async def _stream(text: str) -> AsyncIterator[str]:
    await sleep(FIRST_TOKEN_SECONDS)
    for index, word in enumerate(text.split(" ")):
        yield _chunk({"role": "assistant", "content": " " * bool(index) + word}, None)
        await sleep(TOKEN_SECONDS)
    yield _chunk({}, "stop")
    yield "data: [DONE]\n\n"


def _chunk(delta: dict[str, str], finished: str | None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finished}
    about = {"id": "stub", "object": "chat.completion.chunk", "created": 0, "model": "stub"}
    return f"data: {json.dumps({**about, 'choices': [choice]})}\n\n"


class _Server(uvicorn.Server):
    """Leaves signals to the benchmark."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
