"""Twilio's REST API, as far as calls need it: place, redirect, hang up, record."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import urlsplit

import requests
from anyio import CapacityLimiter, fail_after, to_thread
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from telephony import SettingsError, TwilioError
from telephony.settings import Settings

ANSWER_SECONDS = 5.0  # one request; Twilio takes 0.2 to 1
MACHINES = ("machine", "fax")  # how AnsweredBy begins, when `NewCall.detect` found one
REQUESTS_AT_ONCE = 16  # worker threads; Twilio itself allows about a hundred

T = TypeVar("T")
Recording = Literal["in-progress", "paused", "stopped"]


@dataclass(frozen=True, slots=True)
class NewCall:
    """A call to place. `url` gets its TwiML when somebody, or something, has answered.

    `detect` is what Twilio finds out first: nothing, whether a machine answers (it asks `url` only
    then), or, beside the call, when a machine's greeting is over (it tells `detected_url`).
    """

    to: str
    from_: str
    url: str
    status_url: str
    ring_seconds: int = 30
    detect: Literal["", "machine", "message_end"] = ""
    detected_url: str = ""

    def as_parameters(self) -> dict[str, Any]:
        """Return the parameters of Twilio's Calls resource, as its SDK names them."""
        found: dict[str, Any] = {
            "to": self.to,
            "from_": self.from_,
            "url": self.url,
            "method": "POST",
            "timeout": self.ring_seconds,
            "status_callback": self.status_url,
            "status_callback_method": "POST",
            "status_callback_event": ["initiated", "ringing", "answered", "completed"],
        }
        match self.detect:
            case "machine":
                found |= {"machine_detection": "Enable"}
            case "message_end":
                found |= {
                    "machine_detection": "DetectMessageEnd",
                    "async_amd": "true",
                    "async_amd_status_callback": self.detected_url,
                    "async_amd_status_callback_method": "POST",
                }
        return found


class Calls(Protocol):
    """Twilio's calls. Each method raises TwilioError."""

    async def place(self, call: NewCall) -> str:
        """Place a call; returns its CallSid."""
        ...

    async def redirect(self, call_sid: str, url: str) -> None:
        """Have a call in progress go on with the TwiML of this URL."""
        ...

    async def hang_up(self, call_sid: str) -> None:
        """End a call, or stop its ringing."""
        ...


class Recordings(Protocol):
    """Twilio's recordings of calls in progress. Each method raises TwilioError."""

    async def start_recording(self, call_sid: str) -> str:
        """Begin to record a call; returns the recording's SID."""
        ...

    async def change_recording(self, call_sid: str, recording: str, to: Recording) -> None:
        """Pause, resume or stop a recording."""
        ...


class TwilioApi(Calls, Recordings, Protocol):
    """Both."""


class TwilioRest:
    """Twilio itself, in its region, or what stands in for it at another host."""

    def __init__(self, client: Client, status_url: str = "") -> None:
        self._client = client
        self._status_url = status_url
        self._threads = CapacityLimiter(REQUESTS_AT_ONCE)

    async def place(self, call: NewCall) -> str:
        """See `Calls`."""
        made = await self._ask(partial(self._client.calls.create, **call.as_parameters()))
        return str(made.sid)

    async def redirect(self, call_sid: str, url: str) -> None:
        """See `Calls`."""
        await self._ask(partial(self._client.calls(call_sid).update, url=url, method="POST"))

    async def hang_up(self, call_sid: str) -> None:
        """See `Calls`."""
        await self._ask(partial(self._client.calls(call_sid).update, status="completed"))

    async def status(self, call_sid: str) -> str:
        """Return how far a call is, in Twilio's words: ringing, in-progress, completed, busy."""
        found = await self._ask(self._client.calls(call_sid).fetch)
        return str(found.status)

    async def account(self) -> str:
        """Return the account's name: the credentials are good."""
        account = self._client.api.accounts(self._client.account_sid)
        return str((await self._ask(account.fetch)).friendly_name)

    async def start_recording(self, call_sid: str) -> str:
        """See `Recordings`."""
        chosen: dict[str, Any] = {"recording_channels": "dual"}
        if self._status_url:
            chosen |= {"recording_status_callback": self._status_url}
        made = await self._ask(partial(self._client.calls(call_sid).recordings.create, **chosen))
        return str(made.sid)

    async def change_recording(self, call_sid: str, recording: str, to: Recording) -> None:
        """See `Recordings`."""
        chosen = {"pause_behavior": "silence"} if to == "paused" else {}
        found = self._client.calls(call_sid).recordings(recording)
        await self._ask(partial(found.update, status=to, **chosen))

    async def _ask(self, request: Callable[[], T]) -> T:
        try:
            with fail_after(ANSWER_SECONDS):
                return await to_thread.run_sync(
                    request, abandon_on_cancel=True, limiter=self._threads
                )
        except TwilioRestException as error:
            raise TwilioError(_explained(error)) from error
        except (requests.RequestException, TwilioException, TimeoutError) as error:
            reason = str(error) or f"no answer within {ANSWER_SECONDS:.0f} s"
            raise TwilioError(
                f"Twilio's REST API cannot be reached: {reason}: check the network, and"
                " OFFHOOK_TWILIO_REGION and _EDGE"
            ) from error


def open_twilio(settings: Settings, status_url: str = "") -> TwilioRest:
    """Return Twilio's API with the account of the settings; nothing is sent yet.

    Twilio tells `status_url` about recordings. Raises SettingsError: something is missing.
    """
    sid, token = settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value()
    if not sid or not token:
        raise SettingsError(
            "Twilio's REST API needs an account: set OFFHOOK_TWILIO_ACCOUNT_SID and"
            " OFFHOOK_TWILIO_AUTH_TOKEN"
        )
    if bool(settings.twilio_region) != bool(settings.twilio_edge):
        raise SettingsError(
            "a Twilio region needs its edge, and an edge its region: set both"
            " OFFHOOK_TWILIO_REGION and OFFHOOK_TWILIO_EDGE, like ie1 and dublin"
        )
    http = _Elsewhere(settings.twilio_api) if settings.twilio_api else _Http(timeout=ANSWER_SECONDS)
    client = Client(
        sid,
        token,
        region=settings.twilio_region or None,
        edge=settings.twilio_edge or None,
        http_client=http,
    )
    return TwilioRest(client, status_url)


class _Http(TwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    """The SDK's own client, but one that does not log the account's requests."""

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """Log nothing: the SDK logs every parameter."""

    def log_response(self, status_code: int, response: Any) -> None:
        """Likewise."""


class _Elsewhere(_Http):
    """Sends what is meant for Twilio to another host."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=ANSWER_SECONDS)
        self._base = urlsplit(base if "//" in base else f"http://{base}")

    def request(self, method: str, url: str, *args: Any, **options: Any) -> Response:
        """Send it there."""
        there = urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc)
        return super().request(method, there.geturl(), *args, **options)


def _explained(error: TwilioRestException) -> str:
    if error.status == 401:
        remedy = "check OFFHOOK_TWILIO_ACCOUNT_SID and OFFHOOK_TWILIO_AUTH_TOKEN"
    elif error.code:
        remedy = f"see https://www.twilio.com/docs/errors/{error.code}"
    else:
        remedy = "try again"
    return f"Twilio refused ({error.status}): {' '.join(str(error.msg).split())}: {remedy}"
