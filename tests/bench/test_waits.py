"""Where a caller's wait goes, read off the records of calls."""

import json
from pathlib import Path
from typing import Any

from tests.bench.waits import PARTS, answers, plot, told

NOTHING: dict[str, Any] = dict.fromkeys((*PARTS, "asr", "voice_to_voice"))


def record(folder: Path, name: str, *turns: dict[str, Any]) -> None:
    told = [{"speaker": turn.pop("speaker"), "timings_ms": NOTHING | turn} for turn in turns]
    (folder / f"{name}.json").write_text(json.dumps({"turns": told}), encoding="utf-8")


def test_only_answers_count_and_their_parts_are_told(tmp_path: Path) -> None:
    greeting = {"speaker": "assistant", "dialogue": 2.0, "line": 50.0}
    question = {"speaker": "caller", "endpoint": 200.0, "nlu": 3.0}
    quick = {"speaker": "assistant", "endpoint": 200.0, "nlu": 3.0, "voice_to_voice": 203.0}
    slow = {"speaker": "assistant", "endpoint": 400.0, "nlu": 9.0, "voice_to_voice": 409.0}
    record(tmp_path, "one", greeting, question, quick)
    record(tmp_path, "two", slow)
    found = list(answers(tmp_path))
    assert [each["voice_to_voice"] for each in found] == [203.0, 409.0]
    figures = told(found)
    assert figures["parts_ms"]["endpoint"]["p50"] == 300
    assert figures["over_5_ms"]["nlu"] == 0.5
    assert figures["over_5_ms"]["dialogue"] == 0.0


def test_the_plot_is_a_picture(tmp_path: Path) -> None:
    record(tmp_path, "one", {"speaker": "assistant", "endpoint": 200.0, "voice_to_voice": 200.0})
    plot({"one call": list(answers(tmp_path))}, tmp_path / "waits.png")
    assert (tmp_path / "waits.png").read_bytes().startswith(b"\x89PNG")
