"""Calls that come in, from the first webhook to the record, over real sockets on loopback."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest

from dialogue.agent import Opening, Trouble
from dialogue.assistant import default_assistant
from dialogue.state import Outcome
from telephony.twiml import THANKS
from tests.fakes import FakeAgent, FakeTts
from tests.telephony.phone_server import (
    CLOSED,
    ORIGIN,
    incoming,
    parts,
    running,
    sid,
    talker,
    verbs,
)

pytestmark = pytest.mark.anyio

SCHEMA = Path(__file__).parents[3] / "docs" / "call-record.schema.json"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # uvicorn's


def record(folder: Path, call: str) -> Any:
    """Return a call's record, which is as its schema says."""
    found = json.loads((folder / f"{call}.json").read_text(encoding="utf-8"))
    jsonschema.validate(found, json.loads(SCHEMA.read_text(encoding="utf-8")))
    return found


def ended(call: str, status: str = "completed") -> Mapping[str, str]:
    return {"CallSid": call, "CallStatus": status}


async def test_a_call_is_connected_with_a_token_and_then_asks_what_comes_next(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, parts()) as twilio:
        twiml = await twilio.twiml("/twilio/voice", incoming(sid(1)))
        assert verbs(twiml) == ["Connect", "Redirect"]
        stream = twiml.find("Connect/Stream")
        assert stream is not None
        assert stream.attrib["url"] == "wss://calls.example.com/twilio/media"
        assert stream.attrib["statusCallback"] == f"{ORIGIN}/twilio/status"
        given = {each.attrib["name"]: each.attrib["value"] for each in stream}
        assert given.pop("token")
        assert given == {"caller": "+13125550123", "called": "+13125550100", "language": "en"}
        assert twiml.findtext("Redirect") == f"{ORIGIN}/twilio/after"


async def test_a_whole_call(tmp_path: Path) -> None:
    async with running(tmp_path, parts()) as twilio:
        given = await twilio.ring(sid(1))
        async with twilio.stream(sid(1), given) as stream:
            await stream.greeting()
            await stream.press("1")
            await stream.listen()
            assert stream.closed_with == 1000
        assert verbs(await twilio.twiml("/twilio/after", incoming(sid(1)))) == ["Hangup"]
        assert twilio.service.sessions.of(sid(1)) is None
        await twilio.post("/twilio/status", {**ended(sid(1)), "CallDuration": "7"})
    call = record(tmp_path, sid(1))
    assert [turn["heard"] for turn in call["turns"]] == ["Good morning.", "1", "Goodbye."]
    assert (call["outcome"], call["line"], call["phone"]["streams"]) == ("resolved", "twilio", 1)
    told = [each["what"] for each in call["phone"]["happenings"]]
    assert told == ["stream ended", "status"]


async def test_a_caller_who_hangs_up_leaves_a_record(tmp_path: Path) -> None:
    async with running(tmp_path, parts()) as twilio:
        async with twilio.stream(sid(1), await twilio.ring(sid(1))) as stream:
            await stream.greeting()
            await stream.hang_up()
            await stream.listen()
        assert (await twilio.post("/twilio/status", ended(sid(1)))).status_code == 204
        assert len(twilio.service.sessions) == 0
    assert record(tmp_path, sid(1))["outcome"] == "caller_hung_up"


async def test_a_call_that_ended_at_twilio_ends_here(tmp_path: Path) -> None:
    async with (
        running(tmp_path, parts()) as twilio,
        twilio.stream(sid(1), await twilio.ring(sid(1))) as stream,
    ):
        await stream.greeting()
        await twilio.post("/twilio/status", ended(sid(1)))
        await stream.listen()
        assert stream.closed_with == 1000
        assert record(tmp_path, sid(1))["turns"][0]["text"] == "Good morning."


async def test_a_stream_that_breaks_is_connected_again_with_an_apology(tmp_path: Path) -> None:
    agent = talker()
    async with running(tmp_path, parts(lambda: agent)) as twilio:
        given = await twilio.ring(sid(1))
        for again in (1, 2):
            async with twilio.stream(sid(1), given) as stream:
                await stream.greeting()
            twiml = await twilio.twiml("/twilio/after", incoming(sid(1)))
            assert verbs(twiml) == ["Connect", "Redirect"], again
            given = {each.attrib["name"]: each.attrib["value"] for each in twiml.iter("Parameter")}
        async with twilio.stream(sid(1), given) as stream:
            await stream.greeting()
        assert agent.turns == [Opening(caller="+13125550123"), Trouble(), Trouble()]
        assert verbs(await twilio.twiml("/twilio/after", incoming(sid(1)))) == ["Say", "Dial"]
        await twilio.post("/twilio/status", ended(sid(1)))
    call = record(tmp_path, sid(1))
    starts = [turn["start_s"] for turn in call["turns"]]
    assert starts == sorted(starts)
    assert (call["phone"]["streams"], call["outcome"]) == (3, "failed")


async def test_a_call_that_breaks_down_goes_to_a_person(tmp_path: Path) -> None:
    async with running(tmp_path, parts(tts=FakeTts(breaks_on=""))) as twilio:
        async with twilio.stream(sid(1), await twilio.ring(sid(1))) as stream:
            await stream.listen()
            assert stream.closed_with == 1000
        twiml = await twilio.twiml("/twilio/after", incoming(sid(1)))
        assert verbs(twiml) == ["Say", "Dial"]
        assert twiml.findtext("Dial/Number") == "+13125550100"


async def test_one_calls_failure_is_not_anothers(tmp_path: Path) -> None:
    agents = [FakeAgent({}, waiting=talker().waiting, latency=0), talker()]

    def broken_first() -> FakeAgent:
        agent = agents.pop(0)
        if agents:
            agent.waiting = None  # type: ignore[assignment]
        return agent

    async with running(tmp_path, parts(broken_first)) as twilio:
        first, second = await twilio.ring(sid(1)), await twilio.ring(sid(2))
        async with twilio.stream(sid(2), second) as well:
            await well.greeting()
            async with twilio.stream(sid(1), first) as ill:
                await ill.listen()
            await well.press("1")
            await well.listen()
        assert twilio.service.sessions.of(sid(2)).record.outcome == "resolved"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("hour", "expected"), [(None, ["Say", "Dial"]), (CLOSED, ["Say", "Record", "Say", "Hangup"])]
)
async def test_before_the_models_are_there_a_person_or_voicemail_takes_the_call(
    tmp_path: Path, hour: Any, expected: list[str]
) -> None:
    async with running(tmp_path, None, **({"now": hour} if hour else {})) as twilio:
        assert verbs(await twilio.twiml("/twilio/voice", incoming(sid(1)))) == expected
        assert (await twilio.http.get("/readyz")).status_code == 503
    assert record(tmp_path, sid(1))["outcome"] == "declined"


async def test_nobody_in_means_voicemail_which_is_on_record(tmp_path: Path) -> None:
    async with running(tmp_path, None) as twilio:
        twiml = await twilio.twiml("/twilio/voice", incoming(sid(1)))
        dial = twiml.find("Dial")
        assert dial is not None
        path = dial.attrib["action"].removeprefix(ORIGIN)
        nobody = {**incoming(sid(1)), "DialCallStatus": "no-answer"}
        taped = (await twilio.twiml(path, nobody)).find("Record")
        assert taped is not None
        path = taped.attrib["recordingStatusCallback"].removeprefix(ORIGIN)
        url = "https://api.twilio.example/RE1"
        told = {"CallSid": sid(1), "RecordingUrl": url, "RecordingStatus": "completed"}
        for _ in range(2):  # told twice, on record once
            assert (await twilio.post(path, told)).status_code == 204
        thanks = await twilio.twiml(taped.attrib["action"].removeprefix(ORIGIN), incoming(sid(1)))
        assert thanks.findtext("Say") == THANKS
    happenings = record(tmp_path, sid(1))["phone"]["happenings"]
    assert [each["what"] for each in happenings] == ["declined", "person", "voicemail"]
    assert happenings[-1]["RecordingUrl"] == url


@pytest.mark.parametrize("queue", ["support", "WW" + "0" * 32])
async def test_a_queue_takes_callers_too_and_may_be_empty(tmp_path: Path, queue: str) -> None:
    shop = tmp_path / "shop"
    shutil.copytree(default_assistant(), shop)
    toml = (shop / "assistant.toml").read_text(encoding="utf-8")
    toml = re.sub(
        r"\[handoff\](?s:.*?)\n\[", f'[handoff]\nkind = "queue"\nqueue = "{queue}"\n[', toml
    )
    (shop / "assistant.toml").write_text(toml, encoding="utf-8")
    async with running(tmp_path, None, assistant=shop) as twilio:
        twiml = await twilio.twiml("/twilio/voice", incoming(sid(1)))
        assert verbs(twiml) == ["Say", "Enqueue"]
        enqueue = twiml.find("Enqueue")
        assert enqueue is not None
        assert queue in {enqueue.text, enqueue.attrib.get("workflowSid")}
        held = await twilio.twiml(
            enqueue.attrib["waitUrl"].removeprefix(ORIGIN), {**incoming(sid(1)), "QueueTime": "3"}
        )
        assert "Say" in verbs(held)
        asked = enqueue.attrib["action"].removeprefix(ORIGIN)
        left = {**incoming(sid(1)), "QueueResult": "leave"}
        assert "Record" in verbs(await twilio.twiml(asked, left))
        talked = {**incoming(sid(1)), "QueueResult": "bridged"}
        assert verbs(await twilio.twiml(asked, talked)) == ["Hangup"]


async def test_after_a_person_nothing_comes(tmp_path: Path) -> None:
    async with running(tmp_path, None) as twilio:
        await twilio.twiml("/twilio/voice", incoming(sid(1)))
        talked = {**incoming(sid(1)), "DialCallStatus": "completed"}
        assert verbs(await twilio.twiml("/twilio/person", talked)) == ["Hangup"]


async def test_more_calls_than_allowed_are_declined(tmp_path: Path) -> None:
    async with running(tmp_path, parts(), calls_at_once=2) as twilio:
        await twilio.ring(sid(1), "+13125550001")
        await twilio.ring(sid(2), "+13125550002")
        assert "Dial" in verbs(await twilio.twiml("/twilio/voice", incoming(sid(3), "+1312")))
        await twilio.post("/twilio/status", ended(sid(1)))
        assert await twilio.ring(sid(4), "+13125550004")


async def test_one_caller_cannot_take_all_lines_but_hidden_numbers_are_not_one_caller(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, parts(), calls_per_caller=1) as twilio:
        await twilio.ring(sid(1))
        assert "Dial" in verbs(await twilio.twiml("/twilio/voice", incoming(sid(2))))
        assert await twilio.ring(sid(3), "anonymous")
        assert await twilio.ring(sid(4), "anonymous")


async def test_a_webhook_that_breaks_still_finds_a_person(tmp_path: Path) -> None:
    def no_agent() -> FakeAgent:
        raise RuntimeError("the database is gone")

    async with running(tmp_path, parts(no_agent)) as twilio:
        assert verbs(await twilio.twiml("/twilio/voice", incoming(sid(1)))) == ["Say", "Dial"]


async def test_twilios_fallback_url_can_be_the_same(tmp_path: Path) -> None:
    async with running(tmp_path, parts()) as twilio:
        await twilio.ring(sid(1))
        form = {**incoming(sid(1)), "ErrorCode": "11200"}
        assert verbs(await twilio.twiml("/twilio/voice", form)) == ["Say", "Dial"]


async def test_a_caller_who_wants_a_person_gets_one_and_is_no_longer_ours(tmp_path: Path) -> None:
    class HandsOver(FakeAgent):
        async def commit(self, said: str, heard: str) -> None:
            await super().commit(said, heard)
            self.outcome = Outcome.HANDED_OVER

    async with running(tmp_path, parts(lambda: HandsOver({}))) as twilio:
        async with twilio.stream(sid(1), await twilio.ring(sid(1))) as stream:
            await stream.listen()
        assert "Dial" in verbs(await twilio.twiml("/twilio/after", incoming(sid(1))))
        assert (len(twilio.service.sessions), twilio.service.sessions.ours) == (1, 0)


async def test_draining_takes_no_calls_and_ends_with_the_last(tmp_path: Path) -> None:
    async with running(tmp_path, parts()) as twilio, anyio.create_task_group() as tasks:
        given = await twilio.ring(sid(1))
        tasks.start_soon(twilio.server.drain)
        await anyio.sleep(0.05)
        assert (await twilio.http.get("/readyz")).status_code == 503
        assert "Dial" in verbs(await twilio.twiml("/twilio/voice", incoming(sid(2), "+1312")))
        async with twilio.stream(sid(1), given) as stream:
            await stream.greeting()
            await stream.press("1")
            await stream.listen()
        assert verbs(await twilio.twiml("/twilio/after", incoming(sid(1)))) == ["Hangup"]
    assert record(tmp_path, sid(1))["outcome"] == "resolved"
