"""How the verification benchmark counts."""

import numpy as np
import pytest

from tests.bench.verification import (
    Dialogue,
    Measured,
    drawn_impostors,
    equal_error,
    identified,
    verified,
)

NEAR, FAR = 0.0, 5.0
ITEMS = ("postcode", "name", "dob")


def measured(*calls: tuple[float, ...], impostors: tuple[int, ...]) -> Measured:
    """Each call gives how far every profile is, in all items; its own is that of its place."""
    distances = np.asarray(calls, np.float32)
    limits = np.ones(distances.shape[1], np.float32)
    return Measured(
        dict.fromkeys(ITEMS, distances),
        dict.fromkeys(ITEMS, limits),
        np.arange(len(calls)),
        np.asarray(impostors),
    )


FOUND = measured((NEAR, FAR, FAR), (NEAR, NEAR, FAR), (NEAR, FAR, FAR), impostors=(1, 0, -1))


def test_callers_refused_and_impostors_let_in_are_counted() -> None:
    counted = verified(FOUND)["all three"]
    assert counted["refused"] == pytest.approx(1 / 3, abs=1e-4)
    assert (counted["impostors"], counted["let_in"]) == (2, 0.5)
    assert (counted["others"], counted["others_let_in"]) == (6, 2)


def test_identification_is_the_nearest_or_the_only_one_that_matches() -> None:
    counted = identified(FOUND)
    assert counted["only_one_and_right"] == pytest.approx(1 / 3, abs=1e-4)
    assert counted["only_one_and_wrong"] == pytest.approx(1 / 3, abs=1e-4)


def test_without_errors_the_equal_error_is_none() -> None:
    apart = measured((NEAR, FAR), (FAR, NEAR), impostors=(1, 0))
    assert equal_error(apart) == {"eer": 0.0, "frr_at_far_1_in_10000": 0.0}


def test_each_call_has_an_impostor_who_claims_another_profile() -> None:
    scenarios = [f"en.GB.{number}" for number in range(20)]
    calls = {f"call {n}": Dialogue("report", scenarios[n % 20]) for n in range(60)}
    drawn = drawn_impostors(calls, scenarios)
    assert all(scenarios[place] != calls[name].scenario for name, place in drawn.items())
    assert 55 <= len(drawn) <= 60
    assert drawn == drawn_impostors(calls, scenarios)
