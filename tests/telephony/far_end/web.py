"""A voice application in memory: TwiML by path, and a `TinyServer` behind every stream."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from anyio import CancelScope, create_task_group
from twilio.request_validator import RequestValidator

from telephony.far_end.exchange import Callee, Conditions, Exchange
from telephony.far_end.web import SIGNATURE, Answer, Refused, Site
from telephony.wire import Wire, memory_wires
from tests.telephony.far_end.server import TinyServer

TOKEN = "secret"  # noqa: S105 - of no account
SITE = Site("http://127.0.0.1:8000", "https://calls.example.com", TOKEN)
STREAM = (
    '<Connect><Stream url="wss://calls.example.com/media">'
    '<Parameter name="token" value="t"/></Stream></Connect>'
)


@dataclass
class Posted:
    """A webhook that was posted: its path and its form."""

    path: str
    form: Mapping[str, str]


@dataclass
class MemoryWeb:
    """Answers webhooks from a table, and refuses what is not signed as Twilio signs."""

    documents: Mapping[str, str]
    server: Callable[[Wire], TinyServer] = TinyServer
    posted: list[Posted] = field(default_factory=list)
    servers: list[TinyServer] = field(default_factory=list)

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        path = url.removeprefix(SITE.local)
        signature = headers.get(SIGNATURE, "")
        if not RequestValidator(TOKEN).validate(SITE.public + path, dict(form), signature):
            return Answer(403, "")
        self.posted.append(Posted(path, form))
        document = self.documents.get(path)
        return (
            Answer(200, f"<Response>{document}</Response>")
            if document is not None
            else Answer(404, "")
        )

    @asynccontextmanager
    async def open(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Wire]:
        public = url.replace("ws://127.0.0.1:8000", "wss://calls.example.com")
        if not RequestValidator(TOKEN).validate(public, {}, headers.get(SIGNATURE, "")):
            raise Refused(403)
        ours, theirs = memory_wires()
        self.servers.append(self.server(theirs))
        failure: Exception | None = None
        async with create_task_group() as tasks:
            tasks.start_soon(_by_itself, self.servers[-1])
            try:
                yield ours
            except Exception as error:  # as it is, not in a group
                failure = error
            finally:
                with CancelScope(shield=True):
                    await ours.close()
        if failure is not None:
            raise failure

    def forms(self, path: str) -> list[Mapping[str, str]]:
        return [each.form for each in self.posted if each.path == path]


async def _by_itself(server: TinyServer) -> None:
    """Run a server that does not end when the caller's side is cancelled."""
    with CancelScope(shield=True):
        await server.run()


@asynccontextmanager
async def exchange(
    web: MemoryWeb,
    people: Mapping[str, Callee] | None = None,
    conditions: Conditions | None = None,
    site: Site = SITE,
) -> AsyncIterator[Exchange]:
    async with create_task_group() as tasks:
        yield Exchange(site, web, tasks, "AC1", people or {}, conditions=conditions or Conditions())
        tasks.cancel_scope.cancel()
