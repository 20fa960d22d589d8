"""Tables that an assistant brings along as CSV files: sample orders, the catalogue."""

import csv
import io
import logging
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

from dialogue import AssistantError
from dialogue.reading import Tell, fail, read_text, refuse
from dialogue.tables import FILLED, METADATA, needed, value

log = logging.getLogger(__name__)

_DAY = re.compile(r"today([+-]\d+)?")


@dataclass(frozen=True, slots=True)
class Seed:
    """A table; its first column is the key. What `dialogue/tables.py` has no column for is text.

    A cell `today+2` becomes the date two days after the table is filled, so that sample data stays
    fresh.
    """

    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def on(self, today: date) -> list[Mapping[str, str]]:
        """Return the rows as they are stored when the table is filled on that day."""
        return [
            dict(zip(self.columns, (_cell(cell, today) for cell in row), strict=True))
            for row in self.rows
        ]

    def column(self, name: str) -> tuple[str, ...]:
        """Return one column's values."""
        index = self.columns.index(name)
        return tuple(row[index] for row in self.rows)


def read_seed(path: Path, tell: Tell = refuse) -> Seed:
    """Read a CSV file; the table has the file's name.

    Tells AssistantError: a line has the wrong number of cells, an empty or repeated key, or a cell
    that does not fit its column. Raises it where the columns or the file cannot be read.
    """
    typed = METADATA.tables.get(path.stem)
    reader = csv.reader(io.StringIO(read_text(path)), strict=True)
    rows: dict[str, tuple[str, ...]] = {}
    try:
        header = tuple(cell.strip() for cell in next(reader, []))
        _check_header(path, header, typed)
        for cells in reader:
            row = tuple(cell.strip() for cell in cells)
            try:
                _check_row(path, reader.line_num, row, header, rows.keys())
                if typed is not None and row and (mistake := _misfit(typed, header, row)):
                    fail(path, reader.line_num, mistake)
            except AssistantError as error:
                tell(error)
            else:
                rows |= {row[0]: row} if row else {}
    except csv.Error as error:
        fail(path, reader.line_num, f"not CSV: {error}; check the quotes")
    return Seed(path.stem, header, tuple(rows.values()))


def _check_header(path: Path, header: tuple[str, ...], typed: Table | None) -> None:
    if not header or not all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in header):
        fail(path, 1, "the first line names the columns; write them like order_number,status")
    if len(set(header)) < len(header):
        fail(path, 1, "two columns have the same name; rename one")
    for name in needed(typed) if typed is not None else ():
        if name not in header:
            fail(path, 1, f"the table {path.stem} needs a column {name}; add it")


def _check_row(
    path: Path, line: int, row: tuple[str, ...], header: tuple[str, ...], keys: Collection[str]
) -> None:
    if row and len(row) != len(header):
        mend = "add or remove commas, and put quotes around a cell that has one"
        fail(path, line, f"{len(row)} cells, not {len(header)}; {mend}")
    if row and (not row[0] or row[0] in keys):
        problem = f"the {header[0]} '{row[0]}' is empty or was there before"
        fail(path, line, f"{problem}; each line needs its own")


def fill(connection: Connection, seeds: Iterable[Seed], today: date) -> None:
    """Fill the tables that were never filled; typed ones first, in the order of their keys."""
    by_table = {seed.table: seed for seed in seeds}
    filled = set(connection.execute(select(FILLED.c.name)).scalars())
    for table in METADATA.sorted_tables:
        if seed := by_table.pop(table.name, None):
            whole = _with_more(connection, table, seed.columns)
            if table.name not in filled:
                rows = [
                    {key: value(whole.c[key], text) for key, text in row.items()}
                    for row in seed.on(today)
                ]
                _insert(connection, whole, rows)
                connection.execute(FILLED.insert(), {"name": table.name, "day": today})
    there = set(inspect(connection).get_table_names())
    for name, seed in by_table.items():
        if name not in there:
            key, *rest = seed.columns
            columns = (Column(key, String, primary_key=True), *(Column(c, String) for c in rest))
            table = Table(name, MetaData(), *columns)
            table.create(connection)
            _insert(connection, table, seed.on(today))


def _with_more(connection: Connection, table: Table, columns: Iterable[str]) -> Table:
    """Return the table with these columns too, added as texts where the database lacks them."""
    more = [name for name in columns if name not in table.columns]
    if not more:
        return table
    there = {column["name"] for column in inspect(connection).get_columns(table.name)}
    whole = table.to_metadata(MetaData())
    for name in more:
        whole.append_column(Column(name, String))
        if name not in there:
            operations = Operations(MigrationContext.configure(connection))
            operations.add_column(table.name, Column(name, String))
    return whole


def _insert(connection: Connection, table: Table, rows: Iterable[Mapping[str, object]]) -> None:
    values = [dict(row) for row in rows]
    if values:
        connection.execute(table.insert(), values)
    log.info("filled the table %s with %d rows", table.name, len(values))


def _misfit(table: Table, header: tuple[str, ...], row: tuple[str, ...]) -> str | None:
    """Say which cell does not fit its column, and why."""
    for name, cell in zip(header, row, strict=True):
        if (column := table.columns.get(name)) is None or _DAY.fullmatch(cell):
            continue
        try:
            value(column, cell)
        except ValueError as error:
            return f"{name}: {error}"
        if not cell and not column.nullable:
            return f"{name} is empty; every line needs one"
    return None


def _cell(text: str, today: date) -> str:
    if match := _DAY.fullmatch(text):
        return (today + timedelta(int(match[1] or 0))).isoformat()
    return text
