"""What is known at a pause, and how long it is worth waiting."""

import math
import time

import pytest

from voice.endpointing import (
    LONGEST_PATIENCE,
    Eagerness,
    Evidence,
    Model,
    features,
    fitted,
    judge,
)
from voice.expectation import OPEN_SPEECH, Expectation, Kind

ORDER_NUMBER = Expectation(Kind.DIGITS, length=5)
YES_NO = Expectation(Kind.YES_NO)
NAME = Expectation(Kind.NAME)
MORE = Expectation(Kind.MORE)


def patience(words: str, expected: Expectation = OPEN_SPEECH) -> float:
    return judge(Evidence(words, 0.9, 0.7, expected)).patience


@pytest.mark.parametrize(
    ("sooner", "later", "expected"),
    [
        ("When are you open?", "I want to return the", OPEN_SPEECH),
        ("When are you open?", "I'd like to order a laptop and,", OPEN_SPEECH),
        ("I need a lamp, please.", "I need a lamp for the", OPEN_SPEECH),
        ("Yes.", "No, it's", YES_NO),
        ("yeah that's right", "No, my number is", YES_NO),
        ("15213", "152.", ORDER_NUMBER),
        ("1-5-2-1-3.", "1-5-2", ORDER_NUMBER),
        ("one five two one three", "one five two", ORDER_NUMBER),
        ("When are you open?", "", OPEN_SPEECH),
        ("Yes, it is.", "It is", YES_NO),
        ("Who is this for?", "I'd like one for", OPEN_SPEECH),
        ("My parcel has not come. Is it lost?", "Is it lost?", OPEN_SPEECH),
        ("The box was open. I want a refund.", "I want a refund.", OPEN_SPEECH),
        ("It has not come, is it lost?", "Is it lost?", OPEN_SPEECH),
        ("The box was open, so I want a refund.", "I want it, the box was open.", OPEN_SPEECH),
        ("I want the keyboard.", "I don't want the keyboard.", OPEN_SPEECH),
        ("When did it come?", "The box was open when it came.", OPEN_SPEECH),
        ("Where it is I want to know.", "I know where it is.", OPEN_SPEECH),
        ("Please send the lamp.", "Please do not send the lamp.", OPEN_SPEECH),
        ("15213", "Oh, it's 1521", ORDER_NUMBER),
        ("我的订单在哪里？", "我的订单在哪里，", OPEN_SPEECH),
        ("No.", "No, but", MORE),
        ("No, that's all, thank you.", "Thank you, I also need", MORE),
        ("Nothing else, bye-bye.", "Nothing has arrived yet.", MORE),
        ("No thanks.", "Yes.", MORE),
        ("No, I think that\u2019s all.", "I think that", MORE),
        ("Not today. Bye-bye.", "Not today's order, the", MORE),
        ("I'm all set, thanks so much.", "I'm", MORE),
        ("没有了，谢谢。", "没有收到，", MORE),
        ("不用了", "不过我还", MORE),
    ],
)
def test_what_is_whole_is_answered_sooner_than_what_is_not(
    sooner: str, later: str, expected: Expectation
) -> None:
    assert patience(sooner, expected) < patience(later, expected)


@pytest.mark.parametrize("words", ["I also want to cancel it.", "When are you open?", "Okay."])
def test_what_is_no_goodbye_waits_as_open_speech_does(words: str) -> None:
    assert patience(words, MORE) == patience(words)


def test_a_long_goodbye_takes_no_time_to_read() -> None:
    began = time.perf_counter()
    patience("Bye-bye. Okay, no. " * 60 + "See you", MORE)
    assert time.perf_counter() - began < 0.5


def test_a_question_is_answered_sooner_than_a_remark() -> None:
    assert patience("Where is my chair?") < patience("I sent the chair back in March.")


def test_who_has_only_greeted_has_told_nothing() -> None:
    assert patience("Hello. I want a refund.") == patience("I want a refund.")


def test_a_second_remark_may_have_a_third() -> None:
    assert patience("I was at your store. Nobody was there.") == patience("Nobody was there.")


def test_a_remark_is_an_answer_where_one_was_asked_for() -> None:
    assert "tale" in judge(Evidence("It was sent in March.", 0.9)).reasons
    assert "tale" not in judge(Evidence("Smith.", 0.9, expected=NAME)).reasons


def test_the_reasons_add_up_to_the_probability() -> None:
    verdict = judge(Evidence("I need a kettle and", 0.7, 0.2))
    log_odds = fitted().open.bias + sum(verdict.reasons.values())
    assert verdict.probability == pytest.approx(1 / (1 + math.exp(-log_odds)))


@pytest.mark.parametrize("model", [fitted().open, fitted().answer], ids=["open", "answer"])
def test_patience_has_bounds_and_falls_between_them(model: Model) -> None:
    middle = (model.sure + model.unsure) / 2
    assert model.patience(100.0, 1.0) == model.least
    assert model.patience(-100.0, 1.0) == model.most
    assert model.least < model.patience(middle, 1.0) < model.most


def test_a_slow_speaker_is_waited_for_longer_within_reason() -> None:
    model = fitted().open
    assert model.patience(model.unsure, 1.2) > model.most
    assert model.patience(model.unsure, 9.0) == LONGEST_PATIENCE
    assert model.patience(model.sure, 9.0) == model.least


@pytest.mark.parametrize("words", ["I'd like to cancel it.", "Is it lost?", "Cancel it please"])
def test_a_request_is_the_likelier_whole_the_better_it_is_understood(words: str) -> None:
    half, well, best = (judge(Evidence(words, 0.9, understood=x)) for x in (0.7, 0.97, 0.99))
    assert half.probability < well.probability < best.probability
    assert half == judge(Evidence(words, 0.9))  # it may be a question to the documents


def test_what_lacks_something_is_no_whole_request_however_well_understood() -> None:
    assert judge(Evidence("Cancel my order and", 0.9, understood=0.99)).patience > 1


@pytest.mark.parametrize("model", [fitted().open, fitted().answer], ids=["open", "answer"])
def test_eagerness_shortens_what_is_over_and_no_stop_to_think(model: Model) -> None:
    low, medium, high = (model.with_eagerness(each) for each in Eagerness)
    assert high.least < medium.least < low.least
    assert high.most == medium.most < low.most
    assert medium == model


@pytest.mark.parametrize("eagerness", Eagerness)
def test_whoever_breaks_off_is_waited_for_as_long_however_eager(eagerness: Eagerness) -> None:
    models = fitted().with_eagerness(eagerness)
    assert judge(Evidence("I want to return the", 0.9), models).patience == LONGEST_PATIENCE


@pytest.mark.parametrize("model", [fitted().open, fitted().answer], ids=["open", "answer"])
def test_every_feature_has_a_weight(model: Model) -> None:
    assert features(Evidence()).keys() == model.weights.keys()


def test_a_number_that_nobody_says_is_not_waited_for() -> None:
    assert patience("I don't have it.", ORDER_NUMBER) < LONGEST_PATIENCE
