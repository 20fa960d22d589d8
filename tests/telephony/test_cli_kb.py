"""`offhook kb` as people meet it: a fault is a line with its place, an answer names its source."""

import shutil
from pathlib import Path

import pytest

from models import ModelMissing
from models.registry import model_path
from telephony.__main__ import main
from telephony.cli_errors import ExitCode
from tests.telephony.environment import without_settings

RETAIL = Path(__file__).parents[2] / "dialogue" / "assistants" / "retail"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    without_settings(monkeypatch)
    ours = tmp_path / "shop"
    shutil.copytree(RETAIL, ours, ignore=shutil.ignore_patterns("nlu", "__pycache__"))
    return ours


def ended(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as ending:
        main([str(argument) for argument in arguments])
    return int(ending.value.code or 0)


def test_a_document_comes_in_and_is_checked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "privacy.md"
    policy.write_text("# Privacy\n\nWe keep orders for ten years.\n", encoding="utf-8")
    assert ended("kb", "import", policy, "--assistant", folder) == ExitCode.OK
    assert (folder / "documents" / "privacy.md").is_file()
    assert ended("kb", "check", folder) == ExitCode.OK
    assert capsys.readouterr().out.endswith("nothing is wrong\n")


def test_faults_are_lines_with_their_places(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (folder / "graph.ttl").open("a", encoding="utf-8") as graph:
        graph.write("shop:kettle shop:category shop:aplliances .\n")
    (folder / "documents" / "care.md").write_text("Rinse twice.\n", encoding="utf-8")
    assert ended("kb", "check", folder) == ExitCode.BAD_INPUT
    care, graph_line = capsys.readouterr().out.splitlines()
    assert care.endswith("care.md:1: this text has no heading; put '# Topic' above it")
    assert graph_line.endswith(
        "nothing is said about 'aplliances', only that kettle category it; did you mean appliances?"
    )


def test_a_table_without_a_class_is_refused_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended("kb", "import", folder / "catalog.csv", "-a", folder) == ExitCode.BAD_INPUT
    assert "add --class, like --class shop:Product" in capsys.readouterr().err


@pytest.mark.slow
def test_an_answer_tells_where_it_stands(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        model_path("minilm")
    except ModelMissing as missing:
        pytest.skip(str(missing))
    asked = ("which kettle fits the filter F2 and is in stock?", "may I leave my car somewhere")
    assert ended("kb", "ask", "-v", *asked, "-a", folder) == ExitCode.OK
    said = capsys.readouterr().out
    assert "The glass kettle takes the filter F2, and we have it in stock." in said
    assert "graph: glass kettle → variantOf → kettle; filter F2 → fits → glass kettle" in said
    assert "faq.md#parking" in said
