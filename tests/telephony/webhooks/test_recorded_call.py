"""Calls that Twilio records, and the assistant's own record, when something private is said."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest

from dialogue.agent import Waiting
from tests.fakes import FakeAgent
from tests.telephony.phone_server import parts, running, sid
from tests.telephony.rest import twilio_on_loopback

pytestmark = pytest.mark.anyio

CALL = sid(1)
CARD = Waiting("card", "digits", 4, private=True)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # uvicorn's


@dataclass
class Cashier(FakeAgent):
    """Asks for a card's last digits, and says goodbye when it has them."""

    waiting: Waiting = CARD
    greeting: tuple[str, ...] = ("Your card please.",)

    async def commit(self, said: str, heard: str) -> None:
        await super().commit(said, heard)
        if len(self.turns) > 1:
            self.waiting = Waiting()


async def record_a_call(folder: Path, address: str) -> None:
    account: dict[str, Any] = {
        "twilio_account_sid": "AC1",
        "twilio_api": address,
        "record_calls": True,
    }
    agent = Cashier({"4242": ["Thank you.", "Goodbye."]})
    async with running(folder, parts(lambda: agent), **account) as twilio:
        given = await twilio.ring(CALL)
        async with twilio.stream(CALL, given) as stream:
            await stream.greeting()
            for key in "4242":
                await stream.press(key)
            await stream.listen()
        await anyio.sleep(0.2)  # the recording ends beside the call
        await twilio.service.sessions.close(next(iter(twilio.service.sessions)))


async def test_the_recording_pauses_for_the_card(tmp_path: Path) -> None:
    with twilio_on_loopback() as (address, asked):
        await record_a_call(tmp_path, address)
    calls = "/2010-04-01/Accounts/AC1/Calls/" + CALL
    assert asked[0].path == f"{calls}/Recordings.json"
    assert [request.form.get("Status") for request in asked[1:]][:1] == [["paused"]]
    assert asked[-1].form["Status"] == ["stopped"]


@pytest.mark.parametrize("status", [400, 500])
async def test_an_api_that_fails_harms_no_call(tmp_path: Path, status: int) -> None:
    with twilio_on_loopback(status) as (address, _):
        await record_a_call(tmp_path, address)
    written = json.loads((tmp_path / f"{CALL}.json").read_text(encoding="utf-8"))
    assert [turn["heard"] for turn in written["turns"]][-1] == "Thank you. Goodbye."
    assert "not recorded" in [each["what"] for each in written["phone"]["happenings"]]
