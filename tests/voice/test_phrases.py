"""What was said once is not synthesised again, and sounds the same."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest

from tests.fakes import FakeTts
from tests.voice.tts_conformance import check_tts, speak
from voice.audio import FRAME_BYTES, SpokenFrame
from voice.phrases import PhraseCache

pytestmark = pytest.mark.anyio

HELLO = "Hello, how can I help you?"
ORDER = "I heard order 15213, is that right?"


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


class Counting(FakeTts):
    """A voice that remembers what it was asked to say."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.may_begin = anyio.Event()
        self.may_begin.set()

    async def synthesize(self, text: str, speed: float = 1.0) -> AsyncGenerator[SpokenFrame]:
        self.asked.append(text)
        await self.may_begin.wait()
        async with aclosing(super().synthesize(text, speed)) as frames:
            async for frame in frames:
                yield frame


class Halting(FakeTts):
    """A voice that the first time stops for ever after so many frames."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.halted = anyio.Event()
        self._after = after

    async def synthesize(self, text: str, speed: float = 1.0) -> AsyncGenerator[SpokenFrame]:
        index = 0
        async with aclosing(super().synthesize(text, speed)) as frames:
            async for frame in frames:
                if index == self._after and not self.halted.is_set():
                    self.halted.set()
                    await anyio.sleep_forever()
                index += 1
                yield frame


async def test_conforms(tmp_path: Path) -> None:
    await check_tts(PhraseCache(FakeTts(), "fake", tmp_path), [HELLO, ORDER])


async def test_says_the_same_frames_and_asks_once(tmp_path: Path) -> None:
    voice = Counting()
    cache = PhraseCache(voice, "fake", tmp_path)
    first, second = await speak(cache, HELLO), await speak(cache, HELLO)
    assert first == second == await speak(FakeTts(), HELLO)
    assert voice.asked == [HELLO]


async def test_what_was_warmed_is_there_after_a_restart(tmp_path: Path) -> None:
    await PhraseCache(FakeTts(), "fake", tmp_path / "new").warm([HELLO, ORDER, ""])
    voice = Counting()
    cache = PhraseCache(voice, "fake", tmp_path / "new")
    assert await speak(cache, HELLO) == await speak(FakeTts(), HELLO)
    await cache.warm([HELLO, ORDER])
    assert voice.asked == []
    assert len(files(tmp_path / "new")) == 2


async def test_what_was_said_to_one_caller_is_not_written_down(tmp_path: Path) -> None:
    await speak(PhraseCache(FakeTts(), "fake", tmp_path), "Your order is on its way, Mister Smith.")
    assert files(tmp_path) == []


async def test_another_voice_is_another_phrase(tmp_path: Path) -> None:
    await PhraseCache(FakeTts(), "joe", tmp_path).warm([HELLO])
    voice = Counting()
    await speak(PhraseCache(voice, "heart", tmp_path), HELLO)
    assert voice.asked == [HELLO]


async def test_an_interrupted_phrase_is_not_kept(tmp_path: Path) -> None:
    voice = Counting()
    cache = PhraseCache(voice, "fake", tmp_path)
    spoken = cache.synthesize(HELLO)
    await anext(spoken)
    await spoken.aclose()
    await speak(cache, HELLO)
    assert voice.asked == [HELLO, HELLO]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"\x93NUMPY", b"not sound at all"])
async def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    await PhraseCache(FakeTts(), "fake", tmp_path).warm([HELLO])
    (file,) = files(tmp_path)
    good = file.read_bytes()
    file.write_bytes(damage)
    cache = PhraseCache(FakeTts(), "fake", tmp_path)
    assert await speak(cache, HELLO) == await speak(FakeTts(), HELLO)
    await cache.warm([HELLO])
    assert file.read_bytes() == good


async def test_a_truncated_file_is_made_anew(tmp_path: Path) -> None:
    await PhraseCache(FakeTts(), "fake", tmp_path).warm([HELLO])
    (file,) = files(tmp_path)
    file.write_bytes(file.read_bytes()[:-1000])
    assert await speak(PhraseCache(FakeTts(), "fake", tmp_path), HELLO)


async def test_a_folder_that_cannot_be_written_does_no_harm() -> None:
    cache = PhraseCache(FakeTts(), "fake", Path("/dev/null/phrases"))
    await cache.warm([HELLO])
    assert await speak(cache, HELLO) == await speak(FakeTts(), HELLO)


async def test_memory_is_bounded_and_the_least_used_goes_first(tmp_path: Path) -> None:
    voice = Counting()
    frames = len(await speak(FakeTts(), "one two"))
    cache = PhraseCache(voice, "fake", tmp_path, memory_bytes=2 * frames * FRAME_BYTES)
    for text in ("one two", "three four", "one two", "five six", "one two", "three four"):
        await speak(cache, text)
    assert voice.asked == ["one two", "three four", "five six", "three four"]


async def test_a_phrase_larger_than_the_memory_is_said_all_the_same(tmp_path: Path) -> None:
    cache = PhraseCache(FakeTts(), "fake", tmp_path, memory_bytes=10)
    assert await speak(cache, HELLO) == await speak(cache, HELLO)


async def test_slowly_is_another_sound(tmp_path: Path) -> None:
    cache = PhraseCache(FakeTts(), "fake", tmp_path)
    usual = await speak(cache, HELLO)
    async with aclosing(cache.synthesize(HELLO, speed=0.8)) as frames:
        slow = [frame async for frame in frames]
    assert len(slow) == round(len(usual) / 0.8)
    assert await speak(cache, HELLO) == usual


async def test_what_was_prepared_comes_at_once(tmp_path: Path) -> None:
    voice = Counting()
    cache = PhraseCache(voice, "fake", tmp_path)
    await cache.prepare(HELLO)
    await cache.prepare(HELLO)
    assert await speak(cache, HELLO) == await speak(FakeTts(), HELLO)
    assert voice.asked == [HELLO]
    assert files(tmp_path) == []


async def test_what_is_being_prepared_is_waited_for_not_said_twice(tmp_path: Path) -> None:
    voice = Counting()
    voice.may_begin = anyio.Event()
    cache = PhraseCache(voice, "fake", tmp_path)
    spoken = []

    async def say() -> None:
        spoken.extend(await speak(cache, HELLO))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cache.prepare, HELLO)
        await anyio.wait_all_tasks_blocked()
        tasks.start_soon(say)
        await anyio.wait_all_tasks_blocked()
        voice.may_begin.set()
    assert spoken == await speak(FakeTts(), HELLO)
    assert voice.asked == [HELLO]


async def test_what_was_prepared_in_part_is_said_to_its_end(tmp_path: Path) -> None:
    voice = Halting(after=10)
    cache = PhraseCache(voice, "fake", tmp_path)
    spoken = []

    async def say() -> None:
        spoken.extend(await speak(cache, HELLO))

    async with anyio.create_task_group() as tasks:
        with anyio.CancelScope() as preparing:
            async with anyio.create_task_group() as prepared:
                prepared.start_soon(cache.prepare, HELLO)
                await voice.halted.wait()
                tasks.start_soon(say)
                await anyio.wait_all_tasks_blocked()
                preparing.cancel()
    assert spoken == await speak(FakeTts(), HELLO)


async def test_two_texts_are_not_prepared_at_a_time(tmp_path: Path) -> None:
    voice = Counting()
    voice.may_begin = anyio.Event()
    cache = PhraseCache(voice, "fake", tmp_path)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cache.prepare, HELLO)
        await anyio.wait_all_tasks_blocked()
        await cache.prepare(ORDER)
        voice.may_begin.set()
    assert voice.asked == [HELLO]
