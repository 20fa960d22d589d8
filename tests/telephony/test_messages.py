"""Messages as Twilio's forms tell of them, and what is answered."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.agent import Exchange, Said
from nlu.understand import Sentiment, Slot, Understanding
from telephony.messages import (
    BODY_CHARACTERS,
    MEDIA,
    Media,
    Message,
    message_turns,
    message_twiml,
    read_message,
    without_cards,
)

FORM = {
    "MessageSid": "MM0123456789abcdef0123456789abcdef",
    "From": "+13125550111",
    "To": "+13125550100",
    "Body": "Where is\nmy order?",
    "NumMedia": "2",
    "MediaUrl0": "https://api.twilio.com/m/0",
    "MediaContentType0": "image/JPEG; q=1",
    "MediaUrl1": "https://api.twilio.com/m/1",
    "MediaContentType1": "image/heic",
}


def test_a_form_is_read() -> None:
    assert read_message(FORM) == Message(
        sid="MM0123456789abcdef0123456789abcdef",
        sender="+13125550111",
        to="+13125550100",
        text="Where is my order?",
        media=(
            Media("https://api.twilio.com/m/0", "jpg"),
            Media("https://api.twilio.com/m/1", ""),
        ),
    )


@pytest.mark.parametrize("sid", ["../../etc/passwd", "MM1/2", "", "a" * 100, "MM\n1"])
def test_a_sid_that_is_no_name_of_a_file_is_none(sid: str) -> None:
    assert read_message({"MessageSid": sid}).sid == ""


@pytest.mark.parametrize(
    ("told", "count"),
    [("1", 1), ("99", MEDIA), ("1000000000", 0), ("-1", 0), ("", 0), ("x", 0), ("²", 0), ("٣", 0)],
)
def test_the_number_of_files_is_bounded(told: str, count: int) -> None:
    assert len(read_message({"NumMedia": told}).media) == count


@pytest.mark.parametrize("word", ["STOP", " stop ", "Help", "CANCEL", "unstop"])
def test_twilios_own_words_are_left_to_it(word: str) -> None:
    assert read_message({"Body": word}).for_twilio
    assert not read_message({"Body": f"please {word} my order"}).for_twilio
    assert not read_message({"Body": word, "NumMedia": "1"}).for_twilio


def test_yes_is_an_answer() -> None:
    assert not read_message({"Body": "yes"}).for_twilio
    assert read_message({"Body": "arret", "OptOutType": "STOP"}).for_twilio


def sent(reply: str) -> list[str]:
    root = ElementTree.fromstring(message_twiml(reply))  # noqa: S314 - our own
    assert root.tag == "Response"
    return [message.text or "" for message in root]


def test_a_reply_is_one_message_and_a_long_one_several() -> None:
    assert sent("") == []
    assert sent("Order <15213> & more.") == ["Order <15213> & more."]
    long = "It is on its way. " * 200
    parts = sent(long)
    assert len(parts) == 3
    assert max(map(len, parts)) <= BODY_CHARACTERS
    assert " ".join(parts).split() == long.split()


@given(st.dictionaries(st.sampled_from([*FORM, "OptOutType"]), st.text(max_size=3000)))
def test_whatever_is_written_can_be_echoed(form: dict[str, str]) -> None:
    message = read_message(form)
    assert len(message.text) <= BODY_CHARACTERS
    assert re.fullmatch(r"[A-Za-z0-9]*", message.sid)
    assert " ".join(sent(message.text)).split() == message.text.split()


def test_the_record_shows_both_sides_without_secrets() -> None:
    slot = Slot("card", "4242", "4242", 11, 15, 0.9)
    understood = Understanding("my card is 4242", "pay", 0.91234, (slot,), Sentiment("neutral", 0))
    exchange = Exchange(
        Said("my card is 4242", written=True), understood, ("cards/4242",), 0.005, 0.001, ("4242",)
    )
    caller, assistant = message_turns("my card is 4242", "I see 4242.", exchange, (1.0, 1.5))
    assert (caller.text, caller.slots) == ("my card is ••••", {"card": "••••"})
    assert (caller.intent, caller.confidence, caller.start_s) == ("pay", 0.912, 1.0)
    assert (assistant.text, assistant.sources) == ("I see ••••.", ("cards/••••",))
    assert assistant.start_s == assistant.end_s == 1.5


def test_cards_in_pictures_are_masked() -> None:
    assert without_cards("VISA 4242 4242-4242 4242\nOrder 15213") == (
        "VISA •••• ••••-•••• 4242\nOrder 15213"
    )
