"""The README's tables are those that the benchmarks' JSON makes."""

from tests.bench.tables import README, RESULTS, TABLES, with_tables


def test_the_readme_is_made_of_the_committed_results() -> None:
    text = README.read_text(encoding="utf-8")
    assert with_tables(text, RESULTS) == text


def test_every_table_has_its_place_in_the_readme() -> None:
    text = README.read_text(encoding="utf-8")
    assert all(f"<!-- bench:{name} -->" in text for name in TABLES)
