"""Sentences rehearsed: planned, spoken, degraded, heard, and taken up where a run broke off."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nlu.alignment import word_errors
from telephony.rehearse import (
    CALLER_DBFS,
    NOISES,
    VOICES,
    Heard,
    Rehearsal,
    Take,
    cache_file,
    chosen,
    in_turn,
    perform,
    phone_line,
    read_heard,
    rehearse,
    takes,
)
from tests.fakes import FakeAsr, FakeTts
from voice import EngineError
from voice.asr import AsrOptions, Hypothesis
from voice.audio import SAMPLE_RATE_HZ, Int16
from voice.tts import TtsOptions

SENTENCES = ("where is my lamp", "cancel it please", "forty two dollars")
PLANNED = [Take(said, "ann") for said in SENTENCES]
QUIET = Take("", "ann")


def wire(sound: Int16, take: Take) -> Int16:
    """A line that changes nothing: the fake ASR reads samples."""
    return sound


def hear(asr: FakeAsr, file: Path | None = None) -> list[Heard]:
    return list(perform(PLANNED, {"ann": FakeTts()}, asr, file=file, carry=wire))


def tone(seconds: float, level: float) -> Int16:
    at = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    return np.round(level * np.sin(2 * np.pi * 1000 * at)).astype(np.int16)


def dbfs(sound: Int16) -> float:
    return 10 * float(np.log10(np.mean(np.square(sound / 32768))))


def test_every_take_is_said_and_heard() -> None:
    heard = hear(FakeAsr())
    assert [each.heard for each in heard] == [each.said for each in heard] == [*SENTENCES]
    assert {each.confidence for each in heard} == {0.9}


def test_all_ways_in_which_a_take_may_be_heard_are_kept(tmp_path: Path) -> None:
    ways = (Hypothesis(SENTENCES[0], 0.9), Hypothesis("wear is my lamp", 0.4))
    heard = hear(FakeAsr(doubts={SENTENCES[0]: ways}), tmp_path / "heard.jsonl")
    assert [each.alternatives for each in heard] == [ways, (), ()]
    assert list(read_heard(tmp_path / "heard.jsonl")) == heard


def test_transcripts_are_written_as_they_come(tmp_path: Path) -> None:
    file = tmp_path / "new" / "heard.jsonl"
    coming = perform(PLANNED, {"ann": FakeTts()}, FakeAsr(), file=file, carry=wire)
    first = next(coming)
    assert list(read_heard(file)) == [first]
    everything = [first, *coming]
    assert list(read_heard(file)) == everything
    assert [each.take for each in everything] == PLANNED


def test_a_broken_run_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "heard.jsonl"
    with pytest.raises(EngineError):
        hear(FakeAsr(breaks_on="forty"), file)
    asr = FakeAsr()
    assert [each.said for each in hear(asr, file)] == [*SENTENCES]
    assert len(asr.expectations) == 1, "what was heard before is not heard again"
    assert len(file.read_text("utf-8").splitlines()) == len(SENTENCES)


def test_a_line_cut_off_is_heard_again(tmp_path: Path) -> None:
    file = tmp_path / "heard.jsonl"
    whole = hear(FakeAsr(), file)
    file.write_text(file.read_text("utf-8")[:-20], "utf-8")
    assert hear(FakeAsr(), file) == whole
    assert list(read_heard(file)) == whole


def test_the_plan_depends_on_sentence_and_seed_alone() -> None:
    voices = tuple(VOICES)
    alone = takes(SENTENCES[1:2], voices)
    assert takes(SENTENCES, voices)[2:4] == alone
    assert takes(SENTENCES[1:2], voices, Rehearsal(seed=1)) != alone


def test_voices_take_turns_and_noise_comes_as_often_as_asked() -> None:
    sentences = [f"sentence {number}" for number in range(100)]
    planned = takes(sentences, tuple(VOICES), Rehearsal(takes=2, noisy=0.5))
    for one, other in zip(planned[::2], planned[1::2], strict=True):
        assert one.voice != other.voice
        assert bool(one.noise) != bool(other.noise)
    assert {take.voice for take in planned} == {*VOICES}
    assert {take.noise for take in planned} == {"", *NOISES}
    assert all(5 <= take.snr_db <= 20 for take in planned if take.noise)
    assert not any(take.noise for take in takes(sentences, ("ann",), Rehearsal(noisy=0.0)))
    assert all(take.noise for take in takes(sentences, ("ann",), Rehearsal(noisy=1.0)))


@pytest.mark.parametrize("level", [500, 20_000])
def test_the_line_brings_speech_to_its_usual_level(level: float) -> None:
    sound = phone_line(tone(1.0, level), QUIET)
    assert dbfs(sound[4000:12000]) == pytest.approx(CALLER_DBFS, abs=0.5)
    softer = phone_line(tone(1.0, level), replace(QUIET, level_db=-4.0))
    assert dbfs(softer[4000:12000]) == pytest.approx(CALLER_DBFS - 4, abs=0.5)


@pytest.mark.parametrize("noise", sorted(NOISES))
def test_noise_is_as_loud_as_asked_and_the_same_for_a_seed(noise: str) -> None:
    sound = in_turn(tone(3.0, 8000))
    noisy = replace(QUIET, noise=noise, snr_db=10.0, seed=7)
    heard = phone_line(sound, noisy)
    assert (heard == phone_line(sound, noisy)).all()
    assert (heard != phone_line(sound, replace(noisy, seed=8))).any()
    added = heard.astype(np.float64) - phone_line(sound, QUIET)
    assert dbfs(added.astype(np.int16)) == pytest.approx(CALLER_DBFS - 10, abs=2.0)


def test_the_line_carries_no_more_than_a_telephone_does() -> None:
    noise = np.random.default_rng(1).normal(size=SAMPLE_RATE_HZ) * 3000
    heard = phone_line(noise.astype(np.int16), QUIET)
    spectrum = np.square(np.abs(np.fft.rfft(heard)))
    assert spectrum[4300:].sum() < 1e-3 * spectrum.sum()


def test_silence_stays_silence() -> None:
    assert not phone_line(np.zeros(SAMPLE_RATE_HZ, np.int16), QUIET).any()


def test_a_draw_hardly_changes_when_sentences_are_added() -> None:
    before = chosen([f"sentence {number}" for number in range(100)], 20, seed=0)
    after = chosen([f"sentence {number}" for number in range(110)], 20, seed=0)
    assert len({*before} & {*after}) >= 14
    assert chosen(["one", "one", "two"], 5, seed=0).count("one") == 1


def test_transcripts_are_kept_apart_by_all_that_they_depend_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    weights = {"whisper-base": "1", "whisper-base-torch": "2"}
    monkeypatch.setattr("telephony.rehearse.digest", weights.__getitem__)
    monkeypatch.setattr("telephony.rehearse.voice_id", repr)
    usual, voices = AsrOptions(), {"ann": TtsOptions()}

    def files() -> list[Path]:
        return [
            cache_file("shop", voices, usual),
            cache_file("bank", voices, usual),
            cache_file("shop", voices, replace(usual, engine="openai-whisper")),
            cache_file("shop", voices, replace(usual, language="de")),
            cache_file("shop", {"ann": TtsOptions(speed=1.2)}, usual),
            cache_file("shop", {"bob": TtsOptions()}, usual),
        ]

    before = files()
    assert len({*before}) == len(before)
    assert files() == before
    assert cache_file("shop", voices, replace(usual, threads=2)) == before[0]
    weights["whisper-base"] = "3"
    assert cache_file("shop", voices, usual) not in before


@pytest.mark.slow
def test_real_voices_are_heard_over_the_line(tmp_path: Path) -> None:
    from voice.asr import load_asr
    from voice.tts import load_tts

    voices = {name: load_tts(replace(VOICES[name], device="cpu")) for name in ("joe", "heart")}
    asr = load_asr(AsrOptions(model="base", device="cpu"))
    sentences = ["I want to cancel my order.", "Where is my package?"]
    options = Rehearsal(takes=2, noisy=0.5, lowest_snr_db=15.0)
    heard = list(rehearse(sentences, voices, asr, options, tmp_path / "heard.jsonl"))
    assert sum(word_errors(each.said, each.heard)[0] for each in heard) <= 3, heard
    assert min(each.confidence for each in heard) > 0.4
    assert {each.take.voice for each in heard} == {"joe", "heart"}
    assert sum(bool(each.take.noise) for each in heard) == 2
