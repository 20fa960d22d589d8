"""Which language model, by the settings and by the assistant's folder."""

import pytest

from dialogue.identity import LanguageModel
from telephony.compose import llm_options
from telephony.settings import load_settings
from tests.telephony.environment import without_settings

OWN = LanguageModel(model="tiny", url="http://127.0.0.1:8080/v1")


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    without_settings(monkeypatch)


def test_by_default_there_is_none() -> None:
    assert llm_options(load_settings(), LanguageModel()) is None


def test_the_folder_names_one() -> None:
    options = llm_options(load_settings(), OWN)
    assert options is not None
    assert (options.engine, options.model, options.url) == ("endpoint", "tiny", OWN.url)


def test_settings_come_first_and_alone_hold_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFHOOK_LLM_URL", "https://llm.example.com/v1")
    monkeypatch.setenv("OFFHOOK_LLM_MODEL", "large")
    monkeypatch.setenv("OFFHOOK_LLM_API_KEY", "secret")
    options = llm_options(load_settings(), LanguageModel(engine="transformers", model="own"))
    assert options is not None
    assert (options.engine, options.model) == ("endpoint", "large")
    assert options.url == "https://llm.example.com/v1"
    assert options.key == "secret"
    assert "secret" not in repr(options)
