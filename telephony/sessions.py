"""The phone calls in progress: one session a call, however many streams it has."""

import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from anyio import Event, current_time, move_on_after

from dialogue.agent import Agent, CallerTurn, Opening
from telephony import Refused
from telephony.archive import HAPPENINGS, Archive, is_call_sid
from telephony.record import CallRecord, PhoneRecord, Record

log = logging.getLogger(__name__)

TOKEN_SECONDS = 30.0  # Twilio opens the stream within a second of reading the TwiML
END_SECONDS = 5.0  # a stream that is hung up gets this long to write down what was heard
STREAM_SECONDS = 60.0  # a call without a stream for so long never came, or is over
AFTER_SECONDS = 15.0  # after a stream Twilio asks what comes next, unless the caller hung up
PERSON_SECONDS = 4 * 3600.0  # a call with a person ends by its status callback, or after this
REMEMBERED = 10_000  # CallSids of calls that are over, besides those on record
FIELD_CHARACTERS = 1000


@dataclass(slots=True)
class Session:
    """One phone call, from its first webhook to its end.

    `opening` is what the next stream begins with, `message` is for an answering machine, `streams`
    counts the media streams so far. `hang_up` ends the stream under way. With `with_person` the
    call goes on without us: it neither counts as ours, nor does a drain wait for it.
    """

    call_sid: str
    caller: str
    called: str
    language: str
    agent: Agent
    record: Record
    outbound: bool = False
    opening: CallerTurn = field(default_factory=Opening)
    message: str = ""
    streams: int = 0
    hang_up: Callable[[], None] | None = None
    waiting: Callable[[], float] = float  # seconds of the caller's voice not heard yet
    with_person: bool = False
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    happenings: list[Mapping[str, str]] = field(default_factory=list)
    dropped_happenings: int = 0
    expires: float = 0.0  # when it is over, if nothing happens; kept by `Sessions`
    silent: Event | None = None  # set when the stream under way has ended; likewise

    @property
    def streaming(self) -> bool:
        """Whether a media stream is open."""
        return self.hang_up is not None

    def note(self, what: str, details: Mapping[str, str] | None = None) -> None:
        """Put into the record what was told about the call: `details` of texts."""
        if len(self.happenings) < HAPPENINGS:
            self.happenings.append(happening(what, details))
        else:
            self.dropped_happenings += 1

    def as_record(self, assistant: str, models: Mapping[str, str]) -> CallRecord:
        """Return the call's public record as it stands."""
        return CallRecord(
            call=self.call_sid,
            assistant=assistant,
            line="twilio",
            seconds=self.record.seconds,
            outcome=self.record.outcome,
            turns=tuple(self.record.turns),
            models=models,
            foresight=self.record.foresight,
            phone=PhoneRecord(
                self.caller,
                self.called,
                self.outbound,
                self.began.isoformat(timespec="seconds"),
                self.streams,
                tuple(self.happenings),
            ),
        )


def happening(what: str, details: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return one entry of a phone call's record."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    said = {name: text[:FIELD_CHARACTERS] for name, text in (details or {}).items()}
    return {"at": now, "what": what, **said}


@dataclass(frozen=True, slots=True)
class _Ticket:
    call_sid: str
    expires: float


class Sessions:
    """All calls in progress. `on_closed` sees each when it is over and on record."""

    def __init__(
        self,
        archive: Archive,
        describe: Callable[[Session], CallRecord],
        on_closed: Callable[[Session], None] = lambda session: None,
    ) -> None:
        self._archive = archive
        self._describe = describe
        self._on_closed = on_closed
        self._open: dict[str, Session] = {}
        self._over: deque[str] = deque(maxlen=REMEMBERED)
        self._tickets: dict[str, _Ticket] = {}
        self._fewer: Event | None = None  # set when a call ends, or a person takes it over

    def __iter__(self) -> Iterator[Session]:
        """Go through the calls in progress."""
        return iter([*self._open.values()])

    def __len__(self) -> int:
        """Count the calls in progress."""
        return len(self._open)

    @property
    def ours(self) -> int:
        """How many calls the assistant talks with, or is about to."""
        return sum(not session.with_person for session in self._open.values())

    async def none_is_ours(self) -> None:
        """Return when the assistant talks with nobody."""
        while self.ours:
            self._fewer = self._fewer or Event()
            await self._fewer.wait()

    def of(self, call_sid: str) -> Session | None:
        """Return the session of this call, if it is in progress."""
        return self._open.get(call_sid)

    def waiting(self) -> list[float]:
        """Return how many seconds of voice wait to be heard, call by call."""
        return [session.waiting() for session in self if session.streaming]

    def by(self, caller: str) -> int:
        """Count this caller's calls in progress."""
        return sum(session.caller == caller for session in self._open.values())

    async def is_over(self, call_sid: str) -> bool:
        """Say whether this call has been here and is over."""
        return call_sid in self._over or await self._archive.has(call_sid)

    def open(self, session: Session) -> Session:
        """Take up a call. Raises Refused when it is in progress, or over: a webhook came twice."""
        if not is_call_sid(session.call_sid):
            raise Refused("it has no CallSid")
        if session.call_sid in self._open or session.call_sid in self._over:
            raise Refused("this call has been answered already")
        self._open[session.call_sid] = session
        session.expires = current_time() + STREAM_SECONDS
        return session

    def token(self, session: Session) -> str:
        """Return what the call's next stream must show: valid once, for this call, for 30 s."""
        self._void(session)
        token = secrets.token_urlsafe(32)
        self._tickets[token] = _Ticket(session.call_sid, current_time() + TOKEN_SECONDS)
        session.expires = max(session.expires, current_time() + STREAM_SECONDS)
        return token

    def redeem(self, token: str, call_sid: str) -> Session:
        """Return the session that a stream with this token belongs to.

        Raises Refused: unknown, used, too late, of another call, or that call has a stream.
        """
        ticket = self._tickets.pop(token, None)
        if ticket is None or ticket.call_sid != call_sid or ticket.expires <= current_time():
            raise Refused("its stream has no valid token")
        session = self._open.get(call_sid)
        if session is None or session.streaming:
            raise Refused("its call is over, or has a stream")
        return session

    def stream_began(self, session: Session, hang_up: Callable[[], None]) -> None:
        """Note that a stream of the call is open, and how to end it."""
        session.streams += 1
        session.hang_up, session.silent = hang_up, Event()
        session.with_person = False
        session.expires = float("inf")

    def stream_ended(self, session: Session) -> None:
        """Note that it is closed: what follows is Twilio's next webhook, or nothing."""
        session.hang_up = None
        if session.silent is not None:
            session.silent.set()
        self.keep(session, AFTER_SECONDS)

    async def stream_over(self, session: Session) -> bool:
        """Wait a little for the end of the stream under way; False when it goes on."""
        if session.streaming and session.silent is not None:
            with move_on_after(END_SECONDS):
                await session.silent.wait()
        return not session.streaming

    def keep(self, session: Session, seconds: float) -> None:
        """Expect the call's next stream or webhook within so many seconds."""
        session.expires = current_time() + seconds

    def left_to_person(self, session: Session) -> None:
        """Note that a person has the call from now on."""
        session.with_person = True
        self.keep(session, PERSON_SECONDS)
        self._tell()

    async def close(self, session: Session) -> None:
        """End the session, and its stream; write its record. Again does nothing.

        No error leaves here. Not to be called by the stream itself, for which it waits.
        """
        if self._open.pop(session.call_sid, None) is None:
            return
        self._over.append(session.call_sid)
        self._void(session)
        if session.hang_up is not None:
            session.hang_up()
            await self.stream_over(session)
        self._tell()
        try:
            await self._write(self._describe(session))
            self._on_closed(session)
        except Exception:
            log.exception("the end of the call %s could not be told", session.call_sid)

    async def turn_away(self, record: CallRecord) -> None:
        """Put a call on record that was never taken up, so that it is over."""
        self._over.append(record.call)
        await self._write(record)

    async def close_expired(self) -> None:
        """End the sessions of which nothing was heard for too long."""
        for session in self:
            if session.expires <= current_time():
                await self.close(session)

    async def _write(self, record: CallRecord) -> None:
        try:
            await self._archive.write(record.call, record.as_json())
        except OSError as error:
            log.error(
                "a call's record is lost: %s: let it write to %s", error, self._archive.folder
            )

    def _void(self, session: Session) -> None:
        """Forget the call's token, and those that have expired."""
        self._tickets = {
            token: ticket
            for token, ticket in self._tickets.items()
            if ticket.call_sid != session.call_sid and ticket.expires > current_time()
        }

    def _tell(self) -> None:
        if self._fewer is not None:
            self._fewer.set()
            self._fewer = None
