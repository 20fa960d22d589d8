"""Where a caller's wait goes: the parts of each answer, from the records of calls.

`python -m tests.bench.waits "one call=out/peers/offhook/calls-1" "eight at once=…/calls-8"`

`tests.bench.peers` leaves the records of its rounds there, `offhook serve` in the folder of
OFFHOOK_CALLS. Draws a bar an answer, its parts on one another, beside the JSON.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.report import REPO, environment, quantiles, write_report

PARTS = ("hangover", "endpoint", "asr_overrun", "nlu", "dialogue", "tts_first_audio", "line")
WORTH_TELLING = 5.0  # ms

Answer = Mapping[str, float]  # milliseconds by part


def answers(folder: Path) -> Iterator[Answer]:
    """Give the parts of every answer to what a caller said."""
    for path in sorted(folder.glob("*.json")):
        for turn in json.loads(path.read_text(encoding="utf-8"))["turns"]:
            parts = turn["timings_ms"]
            if turn["speaker"] == "assistant" and parts["voice_to_voice"] is not None:
                yield {name: parts[name] or 0.0 for name in (*PARTS, "voice_to_voice")}


def told(found: Sequence[Answer]) -> dict[str, Any]:
    """Median and 95th percentile of the whole and of each part, and how often it is over 5 ms."""
    return {
        "answers": len(found),
        "voice_to_voice_ms": quantiles([each["voice_to_voice"] for each in found]),
        "parts_ms": {part: quantiles([each[part] for each in found]) for part in PARTS},
        "over_5_ms": {
            part: round(sum(each[part] > WORTH_TELLING for each in found) / len(found), 3)
            for part in PARTS
        },
    }


def plot(kinds: Mapping[str, Sequence[Answer]], file: Path) -> None:
    """Draw each answer as a bar of its parts, the quickest first."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    every = figure.subplots(1, len(kinds), sharey=True, squeeze=False)[0]
    for axes, (name, found) in zip(every, kinds.items(), strict=True):
        ordered = sorted(found, key=lambda each: each["voice_to_voice"])
        below = [0.0] * len(ordered)
        for part in PARTS:
            heights = [each[part] for each in ordered]
            axes.bar(range(len(ordered)), heights, 1.0, below, label=part.replace("_", " "))
            below = [low + high for low, high in zip(below, heights, strict=True)]
        axes.set(title=name, xlabel="answers, the quickest first")
        axes.grid(axis="y", linewidth=0.4)
    every[0].set_ylabel("ms after the caller's last sound")
    every[0].legend(fontsize=8)
    figure.savefig(file, dpi=120)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.waits", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("calls", nargs="+", metavar="NAME=FOLDER", help="records of calls")
    parser.add_argument("--out", type=Path, default=REPO / "docs" / "bench" / "waits.json")
    options = parser.parse_args()
    kinds: dict[str, list[Answer]] = {}
    for named in options.calls:
        name, _, folder = named.partition("=")
        kinds[name] = list(answers(Path(folder)))
        if len(kinds[name]) < 2:
            parser.error(f"{folder or named}: fewer than two answers in records of calls there")
    write_report(
        options.out,
        {
            "benchmark": "waits",
            "environment": environment(),
            "calls": {name: told(found) for name, found in kinds.items()},
        },
    )
    plot(kinds, options.out.with_suffix(".png"))


if __name__ == "__main__":
    main()
