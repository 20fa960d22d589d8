"""`offhook new` and `offhook check` as the shell runs them, and what an untrained folder says."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dialogue.assistant import default_assistant, load_assistant
from dialogue.scripted import dialogue_files, load_dialogues
from telephony.__main__ import main
from telephony.cli_errors import ExitCode
from tests.telephony.environment import without_settings


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@pytest.fixture
def offhook(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Run:
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    without_settings(monkeypatch)

    def run(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as ending:
            main(arguments)
        printed = capsys.readouterr()
        return Ended(int(ending.value.code or 0), printed.out, printed.err)

    return run


@pytest.mark.parametrize(
    ("template", "warned"),
    [("starter", "1 warning"), ("retail", "2 warnings")],  # three requests are in English alone
)
def test_new_makes_a_folder_that_is_right_and_tells_the_next_steps(
    offhook: Run, template: str, warned: str
) -> None:
    ended = offhook("new", "my shop", "--from", template)
    assert ended.code == ExitCode.OK
    steps = [line.split("   ")[0].strip() for line in ended.out.splitlines()[1:4]]
    assert steps == [
        "offhook check 'my shop'",
        "offhook train nlu 'my shop'",
        "offhook chat --assistant 'my shop'",
    ]
    assert not (Path("my shop") / "nlu").exists()
    checked = offhook("check", "my shop")
    assert checked.code == ExitCode.OK
    assert checked.out.endswith(f"my shop: no faults, {warned}\n")
    assert "warning: not there, nothing was trained: run `offhook train nlu my shop`" in checked.out


def test_new_overwrites_nothing(offhook: Run, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    ended = offhook("new", "shop")
    assert ended.code == ExitCode.USAGE
    assert "shop is there already; choose another name" in ended.err
    assert not list((tmp_path / "shop").iterdir())


def test_new_refuses_a_template_that_does_not_ship(offhook: Run) -> None:
    ended = offhook("new", "shop", "--from", "bank")
    assert ended.code == ExitCode.USAGE
    assert "starter" in ended.err


def test_an_untrained_folder_says_in_one_line_what_to_run(offhook: Run) -> None:
    offhook("new", "shop")
    for command in (["chat", "-a", "shop"], ["eval", "dialogue", "-a", "shop"]):
        ended = offhook(*command)
        assert ended.code == ExitCode.BAD_INPUT
        assert ended.err.endswith("nothing was trained: run `offhook train nlu shop`\n")
        assert ended.err.count("\n") == 1


def test_a_script_that_is_not_there_is_one_line(offhook: Run) -> None:
    ended = offhook("chat", "--script", "nowhere.txt")
    assert ended.code == ExitCode.BAD_INPUT
    assert ended.err.startswith("offhook: nowhere.txt: No such file or directory")


def test_check_prints_every_fault_and_ends_with_one(offhook: Run, tmp_path: Path) -> None:
    offhook("new", "shop")
    for file, old, new in (
        ("flows.yaml", "faq: prices", "faq: price"),
        ("assistant.toml", '"10:00-16:00"', '"10 to 4"'),
        ("repairs.csv", "4835,", "4821,"),
    ):
        path = tmp_path / "shop" / file
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    ended = offhook("check", "shop")
    assert ended.code == ExitCode.FAULT
    assert ended.out.splitlines() == [
        "shop/assistant.toml:15: '10 to 4' is no time span; write 9:00-18:00, or closed",
        "shop/flows.yaml:51: faq.md has no 'price'; did you mean prices?",
        "shop/repairs.csv:3: the ticket '4821' is empty or was there before;"
        " each line needs its own",
        "shop: 3 faults; warnings come when they are mended",
    ]
    found = json.loads(offhook("check", "shop", "--json").out)
    assert found["faults"][1] == {
        "file": "shop/flows.yaml",
        "line": 51,
        "what": "faq.md has no 'price'; did you mean prices?",
    }
    assert found["warnings"] == []


def test_check_reads_the_folders_own_dialogues_too(offhook: Run, tmp_path: Path) -> None:
    offhook("new", "shop")
    path = tmp_path / "shop" / "dialogues" / "repairs.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("asks: ticket}", "asks: tikcet}", 1)
    path.write_text(text.replace("calls: cancel_repair}", "calls: cancel}"), encoding="utf-8")
    ended = offhook("check", "shop")
    assert ended.code == ExitCode.FAULT
    assert ended.out.splitlines()[:2] == [
        "shop/dialogues/repairs.yaml:10: there is no 'tikcet'; did you mean ticket?",
        "shop/dialogues/repairs.yaml:31: there is no 'cancel'; did you mean cancel_repair?",
    ]


def test_check_of_no_folder_is_one_line(offhook: Run) -> None:
    ended = offhook("check", "nowhere")
    assert ended.code == ExitCode.BAD_INPUT
    assert ended.err.startswith("offhook: nowhere:1: there is no such folder;")


def test_the_starters_own_dialogues_fit_it() -> None:
    starter = default_assistant().parent / "starter"
    assistant = load_assistant(starter)
    files = dialogue_files([starter / "dialogues"])
    assert sum(len(load_dialogues(file, assistant)) for file in files) >= 8
