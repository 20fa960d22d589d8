"""What `offhook doctor` says about the database."""

import pytest

from telephony.doctor import CHECKS
from telephony.findings import Level
from telephony.settings import load_settings
from tests.telephony.environment import without_settings


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    without_settings(monkeypatch)


@pytest.mark.parametrize(
    ("url", "level", "told"),
    [
        ("", Level.OK, "the database is a file"),
        ("postgresql://shop:secret@127.0.0.1:1/shop", Level.PROBLEM, "cannot be reached"),
        ("mysql://shop:secret@127.0.0.1/shop", Level.PROBLEM, "begins with postgresql://"),
    ],
)
def test_a_server_that_does_not_answer_is_a_problem(url: str, level: Level, told: str) -> None:
    (finding,) = CHECKS["database"](load_settings(database_url=url))
    assert finding.level == level
    assert told in finding.what
    assert "secret" not in f"{finding}"
