"""A reply's way to the ear, which may be held and go on, whoever is cancelled meanwhile."""

from collections.abc import AsyncGenerator

import pytest
from anyio import CancelScope
from anyio.lowlevel import checkpoint

from telephony.playout import Playout
from tests.fakes import pcm
from voice.audio import FRAME_SECONDS, Digit, Frame

pytestmark = pytest.mark.anyio


class Line:
    """Plays at once; whoever clears it is cancelled as it does so."""

    def __init__(self) -> None:
        self.delay = self.waiting_seconds = 0.0
        self.played = 0
        self.clearing = CancelScope()

    async def frames(self) -> AsyncGenerator[Frame | Digit]:
        return
        yield

    async def play(self, frame: Frame) -> None:
        await checkpoint()
        self.played += 1

    async def drain(self) -> None:
        await checkpoint()

    async def clear(self) -> float:
        heard, self.played = self.played * FRAME_SECONDS, 0
        self.clearing.cancel()
        await checkpoint()
        return heard


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_what_was_heard_is_known_even_if_the_call_is_cut_while_the_reply_is_held(
    anyio_backend: str,
) -> None:
    line = Line()
    playout = Playout(line)
    for _ in range(10):
        await playout.play(Frame(pcm("hello"), 0.0))
    with line.clearing:
        await playout.hold(at=1.0)
    assert await playout.clear() == pytest.approx(0.2)
