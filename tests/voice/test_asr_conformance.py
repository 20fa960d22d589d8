"""What every `Asr` must do, whatever is behind it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from anyio import create_task_group

from tests.clips.script import load_script
from tests.fakes import FakeAsr, recording, said
from tests.voice.test_asr_whisper import ScriptedDecoder
from voice.asr import Asr, AsrOptions, Transcript, load_asr
from voice.asr_whisper import Decoded, WhisperAsr
from voice.audio import SILENCE, Frame, frame_time
from voice.expectation import OPEN_SPEECH, Expectation, Kind
from voice.wav import open_recording

pytestmark = [
    pytest.mark.anyio,
    # openai-whisper leaves its vocabulary file to the garbage collector
    pytest.mark.filterwarnings("ignore:unclosed file .*tiktoken:ResourceWarning"),
]

SCRIPT = load_script("returns_and_hours")
TURN = SCRIPT.turns[1]
QUIET = [Frame(SILENCE, frame_time(index)) for index in range(50)]


@dataclass
class Heard:
    """An engine, a sentence it can hear, and a word of it."""

    asr: Asr
    speech: list[Frame]
    word: str = "Sunday"


def fake() -> Heard:
    return Heard(FakeAsr(), list(recording(said(1.0, TURN.says))))


def scripted() -> Heard:
    decoded = Decoded(TURN.says, tokens=12, average_logprob=-0.1, no_speech=0.1)
    return Heard(WhisperAsr(ScriptedDecoder(decoded)), clip())


def onnx_whisper() -> Heard:
    return Heard(load_asr(AsrOptions("onnx-whisper", device="cpu")), clip())


def faster_whisper() -> Heard:
    return Heard(load_asr(AsrOptions("faster-whisper", device="cpu")), clip())


def openai_whisper() -> Heard:
    return Heard(load_asr(AsrOptions("openai-whisper", device="cpu")), clip())


def clip() -> list[Frame]:
    frames = open_recording(SCRIPT.wav).frames()
    return [frame for frame in frames if TURN.start - 0.4 <= frame.at < TURN.end + 0.4]


@pytest.fixture(
    params=[
        fake,
        scripted,
        pytest.param(onnx_whisper, marks=pytest.mark.slow),
        pytest.param(faster_whisper, marks=pytest.mark.slow),
        pytest.param(openai_whisper, marks=pytest.mark.slow),
    ],
    scope="module",
)
def heard(request: pytest.FixtureRequest) -> Heard:
    load: Callable[[], Heard] = request.param
    return load()


async def transcribe(
    asr: Asr, frames: list[Frame], expectation: Expectation = OPEN_SPEECH
) -> Transcript:
    stream = asr.open(expectation)
    for frame in frames:
        stream.feed(frame)
    return await stream.finish()


async def test_nothing_fed_is_nothing_said(heard: Heard) -> None:
    assert (await transcribe(heard.asr, [])).text == ""


async def test_silence_has_no_words(heard: Heard) -> None:
    transcript = await transcribe(heard.asr, QUIET)
    assert (transcript.text, transcript.confidence) == ("", 0.0)


async def test_speech_becomes_text(heard: Heard) -> None:
    transcript = await transcribe(heard.asr, heard.speech)
    assert heard.word in transcript.text
    assert 0.5 < transcript.confidence <= 1.0
    assert 0.0 <= transcript.no_speech < 0.5
    assert transcript.rejected == ""


@pytest.mark.parametrize("kind", Kind)
async def test_any_expectation_is_taken(heard: Heard, kind: Kind) -> None:
    expectation = Expectation(kind, length=5, vocabulary=("Sunday", "Monday"))
    assert heard.word in (await transcribe(heard.asr, heard.speech, expectation)).text


async def test_more_may_be_said_after_a_finish(heard: Heard) -> None:
    stream = heard.asr.open(OPEN_SPEECH)
    assert (await stream.finish()).text == ""
    for frame in heard.speech:
        stream.feed(frame)
    first = await stream.finish()
    assert heard.word in first.text
    assert await stream.finish() == first


async def test_calls_do_not_hear_each_other(heard: Heard) -> None:
    texts: dict[str, str] = {}

    async def call(name: str, frames: list[Frame]) -> None:
        texts[name] = (await transcribe(heard.asr, frames)).text

    async with create_task_group() as calls:
        calls.start_soon(call, "speaks", heard.speech)
        calls.start_soon(call, "is silent", QUIET)
        calls.start_soon(call, "speaks too", heard.speech)
    assert heard.word in texts["speaks"]
    assert texts["speaks too"] == texts["speaks"]
    assert texts["is silent"] == ""
