"""Typed tables: what was text becomes amounts, days and times; nothing is left behind."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from dialogue.migrations.schema_0002 import METADATA

revision = "0002"
down_revision = "0001"

_SAMPLES = ("orders", "catalog")  # tables of the version before, if they were not its user's own
_BEFORE = "before_0002_"

Row = Mapping[str, Any]


def upgrade() -> None:
    """Put the old tables aside, make the new ones, and carry over every row and column."""
    connection = op.get_bind()
    there = set(sa.inspect(connection).get_table_names())
    present = [name for name in (*_SAMPLES, "turns") if name in there]
    for name in present:
        _put_aside(connection, name)
    METADATA.create_all(connection)
    for name in present:
        rows = _rows(connection, name)
        if name == "turns":
            _carry_over_turns(connection, rows)
        else:
            _carry_over(connection, name, rows)
        op.drop_table(_BEFORE + name)
    filled = [name for name in _SAMPLES if name in present]
    if "orders" in present:  # the business's own: no sample customers for them
        filled += ["customers", "order_lines"]
    if filled:
        marks = [{"name": name, "day": None} for name in filled]
        connection.execute(METADATA.tables["filled"].insert(), marks)


def _put_aside(connection: sa.Connection, name: str) -> None:
    inspector = sa.inspect(connection)
    missing = [
        column.name
        for column in (METADATA.tables[name].columns if name in _SAMPLES else ())
        if not column.nullable
        and column.name not in {c["name"] for c in inspector.get_columns(name)}
    ]
    if missing:
        raise ValueError(f"its table {name} has no {missing[0]}; give it another name first")
    for index in inspector.get_indexes(name):
        op.drop_index(str(index["name"]), name)
    key = inspector.get_pk_constraint(name)["name"]
    op.rename_table(name, _BEFORE + name)
    if connection.dialect.name == "postgresql":  # whose name the new table may want
        rename = f'ALTER TABLE "{_BEFORE}{name}" RENAME CONSTRAINT "{key}" TO "{_BEFORE}{key}"'
        op.execute(sa.text(rename))


def _rows(connection: sa.Connection, name: str) -> Sequence[Row]:
    query = sa.text(f'SELECT * FROM "{_BEFORE}{name}"')  # noqa: S608 - a name of ours
    return [dict(row) for row in connection.execute(query).mappings()]


def _carry_over(connection: sa.Connection, name: str, rows: Sequence[Row]) -> None:
    table = METADATA.tables[name]
    there = sa.inspect(connection).get_columns(_BEFORE + name)
    more = [column["name"] for column in there if column["name"] not in table.columns]
    for column in more:
        op.add_column(name, sa.Column(column, sa.String))
    columns = [sa.column(column.name, column.type) for column in table.columns]
    whole = sa.table(name, *columns, *(sa.column(column, sa.String()) for column in more))
    typed = [{key: _typed(table, key, row) for key in row} for row in rows]
    if typed:
        connection.execute(whole.insert(), typed)


def _carry_over_turns(connection: sa.Connection, rows: Sequence[Row]) -> None:
    turns = [{**row, "at": datetime.fromisoformat(row["at"])} for row in rows]
    spans: dict[str, list[datetime]] = {}
    for turn in turns:
        spans.setdefault(turn["call"], []).append(turn["at"])
    if not turns:
        return
    connection.execute(
        METADATA.tables["conversations"].insert(),
        [{"call": call, "began": min(at), "last": max(at)} for call, at in spans.items()],
    )
    connection.execute(METADATA.tables["turns"].insert(), turns)
    if connection.dialect.name == "postgresql":  # the ids were given, not counted
        after = "SELECT setval(pg_get_serial_sequence('turns', 'id'), max(id)) FROM turns"
        connection.execute(sa.text(after))


def _typed(table: sa.Table, key: str, row: Row) -> object:
    text = row[key]
    if key not in table.columns:
        return text
    column = table.columns[key]
    try:
        value = _value(column.type, text) if text else None
    except ValueError:
        value = None
    if value is None and (text or not column.nullable):
        first = next(iter(row.values()))
        raise ValueError(f"'{text}' of {table.name} {first} is no {key}; correct it first")
    return value


def _value(type_: sa.types.TypeEngine[Any], text: str) -> object:
    match type_:
        case sa.Date():
            return date.fromisoformat(text)
        case sa.Integer():
            return int(text)
        case sa.Numeric():
            return float(text)
    return text
