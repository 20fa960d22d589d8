"""The playback buffer and its marks, on a clock that the test turns."""

from telephony.far_end.ear import Ear
from telephony.far_end.protocol import PACKET_SAMPLES
from telephony.far_end.sound import is_audible
from tests.telephony.far_end.server import speech


def steps(ear: Ear, seconds: float) -> list[str]:
    return [mark for _ in range(round(seconds * 50)) for mark in ear.step()[1]]


def test_sound_is_heard_in_order_and_then_silence() -> None:
    ear = Ear()
    ear.play(speech(0.06))
    heard = [is_audible(ear.step()[0]) for _ in range(5)]
    assert heard == [True, True, True, False, False]


def test_a_mark_comes_back_when_the_sound_before_it_has_played() -> None:
    ear = Ear()
    ear.play(speech(0.1))
    assert ear.mark("a") == ()
    ear.play(speech(0.1))
    assert ear.mark("b") == ()
    assert steps(ear, 0.08) == []
    assert steps(ear, 0.02) == ["a"]
    assert steps(ear, 0.08) == []
    assert steps(ear, 0.02) == ["b"]


def test_a_mark_behind_nothing_comes_back_at_once() -> None:
    ear = Ear()
    assert ear.mark("a") == ("a",)
    ear.play(speech(0.02))
    steps(ear, 0.02)
    assert ear.mark("b") == ("b",)


def test_clear_empties_the_buffer_and_echoes_what_is_pending_in_order() -> None:
    ear = Ear()
    for name in "abc":
        ear.play(speech(0.1))
        ear.mark(name)
    assert steps(ear, 0.1) == ["a"]
    assert ear.clear() == ("b", "c")
    assert not is_audible(ear.step()[0])
    assert ear.clear() == ()


def test_after_a_clear_marks_wait_for_the_new_sound() -> None:
    ear = Ear()
    ear.play(speech(1.0))
    ear.mark("old")
    ear.clear()
    ear.play(speech(0.1))
    assert ear.mark("new") == ()
    assert steps(ear, 0.1) == ["new"]


def test_speech_that_breaks_off_and_goes_on_is_an_underrun() -> None:
    ear = Ear()
    ear.play(speech(0.1))
    steps(ear, 0.2)
    ear.play(speech(0.1))
    assert [(round(gap.at, 2), round(gap.seconds, 2)) for gap in ear.underruns] == [(0.1, 0.1)]


def test_the_pause_at_a_mark_a_clear_or_the_end_is_no_underrun() -> None:
    ear = Ear()
    ear.play(speech(0.1))
    ear.mark("the sentence is over")
    steps(ear, 0.2)
    ear.play(speech(0.1))
    steps(ear, 0.2)
    ear.clear()
    ear.play(speech(0.1))
    steps(ear, 1.0)
    ear.play(speech(0.1))
    assert ear.underruns == []


def test_half_a_packet_is_played_and_its_gap_counted() -> None:
    ear = Ear()
    ear.play(speech(0.02) + speech(0.02)[: PACKET_SAMPLES // 2])
    steps(ear, 0.04)
    ear.play(speech(0.02))
    assert len(ear.underruns) == 1


def test_sound_that_comes_just_in_time_is_no_underrun() -> None:
    ear = Ear()
    for _ in range(10):
        ear.play(speech(0.02))
        steps(ear, 0.02)
    assert ear.underruns == []
