import numpy as np
import pytest

from nlu.calibration import calibration_error, choose_threshold, fit_temperature, softmax


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


def test_where_the_learned_class_takes_too_much_there_is_no_threshold() -> None:
    taken = np.tile([0.2, 0.8], (10, 1))
    assert choose_threshold(taken, np.zeros(10, dtype=int), 1, 0.02) == 0
