"""The server that Twilio talks to: composed here, run until it is told to stop.

::

    POST /twilio/voice ──TwiML──► WS /twilio/media ──► run_call ──► POST /twilio/after ──TwiML──►
         admission, token           signature, token                  hand-off or goodbye
"""

import logging
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime

import uvicorn
from anyio import create_task_group, move_on_after, sleep, to_thread
from fastapi import FastAPI, Request, Response

from dialogue.assistant import default_assistant, load_assistant
from telephony import Refused, SettingsError
from telephony.admission import Gate, Limits
from telephony.archive import Archive
from telephony.deliveries import Deliveries, Webhook
from telephony.links import make_links
from telephony.media_stream import MESSAGE_CHARACTERS
from telephony.parts import Parts
from telephony.record import CallRecord
from telephony.ringing import Transfers
from telephony.security import LOOPBACK, Guard
from telephony.service import Loading, Service, public_origin
from telephony.sessions import Session, Sessions
from telephony.settings import Settings
from telephony.twilio_api import open_twilio
from telephony.webhooks.handoff import handoff_routes
from telephony.webhooks.message import message_routes
from telephony.webhooks.outbound import outbound_routes
from telephony.webhooks.voice import voice_routes

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0  # how often calls of which nothing is heard any more are looked for
GOODBYE_SECONDS = 3.0  # for the records of the calls that a second signal cuts
CONNECTIONS = 1000  # open at once; more are answered with 503
BACKLOG = 256


def listen(settings: Settings, insecure_local: bool) -> socket.socket:
    """Take the address. Raises SettingsError: it is taken, or must not be taken like this."""
    host, port = settings.host, settings.port
    if insecure_local and host not in LOOPBACK:
        raise SettingsError(
            f"--insecure-local lets anybody in, so it listens on 127.0.0.1 alone, not on {host}:"
            " leave it out, or OFFHOOK_HOST"
        )
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise SettingsError(
            f"{host}:{port}: {reason}: choose another with OFFHOOK_HOST and OFFHOOK_PORT"
        ) from error


def make_service(
    settings: Settings,
    address: tuple[str, int],
    insecure_local: bool = False,
    on_closed: Callable[[Session], None] = lambda session: None,
    now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
) -> Service:
    """Compose what all routes share, as yet without the parts of the chain.

    Raises AssistantError or SettingsError.
    """
    assistant = load_assistant(settings.assistant or default_assistant())
    origin = public_origin(settings.public_url, address)
    archive, loading = Archive(settings.calls), Loading()

    def describe(session: Session) -> CallRecord:
        return session.as_record(assistant.name, loading.parts.models if loading.parts else {})

    sessions = Sessions(archive, describe, on_closed)
    limits = Limits(settings.calls_at_once, settings.calls_per_caller, settings.headroom)
    sid, token = settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value()
    return Service(
        settings=settings,
        origin=origin,
        assistant=assistant,
        loading=loading,
        sessions=sessions,
        archive=archive,
        gate=Gate(limits, calls=lambda: sessions.ours, waiting=sessions.waiting),
        guard=Guard(origin, token, insecure_local),
        api=open_twilio(settings, origin + "/twilio/status") if token and sid else None,
        now=now,
        links=make_links(origin, token),
        transfers=Transfers(lambda call_sid: sessions.of(call_sid) is not None),
        deliveries=Deliveries(Webhook(settings.handoff_webhook, token)),
    )


def make_app(service: Service) -> FastAPI:
    """Return the server's routes; nothing else is exposed."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.service = service
    for routes in (voice_routes, handoff_routes, outbound_routes, message_routes):
        app.include_router(routes(service))

    @app.exception_handler(Refused)
    async def refuse(_: Request, __: Exception) -> Response:
        return Response(status_code=403)

    @app.get("/healthz")
    async def alive() -> Response:
        return Response(status_code=204)

    @app.get("/readyz")
    async def ready() -> Response:
        takes_calls = service.parts is not None and not service.gate.draining
        return Response(status_code=204 if takes_calls else 503)

    return app


class Server:
    """Runs a service on a socket until `stop`; the parts are loaded meanwhile."""

    def __init__(self, service: Service, listening: socket.socket) -> None:
        self._service = service
        self._socket = listening
        self._http = _Uvicorn(
            uvicorn.Config(
                make_app(service),
                http="h11",
                ws="websockets-sansio",
                ws_max_size=MESSAGE_CHARACTERS * 4,  # bytes in UTF-8
                ws_per_message_deflate=False,
                lifespan="off",
                proxy_headers=False,
                server_header=False,
                access_log=False,
                log_config=None,
                limit_concurrency=CONNECTIONS,
                timeout_graceful_shutdown=round(GOODBYE_SECONDS),
            )
        )

    async def run(self, load: Callable[[], Parts], on_loaded: Callable[[str], None]) -> None:
        """Serve; `on_loaded` hears "" when calls can be answered, or why they never will be.

        `load` runs in a worker thread.
        """
        async with create_task_group() as tasks:
            tasks.start_soon(self._load, load, on_loaded)
            tasks.start_soon(self._sweep)
            tasks.start_soon(self._service.deliveries.run)
            await self._http.serve([self._socket])
            tasks.cancel_scope.cancel()

    @property
    def draining(self) -> bool:
        """Whether calls are declined because the server is about to stop."""
        return self._service.gate.draining

    async def drain(self) -> None:
        """Take no more calls; stop when those in progress have ended."""
        self._service.gate.draining = True
        await self._service.sessions.none_is_ours()
        await self._close_calls()  # what persons have taken over
        self._http.should_exit = True

    async def stop(self) -> None:
        """Stop now: hang up, and write down what there is."""
        self._service.gate.draining = True
        await self._close_calls()
        self._http.should_exit = self._http.force_exit = True

    async def _close_calls(self) -> None:
        with move_on_after(GOODBYE_SECONDS):
            async with create_task_group() as tasks:
                for session in self._service.sessions:
                    tasks.start_soon(self._service.sessions.close, session)

    async def _load(self, load: Callable[[], Parts], on_loaded: Callable[[str], None]) -> None:
        loading = self._service.loading
        try:
            loading.parts = await to_thread.run_sync(load, abandon_on_cancel=True)
        except Exception as error:
            log.debug("loading failed", exc_info=error)
            loading.failure = str(error) or type(error).__name__
        on_loaded(loading.failure)
        await self._service.gate.measure()  # not before: what loading takes, calls do not

    async def _sweep(self) -> None:
        while True:
            await sleep(SWEEP_SECONDS)
            await self._service.sessions.close_expired()


class _Uvicorn(uvicorn.Server):
    """Leaves the signals to us: a call is not to be cut by the first."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield
