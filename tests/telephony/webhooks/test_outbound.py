"""Calls that we place, as Twilio tells of them; one over a real socket."""

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from dialogue.agent import Opening
from telephony.outbound import Errand
from tests.telephony.desk import CALLER, desk, verbs
from tests.telephony.phone_server import incoming, parts, running, sid

pytestmark = pytest.mark.anyio

MESSAGE = "Your kettle is ready."
DIALLED = {"CallSid": CALLER, "From": "+13125550100", "To": "+13125550123"}
URL = "/twilio/outbound" + Errand(MESSAGE, "Hello, is this a good time?").as_query()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # uvicorn's


def record(folder: Path, call: str = CALLER) -> Any:
    return json.loads((folder / f"{call}.json").read_text(encoding="utf-8"))


async def test_a_person_answers(tmp_path: Path) -> None:
    async with desk(tmp_path) as twilio:
        for status in ("initiated", "ringing", "in-progress"):
            form = {**DIALLED, "CallStatus": status}
            assert (await twilio.post("/twilio/outbound/status", form)).status_code == 204
        assert verbs(await twilio.twiml(URL, **DIALLED)) == ["Connect", "Redirect"]
        session = twilio.session
        assert session.opening == Opening("Hello, is this a good time?")
        assert (session.caller, session.called) == ("+13125550123", "+13125550100")
        await twilio.post("/twilio/amd", {**DIALLED, "AnsweredBy": "human"})
        assert session.agent.outcome is None
        await twilio.post("/twilio/outbound/status", {**DIALLED, "CallStatus": "completed"})
        assert twilio.over
    phone = record(tmp_path)["phone"]
    assert phone["outbound"]
    told = [(each["what"], each.get("CallStatus")) for each in phone["happenings"]]
    assert told == [
        ("status", "initiated"),
        ("status", "ringing"),
        ("status", "in-progress"),
        ("answered by", None),
        ("status", "completed"),
    ]


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
async def test_nobody_answers(tmp_path: Path, status: str) -> None:
    async with desk(tmp_path) as twilio:
        for each in ("initiated", "ringing", status):
            await twilio.post("/twilio/outbound/status", {**DIALLED, "CallStatus": each})
        answer = await twilio.post(URL, DIALLED)  # a call that is over is not answered again
        assert answer.status_code == 403
    written = record(tmp_path)
    assert written["outcome"] == status
    assert [each["CallStatus"] for each in written["phone"]["happenings"]][-1] == status


async def test_the_server_is_not_ready(tmp_path: Path) -> None:
    async with desk(tmp_path, ready=False) as twilio:
        twiml = await twilio.twiml(URL, **DIALLED)
        assert twiml.findtext("Say") == MESSAGE
        assert twilio.over


async def test_a_webhook_that_comes_twice_opens_no_second_session(tmp_path: Path) -> None:
    async with desk(tmp_path) as twilio:
        await twilio.twiml(URL, **DIALLED)
        assert (await twilio.post(URL, DIALLED)).status_code == 403


@pytest.mark.parametrize("path", ["/twilio/outbound", "/twilio/outbound/status", "/twilio/amd"])
async def test_unsigned_webhooks_are_refused(tmp_path: Path, path: str) -> None:
    async with desk(tmp_path) as twilio:
        assert (await twilio.http.post(path, data=DIALLED)).status_code == 403


async def test_another_errand_under_the_same_signature_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path) as twilio:
        request = await twilio.post(URL, DIALLED)
        signature = request.request.headers["X-Twilio-Signature"]
        forged = await twilio.http.post(
            "/twilio/outbound?message=Give+me+money",
            data=DIALLED,
            headers={"X-Twilio-Signature": signature},
        )
        assert forged.status_code == 403


async def test_nobody_calls_in_to_be_taken_for_a_machine(tmp_path: Path) -> None:
    async with desk(tmp_path) as twilio:
        await twilio.twiml("/twilio/voice", **incoming(CALLER))
        agent = twilio.session.agent
        await twilio.post("/twilio/amd", {**DIALLED, "AnsweredBy": "machine_end_beep"})
        assert twilio.session.agent is agent


async def test_a_machine_answers_without_a_message_for_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as twilio:
        await twilio.twiml("/twilio/outbound", **DIALLED)
        await twilio.post("/twilio/amd", {**DIALLED, "AnsweredBy": "machine_end_beep"})
        assert verbs(await twilio.twiml("/twilio/after", **DIALLED)) == ["Hangup"]
        assert twilio.over


async def test_a_machine_gets_the_message_after_the_beep(tmp_path: Path) -> None:
    call = sid(1)
    async with running(tmp_path, parts()) as twilio:
        twiml = await twilio.twiml(URL, DIALLED)
        given = {each.attrib["name"]: each.attrib["value"] for each in twiml.iter("Parameter")}
        async with twilio.stream(call, given) as stream, anyio.create_task_group() as tasks:
            tasks.start_soon(stream.listen)
            await anyio.sleep(0.3)
            form = {**DIALLED, "AnsweredBy": "machine_end_beep"}
            assert (await twilio.post("/twilio/amd", form)).status_code == 204
        assert stream.closed_with == 1000
        twiml = await twilio.twiml("/twilio/after", DIALLED)
        assert verbs(twiml) == ["Connect", "Redirect"]
        given = {each.attrib["name"]: each.attrib["value"] for each in twiml.iter("Parameter")}
        async with twilio.stream(call, given) as stream:
            await stream.listen()
        assert stream.closed_with == 1000
        assert verbs(await twilio.twiml("/twilio/after", DIALLED)) == ["Hangup"]
    written = record(tmp_path)
    assert written["outcome"] == "left_message"
    assert written["turns"][-1]["heard"] == MESSAGE
    assert "stream broke" not in [each["what"] for each in written["phone"]["happenings"]]
