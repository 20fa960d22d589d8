import numpy as np
import pytest

from nlu.calibration import (
    calibration_error,
    choose_more,
    choose_sure,
    choose_threshold,
    fit_temperature,
    rejected,
    softmax,
)


def test_softmax_is_a_distribution_even_for_huge_logits() -> None:
    probabilities = softmax(np.array([[1000.0, 0.0], [0.0, 0.0]]))
    assert probabilities.sum(-1) == pytest.approx([1, 1])
    assert probabilities[1] == pytest.approx([0.5, 0.5])


def test_the_temperature_undoes_overconfidence() -> None:
    draw = np.random.default_rng(1)
    honest = draw.normal(0, 2, (4000, 4))
    labels = np.array([draw.choice(4, p=row) for row in softmax(honest)])
    assert fit_temperature(honest * 3, labels) == pytest.approx(3, rel=0.1)
    shouted, calm = softmax(honest * 3), softmax(honest * 3, 3.0)
    right = honest.argmax(-1) == labels
    assert calibration_error(shouted.max(-1), right) > 0.1
    assert calibration_error(calm.max(-1), right) < 0.03


def test_no_examples_leave_everything_as_it_is() -> None:
    assert fit_temperature(np.empty((0, 3)), np.empty(0, dtype=int)) == 1
    assert calibration_error(np.empty(0), np.empty(0, dtype=bool)) == 0
    assert choose_threshold(np.empty((0, 3)), np.empty(0, dtype=int), 2, 0.02) == 0


def test_the_threshold_refuses_no_more_than_allowed() -> None:
    confidences = np.linspace(0.3, 0.99, 100)
    inside = np.stack([confidences, (1 - confidences) / 2, (1 - confidences) / 2], axis=1)
    threshold = choose_threshold(inside, np.zeros(100, dtype=int), 2, 0.1)
    refused = (confidences < threshold).mean()
    assert 0.07 <= refused <= 0.1


def test_the_learned_class_refuses_through_the_probability_that_it_takes() -> None:
    taken = np.array([[0.7, 0.2, 0.1], [0.4, 0.1, 0.5], [0.1, 0.1, 0.8]])
    assert list(rejected(taken, 2, 0.3)) == [False, False, True]
    assert choose_threshold(taken[:2], np.array([0, 0]), 2, 0.0) == pytest.approx(0.4)


def test_sure_is_the_lowest_confidence_that_seldom_errs() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.55, 0.45]])
    labels = np.array([0, 0, 1, 0])
    assert 0.6 < choose_sure(probabilities, labels, -1, wrong=0.0) <= 0.8
    assert choose_sure(probabilities, labels, -1, wrong=0.25) == 0.0


def test_a_second_intent_is_heard_above_what_single_ones_reach() -> None:
    labels = np.array([[1, 0, 0]] * 9 + [[1, 1, 0]])
    logits = np.array([[5.0, 1.0 if row == 0 else -2.0, -3.0] for row in range(10)])
    assert choose_more(logits, logits, labels, [], false_alarms=0.0) == pytest.approx(1.001)
    assert choose_more(logits, logits, labels, [], false_alarms=0.5) == pytest.approx(0.001)
    assert choose_more(logits, logits, labels, [1], false_alarms=0.0) == pytest.approx(0.001)
