"""The telephone exchange: who can be called, who is on the phone, which conferences there are."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Literal

from anyio.abc import TaskGroup

from telephony.far_end.caller import NOTHING, Act, Caller
from telephony.far_end.hearing import Hearing
from telephony.far_end.network import Impairments
from telephony.far_end.phone import Phone
from telephony.far_end.protocol import PACKET_SECONDS
from telephony.far_end.rooms import Room
from telephony.far_end.script import Speak
from telephony.far_end.sound import Microphone
from telephony.far_end.web import Answer, Site, Web

if TYPE_CHECKING:
    from telephony.far_end.calls import LiveCall

API_VERSION = "2010-04-01"
RING_SECONDS = 2.0
_QUIET_PERSON_SECONDS = 600.0


def new_sid(kind: str) -> str:
    """Return an identifier as Twilio makes them: two letters and 32 digits."""
    return kind + uuid.uuid4().hex


def quiet_person(hearing: Hearing) -> Iterator[Act]:
    """Listen and say nothing."""
    return repeat(NOTHING, round(_QUIET_PERSON_SECONDS / PACKET_SECONDS))


@dataclass(frozen=True, slots=True)
class Who:
    """A call's sid and its two numbers."""

    sid: str
    caller: str
    called: str
    direction: str = "inbound"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the next document comes from: a public URL that gets this form, or here it is."""

    url: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Callee:
    """Somebody who can be called, and what they do on the phone."""

    answers: Literal["human", "machine", "nobody", "busy"] = "human"
    after: float = RING_SECONDS  # seconds of ringing
    caller: Caller = quiet_person


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the emulated calls are like."""

    impairments: Impairments = field(default_factory=Impairments)
    echo_db: float | None = None  # of the played sound in the caller's microphone
    noise_db: float | None = None  # of the speech above the noise around the caller
    drop_after: float | None = None  # seconds of a stream until the line is lost
    max_seconds: float = 600.0  # callers hang up then


@dataclass(slots=True)
class Exchange:
    """What all emulated calls share."""

    site: Site
    web: Web
    tasks: TaskGroup
    account_sid: str
    people: Mapping[str, Callee] = field(default_factory=dict)  # by number, or `queue:NAME`
    speak: Speak | None = None  # None: what Twilio says is silence of the same length
    conditions: Conditions = field(default_factory=Conditions)
    tell: Callable[[str], object] = lambda line: None
    on_outbound: "Callable[[LiveCall], object]" = lambda call: None  # a placed call is over
    calls: "dict[str, LiveCall]" = field(default_factory=dict)
    rooms: dict[str, Room] = field(default_factory=dict)

    def callee(self, name: str) -> Callee:
        """Return who answers there; strangers answer, and are quiet."""
        return self.people.get(name, Callee())

    def phone(self, caller: Caller, speech_db: float | None = None, seed: int = 0) -> Phone:
        """Return a caller's phone under this exchange's conditions; others' are in quiet rooms."""
        conditions = self.conditions
        level = {} if speech_db is None else {"speech_db": speech_db}
        microphone = Microphone(conditions.echo_db, conditions.noise_db, seed=seed, **level)
        return Phone(caller, microphone, conditions.max_seconds)

    def room(self, name: str) -> Room:
        """Return the conference of this name that goes on, or a new one."""
        room = self.rooms.get(name)
        if room is None or room.ended.is_set():
            room = self.rooms[name] = Room(name, new_sid("CF"))
        return room

    async def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Post a signed webhook to a public URL. Raises Unreachable."""
        return await self.web.post(self.site.reach(url), form, self.site.signed(url, form))
