"""`offhook say` and `offhook hear`: one half of the chain alone."""

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from itertools import chain, repeat
from pathlib import Path

import anyio
from rich.console import Console
from rich.text import Text
from typer import BadParameter

from dialogue.identity import Voice
from telephony.compose import asr_options, tts_options, turn_options
from telephony.settings import Settings
from voice.asr import load_asr
from voice.audio import FRAME_SECONDS, SILENCE, Digit, Frame, frame_time
from voice.ears import Ears, Utterance
from voice.tts import Tts, load_tts
from voice.turns import TurnTaker
from voice.vad import load_vad
from voice.wav import Recording, WavWriter

SILENCE_AFTER_SECONDS = 2.5  # appended to a recording, so that its last turn ends


def say_to_file(settings: Settings, text: str, path: Path, console: Console) -> None:
    """Speak the text into a WAV file."""
    with console.status("loading the voice"):
        tts = load_tts(tts_options(settings, Voice()))
    anyio.run(_say, tts, text, path, console)


async def _say(tts: Tts, text: str, path: Path, console: Console) -> None:
    began, first = time.perf_counter(), 0.0
    pcm: list[bytes] = []
    async with aclosing(tts.synthesize(text)) as spoken:
        async for frame in spoken:
            first = first or time.perf_counter() - began
            pcm.append(frame.pcm)
    took = time.perf_counter() - began
    if not pcm:
        raise BadParameter(f"{text!r} holds nothing that can be spoken", param_hint="TEXT")
    with WavWriter(path) as file:
        file.write(b"".join(pcm))
    console.print(
        f"{path}: {len(pcm) * FRAME_SECONDS:.1f} s of speech in {took:.1f} s,"
        f" the first sound after {first * 1000:.0f} ms",
        soft_wrap=True,
    )


def hear_recording(settings: Settings, recording: Recording, console: Console) -> None:
    """Print what is said in a recording."""
    with console.status("loading the ears"):
        asr, vad = load_asr(asr_options(settings)), load_vad(settings.vad)()
    ears = Ears(vad, asr, TurnTaker(turn_options(settings)))
    anyio.run(_hear, ears, recording.frames(), console)


async def _hear(ears: Ears, recording: Iterator[Frame], console: Console) -> None:
    words = False
    async with aclosing(ears.listen(_heard(recording))) as events:
        async for event in events:
            if isinstance(event, Utterance):
                words = True
                console.print(_line(event), soft_wrap=True)
    if not words:
        console.print("nobody speaks in this recording")


def _line(utterance: Utterance) -> Text:
    transcript = utterance.transcript
    line = Text(f"{utterance.start:7.2f} s  ")
    if transcript.text:
        return line.append(transcript.text, "bold").append(f"  {transcript.confidence:.0%}", "dim")
    return line.append(f"(no words: {transcript.rejected or 'the ASR found none'})", "dim")


async def _heard(recording: Iterator[Frame]) -> AsyncGenerator[Frame | Digit]:
    """Yield the recording, then silence."""
    silence = repeat(SILENCE, round(SILENCE_AFTER_SECONDS / FRAME_SECONDS))
    for index, pcm in enumerate(chain((frame.pcm for frame in recording), silence)):
        yield Frame(pcm, frame_time(index))
