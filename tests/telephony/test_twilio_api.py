"""What goes to Twilio's REST API, over a real socket to a stand-in."""

import socket
from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from telephony import SettingsError, TwilioError
from telephony.settings import Settings
from telephony.twilio_api import NewCall, TwilioRest, open_twilio
from tests.telephony.rest import twilio_on_loopback

pytestmark = pytest.mark.anyio

SETTINGS = Settings(twilio_account_sid="AC1", twilio_auth_token=SecretStr("secret"))
CALL = NewCall("+13125550123", "+13125550100", "https://us/twiml", "https://us/status")


def twilio(address: str) -> TwilioRest:
    return open_twilio(SETTINGS.model_copy(update={"twilio_api": address}), "https://us/recording")


async def test_a_call_is_placed() -> None:
    with twilio_on_loopback() as (address, asked):
        call = NewCall(
            "+13125550123",
            "+13125550100",
            "https://us/twiml",
            "https://us/status",
            detect="message_end",
            detected_url="https://us/amd",
        )
        assert await twilio(address).place(call) == "CA7"
    (request,) = asked
    assert request.path == "/2010-04-01/Accounts/AC1/Calls.json"
    assert request.authorised
    assert request.form["To"] == ["+13125550123"]
    assert request.form["Url"] == ["https://us/twiml"]
    assert request.form["MachineDetection"] == ["DetectMessageEnd"]
    assert request.form["AsyncAmd"] == ["true"]
    assert request.form["AsyncAmdStatusCallback"] == ["https://us/amd"]
    assert request.form["StatusCallbackEvent"] == [
        "initiated",
        "ringing",
        "answered",
        "completed",
    ]


async def test_a_call_in_progress_is_changed() -> None:
    with twilio_on_loopback(200) as (address, asked):
        api = twilio(address)
        await api.redirect("CA7", "https://us/back")
        await api.hang_up("CA7")
        assert await api.status("CA7") == "ringing"
    assert [request.path for request in asked] == ["/2010-04-01/Accounts/AC1/Calls/CA7.json"] * 2
    assert asked[0].form == {"Url": ["https://us/back"], "Method": ["POST"]}
    assert asked[1].form == {"Status": ["completed"]}


async def test_a_recording_is_paused_and_stopped() -> None:
    with twilio_on_loopback() as (address, asked):
        await twilio(address).start_recording("CA7")
    with twilio_on_loopback(200) as (address, changed):
        await twilio(address).change_recording("CA7", "RE1", "paused")
        await twilio(address).change_recording("CA7", "RE1", "in-progress")
    assert asked[0].path == "/2010-04-01/Accounts/AC1/Calls/CA7/Recordings.json"
    assert asked[0].form["RecordingStatusCallback"] == ["https://us/recording"]
    assert changed[0].path == "/2010-04-01/Accounts/AC1/Calls/CA7/Recordings/RE1.json"
    assert changed[0].form == {"Status": ["paused"], "PauseBehavior": ["silence"]}
    assert changed[1].form == {"Status": ["in-progress"]}


@pytest.mark.parametrize(
    ("status", "remedy"), [(401, "check OFFHOOK_TWILIO_ACCOUNT_SID"), (400, "errors/21211")]
)
async def test_a_refusal_is_one_line_with_the_remedy(status: int, remedy: str) -> None:
    with twilio_on_loopback(status) as (address, _):
        with pytest.raises(TwilioError, match=remedy) as raised:
            await twilio(address).place(CALL)
        assert "\n" not in str(raised.value)


@pytest.fixture
async def silent() -> AsyncIterator[str]:
    """A host that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


async def test_nobody_answers(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("telephony.twilio_api.ANSWER_SECONDS", 0.2)
    with pytest.raises(TwilioError, match="cannot be reached"):
        await twilio(silent).place(CALL)


async def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(TwilioError, match="cannot be reached"):
        await twilio(f"127.0.0.1:{port}").place(CALL)


@pytest.mark.parametrize(
    ("update", "remedy"),
    [
        ({"twilio_account_sid": ""}, "set OFFHOOK_TWILIO_ACCOUNT_SID"),
        ({"twilio_region": "ie1"}, "set both OFFHOOK_TWILIO_REGION and OFFHOOK_TWILIO_EDGE"),
    ],
)
async def test_what_is_missing_is_told(update: dict[str, str], remedy: str) -> None:
    with pytest.raises(SettingsError, match=remedy):
        open_twilio(SETTINGS.model_copy(update=update))


async def test_region_and_edge_are_in_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    urls: list[str] = []

    def note(self: object, method: str, url: str, *args: object, **options: object) -> None:
        urls.append(url)
        raise TimeoutError

    monkeypatch.setattr("telephony.twilio_api._Http.request", note, raising=False)
    update = {"twilio_region": "ie1", "twilio_edge": "dublin"}
    with pytest.raises(TwilioError):
        await open_twilio(SETTINGS.model_copy(update=update)).place(CALL)
    assert urls == ["https://api.dublin.ie1.twilio.com/2010-04-01/Accounts/AC1/Calls.json"]
