import importlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.imports import without


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "heavy_to_import.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    return "heavy_to_import"


def test_a_package_is_absent_for_this_thread_and_for_a_while(package: str) -> None:
    with without(package):
        with pytest.raises(ImportError):
            importlib.import_module(package)
        with ThreadPoolExecutor(1) as other:
            assert other.submit(importlib.import_module, package).result()
    del sys.modules[package]
    assert importlib.import_module(package)
