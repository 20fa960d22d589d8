"""A test's own environment variables."""

import pytest

from telephony.settings import Settings, described


def without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset all our variables; those that the test sets are unset again when it is over."""
    for variable, _, _ in described(Settings.model_construct()):
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)
    monkeypatch.delenv("DATABASE_URL", raising=False)
