"""The voice activity benchmark runs on anybody's recordings."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clips.script import scripts
from voice.vad import ENGINES, SPEECH_PROBABILITY


def run(*options: str | Path) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [sys.executable, "-m", "tests.bench.vad", *options]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.mark.slow
def test_measures_your_own_recordings(tmp_path: Path) -> None:
    rows = [
        {"file": str(script.wav), "speech": [[turn.start, turn.end] for turn in script.turns]}
        for script in scripts()
    ]
    (tmp_path / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "made" / "vad.json"
    run("--data", tmp_path, "--noise", tmp_path, "--out", out).check_returncode()

    report = json.loads(out.read_text("utf-8"))
    assert report["environment"]["cpus"] >= 1
    assert list(report["models"]) == ["silero-vad/silero_vad.onnx"]
    assert report["engines"].keys() == ENGINES.keys()
    for name, result in report["engines"].items():
        assert (result["threshold"], result["threshold_from"]) == (
            SPEECH_PROBABILITY[name],
            "shipped",
        )
        measured = result["splits"]["test"][tmp_path.name]
        assert measured["roc_auc"] > 0.9
        assert measured["at_threshold"]["f1"] > 0.8


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    done = run("--data", tmp_path, "--noise", tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"{tmp_path}: holds no manifest.jsonl; `tests/bench/vad.py` says what is in it\n"
    )
