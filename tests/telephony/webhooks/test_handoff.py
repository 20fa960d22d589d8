"""Hand-offs as Twilio sees them: answered, nobody, busy, and callers who do not wait."""

import json
from pathlib import Path

import pytest

from dialogue.agent import NobodyCame
from dialogue.identity import HandOff
from telephony.record import TurnRecord
from tests.telephony.desk import CALLER, Desk, desk, verbs
from tests.telephony.phone_server import ORIGIN, incoming
from tests.telephony.rest import RememberingApi

pytestmark = pytest.mark.anyio

COLD = HandOff(number="+13125550100", answer_seconds=20)
QUEUE = HandOff(kind="queue", queue="support", answer_seconds=30)
WARM = HandOff(kind="warm", number="+13125550199", answer_seconds=20)
BACK = ["Connect", "Redirect"]  # to the assistant
PERSON = {"CallSid": "CAperson1", "From": "+13125550100", "To": "+13125550199"}


async def test_cold_and_answered(tmp_path: Path) -> None:
    async with desk(tmp_path, COLD) as twilio:
        assert verbs(await twilio.handed_over()) == ["Dial"]
        assert twilio.session.with_person
        twiml = await twilio.twiml("/twilio/handoff/dialed", DialCallStatus="completed")
        assert verbs(twiml) == ["Hangup"]
        assert twilio.over
    record = json.loads((tmp_path / f"{CALLER}.json").read_text(encoding="utf-8"))
    told = [each["what"] for each in record["phone"]["happenings"]]
    assert told == ["handed over", "person"]


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed", "canceled", ""])
async def test_cold_and_nobody(tmp_path: Path, status: str) -> None:
    async with desk(tmp_path, COLD) as twilio:
        await twilio.handed_over()
        assert verbs(await twilio.twiml("/twilio/handoff/dialed", DialCallStatus=status)) == BACK
        assert twilio.session.opening == NobodyCame()
        assert not twilio.session.with_person


async def test_cold_and_the_caller_hangs_up(tmp_path: Path) -> None:
    async with desk(tmp_path, COLD) as twilio:
        await twilio.handed_over()
        gone = {"DialCallStatus": "no-answer", "CallStatus": "completed"}
        assert verbs(await twilio.twiml("/twilio/handoff/dialed", **gone)) == ["Hangup"]
        assert twilio.over


async def test_a_number_that_nobody_has_leads_to_voicemail(tmp_path: Path) -> None:
    async with desk(tmp_path, HandOff()) as twilio:
        assert "Record" in verbs(await twilio.handed_over())


async def test_the_queue_answers(tmp_path: Path) -> None:
    async with desk(tmp_path, QUEUE) as twilio:
        assert verbs(await twilio.handed_over()) == ["Enqueue"]
        hold = await twilio.twiml("/twilio/handoff/hold", QueueTime="12")
        assert hold.findtext("Say") == "Please hold the line. Somebody will be with you soon."
        twiml = await twilio.twiml("/twilio/handoff/queued", QueueResult="bridged")
        assert verbs(twiml) == ["Hangup"]
        assert twilio.over


@pytest.mark.parametrize("result", ["leave", "queue-full", "error", "system-error"])
async def test_the_queue_does_not_answer(tmp_path: Path, result: str) -> None:
    async with desk(tmp_path, QUEUE) as twilio:
        await twilio.handed_over()
        assert verbs(await twilio.twiml("/twilio/handoff/hold", QueueTime="31")) == ["Leave"]
        assert verbs(await twilio.twiml("/twilio/handoff/queued", QueueResult=result)) == BACK
        assert twilio.session.opening == NobodyCame()


async def test_the_caller_leaves_the_queue(tmp_path: Path) -> None:
    async with desk(tmp_path, QUEUE) as twilio:
        await twilio.handed_over()
        twiml = await twilio.twiml("/twilio/handoff/queued", QueueResult="hangup")
        assert verbs(twiml) == ["Hangup"]
        assert twilio.over


async def rung(twilio: Desk) -> str:
    """Return the URL that the person's call asks when it is answered."""
    twiml = await twilio.handed_over()
    assert twiml.findtext("Dial/Conference") == f"offhook-{CALLER}"
    (call,) = twilio.api.placed
    assert (call.to, call.from_, call.ring_seconds) == ("+13125550199", "+13125550100", 20)
    assert call.detect == "machine"
    return call.url


async def person_is(twilio: Desk, status: str) -> None:
    url = twilio.api.placed[0].status_url
    assert (await twilio.post(url, {**PERSON, "CallStatus": status})).status_code == 204


async def test_warm_and_answered(tmp_path: Path) -> None:
    async with desk(tmp_path, WARM) as twilio:
        url = await rung(twilio)
        turn = TurnRecord("caller", 0, 1, "my order", "my order", "order_status")
        twilio.session.record.turns.append(turn)
        told = await twilio.twiml(url, **PERSON, AnsweredBy="human")
        assert "the status of an order" in (told.findtext("Say") or "")
        joins = await twilio.twiml(told.findtext("Redirect") or "", **PERSON)
        assert joins.findtext("Dial/Conference") == f"offhook-{CALLER}"
        await person_is(twilio, "completed")
        assert verbs(await twilio.twiml("/twilio/handoff/left")) == ["Hangup"]
        assert twilio.over
        assert [what for what, *_ in twilio.api.done] == ["place"]


async def test_a_server_that_drains_waits_until_the_person_has_joined(tmp_path: Path) -> None:
    async with desk(tmp_path, WARM) as twilio:
        told = await twilio.twiml(await rung(twilio), **PERSON, AnsweredBy="human")
        assert twilio.service.sessions.ours == 1
        await twilio.twiml(told.findtext("Redirect") or "", **PERSON)
        assert twilio.service.sessions.ours == 0


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
async def test_warm_and_nobody(tmp_path: Path, status: str) -> None:
    async with desk(tmp_path, WARM) as twilio:
        url = await rung(twilio)
        await person_is(twilio, "ringing")
        await person_is(twilio, status)
        assert twilio.api.done[1:] == [("redirect", CALLER, f"{ORIGIN}/twilio/handoff/back")]
        assert verbs(await twilio.twiml("/twilio/handoff/back")) == BACK
        assert twilio.session.opening == NobodyCame()
        assert "nobody came" in twilio.told
        assert verbs(await twilio.twiml(url, **PERSON)) == ["Say", "Hangup"]  # too late


async def test_what_becomes_of_a_person_rung_before_moves_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path, WARM) as twilio:
        url = await rung(twilio)
        await twilio.twiml(url, **PERSON, AnsweredBy="machine_start")
        await twilio.twiml("/twilio/handoff/back")
        twilio.session.agent.outcome = "handed_over"
        assert verbs(await twilio.twiml("/twilio/after")) == ["Dial"]
        await person_is(twilio, "completed")
        assert [what for what, *_ in twilio.api.done] == ["place", "redirect", "place"]


async def test_warm_and_a_machine_answers(tmp_path: Path) -> None:
    async with desk(tmp_path, WARM) as twilio:
        url = await rung(twilio)
        twiml = await twilio.twiml(url, **PERSON, AnsweredBy="machine_start")
        assert verbs(twiml) == ["Hangup"]
        await person_is(twilio, "completed")
        assert [what for what, *_ in twilio.api.done] == ["place", "redirect"]


async def test_warm_and_the_person_hangs_up_at_the_summary(tmp_path: Path) -> None:
    async with desk(tmp_path, WARM) as twilio:
        await twilio.twiml(await rung(twilio), **PERSON, AnsweredBy="human")
        await person_is(twilio, "completed")
        assert [what for what, *_ in twilio.api.done] == ["place", "redirect"]


async def test_warm_and_the_caller_hangs_up_while_it_rings(tmp_path: Path) -> None:
    async with desk(tmp_path, WARM) as twilio:
        url = await rung(twilio)
        gone = await twilio.twiml("/twilio/handoff/left", CallStatus="completed")
        assert verbs(gone) == ["Hangup"]
        assert twilio.api.done[1:] == [("hang_up", "CAperson1")]
        assert twilio.over
        assert verbs(await twilio.twiml(url, **PERSON)) == ["Say", "Hangup"]


async def test_warm_and_the_caller_hangs_up_at_the_summary(tmp_path: Path) -> None:
    async with desk(tmp_path, WARM) as twilio:
        told = await twilio.twiml(await rung(twilio), **PERSON, AnsweredBy="human")
        await twilio.twiml("/twilio/handoff/left", CallStatus="completed")
        twiml = await twilio.twiml(told.findtext("Redirect") or "", **PERSON)
        assert verbs(twiml) == ["Say", "Hangup"]


async def test_warm_and_the_api_fails(tmp_path: Path) -> None:
    async with desk(tmp_path, WARM, RememberingApi(fails_at={"place"})) as twilio:
        assert verbs(await twilio.handed_over()) == BACK
        assert twilio.session.opening == NobodyCame()


async def test_bringing_back_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telephony.transfer.PAUSE_SECONDS", 0.01)
    async with desk(tmp_path, WARM, RememberingApi(fails_at={"redirect"})) as twilio:
        await rung(twilio)
        await person_is(twilio, "busy")
        assert [what for what, *_ in twilio.api.done] == ["place", *["redirect"] * 3]


async def test_the_person_fails_before_we_know_who_is_rung(tmp_path: Path) -> None:
    class Hasty(RememberingApi):
        async def _does(self, what: str, *details: str) -> None:
            await super()._does(what, *details)
            if what == "place":
                form = {**PERSON, "CallStatus": "failed"}
                await twilio.post(f"/twilio/handoff/person?call={CALLER}", form)

    async with desk(tmp_path, WARM, Hasty()) as twilio:
        assert verbs(await twilio.handed_over()) == BACK
        assert twilio.session.opening == NobodyCame()
        assert [what for what, *_ in twilio.api.done] == ["place"]


async def test_a_call_that_we_do_not_know_gets_a_person(tmp_path: Path) -> None:
    async with desk(tmp_path, COLD) as twilio:
        assert verbs(await twilio.twiml("/twilio/handoff/back")) == ["Say", "Dial"]
        assert verbs(await twilio.twiml("/twilio/handoff/dialed")) == ["Say", "Dial"]
        twiml = await twilio.twiml("/twilio/handoff/whisper?call=CAnone", **PERSON)
        assert verbs(twiml) == ["Say", "Hangup"]


@pytest.mark.parametrize(
    "name", ["dialed", "queued", "hold", "left", "back", "whisper", "join", "person"]
)
async def test_unsigned_webhooks_are_refused(tmp_path: Path, name: str) -> None:
    async with desk(tmp_path, COLD) as twilio:
        answer = await twilio.http.post(f"/twilio/handoff/{name}", data=incoming(CALLER))
        assert answer.status_code == 403


async def test_the_packet_goes_to_the_business_and_links_to_the_transcript(tmp_path: Path) -> None:
    async with desk(tmp_path, COLD, handoff_webhook="http://127.0.0.1:9/") as twilio:
        await twilio.handed_over()
        ((packet, _),) = twilio.service.deliveries.waiting
        assert packet["call"] == CALLER
        link = packet["transcript"].removeprefix(ORIGIN)
        assert (await twilio.http.get(link)).json()["call"] == CALLER
        assert (await twilio.http.get(link + "0")).status_code == 403
        assert (await twilio.http.get(link.partition("?")[0])).status_code == 403
        await twilio.service.sessions.close(twilio.session)
        assert (await twilio.http.get(link)).json()["outcome"]
        (tmp_path / f"{CALLER}.json").unlink()
        assert (await twilio.http.get(link)).status_code == 404
