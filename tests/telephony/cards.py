"""A sound card that the test turns by hand."""

from collections.abc import Callable
from threading import Thread

import numpy as np

from telephony.soundcard import Give, Lost, SoundStream, Take
from voice.audio import FRAME_SECONDS, SAMPLE_RATE_HZ, Int16


class HandTurnedCard:
    """Calls back when told to, each time on a thread of its own, as PortAudio does."""

    def __init__(self, rate_hz: int = SAMPLE_RATE_HZ) -> None:
        self.rate_hz = rate_hz
        self.latency_seconds = 0.0
        self.started = self.closed = 0

    def microphone(self, take: Take, lost: Lost) -> SoundStream:
        self._take, self._lost = take, lost
        return self

    def loudspeaker(self, give: Give, lost: Lost) -> SoundStream:
        self._give = give
        return self

    def start(self) -> None:
        self.started += 1

    def close(self) -> None:
        self.closed += 1

    def hear(self, *blocks: Int16) -> None:
        on_its_thread(lambda: [self._take(block) for block in blocks])

    def pull(self, seconds: float) -> Int16:
        pulled: list[Int16] = []
        block = round(self.rate_hz * FRAME_SECONDS)
        turns = round(seconds / FRAME_SECONDS)
        on_its_thread(lambda: pulled.extend(self._give(block) for _ in range(turns)))
        played: Int16 = np.concatenate(pulled)
        return played

    def lose(self) -> None:
        on_its_thread(self._lost)


def on_its_thread(work: Callable[[], object]) -> None:
    thread = Thread(target=work)
    thread.start()
    thread.join()
