"""Voices made of pulses: what is put in must be measured. And ears that measure when asked to."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import numpy as np
import numpy.typing as npt
import pytest
from anyio.lowlevel import checkpoint

from tests.fakes import FakeAsr, FakeVad, recording, said
from voice.audio import SAMPLE_RATE_HZ, Digit, Frame, frames
from voice.ears import Ears, Utterance
from voice.prosody import Prosody, measure, prosody
from voice.turns import TurnTaker

Sound = npt.NDArray[np.float64]

SECONDS = 3.0
VOWEL = np.exp(-np.arange(400) / 80) * np.sin(2 * np.pi * 700 * np.arange(400) / SAMPLE_RATE_HZ)
CALM = Prosody(-30.0, 4.0, 120.0, 3.0)


def voice(pitch_hz: float, syllables_hz: float, peak: float = 0.25) -> Sound:
    """Three seconds of a pulse train through a vowel's resonance, in syllables; full scale is 1."""
    time = np.arange(round(SECONDS * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    harmonics = np.arange(1, int(7_000 / pitch_hz) + 1)
    pulses = np.cos(2 * np.pi * pitch_hz * harmonics[:, None] * time).sum(0)
    sound = np.convolve(pulses, VOWEL)[: len(time)]
    opening = 0.5 - 0.5 * np.cos(2 * np.pi * syllables_hz * time)
    shaped: Sound = sound / np.abs(sound).max() * opening * peak
    return shaped


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * SAMPLE_RATE_HZ))


def heard(*sounds: Sound) -> Prosody:
    found = prosody(framed(*sounds))
    assert found is not None
    return found


def framed(*sounds: Sound) -> list[Frame]:
    return list(frames([(np.concatenate(sounds) * 32767).astype(np.int16)]))


@pytest.mark.parametrize("syllables", [2.0, 3.0, 4.0, 6.0])
def test_syllables_are_counted(syllables: float) -> None:
    assert heard(voice(150, syllables)).rate_hz == pytest.approx(syllables, abs=0.3)


@pytest.mark.parametrize("pitch", [85.0, 110.0, 150.0, 220.0, 300.0])
def test_the_pitch_is_found_to_a_quarter_of_a_semitone(pitch: float) -> None:
    found = heard(voice(pitch, 4)).pitch_hz
    assert found is not None
    assert abs(12 * np.log2(found / pitch)) < 0.25


def test_a_telephone_cuts_off_the_fundamental_but_not_the_pitch() -> None:
    spectrum = np.fft.rfft(voice(110, 4))
    hertz = np.fft.rfftfreq(round(SECONDS * SAMPLE_RATE_HZ), 1 / SAMPLE_RATE_HZ)
    spectrum[(hertz < 300) | (hertz > 3400)] = 0
    assert heard(np.fft.irfft(spectrum)).pitch_hz == pytest.approx(110, abs=1)


def test_the_range_is_what_the_voice_covers() -> None:
    even, moving = heard(voice(150, 4)), heard(voice(130, 4), voice(184, 4))
    assert even.pitch_range_st == pytest.approx(0, abs=0.3)
    assert moving.pitch_range_st == pytest.approx(6, abs=0.5)  # 12 log2(184 / 130)


def test_twice_as_loud_is_six_decibels_more_and_nothing_else_changes() -> None:
    soft, loud = heard(voice(150, 4, 0.1)), heard(voice(150, 4, 0.2))
    assert loud.level_dbfs - soft.level_dbfs == pytest.approx(6, abs=0.1)
    assert loud.pitch_hz == pytest.approx(soft.pitch_hz, abs=0.5)
    assert loud.rate_hz == pytest.approx(soft.rate_hz, abs=0.1)


def test_silence_around_and_a_pause_within_do_no_harm() -> None:
    alone = heard(voice(150, 4))
    among = heard(silence(0.4), voice(150, 4), silence(1), voice(150, 4), silence(0.9))
    assert among.level_dbfs == pytest.approx(alone.level_dbfs, abs=0.2)
    assert among.rate_hz == pytest.approx(alone.rate_hz, abs=0.2)


def test_a_yes_is_too_short_for_a_rate() -> None:
    yes = heard(voice(150, 4)[: round(0.25 * SAMPLE_RATE_HZ)])
    assert yes.rate_hz is None
    assert yes.pitch_hz == pytest.approx(150, abs=3)


def test_noise_has_no_pitch_and_no_syllables() -> None:
    noise = heard(np.random.default_rng(0).normal(size=round(SECONDS * SAMPLE_RATE_HZ)) * 0.1)
    assert (noise.pitch_hz, noise.pitch_range_st, noise.rate_hz) == (None, None, 0.0)


@pytest.mark.parametrize("seconds", [0.0, 0.02, 3.0])
def test_silence_has_no_prosody(seconds: float) -> None:
    assert prosody(list(frames([silence(seconds).astype(np.int16)]))) is None


@pytest.mark.anyio
async def test_of_a_long_turn_the_end_is_measured() -> None:
    calm, excited = [voice(110, 3)] * 4, [voice(220, 5)] * 4
    found = await measure(framed(*calm, *excited))
    assert found is not None
    assert found.pitch_hz == pytest.approx(220, abs=2)


class Measuring:
    """Measures nothing, but notes how much it was given; may break."""

    def __init__(self, breaks: bool = False) -> None:
        self.seconds: list[float] = []
        self.breaks = breaks

    async def __call__(self, heard: Sequence[Frame]) -> Prosody | None:
        await checkpoint()
        self.seconds.append(round(len(heard) * 0.02, 2))
        if self.breaks:
            raise ValueError("the measuring broke, as the test asked")
        return CALM


async def utterances(measuring: Measuring, *, wanted: bool) -> list[Utterance]:
    async def line() -> AsyncGenerator[Frame | Digit]:
        for frame in recording(said(1), said(1, "hello"), said(1.5), said(0.6, "bye"), said(2)):
            yield frame

    ears = Ears(FakeVad(), FakeAsr(), TurnTaker(), measuring if wanted else None)
    async with aclosing(ears.listen(line())) as events:
        return [event async for event in events if isinstance(event, Utterance)]


@pytest.mark.anyio
async def test_ears_measure_each_utterance_where_the_options_ask_for_it() -> None:
    measuring = Measuring()
    found = await utterances(measuring, wanted=True)
    assert [(each.transcript.text, each.prosody) for each in found] == [
        ("hello", CALM),
        ("bye", CALM),
    ]
    assert measuring.seconds == [1.3, 0.9]  # 0.28 s of silence before it, 0.02 s after


@pytest.mark.anyio
async def test_ears_measure_nothing_unasked() -> None:
    measuring = Measuring()
    assert [each.prosody for each in await utterances(measuring, wanted=False)] == [None, None]
    assert measuring.seconds == []


@pytest.mark.anyio
async def test_words_are_heard_when_measuring_breaks() -> None:
    found = await utterances(Measuring(breaks=True), wanted=True)
    assert [(each.transcript.text, each.prosody) for each in found] == [
        ("hello", None),
        ("bye", None),
    ]


@pytest.mark.parametrize("seconds", [0.02, 0.04, 0.06])
def test_a_click_is_too_short_to_measure(seconds: float) -> None:
    assert prosody(framed(voice(150, 4)[: round(seconds * SAMPLE_RATE_HZ)])) is None
