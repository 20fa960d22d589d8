"""A FastRTC assistant for Twilio: `ReplyOnPause` as it comes. Runs in the peer's venv.

Its pause model is fetched from a hub; here the same network's current version comes from a file.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI
from faster_whisper import WhisperModel
from fastrtc import ReplyOnPause, Stream, get_current_context
from fastrtc.pause_detection.silero import SileroVADModel, SileroVadOptions
from openai import OpenAI
from piper import PiperVoice

from tests.bench.peers.bot import answer_calls, arguments

RATE_HZ = 16_000
WINDOW, CONTEXT = 512, 64  # samples
SENTENCE = re.compile(r"(?<=[.?!])\s+")


def main() -> None:
    """Answer on a port of this machine."""
    options = _arguments()
    uvicorn.run(_app(options), host="127.0.0.1", port=options.port, log_level="warning")


class Silero(SileroVADModel):  # type: ignore[misc]
    """Silero VAD 6, which carries one state and the end of the window before."""

    def __init__(self, file: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(file), options)

    def get_initial_state(self, batch_size: int) -> Any:
        """Return the state before the first window."""
        return np.zeros((2, 1, 128), np.float32), np.zeros((1, CONTEXT), np.float32)

    def __call__(self, x: Any, state: Any, sr: int) -> Any:
        """Return the probability of speech in a window, and the state after it."""
        carried, before = state
        sound = np.concatenate([before, x.reshape(1, -1)], axis=1).astype(np.float32)
        inputs = {"input": sound, "state": carried, "sr": np.array(sr, np.int64)}
        probability, carried = self.session.run(None, inputs)
        return probability, (carried, sound[:, -CONTEXT:])


class Assistant:
    """Hears, asks the language model, speaks; keeps each call's conversation."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._whisper = WhisperModel(str(options.whisper), device="cpu", compute_type="int8")
        self._voice = PiperVoice.load(options.voice)
        self._llm = OpenAI(api_key="none", base_url=options.llm)
        self._conversations: dict[str, list[dict[str, str]]] = {}

    def greet(self) -> Iterator[tuple[int, Any]]:
        """Speak first."""
        yield from self._answer([])

    def reply(self, audio: tuple[int, Any]) -> Iterator[tuple[int, Any]]:
        """Answer what was said until the pause."""
        sound = audio[1].reshape(-1).astype(np.float32) / 32768
        segments, _ = self._whisper.transcribe(sound, language="en")
        if text := "".join(segment.text for segment in segments).strip():
            messages = self._conversations.setdefault(get_current_context().webrtc_id, [])
            messages.append({"role": "user", "content": text})
            yield from self._answer(messages)

    def _answer(self, messages: list[dict[str, str]]) -> Iterator[tuple[int, Any]]:
        told, rest = "", ""
        for chunk in self._llm.chat.completions.create(
            model="stub", messages=messages, stream=True
        ):
            rest += chunk.choices[0].delta.content or ""
            *sentences, rest = SENTENCE.split(rest)
            for sentence in sentences:
                told += sentence + " "
                yield from self._speak(sentence)
        yield from self._speak(rest)
        messages.append({"role": "assistant", "content": told + rest})

    def _speak(self, text: str) -> Iterator[tuple[int, Any]]:
        for chunk in self._voice.synthesize(text):
            yield chunk.sample_rate, chunk.audio_int16_array.reshape(1, -1)


def _app(options: argparse.Namespace) -> FastAPI:
    assistant = Assistant(options)
    handler = ReplyOnPause(
        assistant.reply,
        startup_fn=assistant.greet,
        model=Silero(options.vad),
        model_options=SileroVadOptions(window_size_samples=WINDOW),
        input_sample_rate=RATE_HZ,
    )
    app = FastAPI()
    Stream(handler, modality="audio", mode="send-receive", concurrency_limit=100).mount(app)

    answer_calls(app, options.port, "/telephone/handler")

    return app


def _arguments() -> argparse.Namespace:
    parser = arguments(__doc__)
    parser.add_argument("--vad", type=Path, required=True, help="Silero's .onnx")
    return parser.parse_args()


if __name__ == "__main__":
    main()
