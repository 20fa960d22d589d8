"""What the engines share, with a decoder that a test scripts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from voice.asr_whisper import Decoded, WhisperAsr, prompt_for, transcribe, windows
from voice.audio import SAMPLE_RATE_HZ, Float32, Frame
from voice.expectation import OPEN_SPEECH, Expectation, Kind

SPOKEN = Decoded("Where is my order?", tokens=5, average_logprob=-0.05, no_speech=0.1)


@dataclass
class Call:
    context_seconds: float
    most_tokens: int
    beams: int


class ScriptedDecoder:
    """Answers in the order of its script, the last answer for ever, and keeps what it was asked."""

    def __init__(self, *answers: Decoded | str) -> None:
        self.answers: Sequence[Decoded | str] = answers
        self.calls: list[Call] = []
        self.encoded = 0

    def encode(self, samples: Float32) -> "ScriptedSound":
        self.encoded += 1
        return ScriptedSound(self, samples.size / SAMPLE_RATE_HZ)


@dataclass
class ScriptedSound:
    decoder: ScriptedDecoder
    seconds: float

    def decode(self, prompt: str, most_tokens: int, beams: int, hypotheses: int = 1) -> Decoded:
        calls, answers = self.decoder.calls, self.decoder.answers
        calls.append(Call(self.seconds, most_tokens, beams))
        answer = answers[min(len(calls), len(answers)) - 1]
        if isinstance(answer, Decoded):
            return answer
        return Decoded(answer, tokens=most_tokens, average_logprob=-0.1, no_speech=0.1)

    def rescore(self, seconds: float, sentences: Sequence[str]) -> list[float]:
        raise NotImplementedError


@pytest.mark.anyio
async def test_the_language_that_is_expected_is_written() -> None:
    english, chinese = ScriptedDecoder(SPOKEN), ScriptedDecoder(replace(SPOKEN, text="你好"))
    asr = WhisperAsr(english, others={"zh": chinese})
    pcm = (voice(1.0) * 32_767).astype("<i2").tobytes()
    for language, text in (("", SPOKEN.text), ("zh", "你好"), ("fr", SPOKEN.text)):
        stream = asr.open(Expectation(language=language))
        stream.feed(Frame(pcm, 0.0))
        assert (await stream.finish()).text == text


def voice(seconds: float, level: float = 0.1) -> Float32:
    noise = np.random.default_rng(5).normal(scale=level, size=round(seconds * SAMPLE_RATE_HZ))
    return noise.astype(np.float32)


def test_a_turn_is_decoded_once_with_seven_seconds_of_context() -> None:
    decoder = ScriptedDecoder(SPOKEN)
    transcript = transcribe(decoder, voice(3.0), "")
    assert decoder.calls == [Call(7.0, most_tokens=6 * 3 + 12, beams=1)]
    assert transcript.text == "Where is my order?"
    assert transcript.confidence == pytest.approx(math.exp(-0.05))
    assert transcript.no_speech == 0.1
    assert transcript.rejected == ""


@pytest.mark.parametrize(
    ("seconds", "context"), [(0.8, 10.0), (1.6, 7.0), (6.4, 7.0), (6.6, 10.0), (9.4, 10.0)]
)
def test_a_turn_gets_the_shortest_context_that_it_fits(seconds: float, context: float) -> None:
    decoder = ScriptedDecoder(SPOKEN)
    transcribe(decoder, voice(seconds), "")
    assert [call.context_seconds for call in decoder.calls] == [context]


def test_a_long_turn_gets_the_full_context_at_once() -> None:
    decoder = ScriptedDecoder(SPOKEN)
    transcribe(decoder, voice(9.6), "")
    assert [call.context_seconds for call in decoder.calls] == [30.0]


def test_silence_is_not_decoded() -> None:
    decoder = ScriptedDecoder(SPOKEN)
    assert transcribe(decoder, np.zeros(SAMPLE_RATE_HZ, np.float32), "").rejected == "silence"
    assert transcribe(decoder, np.zeros(0, np.float32), "").rejected == "silence"
    assert decoder.calls == []


def test_a_runaway_is_decoded_again_at_thirty_seconds() -> None:
    decoder = ScriptedDecoder("Enter 71. " * 20, SPOKEN)
    assert transcribe(decoder, voice(2.0), "").text == "Where is my order?"
    assert decoder.calls == [Call(7.0, 24, beams=1), Call(30.0, 48, beams=1)]


def test_a_loop_within_the_bound_is_decoded_again_too() -> None:
    loop = Decoded("We can't. " * 4, tokens=20, average_logprob=-0.1, no_speech=0.1)
    decoder = ScriptedDecoder(loop, loop, SPOKEN)
    assert transcribe(decoder, voice(5.0), "").text == "Where is my order?"
    assert [call.beams for call in decoder.calls] == [1, 1, 5]


def test_a_loop_that_stays_is_cut_and_trusted_less() -> None:
    decoder = ScriptedDecoder("Enter 71. " * 10)
    transcript = transcribe(decoder, voice(2.0), "")
    assert len(decoder.calls) == 3
    assert transcript.text == "Enter 71."
    assert transcript.confidence < 0.15


def test_digits_that_run_away_are_not_guessed_at() -> None:
    transcript = transcribe(ScriptedDecoder("1 2 " * 40), voice(2.0), "")
    assert (transcript.text, transcript.rejected) == ("", "repetition")


def test_a_tone_heard_as_a_loop_is_no_words() -> None:
    beeps = Decoded("Beep " * 30, tokens=60, average_logprob=-0.1, no_speech=0.8)
    assert transcribe(ScriptedDecoder(beeps), voice(2.0), "").rejected == "repetition"


def test_with_a_prompt_a_doubtful_text_is_judged_without_it() -> None:
    prompted = Decoded("M I L E", tokens=4, average_logprob=-1.3, no_speech=0.3)
    alone = Decoded("The", tokens=1, average_logprob=-3.0, no_speech=0.8)
    decoder = ScriptedDecoder(prompted, alone)
    assert transcribe(decoder, voice(2.0), "My number is 86049.").rejected == "no speech"
    assert decoder.calls[1] == Call(7.0, most_tokens=1, beams=1)


def test_with_a_prompt_a_sure_text_is_believed_at_once() -> None:
    decoder = ScriptedDecoder(SPOKEN)
    assert transcribe(decoder, voice(2.0), "My number is 86049.").text == "Where is my order?"
    assert len(decoder.calls) == 1


def test_the_expectation_prompts() -> None:
    assert "number" in prompt_for(Expectation(Kind.DIGITS), "en")
    assert prompt_for(Expectation(Kind.DIGITS), "zh") == ""
    assert prompt_for(Expectation(vocabulary=("latte", "iced mocha")), "de") == "latte, iced mocha."
    assert prompt_for(OPEN_SPEECH, "en") == ""


def test_an_invention_is_rejected_and_not_tried_again() -> None:
    thanks = Decoded("Thank you.", tokens=3, average_logprob=-0.7, no_speech=0.9)
    decoder = ScriptedDecoder(thanks)
    transcript = transcribe(decoder, voice(1.0), "")
    assert (transcript.text, transcript.confidence) == ("", 0.0)
    assert transcript.rejected == "no speech"
    assert transcript.no_speech == 0.9
    assert len(decoder.calls) == 1


def test_a_confident_thank_you_stays() -> None:
    thanks = Decoded("Thank you.", tokens=3, average_logprob=-0.1, no_speech=0.05)
    assert transcribe(ScriptedDecoder(thanks), voice(1.0), "").text == "Thank you."


def test_an_annotation_is_no_text() -> None:
    music = Decoded("(music)", tokens=3, average_logprob=-0.1, no_speech=0.1)
    assert transcribe(ScriptedDecoder(music), voice(1.0), "").rejected == "noise"


def test_a_monologue_is_cut_where_it_is_quiet() -> None:
    speech = voice(70.0)
    for pause in (24.0, 47.0):
        start = round(pause * SAMPLE_RATE_HZ)
        speech[start : start + SAMPLE_RATE_HZ // 2] *= 0.01
    pieces = list(windows(speech))
    cuts = np.cumsum([piece.size for piece in pieces[:-1]]) / SAMPLE_RATE_HZ
    assert cuts == pytest.approx([24.25, 47.25], abs=0.25)
    assert np.array_equal(np.concatenate(pieces), speech)


def test_every_piece_fits_the_context_even_without_a_pause() -> None:
    pieces = list(windows(voice(200.0)))
    assert max(piece.size for piece in pieces) <= 29.5 * SAMPLE_RATE_HZ
    assert min(piece.size for piece in pieces[:-1]) >= 20 * SAMPLE_RATE_HZ


def test_the_windows_of_a_monologue_make_one_transcript() -> None:
    nothing = Decoded("you", tokens=1, average_logprob=-1.5, no_speech=0.9)
    sure = Decoded("And a second thing.", tokens=5, average_logprob=-0.1, no_speech=0.05)
    transcript = transcribe(ScriptedDecoder(SPOKEN, nothing, sure), voice(65.0), "")
    assert transcript.text == "Where is my order? And a second thing."
    assert math.exp(-0.1) < transcript.confidence < math.exp(-0.05)
    assert transcript.no_speech == 0.05
