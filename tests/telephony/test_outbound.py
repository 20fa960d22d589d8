"""Whom we call, with what errand, and what a machine gets."""

from io import StringIO

import anyio
import pytest
from pydantic import SecretStr
from rich.console import Console
from trio.testing import MockClock

from dialogue.agent import Opening
from telephony import SettingsError
from telephony.call import Call, run_call
from telephony.cli_dial import dial, new_call
from telephony.cli_errors import ExitCode
from telephony.outbound import LEFT_MESSAGE, MACHINE, Announcement, Errand, e164, errand
from telephony.record import Record
from telephony.settings import Settings
from telephony.wav import WavLine, WavOptions
from tests.fakes import FakeAsr, FakeTts, FakeVad, is_speech, recording, said
from tests.telephony.rest import twilio_on_loopback
from voice.ears import Ears
from voice.turns import TurnTaker

MESSAGE = "Your kettle is ready. Call us to change the date."
SETTINGS = Settings(
    twilio_account_sid="AC1",
    twilio_auth_token=SecretStr("secret"),
    twilio_number="+13125550100",
    public_url="https://us/",
)


@pytest.mark.parametrize("number", ["+13125550123", "+1 (312) 555-0123", "+49 30 901820"])
def test_a_number_with_its_country(number: str) -> None:
    assert e164(number).startswith("+")
    assert " " not in e164(number)


@pytest.mark.parametrize("number", ["3125550123", "", "+1", "abc", "911", "+999999999999999999"])
def test_no_number_is_called_that_is_none(number: str) -> None:
    with pytest.raises(SettingsError, match=r"write it like \+13125550123"):
        e164(number)


def test_the_errand_travels_in_the_url() -> None:
    call = new_call(SETTINGS, "+13125550123", errand("It's ready & paid.", "Hello?"))
    assert call.url == (
        "https://us/twilio/outbound?message=It%27s+ready+%26+paid.&opening=Hello%3F"
    )
    assert call.detect == "message_end"
    assert call.detected_url == "https://us/twilio/amd"
    assert new_call(SETTINGS, "+13125550123", Errand()).url == "https://us/twilio/outbound"


def test_a_person_hears_the_message_unless_there_is_an_opening() -> None:
    assert Errand("a").first_words == "a"
    assert Errand("a", "b").first_words == "b"
    with pytest.raises(SettingsError, match="keep it within 1000"):
        errand("a" * 1001)


@pytest.mark.parametrize("missing", ["twilio_number", "public_url", "twilio_account_sid"])
def test_what_is_missing_is_told(missing: str) -> None:
    settings = SETTINGS.model_copy(update={missing: ""})
    with pytest.raises(SettingsError, match="OFFHOOK_"):
        dial(settings, "+13125550123", Errand(), False, Console(file=StringIO()))


def test_a_call_is_placed() -> None:
    shown = StringIO()
    with twilio_on_loopback() as (address, asked):
        settings = SETTINGS.model_copy(update={"twilio_api": address})
        code = dial(settings, "+13125550123", Errand(MESSAGE), False, Console(file=shown))
    assert code == ExitCode.OK
    assert shown.getvalue() == "+13125550123: placed as CA7\n"
    assert asked[0].form["From"] == ["+13125550100"]


def test_a_call_is_followed_to_its_end() -> None:
    shown = StringIO()
    with twilio_on_loopback(statuses=("ringing", "ringing", "busy")) as (address, _):
        settings = SETTINGS.model_copy(update={"twilio_api": address})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("telephony.cli_dial.LOOK_SECONDS", 0.01)
            code = dial(settings, "+13125550123", Errand(), True, Console(file=shown))
    assert code == ExitCode.LINE
    assert shown.getvalue().splitlines()[1:] == ["ringing", "busy"]


def leave(*machine: list[bytes]) -> Record:
    """Leave the message with a machine that sounds like this."""
    line = WavLine(recording(*machine), is_speech, WavOptions(takes_turns=False))
    record = Record()
    announcement = Announcement(MESSAGE)
    call = Call(
        line, Ears(FakeVad(), FakeAsr(), TurnTaker()), announcement, FakeTts(), record, Opening()
    )
    anyio.run(
        run_call, call, backend="trio", backend_options={"clock": MockClock(autojump_threshold=0)}
    )
    return record


def test_a_machine_gets_the_message_once() -> None:
    record = leave(said(30))
    assert [turn.heard for turn in record.turns] == [MESSAGE]
    assert record.outcome == "left_message"
    assert record.seconds < 5


def test_a_machine_that_talks_gets_it_from_the_beginning() -> None:
    record = leave(said(1), said(1.5, "is anybody there"), said(30))
    assert record.turns[-1].heard == MESSAGE
    assert record.outcome == "left_message"
    assert "kettle" in record.turns[0].text


def test_a_machine_that_never_stops_talking() -> None:
    talking = [said(1), said(1.5, "is anybody there")] * 5
    record = leave(*talking, said(30))
    assert record.outcome == MACHINE


def test_without_a_message_there_is_nothing_to_say() -> None:
    assert Announcement("").outcome == MACHINE
    assert Announcement("…").outcome == MACHINE


@pytest.mark.anyio
async def test_a_sentence_without_a_sound_is_no_part_of_the_message() -> None:
    announcement = Announcement("!!! Your kettle is ready. Call us.")
    clauses = [clause async for clause in announcement.reply(Opening())]
    assert clauses == ["Your kettle is ready.", "Call us."]
    await announcement.commit(" ".join(clauses), " ".join(clauses))
    assert announcement.outcome == LEFT_MESSAGE
