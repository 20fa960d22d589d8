"""The recording that Twilio makes of a call: paused while the caller says what none may hold."""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from anyio import Event, create_task_group, move_on_after, sleep

from dialogue.agent import Waiting
from telephony import TwilioError
from telephony.twilio_api import Recording, Recordings

log = logging.getLogger(__name__)

TRIES = 2
PAUSE_SECONDS = 0.3  # between them
STOP_SECONDS = 5.0  # at the end of a call

Tell = Callable[[Waiting], object]


@asynccontextmanager
async def recording(
    api: Recordings, call_sid: str, note: Callable[[str], object]
) -> AsyncGenerator[Tell]:
    """Record a call while the block runs; yields what is to be told what the dialogue waits for.

    What Twilio does not do is logged, and told to `note`; the call goes on without it. A recording
    that cannot be paused is ended.
    """
    recorder = _Recorder(api, call_sid, note)
    async with create_task_group() as tasks:
        tasks.start_soon(recorder.run)
        try:
            yield recorder.waits_for
        finally:
            recorder.stop()


class _Recorder:
    """Brings the recording from the state it is in to the one that is wanted."""

    def __init__(self, api: Recordings, call_sid: str, note: Callable[[str], object]) -> None:
        self._api = api
        self._call = call_sid
        self._note = note
        self._wanted: Recording = "in-progress"
        self._changed = Event()

    def waits_for(self, waiting: Waiting) -> None:
        """Pause for what is private, go on for all else."""
        self._want("paused" if waiting.private else "in-progress")

    def stop(self) -> None:
        """Have it end."""
        self._want("stopped")

    async def run(self) -> None:
        """Record until `stop`, and end the recording whatever happens. No error leaves here."""
        sid = ""
        with move_on_after(STOP_SECONDS, shield=True):  # what was begun must be ended
            sid = await self._start()
        if not sid:
            return
        try:
            await self._follow(sid)
        finally:
            with move_on_after(STOP_SECONDS, shield=True):
                await self._change(sid, "stopped")

    async def _start(self) -> str:
        try:
            return await self._api.start_recording(self._call)
        except TwilioError as error:
            log.error("a call is not recorded: %s", error)
            self._note("not recorded")
            return ""

    async def _follow(self, sid: str) -> None:
        now: Recording = "in-progress"
        while self._wanted != "stopped":
            self._changed = Event()
            wanted = self._wanted
            if wanted == now:
                await self._changed.wait()
            elif await self._change(sid, wanted):
                now = wanted
                self._note("recording " + ("paused" if now == "paused" else "resumed"))
            elif wanted == "paused":
                log.error("a recording cannot be paused, so it ends here")
                self._note("recording ended")
                if not await self._change(sid, "stopped"):
                    log.error("a recording goes on though it should not: delete %s", sid)
                return
            else:
                await self._changed.wait()

    async def _change(self, sid: str, to: Recording) -> bool:
        for again in range(TRIES):
            if again:
                await sleep(PAUSE_SECONDS)
            try:
                await self._api.change_recording(self._call, sid, to)
            except TwilioError as error:
                # a call that is over has ended its recording itself
                log.log(logging.DEBUG if to == "stopped" else logging.WARNING, "%s", error)
            else:
                return True
        return False

    def _want(self, wanted: Recording) -> None:
        if self._wanted not in {wanted, "stopped"}:
            self._wanted = wanted
            self._changed.set()
