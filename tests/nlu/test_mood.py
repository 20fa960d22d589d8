"""Callers as scripts of turns: what their mood comes to."""

from collections.abc import Iterable

import pytest

from nlu.mood import AcousticCue, Direction, Trend
from nlu.understand import Sentiment

CALM = AcousticCue(level_db=-30.0, rate_hz=3.5, pitch_hz=120.0)
RAISED = AcousticCue(level_db=-24.0, rate_hz=5.0, pitch_hz=150.0)
FLAT = AcousticCue(level_db=-33.0, rate_hz=3.0, pitch_hz=110.0)

ASKS = Sentiment("neutral", 0.0)
THANKS = Sentiment("positive", 0.8)
GRUMBLES = Sentiment("negative", -0.5)
FUMES = Sentiment("negative", -0.9)


def mood(turns: Iterable[Sentiment], cues: Iterable[AcousticCue | None] | None = None) -> Trend:
    turns = [*turns]
    trend = Trend()
    for sentiment, cue in zip(turns, cues or [None] * len(turns), strict=True):
        trend = trend.after(sentiment, cue)
    return trend


def test_a_call_begins_neutral_and_steady() -> None:
    assert (Trend().level, Trend().direction, Trend().negatives) == (0.0, Direction.STEADY, 0)


def test_a_caller_who_only_does_business_stays_neutral() -> None:
    trend = mood([ASKS] * 8)
    assert (trend.level, trend.slope, trend.lowest) == (0.0, 0.0, 0.0)
    assert trend.direction is Direction.STEADY


def test_a_caller_who_gets_angrier() -> None:
    levels = [mood([ASKS, ASKS, GRUMBLES, FUMES, FUMES][:turn]).level for turn in range(1, 6)]
    assert levels == sorted(levels, reverse=True)
    end = mood([ASKS, ASKS, GRUMBLES, FUMES, FUMES])
    assert end.direction is Direction.WORSE
    assert end.negatives == 3
    assert end.lowest == -0.9
    assert end.level < -0.5


def test_a_caller_who_calms_down() -> None:
    end = mood([FUMES, GRUMBLES, ASKS, THANKS, THANKS])
    assert end.direction is Direction.BETTER
    assert end.negatives == 0
    assert end.level > 0.2
    assert end.lowest == -0.9


def test_one_bad_word_is_not_yet_a_mood() -> None:
    once, thrice = mood([FUMES]), mood([FUMES] * 3)
    assert once.level > -0.5 > thrice.level
    assert once.lowest == thrice.lowest == -0.9


def test_an_angry_caller_who_says_their_number_is_still_angry() -> None:
    number, thanks = mood([FUMES, FUMES, ASKS]), mood([FUMES, FUMES, THANKS])
    assert number.level < -0.4
    assert thanks.level > number.level
    assert number.negatives == 0  # in a row


def test_a_caller_as_angry_as_before_gets_neither_better_nor_worse() -> None:
    end = mood([FUMES] * 12)
    assert end.direction is Direction.STEADY
    assert end.level == pytest.approx(-0.9, abs=0.01)
    assert end.negatives == 12


def test_sarcasm_counts_as_its_words_were_understood_whatever_the_voice() -> None:
    sarcastic = Sentiment("negative", -0.6)  # "great, just great"
    flat = mood([ASKS, ASKS, ASKS, sarcastic], [CALM, CALM, CALM, FLAT])
    assert flat.score == -0.6
    assert flat.negatives == 1


def test_a_raised_voice_makes_negative_words_weigh_more() -> None:
    turns = [ASKS, ASKS, ASKS, GRUMBLES]
    calm, raised = mood(turns, [CALM] * 4), mood(turns, [CALM] * 3 + [RAISED])
    assert calm.score == -0.5
    assert raised.score == -0.75  # half more, at most
    assert raised.level < calm.level
    assert raised.arousal == 2.0


def test_a_raised_voice_alone_makes_nobody_angry() -> None:
    joyful = mood([ASKS, ASKS, ASKS, THANKS], [CALM] * 3 + [RAISED])
    hurried = mood([ASKS] * 4, [CALM] * 3 + [RAISED])
    doubtful = mood([ASKS] * 3 + [Sentiment("neutral", -0.3)], [CALM] * 3 + [RAISED])
    assert joyful == mood_like(joyful, THANKS.score)
    assert (hurried.level, hurried.negatives) == (0.0, 0)
    assert doubtful.score == -0.3


def mood_like(trend: Trend, score: float) -> Trend:
    assert trend.score == score
    return trend


def test_who_always_speaks_loud_and_fast_is_not_aroused_by_it() -> None:
    assert mood([ASKS, ASKS, ASKS, GRUMBLES], [RAISED] * 4).score == -0.5


def test_until_the_usual_voice_is_known_only_the_words_count() -> None:
    assert mood([ASKS, ASKS, GRUMBLES], [CALM, CALM, RAISED]).score == -0.5


def test_loudness_alone_is_little_and_all_three_together_are_much() -> None:
    turns = [ASKS, ASKS, ASKS, GRUMBLES]
    louder = AcousticCue(-24.0, CALM.rate_hz, CALM.pitch_hz)
    assert -0.625 < mood(turns, [CALM] * 3 + [louder]).score < -0.5
    assert mood(turns, [CALM] * 3 + [RAISED]).score == -0.75


def test_what_is_not_known_of_a_voice_is_left_out() -> None:
    turns = [ASKS] * 4 + [GRUMBLES]
    yes = AcousticCue(level_db=-30.0, rate_hz=None, pitch_hz=120.0)  # too short for a rate
    assert mood(turns, [yes, CALM, CALM, CALM, RAISED]).score == -0.75
    assert mood(turns, [None] * 4 + [RAISED]).score == -0.5
    assert mood(turns, [AcousticCue()] * 5).score == -0.5


def test_scores_stay_within_their_range() -> None:
    end = mood([ASKS] * 3 + [FUMES] * 20, [CALM] * 3 + [RAISED] * 20)
    assert end.score == -1.0
    assert -1.0 <= end.level < -0.95
