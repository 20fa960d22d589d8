"""The database: the business's tables, and what was said in each call. Blocking: use a thread."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from dialogue import ActionError, DialogueError
from dialogue.seeds import Seed

log = logging.getLogger(__name__)

LOCK_SECONDS = 1.0  # how long a caller waits for another's write before hearing an apology

_METADATA = MetaData()
_TURNS = Table(
    "turns",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("call", String, nullable=False, index=True),
    Column("at", String, nullable=False),
    Column("speaker", String, nullable=False),
    Column("text", String, nullable=False),
    Column("intent", String),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A line of the conversation history. `text` is what the caller said, or what they heard.

    `at` is local time, ISO 8601; `speaker` is caller or assistant.
    """

    call: str
    at: str
    speaker: str
    text: str
    intent: str | None = None


class Store:
    """Safe to use from several worker threads; one for all calls of a process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that cannot write.

        Raises ActionError: the database is locked, missing or broken.
        """
        with _errors(), self._engine.connect() as connection:
            connection.execute(text("PRAGMA query_only = ON"))
            try:
                yield connection
            finally:
                connection.rollback()
                connection.execute(text("PRAGMA query_only = OFF"))

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a connection whose changes are kept if nothing is raised.

        Raises ActionError: the database is locked, missing or broken; nothing was changed.
        """
        with _errors(), self._engine.begin() as connection:
            yield connection

    def remember(self, turns: Iterable[Turn]) -> None:
        """Add to the conversation history.

        Raises ActionError: the database is locked, missing or broken.
        """
        rows = [asdict(turn) for turn in turns]
        with self.writing() as connection:
            connection.execute(_TURNS.insert(), rows)

    def history(self, call: str) -> list[Turn]:
        """Return a call's turns, first to last."""
        with self.reading() as connection:
            query = _TURNS.select().where(_TURNS.c.call == call).order_by(_TURNS.c.id)
            return [
                Turn(row.call, row.at, row.speaker, row.text, row.intent)
                for row in connection.execute(query)
            ]

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()


def open_store(
    path: Path | None, seeds: Iterable[Seed], today: date, lock_seconds: float = LOCK_SECONDS
) -> Store:
    """Open the database, or one in memory for None; fill the tables that are not there yet.

    Raises DialogueError: the file cannot be opened or is no database.
    """
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        engine = _engine(path, lock_seconds)
        with engine.begin() as connection:
            _METADATA.create_all(connection)
            present = set(inspect(connection).get_table_names())
            for seed in seeds:
                if seed.table not in present:
                    _fill(connection, seed, today)
    except (OSError, SQLAlchemyError) as error:
        reason = getattr(error, "orig", None) or error
        raise DialogueError(
            f"the database {path} cannot be opened: {reason};"
            " choose a file that can be written, or move this one away"
        ) from error
    return Store(engine)


def _engine(path: Path | None, lock_seconds: float) -> Engine:
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
        def write_ahead(connection: object, _: ConnectionPoolEntry) -> None:
            connection.execute("PRAGMA journal_mode = WAL")  # type: ignore[attr-defined]  # DB-API

    return engine


def _fill(connection: Connection, seed: Seed, today: date) -> None:
    key, *rest = seed.columns
    columns = [Column(key, String, primary_key=True), *(Column(name, String) for name in rest)]
    table = Table(seed.table, MetaData(), *columns)
    table.create(connection)
    if seed.rows:
        connection.execute(table.insert(), [dict(row) for row in seed.on(today)])
    log.info("filled the table %s with %d rows", seed.table, len(seed.rows))


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        reason = getattr(error, "orig", None) or error
        raise ActionError(f"the database failed: {reason}; is it locked or gone?") from error
