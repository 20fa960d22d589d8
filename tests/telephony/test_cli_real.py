"""The command line with the real models, each command in a process of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.registry import cache_root
from telephony.cli_errors import ExitCode

pytestmark = pytest.mark.slow

CLIP = Path(__file__).parents[1] / "clips" / "order_status.wav"


def offhook(
    *arguments: str | Path, said: str = "", **variables: str | Path
) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {name: str(value) for name, value in variables.items()}
    return subprocess.run(
        [sys.executable, "-m", "telephony", *map(str, arguments)],
        env=environment,
        input=said,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_said_into_a_file_is_heard_from_it(tmp_path: Path) -> None:
    file = tmp_path / "hello.wav"
    said = offhook("say", "We are open from nine to five.", "-o", file)
    assert (said.returncode, said.stderr) == (ExitCode.OK, "")
    assert re.search(r"hello\.wav: \d\.\d s of speech", said.stdout)
    heard = offhook("hear", file)
    assert (heard.returncode, heard.stderr) == (ExitCode.OK, "")
    assert re.search(r"open from (9|nine) to (5|five).* \d\d%", heard.stdout)


def test_text_that_cannot_be_spoken_is_refused_and_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "old.wav"
    file.write_bytes(b"something")
    said = offhook("say", "\u2026", "-o", file, "--engine", "hibari")
    assert said.returncode == ExitCode.USAGE
    assert "nothing that can be spoken" in said.stderr
    assert file.read_bytes() == b"something"


def test_replays_print_their_records_as_json_and_write_the_calls(tmp_path: Path) -> None:
    second, out = tmp_path / "second.wav", tmp_path / "out"
    shutil.copy(CLIP, second)
    ended = offhook(
        *("replay", CLIP, second, "--json", "--sound", out, "--record", out),
        OFFHOOK_TTS_ENGINE="hibari",
    )
    assert ended.returncode == ExitCode.OK, ended.stderr
    calls = json.loads(ended.stdout)
    assert [call["call"] for call in calls] == ["order_status.wav", "second.wav"]
    assert [call["outcome"] for call in calls] == ["resolved", "resolved"]
    assert json.loads((out / "second.json").read_text(encoding="utf-8")) == calls[1]
    assert (out / "order_status.wav").stat().st_size > CLIP.stat().st_size


def test_a_tampered_model_is_refused_wherever_it_is_met(tmp_path: Path) -> None:
    shutil.copytree(cache_root() / "silero-vad", tmp_path / "silero-vad")
    assert offhook("models", "verify", OFFHOOK_MODELS=tmp_path).returncode == ExitCode.OK
    with (tmp_path / "silero-vad" / "silero_vad.onnx").open("r+b") as file:
        file.seek(1000)
        file.write(b"tampered")
    for command in (["models", "verify"], ["doctor"]):
        ended = offhook(*command, OFFHOOK_MODELS=tmp_path)
        assert ended.returncode in {ExitCode.MODEL, ExitCode.PROBLEM}
        assert "silero_vad.onnx has changed since it was verified" in " ".join(
            (ended.stdout + ended.stderr).split()
        )


def test_with_neither_network_nor_cache_a_pull_says_what_is_missing(tmp_path: Path) -> None:
    ended = offhook("models", "pull", "silero-vad", OFFHOOK_MODELS=tmp_path, PIP_NO_INDEX="1")
    assert ended.returncode == ExitCode.MODEL
    assert ended.stderr.startswith("offhook: silero-vad")
    assert ended.stderr.count("\n") == 1


def test_a_chat_through_a_pipe_is_answered_by_the_shipped_assistant() -> None:
    said = "where is my order\none five two one three\nyes\nno thanks, bye\n"
    ended = offhook("chat", "-v", said=said)
    assert (ended.returncode, ended.stderr) == (ExitCode.OK, "")
    assert "     I heard order 1 5 2 1 3, is that right?" in ended.stdout.splitlines()
    assert "from orders/15213" in ended.stdout
    assert "expects digits for order_number, 5 long" in ended.stdout
    assert ended.stdout.endswith("the call is over: resolved\n")


def test_a_dialogue_that_fails_is_shown_and_ends_with_one(tmp_path: Path) -> None:
    script = tmp_path / "two.yaml"
    script.write_text(
        """
now: 2026-11-20 14:00
dialogues:
  - name: right
    turns: [{caller: where is your store, says: Mill Street}]
  - name: wrong
    turns: [{caller: where is your store, says: Main Street}]
""",
        encoding="utf-8",
    )
    ended = offhook("eval", "dialogue", script)
    assert ended.returncode == 1
    assert f"{script}:6: wrong" in ended.stdout
    assert "says: expected Main Street, got the reply above" in ended.stdout
    found = json.loads(offhook("eval", "dialogue", script, "--json").stdout)
    assert [one["passed"] for one in found["dialogues"]] == [True, False]
    assert found["skills"] == {"two": {"passed": 1, "of": 2}}
