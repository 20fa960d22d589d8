"""What all routes of the server share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from dialogue.assistant import Assistant
from telephony import SettingsError
from telephony.admission import Gate
from telephony.archive import Archive
from telephony.deliveries import Deliveries
from telephony.links import Links
from telephony.parts import Parts
from telephony.record import Record
from telephony.ringing import Transfers
from telephony.security import LOOPBACK, Guard, stream_url
from telephony.sessions import Sessions
from telephony.settings import Settings
from telephony.twilio_api import TwilioApi


@dataclass(slots=True)
class Loading:
    """The parts of the chain, which are loaded while the server already answers."""

    parts: Parts | None = None
    failure: str = ""  # why they never will be there


@dataclass(frozen=True, slots=True)
class Service:
    """One server: what it was set to, what it knows, and the calls in progress.

    `origin` is how Twilio reaches it, like https://calls.example.com; `now` is the business's time.
    """

    settings: Settings
    origin: str
    assistant: Assistant
    loading: Loading
    sessions: Sessions
    archive: Archive
    gate: Gate
    guard: Guard
    api: TwilioApi | None  # None without credentials
    now: Callable[[], datetime]
    links: Links
    transfers: Transfers
    deliveries: Deliveries

    @property
    def parts(self) -> Parts | None:
        """What calls are made of, once it is loaded."""
        return self.loading.parts

    @property
    def is_open(self) -> bool:
        """Whether persons are there: the business's hours."""
        hours = self.assistant.hours
        return hours.is_open(hours.local(self.now()))

    @property
    def media_url(self) -> str:
        """Where the media streams go."""
        return stream_url(self.origin)

    def url(self, path: str) -> str:
        """Return the public URL of a path like /twilio/after."""
        return self.origin + path

    def record(self) -> Record:
        """Return a new call's record; the gate learns from it how long replies take."""
        return Record(self.gate.note_turn)


def public_origin(public_url: str, address: tuple[str, int]) -> str:
    """Return how Twilio reaches us, without a slash at the end; by default, where we listen.

    Raises SettingsError: Twilio could not use it.
    """
    if not public_url:
        host, port = address
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    remedy = "set OFFHOOK_PUBLIC_URL like https://calls.example.com"
    try:
        url = urlsplit(public_url)
        host, _ = url.hostname or "", url.port
    except ValueError as error:
        raise SettingsError(f"{public_url}: {error}: {remedy}") from error
    if not host or url.query or url.fragment or url.username or url.scheme not in {"http", "https"}:
        raise SettingsError(f"{public_url}: is not the address of a server: {remedy}")
    if url.scheme == "http" and host not in LOOPBACK:
        raise SettingsError(f"{public_url}: Twilio needs https: {remedy}")
    return public_url.rstrip("/")
