"""What every `Tts` keeps to, whatever speaks behind it."""

from collections.abc import Iterable
from contextlib import aclosing
from itertools import pairwise

import anyio

from voice.audio import FRAME_BYTES, SILENCE, SpokenFrame, frame_time
from voice.tts import Tts


async def speak(tts: Tts, text: str) -> list[SpokenFrame]:
    async with aclosing(tts.synthesize(text)) as frames:
        return [frame async for frame in frames]


async def check_tts(tts: Tts, texts: Iterable[str]) -> None:
    """Speak the texts (at least two, the first of a second or more) in every way a call may."""
    texts = list(texts)
    alone = [await speak(tts, text) for text in texts]
    for frames in alone:
        _check_frames(frames)
    assert [await speak(tts, text) for text in texts] == alone, "the same text sounds the same"
    await _check_silence(tts)
    await _check_broken_off(tts, texts[0], alone[0])
    await _check_side_by_side(tts, texts, alone)


def _check_frames(frames: list[SpokenFrame]) -> None:
    assert frames
    assert all(len(frame.pcm) == FRAME_BYTES for frame in frames)
    assert [frame.at for frame in frames] == [frame_time(i) for i in range(len(frames))]
    assert all(before.said <= after.said for before, after in pairwise(frames))
    assert 0 <= frames[0].said < 1
    assert frames[-1].said == 1.0
    assert any(frame.pcm != SILENCE for frame in frames)


async def _check_silence(tts: Tts) -> None:
    for text in ("", "   ", "\n"):
        assert await speak(tts, text) == []


async def _check_broken_off(tts: Tts, text: str, whole: list[SpokenFrame]) -> None:
    """Closed or cancelled in mid-sentence, it leaves nothing behind."""
    async with aclosing(tts.synthesize(text)) as frames:
        assert await anext(frames) == whole[0]
    with anyio.CancelScope() as scope:
        async with aclosing(tts.synthesize(text)) as frames:
            async for frame in frames:
                assert frame == whole[0]
                scope.cancel()
                await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert await speak(tts, text) == whole


async def _check_side_by_side(tts: Tts, texts: list[str], alone: list[list[SpokenFrame]]) -> None:
    together: dict[int, list[SpokenFrame]] = {}

    async def call(number: int) -> None:
        together[number] = await speak(tts, texts[number])

    async with anyio.create_task_group() as calls:
        for number in range(len(texts)):
            calls.start_soon(call, number)
    assert [together[number] for number in range(len(texts))] == alone
