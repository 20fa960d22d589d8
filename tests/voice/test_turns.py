"""A caller's probability of speech, frame by frame, and when the turn is said to change."""

from dataclasses import replace

import numpy as np
import pytest

from tests.fakes import recording
from voice.audio import FRAME_SAMPLES, FRAME_SECONDS, SILENCE, Digit
from voice.ears import last_loud
from voice.endpointing import Eagerness, Evidence
from voice.expectation import OPEN_SPEECH, Expectation, Kind
from voice.keypad import LAST_KEY_SECONDS, Keypad, Keys
from voice.turns import (
    HintFaded,
    Pause,
    SpeechHinted,
    SpeechResumed,
    SpeechStarted,
    TurnEnded,
    TurnEvent,
    TurnOptions,
    TurnTaker,
    takes_floor,
)

OPTIONS = TurnOptions()
ORDER_NUMBER = Expectation(Kind.DIGITS, length=5)


def events(
    *stretches: tuple[float, float],
    known: Evidence | None = None,
    hints: bool = False,
    options: TurnOptions = OPTIONS,
) -> list[TurnEvent]:
    """Feed stretches of (seconds, probability of speech); return what happened to turns.

    With something `known`, every pause is judged by it.
    """
    taker, happened = TurnTaker(options), []
    probabilities = [p for seconds, p in stretches for _ in range(round(seconds / FRAME_SECONDS))]
    for index, probability in enumerate(probabilities):
        event = taker.hear(index * FRAME_SECONDS, probability)
        if event and (hints or not isinstance(event, SpeechHinted | HintFaded)):
            happened.append(event)
        if isinstance(event, Pause) and known:
            taker.judge(known)
    return happened


def test_speech_is_hinted_before_it_starts() -> None:
    hinted, started = events((0.5, 0), (0.5, 1), hints=True)
    assert isinstance(hinted, SpeechHinted)
    assert hinted.at == pytest.approx(0.5 + OPTIONS.hint_seconds)
    assert isinstance(started, SpeechStarted)


def test_the_hint_of_a_click_fades_with_it() -> None:
    hinted, faded = events((0.5, 0), (0.06, 1), (1, 0), hints=True)
    assert isinstance(hinted, SpeechHinted)
    assert isinstance(faded, HintFaded)
    assert faded.at == pytest.approx(0.58)


def test_a_hint_that_comes_to_nothing_fades_though_it_does_not_end() -> None:
    hinted, faded = events((0.5, 0), (0.06, 1), (1, 0.4), hints=True)
    assert isinstance(faded, HintFaded)
    assert faded.at - hinted.at == pytest.approx(OPTIONS.hint_fades_seconds)


def test_a_turn_starts_pauses_and_ends() -> None:
    started, pause, ended = events((0.5, 0), (1, 1), (2, 0))
    assert isinstance(started, SpeechStarted)
    assert isinstance(pause, Pause)
    assert isinstance(ended, TurnEnded)
    assert started.at == pytest.approx(0.5)
    assert pause.at == pytest.approx(1.5 + OPTIONS.pause_seconds, abs=FRAME_SECONDS)
    assert ended.start == pytest.approx(0.5)
    assert ended.end == pytest.approx(1.5)
    assert ended.at - ended.end == pytest.approx(OPTIONS.patience_seconds, abs=FRAME_SECONDS)


def test_silence_is_no_turn() -> None:
    assert events((10, 0.1)) == []


def test_a_click_is_no_turn() -> None:
    assert events((0.5, 0), (OPTIONS.onset_seconds / 2, 1), (1, 0)) == []


def test_a_doubtful_frame_neither_begins_nor_ends_speech() -> None:
    assert events((2, 0.4)) == []
    assert [type(event) for event in events((1, 1), (3, 0.4))] == [SpeechStarted]


def test_a_pause_within_a_sentence_does_not_end_the_turn() -> None:
    kinds = [type(event) for event in events((1, 1), (0.5, 0), (1, 1), (2, 0))]
    assert kinds == [SpeechStarted, Pause, SpeechResumed, Pause, TurnEnded]


def test_a_click_in_a_pause_does_not_reset_it() -> None:
    *_, ended = events((1, 1), (0.4, 0), (0.02, 1), (1, 0))
    assert isinstance(ended, TurnEnded)
    assert ended.end == pytest.approx(1.0)


def test_two_turns_one_after_the_other() -> None:
    kinds = [type(event) for event in events((1, 1), (2, 0), (1, 1), (2, 0))]
    assert kinds == [SpeechStarted, Pause, TurnEnded] * 2


def test_an_endless_talker_is_ended_within_whispers_window() -> None:
    started, ended, *_ = events((40, 1))
    assert isinstance(started, SpeechStarted)
    assert isinstance(ended, TurnEnded)
    assert ended.at - ended.start == pytest.approx(OPTIONS.longest_seconds, abs=FRAME_SECONDS)


def test_an_order_number_with_a_long_pause_in_it_is_one_turn() -> None:
    script = ((1, 1), (1.4, 0), (1, 1), (2, 0))
    waited = events(*script, known=Evidence("one five two", 0.9, expected=ORDER_NUMBER))
    assert [type(event) for event in waited] == [
        SpeechStarted,
        Pause,
        SpeechResumed,
        Pause,
        TurnEnded,
    ]
    assert sum(isinstance(event, TurnEnded) for event in events(*script)) == 2


def test_a_turn_that_is_surely_over_ends_soon_and_says_why() -> None:
    known = Evidence("It is Smith.", 0.95, sounds_finished=0.98, expected=Expectation(Kind.NAME))
    *_, ended = events((1, 1), (2, 0), known=known)
    assert isinstance(ended, TurnEnded)
    assert ended.at - ended.end < 0.4
    assert ended.verdict is not None
    assert ended.verdict.reasons["sounds finished"] > 0


def test_the_eager_answer_sooner_what_is_surely_over() -> None:
    known = Evidence("Where is my order?", 0.95)
    waits = []
    for eagerness in Eagerness:
        options = replace(OPTIONS, eagerness=eagerness)
        *_, ended = events((1, 1), (2, 0), known=known, options=options)
        assert isinstance(ended, TurnEnded)
        waits.append(round(ended.at - ended.end, 2))
    assert waits == [0.3, 0.2, 0.12]


def pace_after(*pauses: float) -> float:
    """Pause so long between stretches of a second of speech; return the pace that was learned."""
    taker = TurnTaker()
    stretches = [stretch for pause in pauses for stretch in ((1, 1.0), (pause, 0.0))] + [(1, 1.0)]
    heard = [p for seconds, p in stretches for _ in range(round(seconds / FRAME_SECONDS))]
    for index, probability in enumerate(heard):
        taker.hear(index * FRAME_SECONDS, probability)
    return taker.pace


def test_who_pauses_long_has_a_slow_pace_and_nobody_has_a_quick_one() -> None:
    assert pace_after() == 1
    assert pace_after(0.8, 0.7) > 1.2
    assert pace_after(0.6) < 1.15  # one stop to think makes nobody slow
    assert pace_after(0.16, 0.14) == 1
    assert pace_after(0.8, 0.04, 0.06, 0.7, 0.04) == pytest.approx(pace_after(0.8, 0.7))


def test_speech_that_comes_back_at_the_last_moment_is_not_cut() -> None:
    lasting = OPTIONS.patience_seconds - FRAME_SECONDS
    kinds = [type(event) for event in events((1, 1), (lasting, 0), (1, 1), (2, 0))]
    assert kinds == [SpeechStarted, Pause, SpeechResumed, Pause, TurnEnded]


@pytest.mark.parametrize("quiet", [0.0, 0.5, 3.14, 60.0])
def test_the_same_sound_gives_the_same_turn_wherever_it_stands(quiet: float) -> None:
    _, pause, ended = events((quiet, 0), (1, 1), (2, 0))
    assert isinstance(ended, TurnEnded)
    assert round((pause.at - ended.end) / FRAME_SECONDS) == 1
    assert round((ended.at - ended.end) / FRAME_SECONDS) == 45


def test_a_turn_that_is_cut_ends_there_and_leaves_nothing_behind() -> None:
    taker = TurnTaker()
    for index in range(20):
        taker.hear(index * FRAME_SECONDS, 1.0)
    cut = taker.cut(0.4)
    assert cut is not None
    assert cut.start == pytest.approx(0.0)
    assert cut.end == pytest.approx(0.4)
    assert cut.at == 0.4
    assert taker.cut(0.5) is None
    assert taker.hear(0.5, 1.0) is None


def test_keys_are_complete_at_the_expected_length() -> None:
    keypad = Keypad()
    for at, key in enumerate("1521"):
        keypad.press(Digit(key, at))
        assert keypad.wait(at, ORDER_NUMBER) is None
    keypad.press(Digit("3", 4.0))
    assert keypad.wait(4.02, ORDER_NUMBER) == Keys("15213", 0, 4.0, 4.02)
    assert not keypad.typing


def test_keys_are_complete_with_hash_or_after_a_wait() -> None:
    keypad = Keypad()
    keypad.press(Digit("7", 1.0))
    keypad.press(Digit("#", 2.0))
    assert keypad.wait(2.02, OPEN_SPEECH) == Keys("7", 1.0, 2.0, 2.02)
    keypad.press(Digit("8", 3.0))
    assert keypad.wait(3.5, OPEN_SPEECH) is None
    late = 3.0 + LAST_KEY_SECONDS
    assert keypad.wait(late, OPEN_SPEECH) == Keys("8", 3.0, 3.0, late)


@pytest.mark.parametrize(
    "words", ["", "Mm-hmm.", "mhm", "Yeah, okay.", "I see.", "Uh-huh, right.", "…", "Ha ha ha!"]
)
def test_what_only_tells_the_speaker_to_go_on(words: str) -> None:
    assert not takes_floor(words, confidence=0.9, seconds=0.6)


@pytest.mark.parametrize(
    "words", ["Stop.", "No.", "Okay, but on Sunday?", "Wait", "Yes, cancel it", "hum", "1", "mmx"]
)
def test_what_takes_the_floor(words: str) -> None:
    assert takes_floor(words, confidence=0.9, seconds=0.6)


def test_a_short_sound_of_which_the_asr_is_not_sure_takes_nothing() -> None:
    assert not takes_floor("The choose.", confidence=0.3, seconds=0.5)
    assert takes_floor("The choose.", confidence=0.3, seconds=1.5)


def test_a_long_mumble_is_judged_at_once() -> None:
    assert takes_floor("m" * 10_000 + "x", confidence=0.9, seconds=0.6)


def test_the_last_loud_sound_is_before_the_breath_that_the_vad_takes_for_speech() -> None:
    loud, breath = pcm_at(8000), pcm_at(300)
    heard = [*recording([SILENCE] * 5 + [loud] * 20 + [breath] * 6 + [SILENCE] * 3)]
    assert last_loud(heard, before=0.62) == pytest.approx(0.5)
    assert last_loud(heard[:5], before=0.1) == 0.1


def pcm_at(level: int) -> bytes:
    return np.full(FRAME_SAMPLES, level, "<i2").tobytes()


def fed(taker: TurnTaker, *stretches: tuple[float, float, bool]) -> list[TurnEvent]:
    """Feed stretches of (seconds, probability of speech, whether it is faint)."""
    frames = [(p, faint) for seconds, p, faint in stretches for _ in range(round(seconds * 50))]
    happened = (taker.hear(i * FRAME_SECONDS, *frame) for i, frame in enumerate(frames))
    return [event for event in happened if event and not isinstance(event, SpeechHinted)]


def test_a_pause_begins_when_the_voice_falls_before_the_vad_is_sure() -> None:
    taker = TurnTaker(replace(OPTIONS, patience_seconds=0.2))
    _, pause, ended = fed(taker, (1, 1.0, False), (0.06, 0.7, True), (0.5, 0.1, True))
    assert isinstance(pause, Pause)
    assert pause.at == pytest.approx(1.02)
    assert isinstance(ended, TurnEnded)
    assert ended.end == pytest.approx(1.02)
    assert ended.at == pytest.approx(1.22)


def test_a_turn_ends_only_when_the_vad_is_sure_of_the_silence() -> None:
    taker = TurnTaker(replace(OPTIONS, patience_seconds=0.2))
    _, _, ended = fed(taker, (1, 1.0, False), (0.4, 0.7, True), (0.5, 0.1, True))
    assert isinstance(ended, TurnEnded)
    assert ended.at == pytest.approx(1.42)


def test_the_closing_of_a_consonant_ends_nothing() -> None:
    taker = TurnTaker(replace(OPTIONS, patience_seconds=0.04))
    happened = fed(taker, (1, 1.0, False), (0.08, 0.7, True), (1, 1.0, False))
    assert [type(event) for event in happened] == [SpeechStarted, Pause, SpeechResumed]
    assert taker.pace == 1.0


def test_a_faint_voice_that_goes_on_is_speech() -> None:
    taker = TurnTaker(OPTIONS)
    happened = fed(taker, (1, 1.0, False), (0.2, 0.1, True), (0.3, 0.95, True), (0.2, 0.1, True))
    assert [type(event) for event in happened] == [SpeechStarted, Pause, SpeechResumed, Pause]


def test_a_faint_voice_may_begin_after_a_turn_that_was_cut_as_it_faded() -> None:
    taker = TurnTaker(OPTIONS)
    fed(taker, (1, 1.0, False), (0.04, 0.7, True))
    assert isinstance(taker.cut(1.04), TurnEnded)
    assert SpeechStarted in map(type, fed(taker, (0.3, 0.7, True)))
