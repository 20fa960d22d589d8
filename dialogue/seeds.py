"""Tables that an assistant brings along as CSV files: sample orders, the catalogue."""

import csv
import io
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from dialogue import AssistantError
from dialogue.reading import Tell, fail, read_text, refuse

_DAY = re.compile(r"today([+-]\d+)?")


@dataclass(frozen=True, slots=True)
class Seed:
    """A table of texts; its first column is the key.

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

    Tells AssistantError: a line has the wrong number of cells, or an empty or repeated key. Raises
    it where the columns or the file itself cannot be read.
    """
    reader = csv.reader(io.StringIO(read_text(path)), strict=True)
    rows: dict[str, tuple[str, ...]] = {}
    try:
        header = tuple(cell.strip() for cell in next(reader, []))
        _check_header(path, header)
        for cells in reader:
            row = tuple(cell.strip() for cell in cells)
            try:
                _check_row(path, reader.line_num, row, header, rows.keys())
            except AssistantError as error:
                tell(error)
            else:
                rows |= {row[0]: row} if row else {}
    except csv.Error as error:
        fail(path, reader.line_num, f"not CSV: {error}; check the quotes")
    return Seed(path.stem, header, tuple(rows.values()))


def _check_header(path: Path, header: tuple[str, ...]) -> None:
    if not header or not all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in header):
        fail(path, 1, "the first line names the columns; write them like order_number,status")
    if len(set(header)) < len(header):
        fail(path, 1, "two columns have the same name; rename one")


def _check_row(
    path: Path, line: int, row: tuple[str, ...], header: tuple[str, ...], keys: Collection[str]
) -> None:
    if row and len(row) != len(header):
        mend = "add or remove commas, and put quotes around a cell that has one"
        fail(path, line, f"{len(row)} cells, not {len(header)}; {mend}")
    if row and (not row[0] or row[0] in keys):
        problem = f"the {header[0]} '{row[0]}' is empty or was there before"
        fail(path, line, f"{problem}; each line needs its own")


def _cell(text: str, today: date) -> str:
    if match := _DAY.fullmatch(text):
        return (today + timedelta(int(match[1] or 0))).isoformat()
    return text
