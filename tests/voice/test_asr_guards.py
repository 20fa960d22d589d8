import numpy as np
import pytest

from voice.asr_guards import has_sound, is_unfounded, without_noises, without_repeats
from voice.audio import SAMPLE_RATE_HZ, Float32


def tone(dbfs: float, seconds: float = 0.5) -> Float32:
    time = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    amplitude = np.sqrt(2) * 10 ** (dbfs / 20)
    sound: Float32 = (amplitude * np.sin(2 * np.pi * 400 * time)).astype(np.float32)
    return sound


def test_a_line_on_which_nothing_is_heard_has_no_sound() -> None:
    assert not has_sound(np.zeros(0, np.float32))
    assert not has_sound(np.zeros(SAMPLE_RATE_HZ, np.float32))
    assert not has_sound(tone(-70))


def test_a_quiet_word_in_silence_is_sound() -> None:
    silence = np.zeros(SAMPLE_RATE_HZ, np.float32)
    assert has_sound(np.concatenate([silence, tone(-55, 0.1), silence]))


@pytest.mark.parametrize(
    "text", ["Thank you.", "you", "Thanks for watching!", "Oh, oh, oh.", "I'm sorry."]
)
def test_a_stock_phrase_needs_more_than_half_a_doubt(text: str) -> None:
    assert is_unfounded(text, no_speech=0.9, average_logprob=-0.7)
    assert not is_unfounded(text, no_speech=0.04, average_logprob=-0.1)
    assert not is_unfounded(text, no_speech=0.2, average_logprob=-0.9)
    assert not is_unfounded(text, no_speech=0.7, average_logprob=-0.2)


def test_what_is_no_stock_phrase_needs_confidence_the_more_the_less_speech_there_seems() -> None:
    sentence = "I'm going to put the water in the pot."
    assert is_unfounded(sentence, no_speech=0.8, average_logprob=-1.7)
    assert is_unfounded(sentence, no_speech=0.45, average_logprob=-1.6)
    assert not is_unfounded(sentence, no_speech=0.45, average_logprob=-1.2)
    assert not is_unfounded("A-R-A-P-A-H-O-E", no_speech=0.77, average_logprob=-0.67)
    assert not is_unfounded("2", no_speech=0.1, average_logprob=-1.6)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("[BLANK_AUDIO]", ""),
        ("(music)", ""),
        ("(upbeat music", ""),
        ("♪♪", ""),
        ("*sighs*", ""),
        (". . . .", ""),
        ("AHHHHHHH!", ""),
        ("Hahahahaha", ""),
        ("[phone rings] Hello, (coughs) where is my order?", "Hello, where is my order?"),
        ("Thank you.", "Thank you."),
        ("My number is 800 0000.", "My number is 800 0000."),
        ("11111", "11111"),
        ("Mississippi", "Mississippi"),
        ("早上好", "早上好"),
    ],
)
def test_annotations_and_cries_are_no_words(text: str, spoken: str) -> None:
    assert without_noises(text) == spoken


@pytest.mark.parametrize(
    ("text", "once"),
    [
        ("Enter 71. Enter 71. Enter 71. Enter 71. Enter", "Enter 71."),
        ("Repeat. Repeat. Repeat. Repeat. Repeat. Repeat. Re", "Repeat. Re"),
        ("Well, we can't. We can't. We can't. We can't. Goodbye.", "Well, we can't. Goodbye."),
        (
            "Get me a single shot latte with milk. Get me a single shot latte with milk. Get me",
            "Get me a single shot latte with milk.",
        ),
        ("我要退货我要退货我要退货我要退货", "我要退货"),
    ],
)
def test_a_loop_is_cut_to_its_first_round(text: str, once: str) -> None:
    assert without_repeats(text) == once


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No, no, no, no.",
        "one one one one one one one one",
        "1 2 1 2 1 2 1 2 1 2",
        "A A A A A A A",
        "double zero double zero double zero double zero",
        "Thank you. Thank you.",
        "1 5 2 1 3 0 7 1 5 2 1 3 0 7",
        "It is very, very, very late.",
    ],
)
def test_what_callers_repeat_stays(text: str) -> None:
    assert without_repeats(text) == text


def test_a_long_text_without_a_loop_is_judged_at_once() -> None:
    text = " ".join(f"word{i}" for i in range(220))
    assert without_repeats(text) == text
