"""The caller's phone: one 20 ms clock moves ear and mouth for the whole call, and writes both down.

Whoever is on the other side (a media stream, a conference, nobody) is a `Party` that gets the
mouth's packets, and plays into the ear.
"""

from collections.abc import Iterator
from itertools import count
from typing import Protocol

import numpy as np
from anyio import Event, current_time, sleep_until
from anyio.lowlevel import checkpoint

from telephony.far_end.caller import Act, Caller
from telephony.far_end.ear import Ear
from telephony.far_end.hearing import Hearing
from telephony.far_end.protocol import PACKET_SECONDS
from telephony.far_end.sound import SILENT, Microphone
from voice.audio import Int16
from voice.codec import encode_ulaw

MAX_SECONDS = 30 * 60.0  # a caller hangs up then: what was said lies in memory, 2 MB a minute


class Party(Protocol):
    """Who is on the other side of the phone now."""

    def hear(self, payload: bytes, key: str) -> None:
        """Take the caller's next 20 ms of µ-law, and the key pressed in them; never waits."""
        ...

    def reached(self, marks: tuple[str, ...]) -> None:
        """Take note that the ear has come to these marks."""
        ...


class Tape:
    """What a call sounded like, in blocks of 20 ms: what went down the line, and what came."""

    def __init__(self) -> None:
        self.voice: list[Int16] = []  # the caller's own, without echo and noise
        self.mouth: list[Int16] = []  # what went down the line
        self.ear: list[Int16] = []
        self.keys: list[tuple[float, str]] = []
        self.cues: list[int] = []  # of each block the `Act.cue`

    @property
    def seconds(self) -> float:
        """How long the call is so far."""
        return len(self.ear) * PACKET_SECONDS

    def stereo(self) -> tuple[bytes, bytes]:
        """Return the mouth's and the ear's whole sound as little-endian int16."""
        return _pcm(self.mouth), _pcm(self.ear)


class Phone:
    """One caller's phone. `run` ends when they hang up or `hang_up` is called."""

    def __init__(
        self,
        caller: Caller,
        microphone: Microphone | None = None,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        self.ear = Ear()
        self.tape = Tape()
        self.party: Party | None = None
        self.hung_up = Event()
        self.keyed = Event()  # replaced at every key; set when the next one is pressed
        self.lag_seconds = 0.0  # how late the latest tick of this phone's own clock came at worst
        self._hearing = Hearing()
        self._acts: Iterator[Act] = caller(self._hearing)
        self._microphone = microphone or Microphone()
        self._max_seconds = max_seconds

    def hang_up(self) -> None:
        """End the call from this side."""
        self.hung_up.set()

    async def run(self) -> None:
        """Let the call's time pass until the phone is hung up."""
        began = current_time()
        for index in count():
            due = began + index * PACKET_SECONDS
            await sleep_until(due)
            await checkpoint()  # after a lag, who listens for the server comes first
            self.lag_seconds = max(self.lag_seconds, current_time() - due)
            if self.hung_up.is_set() or self.tape.seconds >= self._max_seconds:
                break
            act = next(self._acts, Act(hangs_up=True))
            if act.hangs_up:
                break
            self._tick(act)
        self.hang_up()

    def _tick(self, act: Act) -> None:
        heard, marks = self.ear.step()
        self._hearing.hear(heard)
        voice = SILENT if act.voice is None else act.voice
        sent = self._microphone.pick_up(voice, heard)
        self.tape.ear.append(heard)
        self.tape.voice.append(voice)
        self.tape.mouth.append(sent)
        self.tape.cues.append(act.cue)
        if act.key:
            self.tape.keys.append((self.tape.seconds, act.key))
            self.keyed.set()
            self.keyed = Event()
        if self.party is not None:
            self.party.reached(marks)
            self.party.hear(encode_ulaw(sent), act.key)


def _pcm(blocks: list[Int16]) -> bytes:
    return np.concatenate(blocks).astype("<i2").tobytes() if blocks else b""
