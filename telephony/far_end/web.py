"""Twilio's requests to a server: signed webhooks, and the signed handshake of a media stream.

A server has a public origin, which signatures and TwiML name, and is really reached at another
address, on this machine.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urljoin, urlsplit, urlunsplit

import anyio
import httpx2
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from telephony.far_end import Unreachable
from telephony.wire import Wire

WEBHOOK_SECONDS = 15.0  # Twilio gives a webhook so long
HANDSHAKE_SECONDS = 10.0
SIGNATURE = "X-Twilio-Signature"
_ABNORMAL = 1006  # the close code of a connection that was lost


class Refused(Exception):
    """The server answered the handshake of a stream with this HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with HTTP {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook answered."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Site:
    """Where the server under test is. Both without a slash at the end.

    `public` is the origin that it believes to have, `local` where it is reached.
    """

    local: str
    public: str
    auth_token: str = ""  # nothing is signed without it

    def url(self, reference: str, base: str = "") -> str:
        """Return the public URL of what a document at `base` refers to."""
        return urljoin(base or self.public + "/", reference)

    def reach(self, url: str) -> str:
        """Return where a public URL is really reached; those of other servers as they are."""
        wanted, public, local = urlsplit(url), urlsplit(self.public), urlsplit(self.local)
        if wanted.netloc != public.netloc:
            return url
        socket = wanted.scheme in {"ws", "wss"}
        scheme = {"http": "ws", "https": "wss"}[local.scheme] if socket else local.scheme
        return urlunsplit(wanted._replace(scheme=scheme, netloc=local.netloc))

    def signed(self, url: str, form: Mapping[str, str]) -> dict[str, str]:
        """Return the headers that prove a request to be Twilio's."""
        if not self.auth_token:
            return {}
        signature = RequestValidator(self.auth_token).compute_signature(url, dict(form))
        return {SIGNATURE: str(signature)}


class Web(Protocol):
    """How Twilio reaches the server."""

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Post a form. Raises Unreachable."""
        ...

    def open(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Wire]:
        """Open a media stream's socket. Raises Refused or Unreachable."""
        ...


class RealWeb:
    """HTTP through httpx2 and sockets through websockets; needs asyncio for the latter."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Post a form."""
        try:
            response = await self._client.post(
                url, data=dict(form), headers=dict(headers), timeout=WEBHOOK_SECONDS
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise Unreachable(f"{url}: {_reason(error)}; is the server running?") from error
        return Answer(response.status_code, response.text)

    @asynccontextmanager
    async def open(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Wire]:
        """Open a socket."""
        try:
            connection = await connect(
                url,
                additional_headers=dict(headers),
                open_timeout=HANDSHAKE_SECONDS,
                compression=None,
                proxy=None,
                max_size=1 << 20,
            )
        except InvalidStatus as error:
            raise Refused(error.response.status_code) from error
        except (InvalidHandshake, OSError, TimeoutError, ValueError) as error:
            raise Unreachable(f"{url}: {_reason(error)}") from error
        wire = SocketWire(connection)
        try:
            yield wire
        finally:
            with anyio.CancelScope(shield=True):
                await wire.close()


@asynccontextmanager
async def real_web() -> AsyncIterator[RealWeb]:
    """Open the way to servers on the network."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        yield RealWeb(client)


class SocketWire:
    """A `Wire` over a websockets connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        """Send a text message."""
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise anyio.BrokenResourceError from error

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message, which Twilio never does."""
        try:
            await self._connection.send(data)
        except ConnectionClosed as error:
            raise anyio.BrokenResourceError from error

    async def receive(self) -> str | bytes:
        """Return the next message."""
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise anyio.EndOfStream from error

    async def close(self, code: int = 1000) -> None:
        """Close; with code 1006 the connection is torn off, as a network does it."""
        if code == _ABNORMAL:
            self._connection.transport.abort()
        else:
            await self._connection.close(code)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
