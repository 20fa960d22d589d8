"""Pictures are fetched from Twilio, with its redirect, and from nowhere else."""

from collections.abc import AsyncGenerator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import httpx2
import pytest
from pydantic import SecretStr

from telephony import PictureError
from telephony.picture_download import MAX_BYTES, Downloads, downloads
from telephony.settings import Settings

pytestmark = pytest.mark.anyio

MEDIA = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1"
STORE = "https://mms.twiliocdn.com/AC1/picture"
AUTH = httpx2.BasicAuth("AC1", "secret")

Handler = Callable[[httpx2.Request], httpx2.Response]


def twilio(handler: Handler, api: str = "") -> Downloads:
    def open_client() -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=httpx2.MockTransport(handler))

    return Downloads(open_client, AUTH, httpx2.URL(api) if api else None)


def moved(to: str) -> httpx2.Response:
    return httpx2.Response(307, headers={"location": to})


async def test_the_redirect_is_followed_and_the_secret_stays_with_twilio() -> None:
    asked: list[tuple[str, bool]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((str(request.url), "authorization" in request.headers))
        return moved(STORE) if str(request.url) == MEDIA else httpx2.Response(200, content=b"PNG")

    assert await twilio(answer).fetch(MEDIA) == b"PNG"
    assert asked == [(MEDIA, True), (STORE, False)]


@pytest.mark.parametrize(
    "url",
    [
        "http://api.twilio.com/x",
        "https://api.twilio.com:8443/x",
        "https://api.twilio.com.evil.example/x",
        "https://eviltwilio.com/x",
        "https://169.254.169.254/latest/meta-data",
        "http://localhost:8000/",
        "https://user:pass@api.twilio.com/x",
        "file:///etc/passwd",
        "https://",
        "https://[",
        "",
        "api.twilio.com/x",
        "https://api.twilio.com\\@evil.example/",
    ],
)
@pytest.mark.parametrize("redirected", [False, True])
async def test_nothing_is_fetched_from_elsewhere(url: str, redirected: bool) -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.host)
        return moved(url) if redirected else httpx2.Response(200, content=b"secret")

    with pytest.raises(PictureError):
        await twilio(answer).fetch(MEDIA if redirected else url)
    assert set(asked) <= ({"api.twilio.com"} if redirected else set())


async def test_it_is_not_sent_in_circles() -> None:
    with pytest.raises(PictureError, match="moved too often"):
        await twilio(lambda request: moved(MEDIA)).fetch(MEDIA)


async def test_more_than_the_limit_is_not_read() -> None:
    read = 0

    async def endless() -> AsyncGenerator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield bytes(1_000_000)

    with pytest.raises(PictureError, match="more than 5000000 bytes"):
        await twilio(lambda request: httpx2.Response(200, content=endless())).fetch(MEDIA)
    assert read == MAX_BYTES // 1_000_000 + 1


@pytest.mark.parametrize("status", [204, 401, 404, 500])
async def test_other_answers_are_no_pictures(status: int) -> None:
    with pytest.raises(PictureError, match=f"HTTP {status}"):
        await twilio(lambda request: httpx2.Response(status)).fetch(MEDIA)


async def test_a_broken_connection_is_an_error_of_one_line() -> None:
    def broken(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("no route")

    with pytest.raises(PictureError, match="had: ConnectError: no route: try"):
        await twilio(broken).fetch(MEDIA)


async def test_another_api_is_trusted_in_twilios_place() -> None:
    api = "http://127.0.0.1:9000"
    asked: list[bool] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append("authorization" in request.headers)
        return httpx2.Response(200, content=b"PNG")

    assert await twilio(answer, api).fetch(f"{api}/media/1") == b"PNG"
    await twilio(answer, api).fetch(MEDIA)
    assert asked == [True, False]
    with pytest.raises(PictureError, match="none of Twilio's"):
        await twilio(answer, api).fetch("http://127.0.0.1:9001/media/1")


@pytest.fixture
def far_end() -> Iterator[str]:
    class Media(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.headers["Authorization"] else 401)
            self.end_headers()
            self.wfile.write(b"PNG")

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Media)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("anyio_backend", ["trio", "asyncio"])
async def test_over_a_real_connection(far_end: str) -> None:
    settings = Settings(
        twilio_account_sid="AC1", twilio_auth_token=SecretStr("secret"), twilio_api=far_end
    )
    assert await downloads(settings).fetch(f"{far_end}/media/1") == b"PNG"
