"""How the values benchmark counts."""

import pytest

from nlu.nbest import Resolved
from nlu.understand import Alternative
from tests.bench.values import known, outcome, voted

STORE = ("BL1 4RL", "BL1 4RN", "CV6 5FF")


def said(*texts: str) -> list[Alternative]:
    return [Alternative(text) for text in texts]


@pytest.mark.parametrize(
    ("kind", "found", "target", "counted"),
    [
        ("name", "Katie Marshall", "katie marshall", "right"),
        ("name", "Katie Marshal", "Katie Marshall", "nearly right"),
        ("name", "Max Savage", "Katie Marshall", "wrong"),
        ("birth_date", "1934-04-14", "1934-04-14", "right"),
        ("birth_date", "1934-04-15", "1934-04-14", "wrong"),
        ("postcode", "BL1 4RN", "BL1 4RL", "wrong"),
        ("postcode", None, "BL1 4RL", "undecided"),
    ],
)
def test_only_a_name_is_nearly_right(
    kind: str, found: str | None, target: str, counted: str
) -> None:
    assert outcome(kind, Resolved(found, 1.0) if found else None, target) == counted


def test_calls_are_counted_with_a_store_and_without() -> None:
    calls = [
        {"postcode": ("CV6 5FF", [said("C V six five F F")])},
        {"postcode": ("BL1 4RL", [[], said("B L one four R N")])},
        {"postcode": ("BL1 4RL", [said("B L one four R")])},
    ]
    one = known("postcode", calls, STORE)["1 attempts"]
    assert (one["right"], one["undecided"]) == pytest.approx((1 / 3, 2 / 3), abs=1e-4)
    three = known("postcode", calls, STORE)["3 attempts"]
    assert (three["wrong"], three["nearly right"]) == pytest.approx((1 / 3, 0), abs=1e-4)
    assert three["accepted without being known"] == pytest.approx(2 / 3, abs=1e-4)
    assert voted("postcode", calls)["3 attempts"]["wrong"] == pytest.approx(1 / 3, abs=1e-4)
