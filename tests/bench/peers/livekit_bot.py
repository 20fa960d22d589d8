"""LiveKit Agents without a room: its session, and a bridge of ours to Twilio. Runs in the venv.

Turn-taking is the session's default (Silero, LiveKit's local end-of-turn model) but for
interruptions, which go by voice activity: the adaptive detector is a service in the cloud.
"""

import argparse
import asyncio
import audioop
import base64
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from faster_whisper import WhisperModel
from livekit import rtc
from livekit.agents import Agent, AgentSession, stt, tts
from livekit.agents.voice import io
from livekit.plugins import openai, silero
from piper import PiperVoice

from tests.bench.peers.bot import answer_calls, arguments

PHONE_HZ, ASR_HZ = 8_000, 16_000


def main() -> None:
    """Answer on a port of this machine."""
    options = arguments(__doc__).parse_args()
    uvicorn.run(_app(options), host="127.0.0.1", port=options.port, log_level="warning")


class Whisper(stt.STT):  # type: ignore[misc]
    """faster-whisper: whole segments, as the voice activity cuts them."""

    def __init__(self, model: WhisperModel) -> None:
        super().__init__(capabilities=stt.STTCapabilities(streaming=False, interim_results=False))
        self._whisper = model

    async def _recognize_impl(self, buffer: Any, **_: Any) -> stt.SpeechEvent:
        text = await asyncio.to_thread(self._hear, rtc.combine_audio_frames(buffer))
        return stt.SpeechEvent(
            type=stt.SpeechEventType.FINAL_TRANSCRIPT,
            alternatives=[stt.SpeechData(text=text, language="en")],
        )

    def _hear(self, frame: rtc.AudioFrame) -> str:
        sound = np.frombuffer(frame.data, np.int16).astype(np.float32) / 32768
        segments, _ = self._whisper.transcribe(sound, language="en")
        return "".join(segment.text for segment in segments).strip()


class Piper(tts.TTS):  # type: ignore[misc]
    """Piper: sentence by sentence."""

    def __init__(self, voice: PiperVoice) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False),
            sample_rate=voice.config.sample_rate,
            num_channels=1,
        )
        self.voice = voice

    def synthesize(self, text: str, *, conn_options: Any = None) -> tts.ChunkedStream:
        """Speak a sentence."""
        return Sentence(tts=self, input_text=text, conn_options=conn_options)


class Sentence(tts.ChunkedStream):  # type: ignore[misc]
    """A sentence being spoken."""

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id="piper",
            sample_rate=self._tts.sample_rate,
            num_channels=1,
            mime_type="audio/pcm",
        )
        chunks = self._tts.voice.synthesize(self.input_text)
        while (chunk := await asyncio.to_thread(next, chunks, None)) is not None:
            output_emitter.push(chunk.audio_int16_bytes)
        output_emitter.flush()


class Mouth(io.AudioInput):  # type: ignore[misc]
    """What the caller says, at the rate of the ASR."""

    def __init__(self) -> None:
        super().__init__(label="Twilio")
        self._frames: asyncio.Queue[rtc.AudioFrame] = asyncio.Queue()
        self._resampler = rtc.AudioResampler(PHONE_HZ, ASR_HZ)

    def push(self, payload: bytes) -> None:
        """Take µ-law."""
        sound = audioop.ulaw2lin(payload, 2)
        frame = rtc.AudioFrame(sound, PHONE_HZ, 1, len(sound) // 2)
        for resampled in self._resampler.push(frame):
            self._frames.put_nowait(resampled)

    async def __anext__(self) -> rtc.AudioFrame:
        return await self._frames.get()


class Ear(io.AudioOutput):  # type: ignore[misc]
    """What the caller hears: sent at once, cleared when interrupted, a mark where it ends."""

    def __init__(self, socket: WebSocket, stream_sid: str) -> None:
        able = io.AudioOutputCapabilities(pause=False)
        super().__init__(label="Twilio", capabilities=able, sample_rate=PHONE_HZ)
        self._socket, self._stream_sid = socket, stream_sid
        self._messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._seconds, self._began = 0.0, 0.0  # of the segment that plays

    async def send(self) -> None:
        """Send what is to be sent until cancelled."""
        while True:
            message = await self._messages.get()
            await self._socket.send_text(json.dumps({**message, "streamSid": self._stream_sid}))

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Play a frame after those before."""
        await super().capture_frame(frame)
        if not self._seconds:
            self._began = time.time()
            self.on_playback_started(created_at=self._began)
        self._seconds += frame.duration
        payload = base64.b64encode(audioop.lin2ulaw(bytes(frame.data), 2)).decode()
        self._messages.put_nowait({"event": "media", "media": {"payload": payload}})

    def flush(self) -> None:
        """Mark the end of a segment."""
        super().flush()
        if self._seconds:
            self._messages.put_nowait({"event": "mark", "mark": {"name": "end"}})

    def clear_buffer(self) -> None:
        """Fall silent."""
        if self._seconds:
            self._messages.put_nowait({"event": "clear"})
            self._finish(min(self._seconds, time.time() - self._began), interrupted=True)

    def marked(self) -> None:
        """Take note that a segment has played; marks after a clear come too late."""
        if self._seconds:
            self._finish(self._seconds, interrupted=False)

    def _finish(self, position: float, *, interrupted: bool) -> None:
        self._seconds = 0.0
        self.on_playback_finished(playback_position=position, interrupted=interrupted)


def _app(options: argparse.Namespace) -> FastAPI:
    app, vad = FastAPI(), silero.VAD.load()
    whisper = WhisperModel(str(options.whisper), device="cpu", compute_type="int8")
    voice = PiperVoice.load(options.voice)

    answer_calls(app, options.port, "/media")

    @app.websocket("/media")
    async def media(socket: WebSocket) -> None:
        await socket.accept()
        session: AgentSession[None] = AgentSession(
            stt=Whisper(whisper),
            vad=vad,
            llm=openai.LLM(model="stub", base_url=options.llm, api_key="none"),
            tts=Piper(voice),
            turn_handling={"interruption": {"mode": "vad"}},
        )
        await _hold(socket, session)

    return app


async def _hold(socket: WebSocket, session: AgentSession[None]) -> None:
    messages = _messages(socket)
    started = await anext(message async for message in messages if message["event"] == "start")
    mouth, ear = Mouth(), Ear(socket, started["streamSid"])
    sending = asyncio.create_task(ear.send())
    session.input.audio, session.output.audio = mouth, ear
    await session.start(agent=Agent(instructions="You answer the phone of a shop."))
    session.generate_reply(instructions="Greet the caller.")
    try:
        async for message in messages:
            if message["event"] == "media":
                mouth.push(base64.b64decode(message["media"]["payload"]))
            elif message["event"] == "mark":
                ear.marked()
    finally:
        sending.cancel()
        await session.aclose()


async def _messages(socket: WebSocket) -> AsyncIterator[dict[str, Any]]:
    try:
        async for text in socket.iter_text():
            message = json.loads(text)
            if message["event"] == "stop":
                return
            yield message
    except WebSocketDisconnect:
        return


if __name__ == "__main__":
    main()
