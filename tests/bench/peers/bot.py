"""What all bots share: their arguments, and what Twilio is answered. Runs in a peer's venv."""

import argparse
from pathlib import Path

from fastapi import FastAPI, Response


def arguments(about: str | None) -> argparse.ArgumentParser:
    """What `Subject.command` passes to a bot."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--llm", required=True, help="the language model's URL, to /v1")
    parser.add_argument("--whisper", type=Path, required=True, help="a folder")
    parser.add_argument("--voice", type=Path, required=True, help="Piper's .onnx")
    return parser


def answer_calls(app: FastAPI, port: int, socket: str) -> None:
    """Say when it is ready, and connect each call to the WebSocket at this path."""

    @app.get("/ready")
    async def ready() -> dict[str, str]:
        return {}

    @app.post("/voice")
    async def voice() -> Response:
        url = f"ws://127.0.0.1:{port}{socket}"
        twiml = f'<Response><Connect><Stream url="{url}"/></Connect></Response>'
        return Response(twiml, media_type="text/xml")
