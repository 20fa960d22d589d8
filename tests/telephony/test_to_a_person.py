"""Callers on their way to a person and back: our server, and an emulated Twilio around it.

No sockets and no threads are between them, so that all of it runs on a virtual clock.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import anyio
import httpx2
import pytest
from pydantic import SecretStr
from trio.testing import MockClock

from dialogue.agent import NobodyCame, Opening, Said, Silence, Waiting
from dialogue.identity import HandOff
from telephony import TwilioError
from telephony.archive import Archive
from telephony.emulator import Plan, place_call
from telephony.far_end.caller import Cue, scripted
from telephony.far_end.calls import LiveCall
from telephony.far_end.cloud import Cloud, cloud_app
from telephony.far_end.exchange import API_VERSION, Callee, Exchange
from telephony.far_end.web import Answer, Site
from telephony.outbound import Errand, outgoing
from telephony.parts import Parts
from telephony.server import make_app, make_service
from telephony.service import Service
from telephony.settings import Settings
from telephony.streams import hold, identify, recorded
from telephony.twilio_api import NewCall, Recording
from telephony.wire import Wire, memory_wires
from tests.fakes import FakeAgent, FakeAsr, FakeTts, FakeVad
from tests.telephony.far_end.server import speech
from tests.telephony.phone_server import OPEN, ORIGIN, TOKEN
from voice.codec import decode_ulaw

pytestmark = pytest.mark.anyio

PERSON = "+13125550199"
CALLER = "+15550001111"
MESSAGE = "Your kettle is ready."


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


@dataclass
class Receptionist(FakeAgent):
    """Hands over at 0, says goodbye at 1."""

    waiting: Waiting = field(default_factory=lambda: Waiting("choice", "digits", 1))

    async def commit(self, said: str, heard: str) -> None:
        await super().commit(said, heard)
        if said == heard == "One moment.":
            self.outcome = "handed_over"


class MemoryArchive(Archive):
    """Keeps records without a disk, so without a thread."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.records: dict[str, Any] = {}

    async def has(self, call_sid: str) -> bool:
        return call_sid in self.records

    async def write(self, call_sid: str, record: Mapping[str, Any]) -> None:
        self.records[call_sid] = record

    async def add(self, call_sid: str, happening: Mapping[str, str]) -> bool:
        return call_sid in self.records


class Network:
    """How the emulated Twilio reaches our server: a `Web` within this process."""

    def __init__(self, service: Service, client: httpx2.AsyncClient) -> None:
        self._service = service
        self._client = client

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        answer = await self._client.post(url, data=dict(form), headers=dict(headers))
        return Answer(answer.status_code, answer.text)

    @asynccontextmanager
    async def open(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Wire]:
        ours, theirs = memory_wires()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._serve, theirs)
            yield ours
            await ours.close()

    async def _serve(self, wire: Wire) -> None:
        with anyio.CancelScope(shield=True):
            session, start = await identify(self._service, wire)
            async with recorded(self._service, session) as tell:
                await hold(self._service, session, wire, start, tell)
                await wire.close()


class CloudApi:
    """The stand-in for Twilio's REST API, asked without a socket: a `TwilioApi`."""

    client: httpx2.AsyncClient

    async def place(self, call: NewCall) -> str:
        names = {"from_": "From", "url": "Url"}
        form = {
            names.get(name, "".join(word.title() for word in name.split("_"))): value
            for name, value in call.as_parameters().items()
        }
        return str((await self._post("/Calls.json", form))["sid"])

    async def redirect(self, call_sid: str, url: str) -> None:
        await self._post(f"/Calls/{call_sid}.json", {"Url": url})

    async def hang_up(self, call_sid: str) -> None:
        await self._post(f"/Calls/{call_sid}.json", {"Status": "completed"})

    async def start_recording(self, call_sid: str) -> str:
        return str((await self._post(f"/Calls/{call_sid}/Recordings.json", {}))["sid"])

    async def change_recording(self, call_sid: str, recording: str, to: Recording) -> None:
        await self._post(f"/Calls/{call_sid}/Recordings/{recording}.json", {"Status": to})

    async def _post(self, path: str, form: Mapping[str, Any]) -> Any:
        answer = await self.client.post(path, data=dict(form))
        if not answer.is_success:
            raise TwilioError(answer.text)
        return answer.json()


@dataclass
class Town:
    """All of it: the exchange, our server, and what both remember."""

    exchange: Exchange
    service: Service
    api: CloudApi
    agent: Receptionist
    archive: MemoryArchive

    async def call(self, *cues: Cue) -> LiveCall:
        """Have somebody call us who does this; returns the call when it is over."""
        result = await place_call(self.exchange, Plan(scripted(cues), number=CALLER))
        await anyio.sleep(30)  # what else goes on
        assert result.violations == ()
        return self.exchange.calls[result.call_sid]

    @property
    def persons_call(self) -> LiveCall:
        (call,) = (one for one in self.exchange.calls.values() if one.who.called == PERSON)
        return call


@asynccontextmanager
async def town(
    monkeypatch: pytest.MonkeyPatch, handoff: HandOff, person: Callee, **settings: Any
) -> AsyncIterator[Town]:
    monkeypatch.setattr("telephony.server.Archive", MemoryArchive)
    agent, api = Receptionist({"0": ["One moment."], "1": ["Goodbye."]}), CloudApi()
    chosen = Settings(
        calls=Path("/nowhere"),
        public_url=ORIGIN,
        twilio_auth_token=SecretStr(TOKEN),
        twilio_number="+13125550100",
        **settings,
    )
    made = make_service(chosen, ("127.0.0.1", 0), now=lambda: OPEN)
    made.loading.parts = Parts(FakeVad, FakeAsr(), FakeTts(), lambda: agent, "Maplewood", {})
    service = replace(made, api=api, assistant=replace(made.assistant, handoff=handoff))
    assert isinstance(service.archive, MemoryArchive)
    async with (
        anyio.create_task_group() as tasks,
        httpx2.AsyncClient(transport=httpx2.ASGITransport(make_app(service))) as server,
    ):
        site = Site("http://127.0.0.1:8000", ORIGIN, TOKEN)
        people = {PERSON: person, "queue:support": person}
        exchange = Exchange(site, Network(service, server), tasks, "AC1", people)
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(cloud_app(Cloud(exchange, TOKEN))),
            base_url=f"http://api.twilio.com/{API_VERSION}/Accounts/AC1",
            auth=("AC1", TOKEN),
        ) as api.client:
            yield Town(exchange, service, api, agent, service.archive)
        tasks.cancel_scope.cancel()


def verbs(call: LiveCall) -> list[str]:
    return [step.verb for step in call.steps]


ASKS = Cue(keys="0", wait_seconds=3)  # for a person
LISTENS = Cue(wait_seconds=120, hangs_up=True)
LEAVES = Cue(keys="1", wait_seconds=26)  # the assistant, by then
TALKS = scripted([Cue(wait_seconds=20, hangs_up=True)])

COLD = HandOff(number=PERSON, answer_seconds=20)
QUEUE = HandOff(kind="queue", queue="support")
WARM = HandOff(kind="warm", number=PERSON, answer_seconds=20)


def came_back(town: Town) -> None:
    """Say that the assistant told the caller so, and went on with the conversation."""
    turns = [turn for turn in town.agent.turns if turn != Silence()]
    assert turns == [
        Opening(caller=CALLER),
        Said("0", keys=True),
        NobodyCame(),
        Said("1", keys=True),
    ]
    (record,) = town.archive.records.values()
    heard = [turn["heard"] for turn in record["turns"] if turn["speaker"] == "assistant"]
    assert heard[:3] == ["Good morning.", "One moment.", "Nobody is free."]
    assert heard[-1] == "Goodbye."
    assert record["outcome"] == "resolved"
    assert record["phone"]["streams"] == 2


@pytest.mark.parametrize("handoff", [COLD, QUEUE], ids=["cold", "queue"])
async def test_somebody_takes_the_call(monkeypatch: pytest.MonkeyPatch, handoff: HandOff) -> None:
    async with town(monkeypatch, handoff, Callee(caller=TALKS)) as world:
        call = await world.call(ASKS, LISTENS)
        assert verbs(call)[-2:] == ["Dial", "Hangup"]
        assert len(world.service.sessions) == 0
        (record,) = world.archive.records.values()
        assert record["outcome"] == "handed_over"


@pytest.mark.parametrize("handoff", [COLD, QUEUE, WARM], ids=["cold", "queue", "warm"])
async def test_the_person_is_busy(monkeypatch: pytest.MonkeyPatch, handoff: HandOff) -> None:
    async with town(monkeypatch, handoff, Callee("busy")) as world:
        await world.call(ASKS, LEAVES)
        came_back(world)


@pytest.mark.parametrize("handoff", [COLD, WARM], ids=["cold", "warm"])
async def test_nobody_takes_the_call(monkeypatch: pytest.MonkeyPatch, handoff: HandOff) -> None:
    async with town(monkeypatch, handoff, Callee("nobody")) as world:
        await world.call(ASKS, LEAVES)
        came_back(world)


async def test_a_machine_takes_the_warm_call(monkeypatch: pytest.MonkeyPatch) -> None:
    async with town(monkeypatch, WARM, Callee("machine")) as world:
        await world.call(ASKS, LEAVES)
        came_back(world)


async def test_the_person_hears_the_summary_and_then_the_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with town(monkeypatch, WARM, Callee(caller=TALKS)) as world:
        call = await world.call(ASKS, LISTENS)
        person = world.persons_call
        assert verbs(person)[2:] == ["Say", "Redirect", "Conference", "Conference"]
        whisper = next(step.what for step in person.steps if step.verb == "Say")
        assert whisper.startswith("A caller of Maplewood wants to speak to a person.")
        assert verbs(call)[-3:] == ["Conference", "Conference", "Hangup"]
        assert len(world.service.sessions) == 0
        assert world.service.transfers.of(call.who.sid) is None


async def test_the_person_hangs_up_at_the_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty = Callee(caller=scripted([Cue(wait_seconds=4, hangs_up=True)]))
    async with town(monkeypatch, WARM, hasty) as world:
        await world.call(ASKS, LEAVES)
        came_back(world)


async def test_the_caller_hangs_up_while_it_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    async with town(monkeypatch, WARM, Callee("nobody")) as world:
        await world.call(ASKS, Cue(wait_seconds=8, hangs_up=True))
        assert len(world.service.sessions) == 0
        assert world.persons_call.status in {"canceled", "completed", "no-answer"}
        (record,) = world.archive.records.values()
        assert record["outcome"] == "handed_over"


async def test_the_recording_ends_with_the_assistants_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with town(monkeypatch, COLD, Callee(caller=TALKS), record_calls=True) as world:
        call = await world.call(ASKS, LISTENS)
        states = [step.what for step in call.steps if step.verb == "Recording"]
        assert states == ["in-progress", "stopped"]


async def dialled(world: Town) -> LiveCall:
    wanted = outgoing(PERSON, "+13125550100", ORIGIN, Errand(MESSAGE), ring_seconds=20)
    sid = await world.api.place(wanted)
    await anyio.sleep(90)
    call = world.exchange.calls[sid]
    assert call.violations == []
    return call


async def test_we_call_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    who = Callee(caller=scripted([Cue(keys="1", wait_seconds=6)]))
    async with town(monkeypatch, COLD, who) as world:
        await dialled(world)
        assert world.agent.turns == [Opening(MESSAGE), Said("1", keys=True)]
        (record,) = world.archive.records.values()
        assert record["turns"][0]["heard"] == MESSAGE
        assert record["outcome"] == "resolved"
        told = [each.get("CallStatus") for each in record["phone"]["happenings"]]
        assert told[:3] == ["initiated", "ringing", "in-progress"]


async def test_we_call_a_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    greeting = Cue(voice=decode_ulaw(speech(5.0)), wait_seconds=0.5)
    who = Callee("machine", caller=scripted([greeting, LISTENS]))
    async with town(monkeypatch, COLD, who) as world:
        call = await dialled(world)
        assert verbs(call)[-1] == "Hangup"
        (record,) = world.archive.records.values()
        assert record["turns"][-1]["heard"] == MESSAGE
        assert record["outcome"] == "left_message"


@pytest.mark.parametrize(("answers", "status"), [("busy", "busy"), ("nobody", "no-answer")])
async def test_we_call_and_nobody_answers(
    monkeypatch: pytest.MonkeyPatch, answers: Literal["busy", "nobody"], status: str
) -> None:
    async with town(monkeypatch, COLD, Callee(answers)) as world:
        await dialled(world)
        (record,) = world.archive.records.values()
        assert record["outcome"] == status
