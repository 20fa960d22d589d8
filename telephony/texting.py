"""Conversations of text messages: one for each pair of numbers, one message at a time.

Every message is answered in its webhook's own answer, for which Twilio waits 15 s; so everything
has a time limit, and a picture that takes longer is one that could not be opened.
"""

import logging
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from anyio import (
    CancelScope,
    CapacityLimiter,
    Lock,
    create_task_group,
    current_time,
    move_on_after,
    to_thread,
)

from dialogue.agent import Agent, Said, converse, not_yet
from dialogue.phrasing import render
from dialogue.state import Outcome
from telephony import PictureError
from telephony.messages import Media, Message, message_turns, without_cards
from telephony.pace import Pace
from telephony.parts import Parts
from telephony.pictures import PictureText, read_picture
from telephony.record import Record
from telephony.service import Service
from telephony.sessions import Session

log = logging.getLogger(__name__)

REPLY_SECONDS = 12.0  # of the 15 that Twilio waits
PICTURE_SECONDS = 5.0  # of these, until the last picture must be at hand; reading ends by itself
CONVERSATION_SECONDS = 4 * 3600.0  # a message after so long begins a new one
CONVERSATIONS = 1000  # at once; the one that rested longest makes room
ANSWERED = 1000  # messages whose answer is kept: Twilio may ask twice
PICTURES = 30  # of one conversation
MESSAGES = 30  # of one sender within …
PACE_SECONDS = 600.0  # … so long; more are not answered: two machines talk with each other


class Fetch(Protocol):
    """Gets what came with a message: `Downloads`."""

    async def fetch(self, url: str) -> bytes:
        """Return the file. Raises PictureError."""
        ...


@dataclass(slots=True)
class Conversation:
    """One person's messages; kept as the session of a call without sound."""

    session: Session
    began: float
    last: float
    lock: Lock = field(default_factory=Lock)
    pictures: int = 0

    @property
    def agent(self) -> Agent:
        """Who answers."""
        return self.session.agent


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a message's pictures."""

    texts: tuple[str, ...] = ()
    unreadable: bool = False  # one of them


class Texting:
    """Answers messages. `hand_over` tells a person that somebody waits for them."""

    def __init__(
        self,
        service: Service,
        downloads: Fetch,
        hand_over: Callable[[Session], object],
        read: Callable[[Path], PictureText] = read_picture,
    ) -> None:
        self._service = service
        self._downloads = downloads
        self._read = read
        self._hand_over = hand_over
        self._pace = Pace(MESSAGES, PACE_SECONDS)
        self._one_picture = CapacityLimiter(1)  # calls need the other cores
        self._conversations: OrderedDict[tuple[str, str], Conversation] = OrderedDict()
        self._answered: OrderedDict[str, str] = OrderedDict()

    async def answer(self, message: Message) -> str:
        """Return the reply; the same for a message that comes twice. No error leaves here."""
        if message.for_twilio or not message.sender:
            return ""
        if not self._pace.allows(message.sender, current_time()):
            return ""
        reply, parts = self._text(self._service.assistant.phrases.trouble), self._service.parts
        if parts is None:
            log.warning("a message came before the models were loaded; the sender is told so")
            return reply
        try:
            with move_on_after(REPLY_SECONDS) as limit:
                reply = await self._in_turn(message, parts)
            if limit.cancelled_caught:
                log.error("a message was not answered within %.0f s", REPLY_SECONDS)
        except Exception:
            log.exception("a message could not be answered; the sender gets an apology")
        return reply

    async def _in_turn(self, message: Message, parts: Parts) -> str:
        while True:
            conversation = self._conversation(message, parts)
            async with conversation.lock:
                if message.sid in self._answered:
                    return self._answered[message.sid]
                if conversation.agent.outcome is not None:  # it ended while we waited
                    continue
                reply = await self._reply(conversation, message, parts)
                self._keep_answer(message, reply)
                return reply

    async def _reply(self, conversation: Conversation, message: Message, parts: Parts) -> str:
        asked = current_time()
        seen = await self._see(conversation, message)
        said = Said(message.text, written=True, pictures=seen.texts)
        agent = conversation.agent
        exchange = not_yet(said, agent.waiting)
        reply = await converse(agent, said)
        exchange = agent.exchange or exchange
        if seen.unreadable:
            assistant = self._service.assistant.spoken_in(agent.language)
            reply = f"{self._text(assistant.written.picture_unreadable)} {reply}"
        record = conversation.session.record
        times = asked - conversation.began, current_time() - conversation.began
        record.turns += message_turns(message.text, reply, exchange, times)
        record.finish(times[1], agent.outcome)
        if agent.outcome == Outcome.HANDED_OVER:
            self._tell_person(conversation.session)
        await self._write(conversation.session, parts)
        return reply

    # pictures

    async def _see(self, conversation: Conversation, message: Message) -> Seen:
        """Fetch, store and read all pictures, side by side, within their time."""
        texts: dict[int, str] = {}

        async def look(index: int, media: Media) -> None:
            try:
                texts[index] = await self._look(conversation, media)
            except (PictureError, OSError) as error:
                log.warning("a picture is of no use: %s", error)
            except Exception:
                log.exception("a picture could not be read")

        with move_on_after(PICTURE_SECONDS):
            async with create_task_group() as tasks:
                for index, media in enumerate(message.media):
                    tasks.start_soon(look, index, media)
        found = tuple(texts[index] for index in sorted(texts))
        return Seen(found, unreadable=len(found) < len(message.media))

    async def _look(self, conversation: Conversation, media: Media) -> str:
        """Return a picture's text. Raises PictureError or OSError."""
        if not media.extension:
            raise PictureError("a file is no picture that can be read: send a JPEG or PNG")
        if conversation.pictures >= PICTURES:
            raise PictureError("these are too many pictures: write instead")
        conversation.pictures += 1
        session, private = conversation.session, conversation.agent.waiting.private
        name = f"{session.call_sid}-{conversation.pictures}.{media.extension}"
        path = self._service.archive.folder / "pictures" / name
        content, kept = await self._downloads.fetch(media.url), False
        try:
            await to_thread.run_sync(_store, path, content)
            read = await to_thread.run_sync(self._read, path, limiter=self._one_picture)
            kept = not private  # what is asked for then, nobody may find later
        finally:
            if not kept:
                with CancelScope(shield=True):
                    await to_thread.run_sync(path.unlink, True)
        if kept:
            session.note("picture", {"file": name, "text": without_cards(read.text)})
        return read.text

    # conversations

    def _conversation(self, message: Message, parts: Parts) -> Conversation:
        """Return the conversation that goes on, or a new one."""
        key, now = (message.sender, message.to), current_time()
        found = self._conversations.pop(key, None)
        over = found is None or found.agent.outcome is not None
        if found is None or over or now - found.last > CONVERSATION_SECONDS:
            found = Conversation(self._session(message, parts), began=now, last=now)
        found.last = now
        self._conversations[key] = found
        while len(self._conversations) > CONVERSATIONS:
            self._conversations.popitem(last=False)
        return found

    def _session(self, message: Message, parts: Parts) -> Session:
        return Session(
            call_sid=message.sid or uuid.uuid4().hex,
            caller=message.sender,
            called=message.to,
            language=self._service.assistant.language,
            agent=parts.agent(),
            record=Record(),
        )

    def _tell_person(self, session: Session) -> None:
        try:
            self._hand_over(session)
        except Exception:
            log.exception("nobody was told of a hand-over")

    async def _write(self, session: Session, parts: Parts) -> None:
        """Put the conversation on record as it stands; each message replaces it."""
        record = session.as_record(self._service.assistant.name, parts.models)
        archive = self._service.archive
        try:
            await archive.write(session.call_sid, replace(record, line="message").as_json())
        except OSError as error:
            log.error(
                "the record of a message is lost: %s: make %s writable", error, archive.folder
            )

    def _keep_answer(self, message: Message, reply: str) -> None:
        if message.sid:
            self._answered[message.sid] = reply
        while len(self._answered) > ANSWERED:
            self._answered.popitem(last=False)

    def _text(self, text: str) -> str:
        return " ".join(render(text, self._service.assistant.facts))


def _store(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
