"""The phrase cache: what the assistant says in every call is synthesised once.

On disk lie only the sentences that were asked for with `warm`, the assistant's fixed ones; what is
said to one caller (a name, an order) stays in memory.
"""

import hashlib
import os
import tempfile
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from anyio import Event, to_thread
from anyio.lowlevel import checkpoint

from voice.audio import FRAME_BYTES, SpokenFrame, frame_time
from voice.speakable import speakable
from voice.tts import Tts

MEMORY_BYTES = 64 << 20  # of sound: half an hour
MOST_AHEAD = 1  # texts at a time: more would take the cores from what callers wait for


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text as it was spoken: the sound of all frames, and the share said by the end of each."""

    pcm: bytes
    said: tuple[float, ...]

    def frame(self, index: int) -> SpokenFrame:
        """The frame at this place."""
        pcm = self.pcm[index * FRAME_BYTES : (index + 1) * FRAME_BYTES]
        return SpokenFrame(pcm, frame_time(index), self.said[index])


@dataclass(slots=True)
class _Ahead:
    """A text that is being spoken ahead: its frames so far; `more` is set when that changes."""

    frames: list[SpokenFrame] = field(default_factory=list)
    more: Event = field(default_factory=Event)
    over: bool = False  # nothing comes any more
    whole: bool = False

    def add(self, *frames: SpokenFrame, over: bool = False) -> None:
        self.frames += frames
        self.over = over
        self.more.set()
        self.more = Event()


class PhraseCache:
    """A `PreparingTts` that keeps what another has said.

    `voice_id` names the sound: model, engine and options, see `voice_id`. `folder` is made when the
    first phrase is stored; `memory_bytes` bounds what is kept at hand, the least used goes first.
    """

    def __init__(
        self, tts: Tts, voice_id: str, folder: Path, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self._tts = tts
        self._voice_id = voice_id
        self._folder = folder
        self._room = memory_bytes
        self._phrases: OrderedDict[str, Phrase] = OrderedDict()
        self._ahead: dict[str, _Ahead] = {}

    async def synthesize(self, text: str, speed: float = 1.0) -> AsyncGenerator[SpokenFrame]:
        """Speak the text; see `Tts`. A cached one comes at once, in the same frames."""
        key = self._key(text, speed)
        ahead = self._ahead.get(key)
        phrase = None if ahead else await self._known(key)
        if phrase is not None:
            for index in range(len(phrase.said)):
                await checkpoint()
                yield phrase.frame(index)
            return
        frames: list[SpokenFrame] = []
        async with aclosing(self._spoken(text, speed, ahead or self._ahead.get(key))) as spoken:
            async for frame in spoken:
                frames.append(frame)
                yield frame
        self._keep(key, _phrase(frames))  # not reached by what was interrupted

    async def prepare(self, text: str, speed: float = 1.0) -> None:
        """Speak the text ahead; see `PreparingTts`."""
        key = self._key(text, speed)
        if key in self._phrases or len(self._ahead) >= MOST_AHEAD:
            return
        ahead = self._ahead[key] = _Ahead()  # at once: whoever asks for it now, waits for this
        try:
            async with aclosing(self._frames_of(key, text, speed)) as spoken:
                async for frame in spoken:
                    ahead.add(frame)
            ahead.whole = True
            self._keep(key, _phrase(ahead.frames))
        finally:
            del self._ahead[key]
            ahead.add(over=True)

    async def _frames_of(self, key: str, text: str, speed: float) -> AsyncGenerator[SpokenFrame]:
        """The frames from the disk, else from the voice."""
        if phrase := await self._known(key):
            for index in range(len(phrase.said)):
                yield phrase.frame(index)
            return
        async with aclosing(self._tts.synthesize(text, speed)) as spoken:
            async for frame in spoken:
                yield frame

    async def _known(self, key: str) -> Phrase | None:
        """What is at hand, or on disk."""
        if key not in self._phrases:
            phrase = await to_thread.run_sync(_read, self._file(key))
            if phrase and key not in self._phrases:
                self._keep(key, phrase)
        if key in self._phrases:  # perhaps since the disk was asked
            self._phrases.move_to_end(key)
        return self._phrases.get(key)

    async def _spoken(
        self, text: str, speed: float, ahead: _Ahead | None
    ) -> AsyncGenerator[SpokenFrame]:
        """Speak it, beginning with what is spoken ahead, if that is under way.

        A voice says the same text the same way twice: what was given up goes on where it stopped.
        """
        index = 0
        while ahead:
            while index < len(ahead.frames):
                yield ahead.frames[index]
                index += 1
            if ahead.over:
                break
            await ahead.more.wait()
        if ahead and ahead.whole:
            return
        async with aclosing(self._tts.synthesize(text, speed)) as spoken:
            async for frame in spoken:
                if index:
                    index -= 1
                else:
                    yield frame

    async def warm(self, texts: Iterable[str]) -> None:
        """Make these texts ready, in memory and on disk, as far as they are not yet.

        A disk that cannot be written costs the next start some time, and nothing else.
        """
        for text in texts:
            key = self._key(text)
            if stored := await to_thread.run_sync(_read, self._file(key)):
                self._keep(key, stored)
                continue
            async with aclosing(self.synthesize(text)) as spoken:
                frames = [frame async for frame in spoken]
            if frames:
                await to_thread.run_sync(_write, self._file(key), _phrase(frames))

    def _key(self, text: str, speed: float = 1.0) -> str:
        """Of the voice, what is written and how it is read: a change of any makes it another."""
        parts = (self._voice_id, text, speakable(text), *([f"{speed}"] if speed != 1.0 else []))
        return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()

    def _file(self, key: str) -> Path:
        return self._folder / f"{key}.npz"

    def _keep(self, key: str, phrase: Phrase) -> None:
        if twice := self._phrases.pop(key, None):  # two calls said it at the same time
            self._room += len(twice.pcm)
        self._phrases[key] = phrase
        self._room -= len(phrase.pcm)
        while self._room < 0:
            _, least_used = self._phrases.popitem(last=False)
            self._room += len(least_used.pcm)


def _phrase(frames: list[SpokenFrame]) -> Phrase:
    return Phrase(b"".join(frame.pcm for frame in frames), tuple(frame.said for frame in frames))


def _read(file: Path) -> Phrase | None:
    """The phrase; None when there is no such file, or it is damaged: then it is made anew."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
            pcm, said = arrays["pcm"], arrays["said"]
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None
    whole = pcm.dtype == np.dtype("<i2") and said.dtype == np.float64 and said.ndim == 1
    if not whole or pcm.nbytes != len(said) * FRAME_BYTES:
        return None
    return Phrase(pcm.tobytes(), tuple(said.tolist()))


def _write(file: Path, phrase: Phrase) -> None:
    """Write it under another name and rename, unless it is there in good order."""
    if _read(file) == phrase:
        return
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=file.parent, prefix=file.stem, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as out:
                np.savez(out, pcm=np.frombuffer(phrase.pcm, "<i2"), said=np.array(phrase.said))
            Path(part).replace(file)
        finally:
            Path(part).unlink(missing_ok=True)
