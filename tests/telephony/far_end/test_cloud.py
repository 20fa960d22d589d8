"""Twilio's REST API as the SDK asks it, and what comes of it for emulated calls."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import anyio
import httpx2
import pytest
from trio.testing import MockClock

from telephony.emulator import Plan, place_call
from telephony.far_end.caller import Cue, scripted
from telephony.far_end.cloud import Cloud, Media, cloud_app
from telephony.far_end.exchange import API_VERSION, Callee, Exchange
from tests.telephony.far_end.server import speech
from tests.telephony.far_end.test_calls import talks
from tests.telephony.far_end.web import STREAM, TOKEN, MemoryWeb, exchange
from voice.codec import decode_ulaw

pytestmark = pytest.mark.anyio

ANA = "+15550002222"
OUT = "https://calls.example.com"
ROOT = f"/{API_VERSION}/Accounts/AC1"


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


@asynccontextmanager
async def cloud(
    web: MemoryWeb, people: Mapping[str, Callee] | None = None
) -> AsyncIterator[tuple[Exchange, Cloud, httpx2.AsyncClient]]:
    async with exchange(web, people) as office:
        stand_in = Cloud(office, TOKEN)
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(cloud_app(stand_in)),
            base_url="http://api.twilio.com" + ROOT,
            auth=("AC1", TOKEN),
        ) as client:
            yield office, stand_in, client


ORDER = {
    "To": ANA,
    "From": "+15559990000",
    "Url": OUT + "/voice",
    "StatusCallback": OUT + "/status",
}
EVENTS = {"StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"]}


async def test_without_the_account_and_its_token_nothing_is_answered() -> None:
    async with cloud(MemoryWeb({})) as (_, __, client):
        for auth in (("AC1", "wrong"), ("AC2", TOKEN)):
            answer = await client.get("/Calls/CA1.json", auth=auth)
            assert answer.status_code == 401
            assert answer.json()["code"] == 20003


async def test_a_placed_call_rings_is_answered_and_told_about() -> None:
    web = MemoryWeb({"/voice": STREAM, "/status": ""})
    ana = Callee(after=3.0, caller=scripted([talks(2.0), Cue(hangs_up=True)]))
    async with cloud(web, {ANA: ana}) as (office, _, client):
        made = await client.post("/Calls.json", data={**ORDER, **EVENTS})
        assert made.status_code == 201
        sid = made.json()["sid"]
        await anyio.sleep(30)
        assert (await client.get(f"/Calls/{sid}.json")).json()["status"] == "completed"
        told = [form["CallStatus"] for form in web.forms("/status")]
        assert told == ["initiated", "ringing", "in-progress", "completed"]
        assert web.forms("/voice")[0]["Direction"] == "outbound-api"
        assert len(office.calls[sid].streams) == 1


@pytest.mark.parametrize(("answers", "status"), [("busy", "busy"), ("nobody", "no-answer")])
async def test_a_placed_call_that_nobody_takes(answers: str, status: str) -> None:
    web = MemoryWeb({"/voice": STREAM, "/status": ""})
    callee = Callee("busy") if answers == "busy" else Callee("nobody")
    async with cloud(web, {ANA: callee}) as (_, __, client):
        await client.post("/Calls.json", data={**ORDER, "Timeout": "10"})
        await anyio.sleep(15)
        assert [form["CallStatus"] for form in web.forms("/status")] == [status]
        assert web.forms("/voice") == []


async def test_ringing_can_be_cancelled() -> None:
    web = MemoryWeb({"/voice": STREAM, "/status": ""})
    async with cloud(web, {ANA: Callee("nobody")}) as (_, __, client):
        sid = (await client.post("/Calls.json", data=ORDER)).json()["sid"]
        await anyio.sleep(5)
        await client.post(f"/Calls/{sid}.json", data={"Status": "completed"})
        await anyio.sleep(1)
        assert [form["CallStatus"] for form in web.forms("/status")] == ["canceled"]


async def test_asynchronous_machine_detection_waits_for_the_end_of_the_greeting() -> None:
    web = MemoryWeb({"/voice": STREAM, "/amd": "", "/status": ""})
    greeting = Cue(voice=decode_ulaw(speech(6.0)), wait_seconds=0.5)
    machine = Callee("machine", 1.0, scripted([greeting, talks(30.0)]))
    detection = {
        "MachineDetection": "DetectMessageEnd",
        "AsyncAmd": "true",
        "AsyncAmdStatusCallback": OUT + "/amd",
    }
    async with cloud(web, {ANA: machine}) as (office, _, client):
        sid = (await client.post("/Calls.json", data={**ORDER, **detection})).json()["sid"]
        await anyio.sleep(12)
        assert web.forms("/amd")[0]["AnsweredBy"] == "machine_end_beep"
        steps = [step.verb for step in office.calls[sid].steps]
        assert steps.index("Connect") < steps.index("AMD")


async def test_synchronous_machine_detection_is_told_to_the_webhook() -> None:
    web = MemoryWeb({"/voice": "<Hangup/>", "/status": ""})
    async with cloud(web, {ANA: Callee("machine", 1.0)}) as (_, __, client):
        await client.post("/Calls.json", data={**ORDER, "MachineDetection": "Enable"})
        await anyio.sleep(10)
        assert web.forms("/voice")[0]["AnsweredBy"] == "machine_start"


async def test_a_live_call_goes_on_with_other_twiml_and_its_stream_is_told() -> None:
    web = MemoryWeb({"/voice": STREAM, "/status": ""})
    plan = Plan(scripted([talks(1.0), talks(20.0)]), voice_path="/voice", status_path="")
    async with cloud(web) as (office, _, client):

        async def transfer() -> None:
            await anyio.sleep(5)
            dial = f"<Response><Dial>{ANA}</Dial></Response>"
            sid = next(iter(office.calls))
            answer = await client.post(f"/Calls/{sid}.json", data={"Twiml": dial})
            assert answer.status_code == 200

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(transfer)
            result = await place_call(office, plan)
    assert web.servers[0].events()[-1] == "stop"
    assert result.streams[0].ended_by == "api"
    assert [step.what for step in result.steps if step.verb == "Dial"][-1] == f"{ANA} answers"


async def test_a_call_that_is_over_cannot_be_redirected() -> None:
    web = MemoryWeb({"/voice": "<Hangup/>", "/status": ""})
    plan = Plan(scripted([talks(1.0)]), voice_path="/voice", status_path="")
    async with cloud(web) as (office, _, client):
        result = await place_call(office, plan)
        answer = await client.post(f"/Calls/{result.call_sid}.json", data={"Twiml": "<Response/>"})
        assert (answer.status_code, answer.json()["code"]) == (400, 21220)
        assert (await client.get("/Calls/CA0.json")).status_code == 404


async def test_recordings_start_pause_resume_and_stop() -> None:
    web = MemoryWeb({"/voice": STREAM, "/status": ""})
    plan = Plan(scripted([talks(10.0)]), voice_path="/voice", status_path="")
    async with cloud(web) as (office, _, client):

        async def record() -> None:
            await anyio.sleep(1)
            at = f"/Calls/{next(iter(office.calls))}/Recordings"
            sid = (await client.post(f"{at}.json")).json()["sid"]
            for name, status in [
                (sid, "paused"),
                ("Twilio.CURRENT", "in-progress"),
                (sid, "stopped"),
            ]:
                assert (await client.post(f"{at}/{name}.json", data={"Status": status})).is_success
            assert (
                await client.post(f"{at}/RE0.json", data={"Status": "paused"})
            ).status_code == 404
            assert (await client.post(f"{at}/{sid}.json", data={"Status": "x"})).status_code == 400

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(record)
            result = await place_call(office, plan)
    states = [step.what for step in result.steps if step.verb == "Recording"]
    assert states == ["in-progress", "paused", "in-progress", "stopped"]


async def test_somebody_is_invited_to_a_conference_and_it_can_be_ended() -> None:
    conference = "<Dial><Conference>help</Conference></Dial>"
    web = MemoryWeb({"/voice": conference, "/status": ""})
    plan = Plan(scripted([talks(60.0)]), voice_path="/voice", status_path="")
    ana = Callee(after=1.0, caller=scripted([talks(1.0), talks(60.0)]))
    async with cloud(web, {ANA: ana}) as (office, _, client):

        async def invite() -> None:
            await anyio.sleep(1)
            going = (await client.get("/Conferences.json?FriendlyName=help")).json()["conferences"]
            at = f"/Conferences/{going[0]['sid']}"
            await client.post(f"{at}/Participants.json", data={"To": ANA, "From": "+1555"})
            await anyio.sleep(4)
            there = (await client.get(f"{at}/Participants.json")).json()["participants"]
            assert len(there) == 2
            await client.post(f"{at}.json", data={"Status": "completed"})
            assert (await client.get(f"{at}/Participants.json")).status_code == 404

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(invite)
            result = await place_call(office, plan)
    assert result.seconds < 7
    assert result.turns[0].reply_ms == pytest.approx(3000, abs=200)


async def test_pictures_of_messages_need_the_account_too() -> None:
    path = f"{ROOT}/Messages/MM1/Media/ME1"
    async with cloud(MemoryWeb({})) as (_, stand_in, client):
        stand_in.media[path] = Media("image/png", b"picture")
        url = "http://api.twilio.com" + path
        assert (await client.get(url)).content == b"picture"
        assert (await client.get(url, auth=("AC1", "x"))).status_code == 401
        assert (await client.get(url + "0")).status_code == 404
