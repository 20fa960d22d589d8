"""What is made once on this machine and kept."""

from pathlib import Path

import pytest

from models import ModelError
from models.cache import kept


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("OFFHOOK_MODELS", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_it_is_made_once() -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "graph").write_text("whole")

    first = kept("graphs", "key", make)
    assert (first / "graph").read_text() == "whole"
    assert kept("graphs", "key", make) == first
    assert len(made) == 1


def test_what_breaks_off_leaves_nothing(cache: Path) -> None:
    def make(folder: Path) -> None:
        (folder / "graph").write_text("half")
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        kept("graphs", "key", make)
    assert not list((cache / "graphs").iterdir())


def test_who_is_slower_takes_the_others_result() -> None:
    def other(folder: Path) -> None:
        (folder / "graph").write_text("the other's")

    def make(folder: Path) -> None:
        (folder / "graph").write_text("ours")
        other_part = folder.with_name("key")
        other_part.mkdir()
        other(other_part)

    assert (kept("graphs", "key", make) / "graph").read_text() == "the other's"


def test_a_cache_that_cannot_be_written_is_one_line(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match=r"cannot be written .*OFFHOOK_MODELS"):
        kept("graphs", "key", lambda folder: None)
