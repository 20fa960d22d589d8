"""A developer's microphone and loudspeaker as a line.

There is no echo cancellation: what the loudspeaker says the microphone hears, so use headphones.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import cast

import anyio
import numpy as np
from anyio import Event, WouldBlock, fail_after, sleep
from anyio.lowlevel import current_token
from trio.lowlevel import TrioToken

from telephony import LineError
from telephony.soundcard import Lost, SoundCard
from voice.audio import FRAME_SECONDS, SAMPLE_RATE_HZ, Digit, Frame, Framer, Int16
from voice.resample import Resampler

log = logging.getLogger(__name__)

HEARD_BLOCKS = 500  # 10 s of 20 ms may wait while the ears transcribe; then the newest are dropped
PLAYBACK_SECONDS = 1.0  # of the assistant's voice ahead of the ear: hides synthesis
LOST_SECONDS = 2.0  # a device that calls back no more for this long is gone
NOTHING: Int16 = np.empty(0, np.int16)


@asynccontextmanager
async def open_microphone(card: SoundCard) -> AsyncGenerator["MicrophoneLine"]:
    """Lend the card's devices for a call.

    Raises LineError at the beginning when a device cannot be opened, and at the end when one was
    lost: the call itself ends as if the caller had hung up.
    """
    line = MicrophoneLine(card)
    try:
        line.start()
        yield line
    finally:
        line.close()
    if line.dropped_blocks:
        log.warning("%d blocks of the microphone were lost: too busy", line.dropped_blocks)
    if line.lost:
        raise LineError(line.lost)


class MicrophoneLine:
    """A `Line` over a sound card. Make it with `open_microphone`.

    The card calls back on a thread of its own. What it heard goes to the event loop, which owns
    everything here but the playback; that is behind a lock, as the card takes what it needs.
    """

    def __init__(self, card: SoundCard) -> None:
        self.delay = 0.0  # of the sound card: nobody tells
        self.lost = ""  # why the line broke
        self.dropped_blocks = 0  # of the microphone, because the ears were too slow
        self._soon = _loop_caller()
        self._send, self._received = anyio.create_memory_object_stream[Int16](HEARD_BLOCKS)
        self._playback = _Playback()
        self._pulled = Event()  # replaced at every pull of the loudspeaker
        self._microphone = card.microphone(self._take, self._device_lost("microphone"))
        try:
            self._loudspeaker = card.loudspeaker(self._give, self._device_lost("loudspeaker"))
        except BaseException:
            self._microphone.close()
            raise
        self._to_loudspeaker = Resampler(SAMPLE_RATE_HZ, self._loudspeaker.rate_hz)

    def start(self) -> None:
        """Begin to hear and to play."""
        self._microphone.start()
        self._loudspeaker.start()

    def hang_up(self) -> None:
        """End the caller's side."""
        self._send.close()

    def close(self) -> None:
        """Give the devices back."""
        self._microphone.close()
        self._loudspeaker.close()
        self.hang_up()
        self._received.close()

    @property
    def waiting_seconds(self) -> float:
        """Of the blocks that wait; see `Line`."""
        return self._received.statistics().current_buffer_used * FRAME_SECONDS

    async def frames(self) -> AsyncGenerator[Frame | Digit]:
        """Yield what the microphone hears until `hang_up`, or until a device is lost."""
        resampler, framer = Resampler(self._microphone.rate_hz, SAMPLE_RATE_HZ), Framer()
        while (block := await self._next_block()) is not None:
            for frame in framer.feed(resampler.feed(block)):
                yield frame

    async def play(self, frame: Frame) -> None:
        """Queue a frame for the loudspeaker; waits while a second is queued."""
        room = round(PLAYBACK_SECONDS * self._loudspeaker.rate_hz)
        await self._until(lambda: self._playback.queued < room)
        self._playback.add(self._to_loudspeaker.feed(frame.samples))

    async def drain(self) -> None:
        """Return when the last queued sample has left the loudspeaker."""
        self._playback.add(self._to_loudspeaker.finish())
        await self._until(lambda: not self._playback.queued)
        await sleep(self._loudspeaker.latency_seconds)

    async def clear(self) -> float:
        """Drop what is queued; return the seconds that were heard since the last time."""
        self._to_loudspeaker.clear()
        cut = self._playback.queued > 0
        taken = self._playback.clear() / self._loudspeaker.rate_hz
        return max(0.0, taken - self._loudspeaker.latency_seconds) if cut else taken

    async def _next_block(self) -> Int16 | None:
        try:
            with fail_after(LOST_SECONDS):
                return await self._received.receive()
        except anyio.EndOfStream:
            return None
        except TimeoutError:
            self._lose("microphone")
            return None

    async def _until(self, ready: Callable[[], bool]) -> None:
        """Wait, pull by pull of the loudspeaker, until `ready` or until the line is lost."""
        while not self.lost and not ready():
            try:
                with fail_after(LOST_SECONDS):
                    await self._pulled.wait()
            except TimeoutError:
                self._lose("loudspeaker")

    def _lose(self, device: str) -> None:
        self.lost = self.lost or f"the {device} is gone: connect it again, and call again"
        self._pulled.set()
        self.hang_up()

    def _hear(self, block: Int16) -> None:
        try:
            self._send.send_nowait(block)
        except WouldBlock:
            self.dropped_blocks += 1
        except anyio.ClosedResourceError:
            pass  # hung up while the block was on its way

    def _played(self) -> None:
        self._pulled.set()
        self._pulled = Event()

    # On the card's thread:

    def _take(self, block: Int16) -> None:
        self._soon(self._hear, block)

    def _give(self, samples: int) -> Int16:
        taken = self._playback.take(samples)
        self._soon(self._played)
        return taken

    def _device_lost(self, device: str) -> Lost:
        return lambda: self._soon(self._lose, device)


def _loop_caller() -> Callable[..., object]:
    """Return what calls a function on this event loop, soon and in order, from any thread.

    Unlike `anyio.from_thread.run_sync` it does not wait for the result: a sound card cannot.
    """
    loop = current_token().native_token
    if isinstance(loop, asyncio.AbstractEventLoop):
        return loop.call_soon_threadsafe
    return cast(TrioToken, loop).run_sync_soon


class _Playback:
    """Samples between the event loop, which adds, and the card's thread, which takes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # held for microseconds
        self._queue = NOTHING
        self._taken = 0

    @property
    def queued(self) -> int:
        return len(self._queue)

    def add(self, samples: Int16) -> None:
        with self._lock:
            self._queue = np.concatenate((self._queue, samples))

    def take(self, samples: int) -> Int16:
        """Return so many samples, silence where there are not enough."""
        with self._lock:
            taken, self._queue = self._queue[:samples], self._queue[samples:]
            self._taken += len(taken)
        return np.pad(taken, (0, samples - len(taken)))

    def clear(self) -> int:
        """Drop all; return how many samples were taken since the last time."""
        with self._lock:
            self._queue = NOTHING
            taken, self._taken = self._taken, 0
        return taken
