"""The two databases that a store may be in: SQLite, in a file or in memory, and PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from dialogue import DialogueError
from dialogue.tables import METADATA

FIRST = "0001"  # the version whose databases do not say so themselves
_WRITES = "offhook_writes"  # execution option of a connection that writes: SQLite's synchronous
_CONNECT_SECONDS = 3  # to a server that does not answer
_MIGRATING = 0x0FF40B  # PostgreSQL's advisory lock: any number, always the same
_TABLE_OF_VERSION = "alembic_version"


def open_engine(where: Path | str | None, lock_seconds: float) -> Engine:
    """Return an engine for a file, a PostgreSQL URL, or a database in memory.

    Raises DialogueError: the URL is none of PostgreSQL's.
    """
    if isinstance(where, str):
        return _postgresql(where, lock_seconds)
    return _sqlite(where, lock_seconds)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a connection that cannot write, and sees one state throughout."""
    if engine.dialect.name != "sqlite":
        with engine.connect().execution_options(postgresql_readonly=True) as connection:
            yield connection
        return
    with engine.connect() as connection:
        driver = connection.connection.cursor()  # by SQLAlchemy's way each takes ten times longer
        driver.execute("PRAGMA query_only = ON")
        try:
            yield connection
        finally:
            connection.rollback()
            driver.execute("PRAGMA query_only = OFF")


@contextmanager
def writing(engine: Engine, *, lasting: bool = True) -> Iterator[Connection]:
    """Open a connection whose changes are all kept, or none.

    Without `lasting` a power cut, and nothing else, may take the last of them: SQLite then waits
    for no disk, which takes half of the time of a small change.
    """
    writes = {_WRITES: "FULL" if lasting else "NORMAL"}
    with engine.connect().execution_options(**writes) as connection, connection.begin():
        yield connection


def answers(where: Path | str | None) -> None:
    """Connect, and do nothing else.

    Raises DialogueError: it cannot be reached.
    """
    engine = open_engine(where, lock_seconds=1)
    try:
        engine.connect().close()
    except SQLAlchemyError as error:
        raise DialogueError(f"the database cannot be reached: {reason(error)}") from error
    finally:
        engine.dispose()


def reason(error: Exception) -> str:
    """Return what the database says is wrong, in one line, without the rows concerned."""
    said = getattr(error, "orig", None) or error
    first = said.args[0] if said.args else said
    told = first.get("M", "") if isinstance(first, dict) else str(said)  # PostgreSQL's fields
    return " ".join(str(told).split())


def bring_up_to_date(connection: Connection, in_memory: bool) -> None:
    """Make the tables, or migrate those of an earlier version, within this transaction.

    Raises DialogueError: the database is another program's.
    """
    if in_memory:  # new, and the tests hold that migrations come to the same tables
        METADATA.create_all(connection)
        return
    if connection.dialect.name == "postgresql":  # one process migrates, the others wait
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATING})
    config = Config()
    config.set_main_option("script_location", "dialogue:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    there = set(inspect(connection).get_table_names())
    if _TABLE_OF_VERSION not in there:
        if "turns" in there:
            command.stamp(config, FIRST)
        elif there & METADATA.tables.keys():
            raise DialogueError("it holds another program's tables; name a database of our own")
    command.upgrade(config, "head")


def _sqlite(path: Path | None, lock_seconds: float) -> Engine:
    if path is None:  # one connection, which the threads take turns with: the data lives in it
        engine = create_engine(
            "sqlite://",
            poolclass=QueuePool,
            pool_size=1,
            max_overflow=0,
            connect_args={"check_same_thread": False},
        )
    else:  # mode=rw: a file that vanishes is an error, not a new and empty database
        engine = create_engine(
            f"sqlite:///file:{path.resolve()}?mode=rw&uri=true",
            connect_args={"timeout": lock_seconds},
        )

    @event.listens_for(engine, "connect")
    def prepare(connection: object, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # type: ignore[attr-defined]  # we begin, not sqlite3
        if path is not None:
            connection.execute("PRAGMA journal_mode = WAL")  # type: ignore[attr-defined]
        connection.execute("PRAGMA foreign_keys = ON")  # type: ignore[attr-defined]

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # to write is said at once: a reader that turns writer would fail where it could have waited
        writes = connection.get_execution_options().get(_WRITES)
        statements = (f"PRAGMA synchronous = {writes}", "BEGIN IMMEDIATE") if writes else ("BEGIN",)
        cursor = connection.connection.cursor()
        try:
            for statement in statements:
                cursor.execute(statement)
        except sqlite3.Error as error:
            raise OperationalError("; ".join(statements), None, error) from error

    return engine


def _postgresql(url: str, lock_seconds: float) -> Engine:
    scheme, colon, rest = url.partition("://")
    if scheme not in {"postgres", "postgresql"} or not colon:
        raise DialogueError(
            f"a database URL begins with postgresql://, not with {scheme.split(':')[0]}:"
        )
    try:
        parsed = make_url(f"postgresql+pg8000://{rest}")
    except (ArgumentError, ValueError) as error:
        raise DialogueError(
            "the database URL cannot be read; write postgresql://user:password@host/name"
        ) from error
    engine = create_engine(parsed, pool_pre_ping=True, connect_args={"timeout": _CONNECT_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: object, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]  # DB-API
        cursor.execute(f"SET lock_timeout = {int(lock_seconds * 1000)}")
        connection.commit()  # type: ignore[attr-defined]

    return engine
