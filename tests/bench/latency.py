"""How long does a caller wait, and where does the time go?

Replays recorded callers through the whole chain and takes every answered turn: endpoint, ASR, NLU,
dialogue, first audio, and voice to voice. By default there are two kinds of callers: whole calls
(the clips of the repository, and scripted dialogues said by our voices), and strangers (single
utterances of the AN4 set in the shared data folder, where it is there): people who spell and count
at an assistant that expects nothing of the kind.

Without `--realtime` what is prepared in a caller's pauses costs no time, as the replay waits for
it: that compares, and measures nothing a caller would feel.

    python -m tests.bench.latency --realtime
    python -m tests.bench.latency --data my-calls/     # a folder with manifest.jsonl: {"file": …}
"""

import argparse
import json
import resource
import statistics
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import anyio
from rich.progress import track

from telephony.compose import load_parts
from telephony.parts import Parts
from telephony.record import CallRecord, ForesightRecord, TurnRecord
from telephony.replay import ReplayOptions, replay
from telephony.settings import load_settings
from telephony.wav import WavOptions
from tests.bench.report import REPO, environment, write_report
from tests.bench.spoken_calls import spoken_calls
from tests.clips.script import scripts

AN4 = REPO.parent / "shared" / "data" / "an4"
SPOKEN = REPO / "out" / "bench" / "calls"
PARTS = (
    "hangover", "endpoint", "asr", "asr_overrun", "nlu", "dialogue", "tts_first_audio",
    "voice_to_voice",
)  # fmt: skip


def main() -> None:
    """Measure, print and write the report."""
    options = _arguments()
    parts = load_parts(load_settings())
    callers = {name: list(paths) for name, paths in _callers(options)}
    result = {
        "benchmark": "latency",
        "environment": environment(),
        "models": dict(parts.models),
        "realtime": options.realtime,
        "callers": {
            name: _measured(paths, parts, realtime=options.realtime)
            for name, paths in callers.items()
        },
        "resident_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    write_report(options.out, result)
    print(json.dumps(result["callers"], indent=2))


def _measured(paths: list[Path], parts: Parts, *, realtime: bool) -> dict[str, Any]:
    calls = [_replay(path, parts, realtime=realtime) for path in track(paths, "answering calls")]
    turns = [turn for call in calls for turn in _answered(call)]
    foreseen = sum((call.foresight for call in calls), start=ForesightRecord())
    return {
        "calls": len(paths),
        "turns": len(turns),
        "replies_prepared": asdict(foreseen),
        "milliseconds": {part: _summary(turns, part) for part in PARTS},
    }


def _replay(path: Path, parts: Parts, *, realtime: bool) -> CallRecord:
    options = ReplayOptions(line=WavOptions(realtime=realtime))
    return anyio.run(partial(replay, path, parts, options), backend="trio")


def _answered(call: CallRecord) -> Iterator[TurnRecord]:
    for turn in call.turns:
        if turn.speaker == "assistant" and turn.timings_ms.voice_to_voice is not None:
            yield turn


def _summary(turns: list[TurnRecord], part: str) -> dict[str, float]:
    values = [getattr(turn.timings_ms, part) for turn in turns]
    known = sorted(value for value in values if value is not None)
    p95 = statistics.quantiles(known, n=20, method="inclusive")[-1]
    return {"p50": round(statistics.median(known), 1), "p95": round(p95, 1)}


def _callers(options: Any) -> Iterator[tuple[str, Iterator[Path]]]:
    if options.data is not None:
        yield "your own", _listed(options.data, options.calls)
        return
    clips = [script.wav for script in scripts()]
    yield "whole calls", chain(clips, spoken_calls(options.calls, SPOKEN))
    if AN4.is_dir():
        yield "strangers", _listed(AN4, options.calls)


def _listed(data: Path, calls: int) -> Iterator[Path]:
    """Every n-th of the manifest, so that a few calls come from many speakers."""
    lines = (data / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    for line in lines[:: max(1, len(lines) // calls)][:calls]:
        yield data / json.loads(line)["file"]


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, help="a folder of recorded callers and manifest.jsonl")
    parser.add_argument("--calls", type=int, default=16, help="recordings of each kind (16)")
    parser.add_argument("--realtime", action="store_true", help="pace by the wall clock")
    parser.add_argument("--out", type=Path, default=Path("out/bench/latency.json"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
