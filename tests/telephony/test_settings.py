"""Settings: what comes before what, and what is refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from telephony import SettingsError
from telephony.compose import live, turn_options
from telephony.settings import adopt_dotenv, described, load_settings, misspelled
from tests.telephony.environment import without_settings
from voice.endpointing import Eagerness


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    without_settings(monkeypatch)


def test_an_option_comes_before_the_environment_and_that_before_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert load_settings().asr_model == "base"
    monkeypatch.setenv("OFFHOOK_ASR_MODEL", "tiny.en")
    assert load_settings(asr_model=None).asr_model == "tiny.en"
    assert load_settings(asr_model="small").asr_model == "small"


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFHOOK_DEVICE", "")
    assert load_settings().device == "auto"


def test_eagerness_reaches_the_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    assert turn_options(load_settings()).eagerness == Eagerness.MEDIUM
    monkeypatch.setenv("OFFHOOK_EAGERNESS", "high")
    assert turn_options(load_settings()).eagerness == Eagerness.HIGH
    with pytest.raises(SettingsError, match="OFFHOOK_EAGERNESS=hasty: input should be 'low'"):
        load_settings(eagerness="hasty")


def test_a_shipped_assistant_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings().assistant is None
    clinic = load_settings(assistant=Path("clinic")).assistant
    assert clinic is not None
    assert (clinic / "flows.yaml").is_file()
    assert load_settings(assistant=Path("nowhere")).assistant == Path("nowhere")
    (tmp_path / "clinic").mkdir()
    assert load_settings(assistant=Path("clinic")).assistant == Path("clinic")


def test_a_database_url_may_have_the_name_that_hosts_give_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not load_settings().database_url.get_secret_value()
    monkeypatch.setenv("DATABASE_URL", "postgresql://hosts/shop")
    assert live(load_settings()).database == "postgresql://hosts/shop"
    monkeypatch.setenv("OFFHOOK_DATABASE_URL", "postgresql://ours/shop")
    assert live(load_settings()).database == "postgresql://ours/shop"
    assert "ours" not in str(described(load_settings()))


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().device = "cpu"


def test_a_value_that_cannot_be_names_its_variable_and_what_it_sets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OFFHOOK_TTS_SPEED", "quick")
    with pytest.raises(SettingsError, match=r"^OFFHOOK_TTS_SPEED=quick: .*number.*20 % faster"):
        load_settings()


def test_a_misspelled_variable_is_found_and_the_registrys_own_are_known() -> None:
    names = ["OFFHOOK_TTS_ENGIN", "OFFHOOK_MODELS", "OFFHOOK_THREADS", "OFFHOOK_ZZZ", "PATH"]
    assert misspelled(names) == [
        "OFFHOOK_TTS_ENGIN is no setting: did you mean OFFHOOK_TTS_ENGINE?",
        "OFFHOOK_ZZZ is no setting",
    ]


def test_of_a_dotenv_file_only_our_lines_count_and_the_environment_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("OFFHOOK_VAD=webrtc\nOFFHOOK_DEVICE=cpu\nHOME=/x\n", encoding="utf-8")
    monkeypatch.setenv("OFFHOOK_DEVICE", "auto")
    adopt_dotenv(file)
    settings = load_settings()
    assert (settings.vad, settings.device) == ("webrtc", "auto")
    assert str(Path.home()) != "/x"


def test_every_setting_says_what_it_does() -> None:
    assert all(description for _, _, description in described(load_settings()))
