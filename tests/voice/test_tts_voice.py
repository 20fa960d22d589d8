"""From text to frames, with a voice that hums a note for every letter."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.voice.tts_conformance import check_tts, speak
from voice.audio import FRAME_SECONDS
from voice.tts_voice import MOST_LETTERS, PAUSE_SECONDS, Piece, VoiceTts, sentences

LETTER_SECONDS = 0.05


class Humming:
    """Hums every letter for as long, in pieces of three letters."""

    def __init__(self, sample_rate_hz: int = 22_050) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.said: list[str] = []

    def pieces(self, sentence: str, speed: float = 1.0) -> Iterator[Piece]:
        self.said.append(sentence)
        for end in range(3, len(sentence) + 3, 3):
            letters = min(3, len(sentence) - end + 3)
            time = np.arange(round(letters * LETTER_SECONDS * self.sample_rate_hz / speed))
            wave = 0.5 * np.sin(2 * np.pi * 440 * time / self.sample_rate_hz)
            yield Piece(wave.astype(np.float32), min(end / len(sentence), 1.0))


pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 24_000, 48_000])
async def test_any_rate_conforms(rate: int) -> None:
    await check_tts(VoiceTts(Humming(rate)), ["One moment, please. I am looking.", "Yes."])


async def test_text_without_a_word_is_silent() -> None:
    assert await speak(VoiceTts(Humming()), "… 🎉 — !") == []


async def test_lasts_as_long_as_the_voice_says_with_a_pause_between_sentences() -> None:
    frames = await speak(VoiceTts(Humming()), "Yes. No.")
    expected = 7 * LETTER_SECONDS + PAUSE_SECONDS
    assert len(frames) * FRAME_SECONDS == pytest.approx(expected, abs=FRAME_SECONDS)


async def test_begins_with_sound_not_with_the_silence_that_voices_put_before_it() -> None:
    class Hesitating(Humming):
        def pieces(self, sentence: str, speed: float = 1.0) -> Iterator[Piece]:
            silence = np.zeros(round(0.06 * self.sample_rate_hz), np.float32)
            for piece in super().pieces(sentence, speed):
                yield Piece(np.concatenate([silence, piece.samples]), piece.said)

    hesitating = await speak(VoiceTts(Hesitating()), "Yes.")
    assert np.abs(hesitating[0].samples).max() > 1000
    pieces = 2  # each with its silence: what is within the text stays
    expected = 4 * LETTER_SECONDS + (pieces - 1) * 0.06
    assert len(hesitating) * FRAME_SECONDS == pytest.approx(expected, abs=1.5 * FRAME_SECONDS)


async def test_keeps_level_and_pitch_when_resampled() -> None:
    frames = await speak(VoiceTts(Humming(22_050)), "hummmmmmmmmmmmmmmmmmm")
    sound = np.concatenate([frame.samples for frame in frames])[:16_000]
    spectrum = np.abs(np.fft.rfft(sound))
    assert int(spectrum.argmax()) == 440
    assert float(np.abs(sound).max()) / 32767 == pytest.approx(0.5, abs=0.03)


async def test_the_voice_gets_speakable_sentences() -> None:
    voice = Humming()
    await speak(VoiceTts(voice), "It costs $5. OK?")
    assert voice.said == ["It costs five dollars.", "OK?"]


async def test_said_counts_the_letters_of_what_was_written() -> None:
    """ "15213" is five spoken words: when they begin, 12 of the 29 written letters are over."""
    written = "Your order, 15213, has shipped."
    spoken = "Your order, one five two one three, has shipped."
    frames = await speak(VoiceTts(Humming()), written)
    for word_spoken, word_written in (("one", "15213"), ("has", "has")):
        begins = spoken.index(word_spoken) * LETTER_SECONDS
        said = frames[round(begins / FRAME_SECONDS) - 1].said
        assert said * len(written) == pytest.approx(written.index(word_written), abs=1)


def test_sentences_end_at_full_stops_but_not_inside() -> None:
    text = "We open at nine a.m. and close at five p.m. Is that early? It is."
    assert sentences(text) == [
        "We open at nine a.m. and close at five p.m.",
        "Is that early?",
        "It is.",
    ]


def test_an_endless_sentence_is_cut_between_words() -> None:
    parts = sentences("word " * 500)
    assert " ".join(parts) == " ".join(["word"] * 500) + "."
    assert max(map(len, parts)) <= MOST_LETTERS
