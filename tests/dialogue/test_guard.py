"""What passages support may be said; what they do not may not."""

from pathlib import Path

import pytest
import yaml

from dialogue.llm.guard import Finding, SupportGuard
from models import ModelMissing
from nlu.sentences import load_encoder
from tests.dialogue.speakers import encode_words

REWORDINGS = yaml.safe_load((Path(__file__).parent / "rewordings.yaml").read_text(encoding="utf-8"))
PASSAGES = [
    "Do you ship abroad? We ship to Canada and Mexico, in seven to ten days, for $19.95.",
    "We don't ship overseas yet. Returns are free within 30 days.",
]
GUARD = SupportGuard(encode_words)


@pytest.mark.parametrize(
    "clause",
    [
        "We ship to Canada and Mexico, in seven to ten days, for $19.95.",
        "We ship to Canada and Mexico in 7 to 10 days.",
        "Returns are free within thirty days.",
        "We don't ship overseas.",
    ],
)
def test_supported(clause: str) -> None:
    assert GUARD.judge(clause, PASSAGES).supported


@pytest.mark.parametrize(
    ("clause", "finding", "what"),
    [
        ("We ship to Canada and Mexico for $29.95.", Finding.FIGURES, "29.95"),
        ("We ship to Canada and Mexico in seven to ten weeks.", Finding.FIGURES, "7 week"),
        ("We ship to Canada and Mexico within a day.", Finding.FIGURES, "1 day"),
        ("We ship to Canada and Germany for $19.95.", Finding.NAMES, "Germany"),
        ("We ship overseas.", Finding.POLARITY, "oversea"),
        ("We don't ship to Canada.", Finding.POLARITY, "not canada"),
        ("Returns are free after 30 days.", Finding.POLARITY, "after"),
        ("Returns are always free.", Finding.POLARITY, "always"),
        ("Parking is free within 30 days.", Finding.MEANING, "park"),
        ("Our colleagues are friendly.", Finding.MEANING, "colleagu"),
    ],
)
def test_not_supported(clause: str, finding: Finding, what: str) -> None:
    verdict = GUARD.judge(clause, PASSAGES)
    assert verdict.finding == finding
    assert verdict.what.startswith(what)


def test_without_passages_nothing_is_supported() -> None:
    assert not GUARD.judge("We ship to Canada.", []).supported
    assert not GUARD.judge("We ship to Canada.", ["Do you ship to Canada?"]).supported


@pytest.mark.slow
def test_rewordings_of_other_businesses_are_told_from_inventions() -> None:
    try:
        guard = SupportGuard(load_encoder())
    except ModelMissing as missing:
        pytest.skip(str(missing))

    def share(label: str) -> float:
        judged = [
            guard.judge(clause, [item["passage"]]).supported
            for item in REWORDINGS["test"]
            for clause in item[label]
        ]
        return sum(judged) / len(judged)

    assert share("supported") >= 0.7
    assert share("unsupported") <= 0.08
