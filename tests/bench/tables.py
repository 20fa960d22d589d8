"""Writes the README's tables from the JSON of the benchmarks.

python -m tests.bench.tables            # docs/bench/*.json → README.md
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from tests.bench.report import REPO

README = REPO / "README.md"
RESULTS = REPO / "docs" / "bench"
PLACE = re.compile(r"<!-- bench:(\w+) -->\n.*?<!-- /bench -->", re.DOTALL)

Report = dict[str, Any]


def main() -> None:
    """Rewrite the README."""
    README.write_text(with_tables(README.read_text(encoding="utf-8"), RESULTS), encoding="utf-8")


def with_tables(text: str, results: Path) -> str:
    """Return the text with each table made anew from `results`; raises where a file is missing."""

    def fill(place: re.Match[str]) -> str:
        name = place[1]
        report = json.loads((results / f"{name}.json").read_text(encoding="utf-8"))
        body = f"{TABLES[name](report)}\n\n{_origin(report['environment'])}"
        return f"<!-- bench:{name} -->\n{body}\n<!-- /bench -->"

    return PLACE.sub(fill, text)


def _latency(report: Report) -> str:
    rows = [
        (part.replace("_", " "), f"{ms['p50']:.0f}", f"{ms['p95']:.0f}")
        for part, ms in report["milliseconds"].items()
    ]
    table = _table(("milliseconds", "p50", "p95"), rows)
    of = f"{report['turns']} turns of {report['calls']} calls"
    note = (
        "The ASR works while the pause is waited out; voice to voice is from the caller's last"
        " sound to the assistant's first. Fixed sentences come from a cache (first audio 1 ms),"
        " others are spoken as they come."
    )
    return f"**What a caller waits**, {of}\n\n{table}\n\n{note}"


def _start(report: Report) -> str:
    seconds = report["seconds_to_ready"]
    return (
        f"**Start to ready**, warm caches: {seconds['median']:.1f} s in the median of"
        f" {report['runs']} starts, {seconds['worst']:.1f} s at worst;"
        f" {report['resident_mb']} MB resident."
    )


def _turns(report: Report) -> str:
    names = {"open": "nothing in particular", "expected": "what it is"}
    rows = [
        (
            names[name],
            _percent(found["cut_off"]),
            f"{found['delay_ms']['p50']}",
            f"{found['delay_ms']['p95']}",
        )
        for name, found in report["listening"].items()
    ]
    head = ("the dialogue expects", "cut off", "end of turn seen after, p50 ms", "p95 ms")
    of = f"{report['turns']} turns of people spelling and counting"
    return f"**Letting callers finish**, {of}\n\n{_table(head, rows)}"


def _speech(report: Report) -> str:
    def cpu_seconds(found: Report) -> str:
        return f"{found['cpu_seconds_per_utterance']:.2f}"

    rows = [
        (engine, model, corpus, line, _percent(found["wer"]), cpu_seconds(found))
        for engine, models in report["engines"].items()
        for model, corpora in models.items()
        for corpus, lines in corpora.items()
        for line, found in lines.items()
    ]
    head = ("engine", "model", "set", "line", "WER", "CPU s per utterance")
    of = ", ".join(f"{count} of {name}" for name, count in report["corpora"].items())
    note = (
        "AN4 is people spelling names and saying numbers; FSDD is one digit at a time without any"
        " context, the hardest thing for Whisper, and the reason why the dialogue says what it"
        " expects."
    )
    return f"**Hearing**, recordings: {of}\n\n{_table(head, rows)}\n\n{note}"


def _vad(report: Report) -> str:
    def test_f1(found: Report) -> float:
        corpora = found["splits"]["test"].values()
        return fmean(corpus["at_threshold"]["f1"] for corpus in corpora)

    rows = [
        (
            engine,
            f"{found['threshold']:.2f}",
            f"{test_f1(found):.3f}",
            _percent(fmean(found["called_speech"]["tones"].values())),
            f"{found['microseconds_per_frame']['p50']:.0f}",
        )
        for engine, found in report["engines"].items()
    ]
    head = ("VAD", "threshold", "test F1", "tones called speech", "µs per 20 ms")
    return f"**Voice activity**, thresholds chosen on training data\n\n{_table(head, rows)}"


def _tts(report: Report) -> str:
    rows = [
        (
            engine,
            f"{found['first_audio_ms']['p50']}",
            f"{found['first_audio_ms']['p95']}",
            f"{found['real_time_factor']:.2f}",
        )
        for engine, found in report["engines"].items()
    ]
    head = ("voice", "first audio p50, ms", "p95, ms", "seconds of computing per second")
    return f"**Speaking**, {report['sentences']} sentences, nothing cached\n\n{_table(head, rows)}"


def _nlu(report: Report) -> str:
    sets = dict(report["sets"])
    shipped = sets.pop("retail")
    served = shipped["backends"]["onnx int8"]
    rows = [
        (
            "the shipped retail assistant, held-out sentences",
            str(shipped["sentences"]),
            _percent(served["intents"]["accuracy"]),
            _percent(served["slots"]["f1"]),
        )
    ]
    for name, found in sets.items():
        shots = f"{name.upper()}, {found['per_intent'] or 'all'} examples an intent"
        slots = "" if found["slot_f1"] is None else _percent(found["slot_f1"])
        rows.append((shots, str(found["test"]), _percent(found["accuracy"]), slots))
    table = _table(("trained on", "tested on", "intents", "slot F1"), rows)
    note = (
        f"Retail: {_percent(served['scope']['oos_recall'])} of out-of-scope sentences are seen as"
        f" such, at {_percent(served['scope']['false_rejects'])} of the others refused; sentiment"
        f" {_percent(served['sentiment']['accuracy'])}; a sentence takes"
        f" {served['ms_p50']:.1f} ms on one thread (int8; torch"
        f" {shipped['backends']['torch float32']['ms_p50']:.0f} ms)."
    )
    return f"**Understanding**, int8 weights\n\n{table}\n\n{note}"


TABLES: dict[str, Callable[[Report], str]] = {
    "latency": _latency,
    "start": _start,
    "turns": _turns,
    "speech": _speech,
    "vad": _vad,
    "tts": _tts,
    "nlu": _nlu,
}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _origin(environment: Report) -> str:
    cpus = environment["cpus"]
    return f"<sub>{environment['cpu']}, {cpus} cores; commit {environment['commit']}</sub>"


if __name__ == "__main__":
    main()
