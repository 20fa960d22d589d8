"""From text to frames: what every TTS engine shares.

An engine is a `Voice`, which says one sentence. Around it: the text is made speakable, cut into
sentences, said piece by piece in worker threads, resampled and cut into frames, each of which knows
how much of the text has been said.
"""

import re
import textwrap
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate
from typing import Protocol

import numpy as np
from anyio import to_thread

from voice.audio import FRAME_SECONDS, SAMPLE_RATE_HZ, Float32, Frame, Framer, Int16, SpokenFrame
from voice.resample import Resampler
from voice.speakable import speakable

PAUSE_SECONDS = 0.12  # between sentences, beside the silence that the voices themselves leave there
QUIET = 0.002  # -54 dB: voices begin with 20 to 50 ms of less, which callers would wait for
BREATH_SECONDS = 0.005  # of it is left, so that no sound begins with a click
MOST_LETTERS = 400  # of a sentence in one go; a longer one is cut between words

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?![a-z])")  # not in "nine a.m. to five"


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a sentence's sound, mono, within ±1; by its end this share of it is said."""

    samples: Float32
    said: float


class Voice(Protocol):
    """An engine with its weights; safe to use from several threads at once."""

    @property
    def sample_rate_hz(self) -> int:
        """The rate of the sound it makes."""
        ...

    def pieces(self, sentence: str, speed: float = 1.0) -> Iterator[Piece]:
        """Say it; each step computes a piece, the first soon. The same sentence sounds the same."""
        ...


class VoiceTts:
    """A voice as a `Tts`; `speakable` writes figures and signs as words that it says right."""

    def __init__(self, voice: Voice, speakable: Callable[[str], str] = speakable) -> None:
        self._voice = voice
        self._speakable = speakable

    async def synthesize(self, text: str, speed: float = 1.0) -> AsyncGenerator[SpokenFrame]:
        """Speak the text; see `Tts`."""
        spoken = self._speakable(text)
        rate = self._voice.sample_rate_hz
        resampler, framer = Resampler(rate, SAMPLE_RATE_HZ), Framer()
        progress = _Progress(spoken, text)
        pieces = self._pieces(spoken, speed)
        while (piece := await to_thread.run_sync(next, pieces, None)) is not None:
            progress.add(len(piece.samples) / rate, piece.said)
            for frame in framer.feed(resampler.feed(_int16(piece.samples))):
                yield progress.at(frame)
        for frame in framer.feed(resampler.finish()) + framer.finish():
            yield progress.at(frame)

    def _pieces(self, text: str, speed: float) -> Iterator[Piece]:
        """Say a text of several sentences; `said` is the share of all of it."""
        parts = sentences(text)
        letters = sum(len(part) for part in parts)
        pause = np.zeros(round(PAUSE_SECONDS * self._voice.sample_rate_hz), np.float32)
        before = 0
        for part in parts:
            if before:
                yield Piece(pause, before / letters)
            for index, piece in enumerate(self._voice.pieces(part, speed)):
                samples = piece.samples if before or index else self._prompt(piece.samples)
                yield Piece(samples, (before + piece.said * len(part)) / letters)
            before += len(part)

    def _prompt(self, samples: Float32) -> Float32:
        """Cut off the silence before the first sound."""
        loud = np.flatnonzero(np.abs(samples) >= QUIET)
        breath = round(BREATH_SECONDS * self._voice.sample_rate_hz)
        return samples[max(0, int(loud[0]) - breath) :] if len(loud) else samples


def sentences(text: str) -> list[str]:
    """Cut a speakable text where sentences end; what has no letter falls away.

    One without a mark at its end gets a full stop: voices are trained on whole sentences.
    """
    found = [s for s in _SENTENCE_END.split(text.strip()) if re.search(r"\w", s)]
    whole = [s if s[-1] in ".,:;?!" else f"{s}." for s in found]
    return [part for s in whole for part in textwrap.wrap(s, MOST_LETTERS)]


class _Progress:
    """How much of a text has been said at a time, given what the engine said of its pieces.

    The engine speaks the speakable text, in which "15213" is five words; what counts is the text as
    it was written. Words that are in both tie the two together; between ties, letters count.
    """

    def __init__(self, spoken: str, written: str) -> None:
        self._seconds, self._shares = [0.0], [0.0]
        self._spoken, self._written = _ties(spoken.split(), written.split())

    def add(self, seconds: float, said: float) -> None:
        """Note a piece of sound, by the end of which this share of the spoken text is said."""
        self._seconds.append(self._seconds[-1] + seconds)
        self._shares.append(said)

    def at(self, frame: Frame) -> SpokenFrame:
        """The frame, knowing which share of the written text is said by its end."""
        end = frame.at + FRAME_SECONDS + 1e-6  # the end of the sound is the end of the text
        spoken = np.interp(end, self._seconds, self._shares)
        return SpokenFrame(
            frame.pcm, frame.at, float(np.interp(spoken, self._spoken, self._written))
        )


def _ties(spoken: list[str], written: list[str]) -> tuple[list[float], list[float]]:
    """The shares, 0 to 1, of two texts at which they are at the same place."""
    spoken_ends = list(accumulate((len(word) + 1 for word in spoken), initial=0))
    written_ends = list(accumulate((len(word) + 1 for word in written), initial=0))
    spoken_at, written_at = [0.0], [0.0]
    for block in SequenceMatcher(None, spoken, written, autojunk=False).get_matching_blocks():
        for step in (0, block.size):  # the last block is empty, at both ends
            spoken_at.append(spoken_ends[block.a + step] / max(spoken_ends[-1], 1))
            written_at.append(written_ends[block.b + step] / max(written_ends[-1], 1))
    return spoken_at, written_at


def _int16(samples: Float32) -> Int16:
    return np.rint(np.clip(samples, -1.0, 1.0) * 32767).astype(np.int16)
