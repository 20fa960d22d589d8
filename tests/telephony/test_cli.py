"""The command line as people meet it: what it teaches, how it refuses, what its exit codes mean."""

import ctypes.util
import json
import logging
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from models import FetchError, ModelMissing
from telephony import LineError, doctor
from telephony.__main__ import main
from telephony.cli_errors import ExitCode, report
from telephony.cli_logging import PACKAGES
from telephony.cli_train import confusions
from telephony.findings import Finding, ok
from tests.telephony.environment import without_settings
from voice import AudioFileError, EngineError

CLIP = Path(__file__).parents[1] / "clips" / "order_status.wav"
RETAIL = Path(__file__).parents[2] / "dialogue" / "assistants" / "retail"


@dataclass(frozen=True)
class Ended:
    """How a command ended; `out` has each run of blanks as one, as lines break anywhere."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def offhook(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Run]:
    """Run the command line in a folder and with a model cache that are empty."""
    monkeypatch.chdir(tmp_path)
    without_settings(monkeypatch)
    monkeypatch.setenv("OFFHOOK_MODELS", str(tmp_path / "models"))

    def run(*arguments: str | Path) -> Ended:
        with pytest.raises(SystemExit) as ending:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Ended(int(ending.value.code or 0), " ".join(printed.out.split()), printed.err)

    levels = {name: logging.getLogger(name).level for name in PACKAGES}
    yield run
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def refused(ended: Ended, code: ExitCode, *words: str) -> None:
    """Check that it ended with this code and one line that has these words."""
    assert ended.code == code, ended.err
    assert ended.err.startswith("offhook: ")
    assert ended.err.count("\n") == 1
    for word in words:
        assert word in ended.err


def test_help_teaches_the_commands_by_what_they_are_for_and_the_exit_codes(offhook: Run) -> None:
    ended = offhook("--help")
    assert ended.code == ExitCode.OK
    for panel in ("Answer calls", "Try a part alone", "Set up", "Examples", "Exit codes"):
        assert panel in ended.out
    for code in ExitCode:
        assert f"{code.value} {code.meaning}" in ended.out


@pytest.mark.parametrize(
    "command",
    [
        "replay",
        "mic",
        "serve",
        "say",
        "hear",
        "chat",
        "new",
        "check",
        "call",
        "train nlu",
        "eval dialogue",
        "models pull",
    ],
)
def test_every_command_has_help(offhook: Run, command: str) -> None:
    ended = offhook(*command.split(), "--help")
    assert ended.code == ExitCode.OK
    assert f"Usage: offhook {command}" in ended.out


def test_help_loads_nothing_heavy() -> None:
    heavy = {"torch", "numpy", "pydantic", "transformers", "onnxruntime", "sqlalchemy", "trio"}
    code = f"import sys, telephony.__main__; print(*({heavy} & sys.modules.keys()))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert not loaded.stdout.split()


def test_a_command_that_needs_more_prints_its_help(offhook: Run) -> None:
    for arguments in ([], ["models"], ["train"]):
        ended = offhook(*arguments)
        assert (ended.code, ended.err) == (ExitCode.USAGE, "")
        assert "Usage:" in ended.out


def test_the_version_is_told(offhook: Run) -> None:
    assert offhook("--version").out.startswith("offhook 0.")


def test_a_mistyped_command_or_option_is_one_line_with_the_way_to_the_help(offhook: Run) -> None:
    refused(offhook("replya", "x.wav"), ExitCode.USAGE, "replay", "`offhook --help`")
    refused(offhook("mic", "--imput", "1"), ExitCode.USAGE, "--imput", "`offhook mic --help`")
    refused(offhook("say", "hello"), ExitCode.USAGE, "--output")


def test_a_file_that_is_no_recording_is_refused_before_anything_is_loaded(
    offhook: Run, tmp_path: Path
) -> None:
    empty, text, cut = tmp_path / "empty.wav", tmp_path / "text.wav", tmp_path / "cut.wav"
    empty.touch()
    text.write_text("not a recording at all", encoding="utf-8")
    cut.write_bytes(CLIP.read_bytes()[:30])
    for command in ("replay", "hear"):
        refused(offhook(command, "nowhere.wav"), ExitCode.BAD_INPUT, "nowhere.wav", "no such file")
        refused(offhook(command, empty), ExitCode.BAD_INPUT, "empty.wav", "is empty")
        refused(offhook(command, text), ExitCode.BAD_INPUT, "text.wav", "ffmpeg")
        refused(offhook(command, cut), ExitCode.BAD_INPUT, "cut.wav")
    refused(offhook("replay", CLIP, "--channel", "5"), ExitCode.BAD_INPUT, "--channel")
    refused(offhook("replay", CLIP, "--max-hours", "0.001"), ExitCode.BAD_INPUT, "--max-hours")


def test_results_that_would_overwrite_each_other_or_a_recording_are_refused(offhook: Run) -> None:
    refused(offhook("replay", CLIP, CLIP, "--sound", "out"), ExitCode.USAGE, "same name")
    refused(offhook("replay", CLIP, "--sound", CLIP.parent), ExitCode.USAGE, "is a recording")
    refused(offhook("replay", CLIP, "--record", CLIP), ExitCode.USAGE, "is a recording")


def test_an_assistant_with_a_broken_file_is_refused_with_file_and_line(
    offhook: Run, tmp_path: Path
) -> None:
    refused(offhook("replay", CLIP, "-a", "nowhere"), ExitCode.BAD_INPUT, "nowhere")
    folder = tmp_path / "shop"
    folder.mkdir()
    for file in RETAIL.iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    flows = folder / "flows.yaml"
    flows.write_text("flows:\n  order_status: [\n", encoding="utf-8")
    refused(offhook("replay", CLIP, "-a", folder), ExitCode.BAD_INPUT, "flows.yaml:")


def test_without_models_the_line_says_which_to_pull(offhook: Run) -> None:
    pull = "offhook models pull"
    refused(offhook("replay", CLIP), ExitCode.MODEL, pull, "whisper-base", "minilm", "coqui-joe")
    refused(offhook("hear", CLIP), ExitCode.MODEL, pull, "whisper-base")
    refused(offhook("say", "hello", "-o", "x.wav"), ExitCode.MODEL, pull, "coqui-joe")
    refused(offhook("models", "verify"), ExitCode.MODEL, pull)


def test_a_model_or_engine_of_an_unknown_name_is_refused_with_the_known_ones(offhook: Run) -> None:
    refused(offhook("models", "pull", "gpt"), ExitCode.USAGE, "'gpt'", "whisper-base")
    refused(offhook("hear", CLIP, "--model", "huge"), ExitCode.USAGE, "huge", "tiny.en")
    bell = offhook("say", "x", "-o", "x.wav", "--engine", "bell")
    refused(bell, ExitCode.USAGE, "bell", "hibari")


def test_models_are_listed_with_licence_caveat_and_whether_they_are_here(offhook: Run) -> None:
    ended = offhook("models", "list")
    assert ended.code == ExitCode.OK
    assert "whisper-base asr multilingual MIT" in ended.out
    assert "missing" in ended.out
    assert "coqui-joe: The voice" in ended.out
    listed = json.loads(offhook("models", "list", "--json").out)
    joe = next(model for model in listed if model["name"] == "coqui-joe")
    assert joe["sha256"] is None
    assert "commercial" in joe["caveat"]


def test_without_portaudio_mic_says_how_to_install_it(
    offhook: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    refused(offhook("mic"), ExitCode.LINE, "sudo apt install libportaudio2")


def test_a_setting_that_cannot_be_is_refused_by_its_variable(
    offhook: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFHOOK_DEVICE", "abacus")
    refused(offhook("replay", CLIP), ExitCode.USAGE, "OFFHOOK_DEVICE=abacus", "'cpu'")


def test_settings_come_from_a_dotenv_file_too(offhook: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OFFHOOK_DEVICE=abacus\nPATH=/x\n", encoding="utf-8")
    refused(offhook("replay", CLIP), ExitCode.USAGE, "OFFHOOK_DEVICE=abacus")


def test_an_unexpected_error_is_one_line_and_a_file_with_the_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert report(ExceptionGroup("tasks", [ZeroDivisionError("by\nzero")])) == ExitCode.FAULT
    line = capsys.readouterr().err
    assert line.startswith("offhook: unexpected ZeroDivisionError: by zero (")
    log = Path(line.partition("is in ")[2].partition(";")[0])
    assert "ZeroDivisionError" in log.read_text(encoding="utf-8")
    log.unlink()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
        (BaseExceptionGroup("", [KeyboardInterrupt()]), ExitCode.INTERRUPTED),
        (AudioFileError("x"), ExitCode.BAD_INPUT),
        (FetchError("x"), ExitCode.MODEL),
        (LineError("x"), ExitCode.LINE),
        (EngineError("x"), ExitCode.PART),
        (ExceptionGroup("", [ValueError("y"), LineError("x")]), ExitCode.LINE),
        (FileNotFoundError(2, "No such file", "x.wav"), ExitCode.BAD_INPUT),
    ],
)
def test_exit_codes_tell_what_kind_of_error_it_was(error: BaseException, code: ExitCode) -> None:
    assert report(error) == code


def test_a_missing_model_stays_one_when_an_engine_reports_it() -> None:
    error = EngineError("the voice is missing")
    error.__cause__ = ModelMissing("the voice is missing")
    assert report(error) == ExitCode.MODEL


def test_doctor_finds_what_is_wrong_and_says_what_to_do(
    offhook: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = {name: doctor.CHECKS[name] for name in ("python", "settings", "models", "folders")}
    monkeypatch.setattr(doctor, "CHECKS", checks)
    monkeypatch.setenv("OFFHOOK_ASR_MODLE", "base")
    ended = offhook("doctor")
    assert ended.code == ExitCode.PROBLEM
    assert "problem models whisper-base is not in" in ended.out
    assert "offhook models pull whisper-base" in ended.out
    assert "did you mean OFFHOOK_ASR_MODEL?" in ended.out


def test_doctor_is_content_where_nothing_is_wrong(
    offhook: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", {"python": doctor.CHECKS["python"]})
    ended = offhook("doctor")
    assert (ended.code, ended.err) == (ExitCode.OK, "")
    assert ended.out.endswith("no problems, no warnings")


def test_a_check_that_breaks_is_a_problem_and_stops_no_other(
    offhook: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_: object) -> Iterator[Finding]:
        yield ok("this much was seen")
        raise RuntimeError("no")

    checks = {"x": breaks, "python": doctor.CHECKS["python"]}
    monkeypatch.setattr(doctor, "CHECKS", checks)
    ended = offhook("doctor")
    assert ended.code == ExitCode.PROBLEM
    assert "this much was seen" in ended.out
    assert "the check itself failed: RuntimeError: no" in ended.out
    assert "ok python" in ended.out


def test_doctor_refuses_a_doubtful_voice_on_a_public_number(
    offhook: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", {"models": doctor.CHECKS["models"]})
    assert "warning models coqui-joe: The voice" in offhook("doctor").out
    monkeypatch.setenv("OFFHOOK_PUBLIC", "1")
    assert "problem models coqui-joe: The voice" in offhook("doctor").out
    monkeypatch.setenv("OFFHOOK_TTS_ENGINE", "hibari")
    assert "coqui-joe: The voice" not in offhook("doctor").out


def test_every_setting_is_listed_with_what_it_does(offhook: Run) -> None:
    ended = offhook("doctor", "--settings")
    assert "OFFHOOK_ASR_MODEL=base" in ended.out
    assert "OFFHOOK_MODELS=" in ended.out


def test_serve_refuses_what_cannot_be_before_anything_is_loaded(offhook: Run) -> None:
    local = ("--insecure-local", "--host", "0.0.0.0")  # noqa: S104 - that is the point
    refused(offhook("serve", *local), ExitCode.USAGE, "--insecure-local", "127.0.0.1")
    url = ("--public-url", "http://calls.example.com", "--port", "0")
    refused(offhook("serve", *url), ExitCode.USAGE, "Twilio needs https", "OFFHOOK_PUBLIC_URL")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused(offhook("serve", "--port", port), ExitCode.USAGE, port, "OFFHOOK_PORT")
    refused(offhook("serve", "-a", "nowhere", "--port", "0"), ExitCode.BAD_INPUT, "nowhere")


def test_training_names_the_most_frequent_confusions_first() -> None:
    matrix = [[5, 1, 0], [3, 4, 0], [0, 0, 9]]
    assert confusions({"labels": ["a", "b", "c"], "matrix": matrix}) == [
        "b taken for a: 3",
        "a taken for b: 1",
    ]
