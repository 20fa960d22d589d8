"""Several hypotheses of one utterance, and the engine's judgement of sentences by others."""

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import anyio
import numpy as np
import pytest

from models.device import place
from models.registry import model_path
from tests.bench.vad_data import line, read
from tests.clips.script import load_script
from voice import EngineError
from voice.asr import Hypothesis, RescoringAsr, SecondLook
from voice.asr_faster import FasterWhisperDecoder
from voice.asr_openai import OpenAiWhisperDecoder
from voice.asr_whisper import Decoded, Decoder, WhisperAsr, rescore, transcribe
from voice.audio import SAMPLE_RATE_HZ, Float32, frames
from voice.expectation import OPEN_SPEECH

LATTE = Decoded(
    "A latte.", tokens=3, average_logprob=-0.1, no_speech=0.0, others=(("A ladder.", -0.7),)
)


@dataclass
class Cafe:
    """A decoder that hears the same in everything, and finds long sentences unlikely."""

    answer: Decoded
    beams: int = 0
    context_seconds: float = 0.0
    encodings: int = 0

    def encode(self, samples: Float32) -> "Cafe":
        self.context_seconds = samples.size / SAMPLE_RATE_HZ
        self.encodings += 1
        return self

    def decode(self, prompt: str, most_tokens: int, beams: int, hypotheses: int = 1) -> Decoded:
        self.beams = beams
        return self.answer

    def rescore(self, seconds: float, sentences: Sequence[str]) -> list[float]:
        return [-float(len(sentence)) for sentence in sentences]


def voice(seconds: float) -> Float32:
    noise = np.random.default_rng(5).normal(scale=0.1, size=round(seconds * SAMPLE_RATE_HZ))
    return noise.astype(np.float32)


def test_a_sure_text_is_not_looked_at_again() -> None:
    decoder = Cafe(replace(LATTE, average_logprob=-0.05))
    assert transcribe(decoder, voice(2), "").look_again is None
    assert decoder.beams == 1


def test_a_doubtful_text_is_searched_again_in_what_is_encoded_already() -> None:
    decoder = Cafe(replace(LATTE, average_logprob=-0.3))
    transcript = transcribe(decoder, voice(2), "")
    assert (decoder.beams, transcript.alternatives) == (1, ())
    assert transcript.look_again is not None
    found = transcript.look_again()
    assert [each.text for each in found] == ["A latte.", "A ladder."]
    assert found[0] == Hypothesis(transcript.text, transcript.confidence)
    assert (decoder.beams, decoder.encodings) == (5, 1)


def test_the_second_look_can_be_left_out() -> None:
    decoder = Cafe(replace(LATTE, average_logprob=-0.3))
    once = transcribe(decoder, voice(2), "", second_look=SecondLook(hypotheses=1))
    assert once.look_again is None
    assert transcribe(decoder, voice(2), "") == once


def test_a_search_is_made_once_and_lets_go_of_the_sound() -> None:
    decoder = Cafe(replace(LATTE, average_logprob=-0.3))
    gone = weakref.ref(decoder)
    look_again = transcribe(decoder, voice(2), "").look_again
    del decoder
    assert look_again is not None
    assert gone() is not None
    assert look_again() == look_again() != ()
    assert gone() is None


def test_a_search_that_fails_is_an_engine_error() -> None:
    class OutOfMemory(Cafe):
        def decode(self, prompt: str, most_tokens: int, beams: int, hypotheses: int = 1) -> Decoded:
            if beams > 1:
                raise RuntimeError("out of memory")
            return self.answer

    look_again = transcribe(
        OutOfMemory(replace(LATTE, average_logprob=-0.3)), voice(2), ""
    ).look_again
    assert look_again is not None
    with pytest.raises(EngineError, match="out of memory"):
        look_again()


def test_a_loop_is_not_searched_again() -> None:
    loop = Decoded("A latte. " * 4, tokens=12, average_logprob=-0.3, no_speech=0.0)
    assert transcribe(Cafe(loop), voice(2), "").look_again is None


def test_the_alternatives_begin_with_the_text() -> None:
    decoder = Cafe(LATTE)
    transcript = transcribe(decoder, voice(2), "", hypotheses=5)
    assert decoder.beams == 5
    assert [each.text for each in transcript.alternatives] == ["A latte.", "A ladder."]
    assert transcript.alternatives[0] == Hypothesis(transcript.text, transcript.confidence)
    assert transcript.alternatives[1].confidence == pytest.approx(np.exp(-0.7))


def test_the_same_words_and_no_words_are_no_alternatives() -> None:
    again = replace(LATTE, others=(("A latte.", -0.3), ("(music)", -0.4), ("", -0.5)))
    transcript = transcribe(Cafe(again), voice(2), "", hypotheses=5)
    assert [each.text for each in transcript.alternatives] == ["A latte."]


def test_what_a_guard_rejects_has_no_alternatives() -> None:
    doubtful = replace(LATTE, average_logprob=-3.0, no_speech=0.9)
    assert transcribe(Cafe(doubtful), voice(2), "", hypotheses=5).alternatives == ()
    assert transcribe(Cafe(doubtful), voice(2), "").look_again is None


def test_speech_in_several_windows_has_no_alternatives() -> None:
    assert transcribe(Cafe(LATTE), voice(35), "", hypotheses=5).alternatives == ()
    doubtful = Cafe(replace(LATTE, average_logprob=-0.3))
    assert transcribe(doubtful, voice(35), "").look_again is None


def test_a_stream_rescores_sentences_by_what_it_heard() -> None:
    decoder = Cafe(LATTE)
    asr: RescoringAsr = WhisperAsr(decoder)
    stream = asr.open(OPEN_SPEECH, hypotheses=3)
    for frame in frames([np.full(3 * SAMPLE_RATE_HZ, 3000, np.int16)]):
        stream.feed(frame)
    assert anyio.run(stream.rescore, ["a", "bcd"], backend="trio") == [-1.0, -3.0]
    assert decoder.context_seconds == 7.0
    assert len(anyio.run(stream.finish, backend="trio").alternatives) == 2
    assert decoder.beams == 3


def spoken() -> Float32:
    """The first turn of a clip, as the telephone carries it: "Hello, where is my order?"."""
    script = load_script("order_status")
    turn = script.turns[0]
    sound = read(script.wav)
    around = slice(*(round(at * SAMPLE_RATE_HZ) for at in (turn.start - 0.4, turn.end + 0.4)))
    return line(sound[around]).astype(np.float32) / np.float32(32_768)


ENGINES: dict[str, Callable[[], Decoder]] = {
    "faster": lambda: FasterWhisperDecoder(model_path("whisper-base"), "en", place("cpu")),
    "openai": lambda: OpenAiWhisperDecoder(model_path("whisper-base-torch"), "en", place("cpu")),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:unclosed file .*tiktoken:ResourceWarning")
@pytest.mark.parametrize("name", ENGINES)
def test_what_was_said_is_more_likely_than_what_was_not(name: str) -> None:
    decoder = ENGINES[name]()
    sound = spoken()
    heard = transcribe(decoder, sound, "").text
    right, wrong = rescore(decoder, sound, [heard, "I want to buy two umbrellas."])
    assert right > wrong + 10


@pytest.mark.slow
def test_hypotheses_leave_the_default_as_it_is() -> None:
    decoder = ENGINES["faster"]()
    before = transcribe(decoder, spoken(), "", second_look=SecondLook(hypotheses=1))
    several = transcribe(decoder, spoken(), "", hypotheses=4)
    assert 1 < len(several.alternatives) <= 4
    assert several.alternatives[0].text == several.text
    assert several.alternatives[0].confidence == several.confidence
    assert transcribe(decoder, spoken(), "") == before


@pytest.mark.slow
def test_a_doubtful_text_is_looked_at_again_by_the_engine() -> None:
    transcript = transcribe(ENGINES["faster"](), spoken(), "", second_look=SecondLook(below=1.0))
    assert transcript.look_again is not None
    found = transcript.look_again()
    assert found[0] == Hypothesis(transcript.text, transcript.confidence)
    assert 1 < len(found) <= 6
