"""The picture of Offhook beside its peers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.bench.peer_tables import is_quiet

WIDTH = 0.38


def plot(report: Mapping[str, Any], file: Path) -> None:
    """Draw what callers waited in the rounds that had the machine alone."""
    from matplotlib.figure import Figure

    peers = report["peers"]
    rounds = sorted({int(calls) for peer in peers.values() for calls in peer["calls_at_once"]})
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    for axes, calls in zip(figure.subplots(1, len(rounds), squeeze=False)[0], rounds, strict=True):
        shown = {
            name: found
            for name, peer in peers.items()
            if (found := peer["calls_at_once"].get(str(calls))) and is_quiet(found)
        }
        for side, of in ((-WIDTH / 2, "p50"), (WIDTH / 2, "p95")):
            heights = [found["voice_to_voice_ms"].get(of, 0) for found in shown.values()]
            bars = axes.bar([at + side for at in range(len(shown))], heights, WIDTH, label=of)
            axes.bar_label(bars, [str(height or "") for height in heights], fontsize=7)
        axes.set_xticks(range(len(shown)), [_called(*one) for one in shown.items()], fontsize=8)
        axes.set(
            title=f"{calls} at once" if calls > 1 else "one call", ylabel="caller → answer, ms"
        )
        axes.legend(fontsize=8)
    figure.savefig(file, dpi=120)


def _called(name: str, found: Mapping[str, Any]) -> str:
    lost = found["unanswered"]
    return f"{name}\n{lost} of {found['questions']}\nunanswered" if lost else name
