"""A Pipecat assistant for Twilio, as Pipecat's own template writes it. Runs in the peer's venv.

`--tuned` is what whoever knows Pipecat would change for two cores: one Whisper and one voice for
all calls, and less patience where smart-turn doubts the end.
Input stays at 16 kHz, which the Whisper service does not resample to; hang-ups are left to us.
"""

import argparse
import functools
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.turn.smart_turn.base_smart_turn import SmartTurnParams
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.frames.frames import LLMRunFrame
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.openai.llm import OpenAILLMService
from pipecat.services.piper import tts as piper
from pipecat.services.whisper import stt as whisper
from pipecat.transports.websocket.fastapi import (
    FastAPIWebsocketParams,
    FastAPIWebsocketTransport,
)
from pipecat.turns.user_stop import TurnAnalyzerUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.workers.runner import WorkerRunner

from tests.bench.peers.bot import answer_calls, arguments

TUNED_STOP_SECONDS = 1.0  # of silence where smart-turn says "not yet"; by default 3


def main() -> None:
    """Answer on a port of this machine."""
    options = _arguments()
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    if options.tuned:
        whisper.WhisperModel = functools.cache(whisper.WhisperModel)
        piper.PiperVoice.load = functools.cache(piper.PiperVoice.load)
    uvicorn.run(_app(options), host="127.0.0.1", port=options.port, log_level="warning")


def _app(options: argparse.Namespace) -> FastAPI:
    app = FastAPI()

    answer_calls(app, options.port, "/media")

    @app.websocket("/media")
    async def media(socket: WebSocket) -> None:
        await socket.accept()
        _, call = await parse_telephony_websocket(socket)
        await _answer(socket, call.stream_id, options)

    return app


async def _answer(socket: WebSocket, stream_sid: str, options: argparse.Namespace) -> None:
    unmanaged = TwilioFrameSerializer.InputParams(auto_hang_up=False)
    transport = FastAPIWebsocketTransport(
        websocket=socket,
        params=FastAPIWebsocketParams(
            audio_in_enabled=True,
            audio_out_enabled=True,
            serializer=TwilioFrameSerializer(stream_sid, params=unmanaged),
        ),
    )
    context = LLMContext()
    worker = PipelineWorker(
        Pipeline(_stages(transport, context, options)),
        params=PipelineParams(audio_in_sample_rate=16_000, audio_out_sample_rate=8_000),
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)

    async def greet(transport: Any, client: Any) -> None:
        context.add_message({"role": "developer", "content": "Start by introducing yourself."})
        await worker.queue_frames([LLMRunFrame()])

    async def leave(transport: Any, client: Any) -> None:
        await runner.cancel()

    transport.add_event_handler("on_client_connected", greet)
    transport.add_event_handler("on_client_disconnected", leave)
    await runner.run()


def _stages(transport: Any, context: LLMContext, options: argparse.Namespace) -> list[Any]:
    stt = whisper.WhisperSTTService(
        device="cpu",
        compute_type="int8",
        settings=whisper.WhisperSTTService.Settings(model=str(options.whisper)),
    )
    llm = OpenAILLMService(
        api_key="none",
        base_url=options.llm,
        settings=OpenAILLMService.Settings(model="stub"),
    )
    tts = piper.PiperTTSService(
        download_dir=options.voice.parent,
        settings=piper.PiperTTSService.Settings(voice=options.voice.stem),
    )
    turns = LLMUserAggregatorParams(
        vad_analyzer=SileroVADAnalyzer(), user_turn_strategies=_strategies(options)
    )
    user, assistant = LLMContextAggregatorPair(context, user_params=turns)
    return [transport.input(), stt, user, llm, tts, transport.output(), assistant]


def _strategies(options: argparse.Namespace) -> UserTurnStrategies | None:
    if not options.tuned:
        return None
    params = SmartTurnParams(stop_secs=TUNED_STOP_SECONDS)
    analyzer = LocalSmartTurnAnalyzerV3(params=params)
    return UserTurnStrategies(stop=[TurnAnalyzerUserTurnStopStrategy(turn_analyzer=analyzer)])


def _arguments() -> argparse.Namespace:
    parser = arguments(__doc__)
    parser.add_argument("--tuned", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
