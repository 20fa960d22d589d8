"""What a person gets to know, and the TwiML of each kind of hand-off."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from twilio.twiml.voice_response import VoiceResponse

from dialogue.agent import Brief
from dialogue.assistant import Assistant, default_assistant, load_assistant
from dialogue.identity import HandOff
from telephony.handoff import (
    HandOffUrls,
    attributes,
    cold,
    hold,
    joined,
    queue,
    waiting_room,
    whisper,
)
from telephony.links import LINK_SECONDS, Links, make_links
from telephony.packet import ATTRIBUTE_CHARACTERS, Packet, Parties, make_packet
from telephony.record import TurnRecord
from telephony.ringing import Ringing, Transfers

PARTIES = Parties("CA1", "+13125550123", "+13125550100", "https://us/transcript")
URLS = HandOffUrls("https://us/dialed", "https://us/queued", "https://us/hold", "https://us/left")
WARM = HandOff(kind="warm", number="+13125550100", answer_seconds=20)


@pytest.fixture(scope="module")
def retail() -> Assistant:
    return load_assistant(default_assistant())


def caller(text: str, intent: str, sentiment: str = "neutral") -> TurnRecord:
    return TurnRecord("caller", 0, 1, text, text, intent, 0.9, sentiment=sentiment)


def assistant(text: str, *sources: str) -> TurnRecord:
    return TurnRecord("assistant", 1, 2, text, text, sources=sources)


TURNS = [
    assistant("How can I help you?"),
    caller("where is my order 15213", "order_status"),
    assistant("It is late.", "orders/15213"),
    caller("that is terrible", "out_of_scope", "negative"),
    assistant("Sorry.", "orders/15213"),
    caller("give me a person", "speak_to_person", "negative"),
]
BRIEF = Brief("caller_asked", {"order_number": "15213"})


@pytest.fixture
def packet(retail: Assistant) -> Packet:
    return make_packet(PARTIES, TURNS, BRIEF, retail)


def xml(response: VoiceResponse) -> ET.Element:
    return ET.fromstring(str(response))  # noqa: S314 - our own


def test_the_packet_tells_what_the_person_must_not_ask_again(packet: Packet) -> None:
    assert packet.intent == "order_status"
    assert packet.sentiment == ("neutral", "negative", "negative")
    assert packet.tried == ("orders/15213",)
    assert packet.summary == (
        "A caller of Maplewood wants the status of an order. Known: order number 15213."
        " They asked for a person. The assistant looked at orders/15213."
        ' They sounded negative at the end. Their last words: "give me a person"'
    )
    assert packet.spoken == (
        "A caller of Maplewood wants the status of an order. Order number 1 5 2 1 3."
        " They asked for a person."
    )
    assert packet.as_json()["version"] == 1
    json.dumps(packet.as_json())


def test_a_caller_who_asked_for_nothing_else(retail: Assistant) -> None:
    packet = make_packet(PARTIES, [], Brief("caller_asked"), retail)
    assert packet.summary == "A caller of Maplewood wants to speak to a person."
    assert packet.spoken == packet.summary
    packet = make_packet(PARTIES, [], Brief("not_understood"), retail)
    assert packet.spoken.endswith("did not understand them several times in a row.")


def test_attributes_fit_into_a_task(packet: Packet) -> None:
    assert json.loads(attributes(packet)) == json.loads(json.dumps(packet.as_json()))
    endless = replace(packet, tried=tuple(f"orders/{number}" for number in range(5000)))
    assert len(attributes(endless)) <= ATTRIBUTE_CHARACTERS
    assert json.loads(attributes(endless))["slots"] == {"order_number": "15213"}


def test_cold_rings_the_person_and_asks_on_when_nobody_answers() -> None:
    dial = xml(cold(HandOff(number="+13125550100", answer_seconds=20), URLS)).find("Dial")
    assert dial is not None
    assert dial.attrib == {
        "answerOnBridge": "true",
        "timeout": "20",
        "action": "https://us/dialed",
        "method": "POST",
    }
    assert dial.findtext("Number") == "+13125550100"


def test_cold_to_a_sip_address() -> None:
    handoff = HandOff(number="sip:desk@example.com")
    assert xml(cold(handoff, URLS, "+1312")).findtext("Dial/Sip") == "sip:desk@example.com"


def test_a_workflow_gets_the_packet_as_attributes(packet: Packet) -> None:
    enqueue = xml(queue(HandOff(kind="queue", queue="WW12"), URLS, packet)).find("Enqueue")
    assert enqueue is not None
    assert enqueue.attrib["workflowSid"] == "WW12"
    assert enqueue.attrib["action"] == "https://us/queued"
    assert json.loads(enqueue.findtext("Task") or "")["slots"] == {"order_number": "15213"}


def test_a_queue_by_its_name(packet: Packet) -> None:
    enqueue = xml(queue(HandOff(kind="queue", queue="support"), URLS, packet)).find("Enqueue")
    assert enqueue is not None
    assert enqueue.text == "support"
    assert enqueue.attrib["waitUrl"] == "https://us/hold"
    assert enqueue.find("Task") is None


def test_who_waits_in_a_queue_hears_so_and_leaves_it_after_a_while() -> None:
    waits = xml(hold(("Please hold.",), "https://us/hold", patient=True))
    assert [verb.tag for verb in waits] == ["Say", "Pause", "Redirect"]
    assert [verb.tag for verb in xml(hold((), "https://us/hold", patient=False))] == ["Leave"]


def test_warm_the_caller_waits_and_the_person_is_told_first(packet: Packet) -> None:
    conference = xml(waiting_room("room-1", URLS)).find("Dial/Conference")
    assert conference is not None
    assert conference.text == "room-1"
    assert conference.attrib["startConferenceOnEnter"] == "false"
    told = xml(whisper(packet, "https://us/join"))
    assert [verb.tag for verb in told] == ["Say", "Redirect"]
    assert "order" in (told.findtext("Say") or "").lower()
    conference = xml(joined("room-1")).find("Dial/Conference")
    assert conference is not None
    assert conference.text == "room-1"
    assert conference.attrib["startConferenceOnEnter"] == "true"


def test_a_person_joins_only_a_caller_who_waits() -> None:
    transfers = Transfers({"CA1"}.__contains__)
    assert not transfers.join("CA1")
    transfers.begin("CA1")
    assert transfers.rings("CA1", "CA2")
    assert transfers.join("CA1")
    assert transfers.end("CA1") == Ringing("CA2", joined=True)
    assert not transfers.rings("CA1", "CA2")


def test_callers_who_are_gone_are_forgotten() -> None:
    calls = {"CA1"}
    transfers = Transfers(calls.__contains__)
    transfers.begin("CA1")
    calls.clear()
    transfers.begin("CA3")
    assert transfers.of("CA1") is None


def test_a_link_is_good_for_its_call_and_for_a_day() -> None:
    now = [1000.0]
    links = Links("https://us", b"key", lambda: now[0])
    path, _, query = links.transcript("CA1").partition("?")
    given = dict(pair.split("=") for pair in query.split("&"))
    assert path == "https://us/twilio/transcript/CA1"
    assert links.is_good("CA1", given["expires"], given["signature"])
    assert not links.is_good("CA2", given["expires"], given["signature"])
    assert not links.is_good("CA1", given["expires"] + "0", given["signature"])
    assert not links.is_good("CA1", given["expires"], "é")
    now[0] += LINK_SECONDS + 1
    assert not links.is_good("CA1", given["expires"], given["signature"])


def test_links_outlive_the_process_where_there_is_a_token() -> None:
    assert make_links("https://us", "token").key == make_links("https://us", "token").key
    assert make_links("https://us", "").key != make_links("https://us", "").key
