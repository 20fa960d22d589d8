"""How soon does the voice speak, and how fast against real time?

`python -m tests.bench.tts [--engine NAME]… [--data DIR] [--out FILE]`

Speaks the service sentences of the tests, one after the other, nothing cached. `first_audio_ms` is
from the text to the first 20 ms frame; `real_time_factor` is seconds of computing per second of
speech, `cpu_factor` the same in seconds of all cores. `--data DIR` speaks your own sentences: a
folder with `manifest.jsonl`, on each line `{"text": "…"}`.
"""

import argparse
import json
import statistics
import time
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import psutil

from models.device import yield_idle_cores
from tests.bench.report import REPO, environment, write_report
from voice.audio import FRAME_SECONDS
from voice.tts import ENGINES, Tts, TtsOptions, load_tts, voice_id

SENTENCES = REPO / "tests" / "voice" / "service_sentences.txt"


@dataclass(frozen=True, slots=True)
class Spoken:
    """One sentence: seconds until the first frame and the last, of all cores, and of speech."""

    first: float
    wall: float
    cpu: float
    speech: float


def main() -> None:
    """Measure, print and write the report."""
    options = _arguments()
    yield_idle_cores()
    texts = _texts(options.data)
    result = {
        "benchmark": "tts",
        "environment": environment(),
        "sentences": len(texts),
        "engines": {engine: _measure(engine, texts) for engine in options.engine or ENGINES},
    }
    write_report(options.out, result)
    print(json.dumps(result["engines"], indent=2))


def _measure(engine: str, texts: list[str]) -> dict[str, Any]:
    options = TtsOptions(engine=engine)
    before, began = _resident_mb(), time.perf_counter()
    tts = load_tts(options)
    loaded = time.perf_counter() - began
    spoken = anyio.run(_speak_all, tts, texts, backend="trio")
    first = sorted(each.first * 1000 for each in spoken)
    speech = sum(each.speech for each in spoken)
    return {
        "voice": voice_id(options),
        "seconds_to_load": round(loaded, 2),
        "resident_mb_more": _resident_mb() - before,
        "seconds_of_speech": round(speech, 1),
        "first_audio_ms": {
            "p50": round(statistics.median(first)),
            "p95": round(first[int(0.95 * (len(first) - 1))]),
        },
        "real_time_factor": round(sum(each.wall for each in spoken) / speech, 3),
        "cpu_factor": round(sum(each.cpu for each in spoken) / speech, 3),
    }


async def _speak_all(tts: Tts, texts: list[str]) -> list[Spoken]:
    return [await _speak(tts, text) for text in texts]


async def _speak(tts: Tts, text: str) -> Spoken:
    wall, cpu = time.perf_counter(), time.process_time()
    first, frames = 0.0, 0
    async with aclosing(tts.synthesize(text)) as spoken:
        async for _ in spoken:
            first = first or time.perf_counter() - wall
            frames += 1
    return Spoken(
        first,
        time.perf_counter() - wall,
        time.process_time() - cpu,
        frames * FRAME_SECONDS,
    )


def _resident_mb() -> int:
    return int(psutil.Process().memory_info().rss / 2**20)


def _texts(folder: Path | None) -> list[str]:
    if folder is None:
        return SENTENCES.read_text(encoding="utf-8").splitlines()
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines if line.strip()]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--engine", action="append", choices=list(ENGINES), help="default: all")
    parser.add_argument("--data", type=Path, help="a folder with manifest.jsonl")
    parser.add_argument("--out", type=Path, default=REPO / "out" / "bench" / "tts.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
