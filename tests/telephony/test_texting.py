"""Conversations of text messages with the real dialogue; pictures are fetched and read by fakes."""

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from anyio import create_task_group, current_time, fail_after, sleep
from trio.testing import MockClock

from dialogue.agent import Said, Waiting
from dialogue.assistant import Assistant, default_assistant, load_assistant
from dialogue.conversation import FlowAgent
from dialogue.store import open_store
from nlu.understand import Nlu
from telephony import PictureError
from telephony.messages import Media, Message
from telephony.parts import Parts
from telephony.pictures import PictureLine, PictureText
from telephony.server import make_service
from telephony.service import Service
from telephony.sessions import Session
from telephony.settings import Settings
from telephony.texting import (
    CONVERSATION_SECONDS,
    MESSAGES,
    PICTURE_SECONDS,
    PICTURES,
    REPLY_SECONDS,
    Texting,
)
from tests.dialogue.caller import FRIDAY_AFTERNOON, TODAY, DeafNlu, WordsNlu
from tests.fakes import FakeAgent, FakeAsr, FakeTts, FakeVad

pytestmark = pytest.mark.anyio

US, THEM = "+13125550100", "+13125550111"
ASK_NUMBER = "What is your order number?"
ON_ITS_WAY = "Order 15213 is on its way. It should arrive on Sunday, November 22nd."
APOLOGY = "Sorry, something went wrong on my side."
UNREADABLE = "I couldn't open what you sent. I can read pictures in JPEG or PNG."
RECEIPT = "MAPLEWOOD\nOrder number: 15213"


@pytest.fixture(params=["virtual clock", "asyncio"])
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    if request.param == "asyncio":
        return "asyncio"
    return "trio", {"clock": MockClock(autojump_threshold=0.1)}


@pytest.fixture(scope="module")
def retail() -> Assistant:
    return load_assistant(default_assistant())


@pytest.fixture
def service(tmp_path: Path) -> Service:
    settings = Settings(calls=tmp_path / "calls")
    return make_service(settings, ("127.0.0.1", 8000), now=lambda: FRIDAY_AFTERNOON)


@dataclass
class Shop:
    """The service with its dialogue; `nlu` can be changed in the middle of a conversation."""

    service: Service
    nlu: Nlu = field(default_factory=WordsNlu)
    slow: float = 0.0  # seconds of every download
    waiting: list[Session] = field(default_factory=list)
    texting: Texting = field(init=False)
    files: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.texting = Texting(self.service, self, self.waiting.append, read_as_text)
        self._count = 0

    def understand(self, text: str, context: Any) -> Any:
        return self.nlu.understand(text, context)

    async def fetch(self, url: str) -> bytes:
        await sleep(self.slow)
        if url not in self.files:
            raise PictureError(f"{url} is gone: send it again")
        return self.files[url]

    async def gets(
        self, text: str, *urls: str, sender: str = THEM, sid: str = "", kind: str = "jpg"
    ) -> str:
        self._count += 1
        media = tuple(Media(url, kind) for url in urls)
        sid = sid or f"MM{self._count}"
        return await self.texting.answer(Message(sid, sender, US, text, media))

    def record(self, sid: str = "MM1") -> Any:
        return json.loads((self.service.archive.folder / f"{sid}.json").read_text())


def read_as_text(path: Path) -> PictureText:
    """Read a picture whose bytes are its text."""
    content = path.read_bytes()
    if content == b"broken":
        raise PictureError("this is no picture: send a JPEG or PNG")
    if content == b"crash":
        raise RuntimeError("the engine fell over")
    return PictureText(tuple(PictureLine(line, 0.9) for line in content.decode().splitlines()))


def files(folder: Path) -> list[Path]:
    return [*folder.iterdir()] if folder.exists() else []


@pytest.fixture
def shop(service: Service, retail: Assistant) -> Iterator[Shop]:
    store = open_store(None, retail.seeds, TODAY)
    made = Shop(
        service, files={"receipt": RECEIPT.encode(), "broken": b"broken", "crash": b"crash"}
    )

    def agent() -> FlowAgent:
        return FlowAgent(retail, made, store, lambda: FRIDAY_AFTERNOON)

    service.loading.parts = Parts(FakeVad, FakeAsr(), FakeTts(), agent, "Maplewood", {})
    yield made
    store.close()


async def test_a_conversation_over_several_messages(shop: Shop) -> None:
    assert await shop.gets("where is my order") == ASK_NUMBER
    assert await shop.gets("15213") == f"{ON_ITS_WAY} Is there anything else?"
    assert await shop.gets("no") == "Thank you for writing to Maplewood. Goodbye."
    record = shop.record()
    assert (record["line"], record["call"], record["outcome"]) == ("message", "MM1", "resolved")
    assert record["phone"]["caller"] == THEM
    assert [turn["text"] for turn in record["turns"]][:3] == [
        "where is my order",
        ASK_NUMBER,
        "15213",
    ]
    assert record["turns"][3]["sources"] == ["orders/15213"]


async def test_what_comes_after_the_end_begins_anew(shop: Shop) -> None:
    await shop.gets("where is my order 15213")
    await shop.gets("no")
    assert await shop.gets("no") != ""
    assert shop.record("MM3")["turns"][0]["text"] == "no"


async def test_everybody_has_their_own_conversation(shop: Shop) -> None:
    await shop.gets("where is my order")
    assert (
        await shop.gets("15213", sender="+13125550222") == f"{ON_ITS_WAY} Is there anything else?"
    )
    assert await shop.gets("hello", sender="+13125550333") == "Hello. What can I do for you?"


async def test_a_message_that_comes_twice_gets_the_same_answer(shop: Shop) -> None:
    await shop.gets("where is my order", sid="MM1")
    await shop.gets("15213", sid="MM2")
    assert await shop.gets("where is my order", sid="MM1") == ASK_NUMBER
    assert len(shop.record()["turns"]) == 4


async def test_a_message_that_comes_twice_at_once_is_answered_once(shop: Shop) -> None:
    shop.slow = 0.2
    replies: list[str] = []

    async def get() -> None:
        replies.append(await shop.gets("", "receipt", sid="MM1"))

    async with create_task_group() as tasks:
        tasks.start_soon(get)
        tasks.start_soon(get)
    assert replies == ["I see 15213 in your picture. Is that right?"] * 2
    assert len(shop.record()["turns"]) == 2


async def test_messages_of_one_person_are_answered_one_by_one(shop: Shop) -> None:
    shop.slow = 0.2
    replies: dict[str, str] = {}

    async def get(text: str, *urls: str) -> None:
        replies[text] = await shop.gets(text, *urls)

    async with create_task_group() as tasks:
        tasks.start_soon(get, "cancel this", "receipt")
        await sleep(0.05)
        tasks.start_soon(get, "yes")
    assert replies["cancel this"].startswith("I see 15213")
    assert "what is the ZIP code" in replies["yes"]


async def test_a_picture_is_kept_with_the_conversation(shop: Shop) -> None:
    await shop.gets("where is my order")
    assert await shop.gets("", "receipt") == "I see 15213 in your picture. Is that right?"
    happening = shop.record()["phone"]["happenings"][0]
    assert (happening["what"], happening["file"]) == ("picture", "MM1-1.jpg")
    assert happening["text"] == RECEIPT
    stored = shop.service.archive.folder / "pictures" / "MM1-1.jpg"
    assert stored.read_bytes() == RECEIPT.encode()


@pytest.mark.parametrize("url", ["gone", "broken", "crash"])
async def test_what_cannot_be_opened_costs_no_words(shop: Shop, url: str) -> None:
    assert await shop.gets("where is my order", url) == f"{UNREADABLE} {ASK_NUMBER}"
    assert await shop.gets("", url) == f"{UNREADABLE} {ASK_NUMBER}"
    assert files(shop.service.archive.folder / "pictures") == []


async def test_other_files_are_not_even_fetched(shop: Shop) -> None:
    assert (await shop.gets("hello", "receipt", kind="")).startswith(UNREADABLE)


async def test_one_bad_picture_among_good_ones(shop: Shop) -> None:
    reply = await shop.gets("where is my order", "gone", "receipt")
    assert reply == f"{UNREADABLE} I see 15213 in your picture. Is that right?"


@pytest.mark.parametrize("anyio_backend", [("trio", {"clock": MockClock(autojump_threshold=0.1)})])
async def test_a_slow_download_costs_no_words(shop: Shop) -> None:
    shop.slow = 2 * PICTURE_SECONDS
    with fail_after(REPLY_SECONDS):
        assert await shop.gets("where is my order", "receipt") == f"{UNREADABLE} {ASK_NUMBER}"


async def test_pictures_of_a_conversation_are_bounded(shop: Shop) -> None:
    for _ in range(PICTURES // 10):
        await shop.gets("", *["receipt"] * 10)
    assert (await shop.gets("", "receipt")).startswith(UNREADABLE)


async def test_when_the_understanding_breaks_the_words_are_kept(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.nlu = DeafNlu()
    assert await shop.gets("where is my order") == APOLOGY
    shop.nlu = WordsNlu()
    assert await shop.gets("15213") == f"{ON_ITS_WAY} Is there anything else?"
    assert "the sender gets an apology" in caplog.text


async def test_before_the_models_are_loaded_there_is_an_apology(shop: Shop) -> None:
    shop.service.loading.parts = None
    assert await shop.gets("hello") == APOLOGY


async def test_a_person_is_told_of_a_hand_over(shop: Shop) -> None:
    assert await shop.gets("I want a person") == "A colleague will get back to you on this number."
    (session,) = shop.waiting
    assert (session.caller, session.called) == (THEM, US)
    assert session.record.turns[0].text == "I want a person"
    assert shop.record()["outcome"] == "handed_over"


async def test_a_hand_over_that_fails_does_not_cost_the_answer(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    def hand_over(session: Session) -> None:
        raise OSError("nobody listens")

    shop.texting = Texting(shop.service, shop, hand_over, read_as_text)
    assert (await shop.gets("I want a person")).startswith("A colleague")
    assert "nobody was told of a hand-over" in caplog.text


@pytest.mark.parametrize("anyio_backend", [("trio", {"clock": MockClock(autojump_threshold=0.1)})])
async def test_after_hours_a_conversation_begins_anew(shop: Shop) -> None:
    await shop.gets("where is my order")
    await sleep(CONVERSATION_SECONDS + 1)
    assert await shop.gets("") == "What can I do for you?"


@pytest.mark.parametrize("anyio_backend", [("trio", {"clock": MockClock(autojump_threshold=0.1)})])
async def test_two_machines_do_not_talk_for_ever(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    replies = [await shop.gets("hello") for _ in range(MESSAGES + 5)]
    assert [reply != "" for reply in replies] == [True] * MESSAGES + [False] * 5
    assert "writes too much" in caplog.text
    await sleep(601)
    assert await shop.gets("hello") != ""


async def test_what_is_kept_in_memory_is_bounded(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("telephony.texting.CONVERSATIONS", 2)
    monkeypatch.setattr("telephony.texting.ANSWERED", 2)
    await shop.gets("where is my order", sid="MM1")
    await shop.gets("hello", sender="+2")
    await shop.gets("hello", sender="+3")
    assert await shop.gets("", sid="MM1") == "What can I do for you?"


async def test_a_record_that_cannot_be_written_does_not_cost_the_answer(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.service.archive.folder.write_text("a file in the way")
    caplog.set_level(logging.ERROR)
    assert await shop.gets("hello", "receipt") == f"{UNREADABLE} Hello. What can I do for you?"
    assert "make" in caplog.text
    assert "writable" in caplog.text


async def test_stop_is_not_answered(shop: Shop) -> None:
    message = Message("MM1", THEM, US, "stop", for_twilio=True)
    assert await shop.texting.answer(message) == ""


async def test_a_picture_of_something_private_is_read_and_not_kept(shop: Shop) -> None:
    private = Waiting("card", "digits", 16, private=True)
    agent = FakeAgent({"": ["Thank you."]}, waiting=private)
    parts = shop.service.loading.parts
    assert parts is not None
    shop.service.loading.parts = replace(parts, agent=lambda: agent)
    assert await shop.gets("", "receipt") == "Thank you."
    assert agent.turns == [Said("", written=True, pictures=(RECEIPT,))]
    assert files(shop.service.archive.folder / "pictures") == []
    assert shop.record()["phone"]["happenings"] == []


@pytest.mark.parametrize("anyio_backend", [("trio", {"clock": MockClock(autojump_threshold=0.1)})])
async def test_an_answer_that_takes_too_long_is_an_apology(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    agent = FakeAgent({"hello": ["Hello."]}, latency=2 * REPLY_SECONDS)
    parts = shop.service.loading.parts
    assert parts is not None
    shop.service.loading.parts = replace(parts, agent=lambda: agent)
    began = current_time()
    assert await shop.gets("hello") == APOLOGY
    assert current_time() - began == pytest.approx(REPLY_SECONDS)
    assert (agent.said, agent.heard) == ([""], [""])  # committed as never said
    assert "not answered within" in caplog.text


async def test_nobody_is_not_answered(shop: Shop) -> None:
    assert await shop.gets("hello", sender="") == ""
