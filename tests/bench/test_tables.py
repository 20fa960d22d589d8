"""The tables of the README and the docs are those that the benchmarks' JSON makes."""

from pathlib import Path

import pytest

from tests.bench.tables import PAGES, RESULTS, TABLES, with_tables


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_made_of_the_committed_results(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert with_tables(text, RESULTS) == text


def test_every_table_has_its_place() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert all(f"<!-- bench:{name} -->" in text for name in TABLES)
