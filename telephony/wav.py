"""A recorded caller on the line: replay is a simulation in steps of one frame.

Every step first waits until the whole program waits: nobody can compute, speak or decide any more
without time passing. Then 20 ms pass. So a replay's decisions do not depend on how fast the machine
is, the same recording gives the same call twice, and it runs as fast as the CPU can. With
`realtime` the wall clock sets the pace instead, and computing costs the caller's time.

What counts as computing is a task that can run, or a worker thread of anyio's. Who waits for a
socket or a timer seems idle: then time passes, and the replay depends on how long the answer takes.
"""

from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from itertools import count

from anyio import Event, current_time, sleep, sleep_until, to_thread, wait_all_tasks_blocked

from voice.audio import FRAME_SECONDS, SILENCE, Digit, Frame, frame_time

BUFFER_FRAMES = 50  # a second of the assistant's voice ahead of the ear: hides synthesis, costs RAM
PAUSE_FRAMES = 10  # a recording that was silent this long is in a pause: 0.2 s
HANG_UP_SECONDS = 4.0  # the caller stays this long after the recording's end or the last reply
COMPUTING_POLL_SECONDS = 0.001

Tape = Callable[[bytes, bytes], None]
"""Gets every 20 ms of the call: the caller's sound and the assistant's, as in `Frame.pcm`."""


def no_tape(caller: bytes, assistant: bytes) -> None:
    """Keep nothing of the sound."""


@dataclass(frozen=True, slots=True)
class WavOptions:
    """How a recorded caller behaves."""

    takes_turns: bool = True  # hold the recording in its pauses while the assistant speaks
    realtime: bool = False  # pace by the wall clock


class WavLine:
    """A `Line` whose caller is a recording. Needs trio, unless it runs in real time."""

    def __init__(
        self,
        recording: Iterator[Frame],
        is_speech: Callable[[Frame], bool],
        options: WavOptions | None = None,
        tape: Tape = no_tape,
    ) -> None:
        self.delay = 0.0
        self._recording = recording
        self._is_speech = is_speech
        self._options = options or WavOptions()
        self._tape = tape
        self._due: float | None = None  # in real time: when the frame that is heard was due
        self._playback: deque[bytes] = deque()
        self._played = Event()  # replaced at every step; set when the step has passed
        self._heard_frames = 0
        self._quiet_frames = PAUSE_FRAMES  # of the recording, in a row

    @property
    def waiting_seconds(self) -> float:
        """How late the frame that is heard comes, in real time; else 0. See `Line`."""
        return 0.0 if self._due is None else max(0.0, current_time() - self._due)

    async def frames(self) -> AsyncGenerator[Frame | Digit]:
        """Yield the caller's side; they hang up when the recording is over and was answered."""
        began = current_time()
        over = 0  # frames since both sides fell silent for good
        for index in count():
            if self._options.realtime:
                self._due = began + frame_time(index)
                await sleep_until(self._due)
            else:
                await _everybody_waits()
            speaking = bool(self._playback)
            assistant = self._step()
            caller = SILENCE if speaking and self._holds() else self._next()
            over = 0 if speaking or caller is not None else over + 1
            if over * FRAME_SECONDS >= HANG_UP_SECONDS:
                return
            self._tape(caller or SILENCE, assistant)
            yield Frame(caller or SILENCE, frame_time(index))

    async def play(self, frame: Frame) -> None:
        """Queue a frame; waits while a second is queued."""
        while len(self._playback) >= BUFFER_FRAMES:
            await self._played.wait()
        self._playback.append(frame.pcm)

    async def drain(self) -> None:
        """Return when the last queued frame was played."""
        while self._playback:
            await self._played.wait()

    async def clear(self) -> float:
        """Drop what is queued; return the seconds played since the last `clear`."""
        self._playback.clear()
        heard, self._heard_frames = self._heard_frames, 0
        return heard * FRAME_SECONDS

    def _step(self) -> bytes:
        if not self._playback:
            return SILENCE
        self._heard_frames += 1
        self._played.set()
        self._played = Event()
        return self._playback.popleft()

    def _holds(self) -> bool:
        return self._options.takes_turns and self._quiet_frames >= PAUSE_FRAMES

    def _next(self) -> bytes | None:
        frame = next(self._recording, None)
        if frame is None:
            return None
        self._quiet_frames = 0 if self._is_speech(frame) else self._quiet_frames + 1
        return frame.pcm


async def _everybody_waits() -> None:
    """Return when no task can go on and no worker thread computes."""
    workers = to_thread.current_default_thread_limiter()
    await wait_all_tasks_blocked()
    while workers.borrowed_tokens:
        await sleep(COMPUTING_POLL_SECONDS)
        await wait_all_tasks_blocked()
