"""Whole calls, said by our voices over a telephone: the scripted dialogues as recorded callers."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import anyio
import numpy as np
import yaml

from tests.bench.report import REPO
from tests.bench.vad_data import telephone, write_wav
from voice.audio import SAMPLE_RATE_HZ, Int16
from voice.tts import Tts, TtsOptions, load_tts

SCRIPTS = REPO / "tests" / "dialogues"
BETWEEN_SECONDS = 2.5  # of silence: the caller waits for the reply in it


def spoken_calls(count: int, folder: Path) -> Iterator[Path]:
    """So many of the dialogues in which callers only speak, from all over; made once."""
    chosen = _dialogues()
    voices: list[Tts] = []
    for index, lines in enumerate(chosen[:: max(1, len(chosen) // count)][:count]):
        file = folder / f"call{index}.wav"
        if not file.is_file():
            voices = voices or [load_tts(TtsOptions(engine=name)) for name in ("hibari", "coqui")]
            write_wav(file, anyio.run(partial(_said, voices[index % 2], lines)))
        yield file


def _dialogues() -> list[list[str]]:
    """What callers say in each dialogue that needs no keys, silence or trouble."""
    read = (yaml.safe_load(file.read_text("utf-8")) for file in sorted(SCRIPTS.glob("*.yaml")))
    every = [dialogue["turns"] for script in read for dialogue in script["dialogues"]]
    spoken = [turns for turns in every if all("caller" in turn for turn in turns)]
    return [[_words(turn["caller"]) for turn in turns] for turns in spoken]


def _words(said: object) -> str:
    return {True: "yes", False: "no"}.get(said, str(said)) if isinstance(said, bool) else str(said)


async def _said(voice: Tts, lines: list[str]) -> Int16:
    gap = np.zeros(round(BETWEEN_SECONDS * SAMPLE_RATE_HZ), np.int16)
    pieces = [gap]
    for line in lines:
        pieces += [np.concatenate([frame.samples async for frame in voice.synthesize(line)]), gap]
    return telephone(np.concatenate(pieces))
