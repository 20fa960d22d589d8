"""What was said at the caller's ear, in words: our own ASR listens to the tape."""

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from rapidfuzz import fuzz
from text_to_num import alpha2digit

from telephony.far_end.measure import Turn
from telephony.far_end.phone import Tape
from telephony.far_end.protocol import PACKET_SECONDS, SAMPLE_RATE_HZ
from telephony.far_end.sound import is_audible
from voice.asr import Asr
from voice.audio import SAMPLE_RATE_HZ as ASR_RATE_HZ
from voice.audio import Int16, frames
from voice.expectation import OPEN_SPEECH
from voice.resample import Resampler

LONGEST_SECONDS = 25.0  # of one piece, within Whisper's 30
PAUSE_SECONDS = 0.3  # where a longer stretch may be cut
MARGIN_SECONDS = 0.2  # of silence around a piece
ALIKE = 86.0  # of 100: what an ASR writes for the same words


async def transcribe(tape: Tape, turn: Turn, asr: Asr) -> str:
    """Return the words in the ear between this turn and the next."""
    first, last = (round(at / PACKET_SECONDS) for at in (turn.reply_from, turn.reply_to))
    words = [await _words(piece, asr) for piece in pieces(tape.ear[first:last])]
    return " ".join(word for word in words if word)


def pieces(blocks: list[Int16]) -> Iterator[Int16]:
    """Cut the sound in its pauses into pieces that an ASR can take; silence is left out."""
    longest = round(LONGEST_SECONDS / PACKET_SECONDS)
    start = end = 0
    for first, after in _stretches(blocks, longest):
        if after - start > longest and end > start:
            yield np.concatenate(blocks[start:end])
            start = end
        start = first if start == end else start
        end = after
    if end > start:
        yield np.concatenate(blocks[start:end])


def _stretches(blocks: list[Int16], longest: int) -> Iterator[tuple[int, int]]:
    """Yield where the sound is without a pause, or without one for as long as may be."""
    loud = [index for index, block in enumerate(blocks) if is_audible(block)]
    if not loud:
        return
    start = loud[0]
    for before, here in pairwise(loud):
        if here - before > PAUSE_SECONDS / PACKET_SECONDS or here - start >= longest:
            yield start, before + 1
            start = here
    yield start, loud[-1] + 1


async def _words(sound: Int16, asr: Asr) -> str:
    margin = np.zeros(round(MARGIN_SECONDS * SAMPLE_RATE_HZ), np.int16)
    resampler = Resampler(SAMPLE_RATE_HZ, ASR_RATE_HZ)
    stream = asr.open(OPEN_SPEECH)
    sampled = [resampler.feed(np.concatenate([margin, sound, margin])), resampler.finish()]
    for frame in frames(sampled):
        stream.feed(frame)
    return (await stream.finish()).text


def contains(heard: str, wanted: str) -> bool:
    """Say whether these words were heard; figures exactly, other words as an ASR may write them."""
    text, words = _plain(heard), _plain(wanted)
    if words in text:
        return True
    return not any(map(str.isdigit, words)) and fuzz.partial_ratio(words, text) >= ALIKE


def _plain(text: str) -> str:
    """Return letters and digits alone: "$42.50, twelve" becomes "425012"."""
    return re.sub(r"[\W_]", "", alpha2digit(text.lower(), "en", 0))
