"""A caller on the phone: Twilio's Media Streams as a line.

Two tasks of the line's own do all I/O. The reader never waits for anybody: when one reads slowly,
Twilio discards what the caller says. The writer sends what `play` has queued; a reply that is
silenced cancels `play`, and never a message that is half sent.
"""

import logging
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum, auto
from math import inf

import anyio
from anyio import Event, create_task_group, current_time, fail_after, move_on_after
from anyio.lowlevel import checkpoint

from telephony import ProtocolError, media_stream
from telephony.echo_path import EchoPath
from telephony.jitter import Concealed, Jitter
from telephony.media_stream import (
    PACKET_BYTES,
    PACKET_SECONDS,
    Connected,
    Dtmf,
    MarkEcho,
    Start,
    Stop,
)
from telephony.packets import Decoder, Encoder, Packet
from telephony.playback import Playback
from telephony.wire import Wire
from voice.audio import (
    FRAME_SECONDS,
    Digit,
    Frame,
    SpokenFrame,
    frame_time,
)

log = logging.getLogger(__name__)

AHEAD_SECONDS = 0.6  # of sound at the far end: outlasts a stall here, and little is lost by a clear
DRAIN_MARGIN_SECONDS = 2.0  # a mark that is so late never comes
HEARD_FRAMES = 500  # 10 s may wait while the ears transcribe; then the newest are dropped
HANDSHAKE_SECONDS = 5.0
LOST_SECONDS = 10.0  # Twilio sends 50 messages a second; a far end silent for so long is gone
UNANSWERED_LIMIT = 3  # replies in a row; without marks nobody knows when a goodbye was heard
CODEC_SECONDS = 0.05  # a packet is whole before it is sent; each way resamples, a frame behind
SMEARED_FRAMES = 2  # the decoder's resampler spreads a packet over so many frames more
MALFORMED_LIMIT = 50  # in a row: not Twilio

Clean = Callable[[Frame, bytes | None, bool], Frame]
"""Takes the assistant's voice out of what was heard: the frame, what played at the ear then, None
while nothing did, and whether some of the frame is made up, for a packet that is missing."""


@dataclass(frozen=True, slots=True)
class LineCounts:
    """What was wrong with a line so far, in messages or packets of 20 ms."""

    late: int = 0  # came when their gap had been filled
    duplicate: int = 0
    strange: int = 0  # their sequence number was far off
    jumps: int = 0  # of the far end's clock
    concealed: int = 0  # made up
    dropped: int = 0  # because the ears were too slow
    malformed: int = 0


class _Command(Enum):
    MARK = auto()
    CLEAR = auto()


async def handshake(wire: Wire) -> Start:
    """Read how a stream begins.

    Raises ProtocolError when it begins differently, or not within HANDSHAKE_SECONDS.
    """
    try:
        with fail_after(HANDSHAKE_SECONDS):
            if not isinstance(media_stream.parse(await wire.receive()), Connected):
                raise ProtocolError("a media stream begins with the message connected")
            start = media_stream.parse(await wire.receive())
    except TimeoutError:
        raise ProtocolError(f"no start of a media stream in {HANDSHAKE_SECONDS:.0f} s") from None
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        raise ProtocolError("the far end was gone before its media stream began") from None
    if not isinstance(start, Start):
        raise ProtocolError("a media stream's second message is start")
    return start


@asynccontextmanager
async def open_twilio_line(
    wire: Wire, start: Start, clean: Clean | None = None
) -> AsyncGenerator["TwilioLine"]:
    """Lend the line of a stream that has begun; the wire stays open for whoever opened it.

    The line ends as if the caller had hung up when it is lost; then `lost` says why.
    """
    line = TwilioLine(wire, start, clean)
    failed: Exception | None = None
    async with create_task_group() as tasks:
        tasks.start_soon(line.read)
        tasks.start_soon(line.write)
        try:
            yield line
        except Exception as error:
            failed = error  # or the task group would wrap it
        finally:
            line.close()
            tasks.cancel_scope.cancel()
    if line.lost:
        log.warning("the line of the call %s was lost: %s", start.call_sid, line.lost)
    if line.counts != LineCounts():
        log.info("the line of the call %s: %s", start.call_sid, line.counts)
    if failed:
        raise failed


class TwilioLine:
    """A `Line` over a media stream. Make it with `open_twilio_line`."""

    def __init__(self, wire: Wire, start: Start, clean: Clean | None = None) -> None:
        self.lost = ""  # why the line broke
        self._wire = wire
        self._stream_sid = start.stream_sid
        self._clean = clean
        self._send, self._receive = anyio.create_memory_object_stream[Frame | Digit](HEARD_FRAMES)
        self._jitter = Jitter(start.sequence)
        self._decoder = Decoder()
        self._made_up = 0  # frames to come that hold concealed sound
        self._heard_frames = 0
        self._unanswered = 0  # drains in a row
        self._dropped = self._malformed = self._malformed_in_a_row = 0
        self._encoder = Encoder()
        self._playback = Playback()
        self._echo_path = EchoPath(self._playback)
        self._outbox: deque[Packet | _Command] = deque()
        self._unmarked = False  # something was queued since the last mark
        self._queued = Event()  # replaced when the writer has emptied the outbox
        self._changed = Event()  # replaced whenever more is known of what was played
        self._received_at = current_time()
        self._over: float | None = None  # when the caller stopped hearing us
        self._ended = Event()
        self._put(_Command.MARK)  # nothing is before it: its echo tells the round trip

    @property
    def counts(self) -> LineCounts:
        """What was wrong so far."""
        of_order = self._jitter.counts
        return LineCounts(
            late=of_order.late,
            duplicate=of_order.duplicate,
            strange=of_order.strange,
            jumps=of_order.jumps,
            concealed=round(of_order.concealed / PACKET_BYTES),
            dropped=self._dropped,
            malformed=self._malformed,
        )

    @property
    def waiting_seconds(self) -> float:
        """See `Line`."""
        return self._receive.statistics().current_buffer_used * FRAME_SECONDS

    @property
    def delay(self) -> float:
        """The network's round trip, and what packets and codecs take: see `Line`."""
        return self._playback.round_trip + CODEC_SECONDS

    async def frames(self) -> AsyncGenerator[Frame | Digit]:
        """Yield the caller's side until they hang up, or until the line is lost."""
        async for heard in self._receive:
            yield heard

    async def play(self, frame: Frame) -> None:
        """Queue a frame; waits while the far end has AHEAD_SECONDS to play."""
        await checkpoint()
        while not self._gone and (full := self._ahead() + FRAME_SECONDS - AHEAD_SECONDS) > 0:
            with move_on_after(max(full, FRAME_SECONDS / 4)):
                await self._ended.wait()
        if isinstance(frame, SpokenFrame) and frame.at == 0:
            self._mark()
        self._put(*self._encoder.feed(frame))

    async def drain(self) -> None:
        """Return when the far end has told that it played all, or should have told long ago."""
        self._put(*self._encoder.finish())
        self._mark()
        limit = self._ahead() + self._playback.round_trip + DRAIN_MARGIN_SECONDS
        with move_on_after(limit) as patience:
            while not (self._gone or self._certain):
                await self._changed.wait()
        if not patience.cancelled_caught:
            self._unanswered = 0
            return
        log.warning("no word after %.1f s that the caller heard all", limit)
        self._unanswered += 1
        if self._unanswered >= UNANSWERED_LIMIT:
            self.lost = f"the far end has not told {UNANSWERED_LIMIT} times what the caller heard"
            self._end()

    async def clear(self) -> float:
        """Drop what is queued here and at the far end; return the seconds heard since last time."""
        self._encoder.clear()
        self._outbox.clear()
        self._unmarked = False
        certain = self._playback.certain
        heard = self._playback.clear(self._now())
        if not certain:
            self._put(_Command.CLEAR)
        self._tell()
        await checkpoint()
        return heard

    async def read(self) -> None:
        """Take what the far end sends until it ends; a task of `open_twilio_line`."""
        try:
            with fail_after(LOST_SECONDS) as patience:
                while self._malformed_in_a_row <= MALFORMED_LIMIT:
                    message = await self._wire.receive()
                    self._received_at = current_time()
                    patience.deadline = self._received_at + LOST_SECONDS
                    if not self._take(message):
                        return
            self.lost = f"{MALFORMED_LIMIT} messages in a row were none of Twilio's"
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # hung up without a stop
        except TimeoutError:
            self.lost = f"the far end has sent nothing for {LOST_SECONDS:.0f} s"
        finally:
            self._end()

    async def write(self) -> None:
        """Send what is queued; a task of `open_twilio_line`."""
        try:
            with fail_after(None) as patience:
                while not self._gone:
                    while self._outbox:
                        patience.deadline = current_time() + LOST_SECONDS
                        await self._wire.send(self._message(self._outbox.popleft()))
                    patience.deadline = inf
                    self._queued = Event()
                    await self._queued.wait()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass  # hung up
        except TimeoutError:
            self.lost = f"the far end has taken nothing for {LOST_SECONDS:.0f} s"
        finally:
            self._end()

    def close(self) -> None:
        """Let go of what nobody will hear."""
        self._end()
        self._receive.close()

    def _take(self, message: str | bytes) -> bool:
        """Say whether the stream goes on after this message."""
        try:
            event = media_stream.parse(message)
            if isinstance(event, Connected | Start) or event.stream_sid != self._stream_sid:
                raise ProtocolError(f"{type(event).__name__} of another stream")
        except ProtocolError as error:
            log.debug("a malformed message: %s", error)
            self._malformed += 1
            self._malformed_in_a_row += 1
            return True
        self._malformed_in_a_row = 0
        match event:
            case Stop():
                return False
            case MarkEcho(name=name):
                self._playback.echo(name, self._received_at)
                self._tell()
        self._hear(self._jitter.feed(event))
        return True

    def _hear(self, heard: list[bytes | Dtmf]) -> None:
        for each in heard:
            if isinstance(each, Dtmf):
                self._pass_on(Digit(each.key, frame_time(self._heard_frames)))
                continue
            if isinstance(each, Concealed):
                self._made_up = len(each) // PACKET_BYTES + SMEARED_FRAMES
            for frame in self._decoder.feed(each):
                self._pass_on(self._cleaned(Frame(frame.pcm, frame_time(self._heard_frames))))
                self._made_up = max(0, self._made_up - 1)

    def _cleaned(self, frame: Frame) -> Frame:
        if self._clean is None:
            return frame
        try:
            playing = self._echo_path.playing(self._received_at)
            return self._clean(frame, playing, self._made_up > 0)
        except Exception:
            log.exception("the echo guard failed; the call goes on without it")
            self._clean = None
            return frame

    def _pass_on(self, heard: Frame | Digit) -> None:
        try:
            self._send.send_nowait(heard)
            self._heard_frames += isinstance(heard, Frame)
        except anyio.WouldBlock:
            self._dropped += 1
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            pass  # nobody listens any more

    def _message(self, item: Packet | _Command) -> str:
        """Account for what is sent now; return its message."""
        match item:
            case Packet(payload, pcm):
                self._playback.send(current_time())
                self._echo_path.send(pcm)
                return media_stream.media(self._stream_sid, payload)
            case _Command.MARK:
                name = self._playback.mark(current_time())
                return media_stream.mark(self._stream_sid, name)
            case _Command.CLEAR:
                return media_stream.clear(self._stream_sid)

    def _mark(self) -> None:
        if self._unmarked:
            self._put(_Command.MARK)
            self._unmarked = False

    def _put(self, *items: Packet | _Command) -> None:
        if items and not self._gone:
            self._unmarked = self._unmarked or isinstance(items[-1], Packet)
            self._outbox.extend(items)
            self._queued.set()

    def _ahead(self) -> float:
        """Return the seconds of sound between here and the ear."""
        return len(self._outbox) * PACKET_SECONDS + self._playback.buffered(current_time())

    @property
    def _certain(self) -> bool:
        return not self._outbox and self._playback.certain

    @property
    def _gone(self) -> bool:
        return self._over is not None

    def _now(self) -> float:
        """Return the time, which has stopped where the caller stopped hearing us."""
        return current_time() if self._over is None else self._over

    def _tell(self) -> None:
        self._changed.set()
        self._changed = Event()

    def _end(self) -> None:
        if not self._gone:
            self._over = self._received_at - self._playback.round_trip
            self._hear(self._jitter.finish())
            self._send.close()
            self._outbox.clear()
            self._ended.set()
            self._queued.set()
            self._tell()
