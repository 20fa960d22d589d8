"""Fetch what came with a message: from Twilio alone, whatever the webhook says, and not too much.

The first answer is a redirect to Twilio's store of media, which must not see our credentials.
"""

from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from http import HTTPStatus

import httpx2

from telephony import PictureError
from telephony.settings import Settings

MAX_BYTES = 5_000_000  # of one picture; Twilio's own limit for a message
MAX_REDIRECTS = 3
STALL_SECONDS = 5.0  # without a byte
TWILIO = ("twilio.com", "twiliocdn.com")  # and what is below them
AUTHENTICATED = "twilio.com"
PLAIN: Mapping[str, str] = {"accept-encoding": "identity"}  # the size is that of the picture


@dataclass(frozen=True, slots=True)
class Downloads:
    """`api` is another REST host than Twilio's, trusted in its place and with our credentials.

    `open_client` makes a client for each picture, so that nothing is left open between messages.
    """

    open_client: Callable[[], httpx2.AsyncClient]
    auth: httpx2.BasicAuth
    api: httpx2.URL | None = None

    async def fetch(self, url: str) -> bytes:
        """Return the picture.

        Raises PictureError: it is not Twilio's to give, too large, or cannot be had now.
        """
        try:
            async with self.open_client() as client:
                return await self._follow(client, httpx2.URL(url))
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, ValueError) as error:
            name = type(error).__name__
            raise PictureError(f"a picture cannot be had: {name}: {error}: try again") from error

    async def _follow(self, client: httpx2.AsyncClient, url: httpx2.URL) -> bytes:
        for _ in range(MAX_REDIRECTS + 1):
            self._check(url)
            auth = self.auth if self._is_api(url) else None
            async with client.stream("GET", url, auth=auth, headers=PLAIN) as response:
                if not response.has_redirect_location:
                    return await _content(response)
                url = url.join(response.headers["location"])
        raise PictureError("a picture was moved too often: try again")

    def _check(self, url: httpx2.URL) -> None:
        if url.userinfo:
            raise PictureError("a picture's address holds a name and password: send it by Twilio")
        if self.api is not None and self._is_api(url):
            return
        if url.scheme != "https" or url.port is not None or not _is_below(url.host, *TWILIO):
            raise PictureError(f"a picture from {url.host} is none of Twilio's: send it by Twilio")

    def _is_api(self, url: httpx2.URL) -> bool:
        if self.api is None:
            return _is_below(url.host, AUTHENTICATED)
        return _origin(url) == _origin(self.api)


def downloads(settings: Settings) -> Downloads:
    """Return what fetches pictures with the credentials of the settings."""
    token = settings.twilio_auth_token.get_secret_value()
    trust = httpx2.create_ssl_context()  # slow to make
    return Downloads(
        lambda: httpx2.AsyncClient(verify=trust, timeout=STALL_SECONDS, follow_redirects=False),
        httpx2.BasicAuth(settings.twilio_account_sid, token),
        httpx2.URL(settings.twilio_api) if settings.twilio_api else None,
    )


async def _content(response: httpx2.Response) -> bytes:
    if response.status_code != HTTPStatus.OK:
        raise PictureError(f"a picture cannot be had: HTTP {response.status_code}: try again")
    content = bytearray()
    async with aclosing(response.aiter_bytes()) as pieces:
        async for piece in pieces:
            content += piece
            if len(content) > MAX_BYTES:
                raise PictureError(f"a picture has more than {MAX_BYTES} bytes: send a smaller one")
    return bytes(content)


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _is_below(host: str, *domains: str) -> bool:
    return any(host == domain or host.endswith("." + domain) for domain in domains)
