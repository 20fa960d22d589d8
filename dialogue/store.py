"""The database: the business's tables, and what was said in each call. Blocking: use a thread."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from dialogue import ActionError, ConnectionLost, DialogueError, databases
from dialogue.seeds import Seed, fill
from dialogue.tables import CHANGES, CONVERSATIONS, TURNS

log = logging.getLogger(__name__)

LOCK_SECONDS = 1.0  # how long a caller waits for another's write before hearing an apology
Insert = Callable[[Table], sqlite.Insert | postgresql.Insert]
_NOTE_TURN = TURNS.insert()
_INSERTS: dict[str, Insert] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


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
        self._insert = _INSERTS[engine.dialect.name]
        new = self._insert(CONVERSATIONS)
        self._note_call = new.on_conflict_do_update(
            index_elements=["call"], set_={"last": new.excluded.last}
        )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that cannot write.

        Raises ActionError: the database is locked, missing or broken.
        """
        with _errors(), databases.reading(self._engine) as connection:
            yield connection

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Iterator[Connection]:
        """Open a connection whose changes are kept if nothing is raised.

        Without `lasting`, a power cut may take them; see `databases.writing`.

        Raises:
            ActionError: the database is locked, missing or broken; nothing was changed.
            ConnectionLost: it went away meanwhile; nobody knows whether the changes are kept.

        """
        with _errors(), databases.writing(self._engine, lasting=lasting) as connection:
            yield connection

    def change(
        self, key: str, action: str, at: datetime, make: Callable[[Connection], None]
    ) -> None:
        """Make a change, whole or not at all; under a key that it was made under it is not again.

        Raises ActionError, or what `make` raises: nothing was changed.
        """
        for last in (False, True):
            try:
                with self.writing() as connection:
                    row = self._insert(CHANGES).values(key=key, action=action, at=at)
                    if connection.execute(row.on_conflict_do_nothing()).rowcount == 1:
                        make(connection)
            except ConnectionLost:
                if last:
                    raise
            else:
                return

    def remember(self, turns: Iterable[Turn]) -> None:
        """Add to the conversation history.

        Raises ActionError: the database is locked, missing or broken.
        """
        rows = [_row(turn) for turn in turns]
        if not rows:
            return
        with self.writing(lasting=False) as connection:
            calls = {row["call"]: row["at"] for row in rows}
            connection.execute(
                self._note_call,
                [{"call": call, "began": at, "last": at} for call, at in calls.items()],
            )
            connection.execute(_NOTE_TURN, rows)

    def history(self, call: str) -> list[Turn]:
        """Return a call's turns, first to last."""
        with self.reading() as connection:
            query = TURNS.select().where(TURNS.c.call == call).order_by(TURNS.c.id)
            return [
                Turn(row.call, row.at.isoformat(), row.speaker, row.text, row.intent)
                for row in connection.execute(query)
            ]

    def close(self) -> None:
        """Let go of the file, or of the server."""
        self._engine.dispose()


def open_store(
    where: Path | str | None, seeds: Iterable[Seed], today: date, lock_seconds: float = LOCK_SECONDS
) -> Store:
    """Open the database in a file, at a PostgreSQL URL, or a new one in memory for None.

    Brings its tables up to date, and fills those of the samples that were never filled.

    Raises DialogueError: it cannot be opened, is no database, or is another program's.
    """
    name = "of that URL" if isinstance(where, str) else where  # which may hold a password
    try:
        if isinstance(where, Path):
            where.parent.mkdir(parents=True, exist_ok=True)
            where.touch()
        engine = databases.open_engine(where, lock_seconds)
        try:
            with databases.writing(engine) as connection:
                databases.bring_up_to_date(connection, in_memory=where is None)
                fill(connection, seeds, today)
        except BaseException:
            engine.dispose()
            raise
        return Store(engine)
    except (OSError, SQLAlchemyError, ValueError, DialogueError) as error:
        raise DialogueError(
            f"the database {name} cannot be opened: {databases.reason(error)};"
            " choose one that can be written, or move this one away"
        ) from error


def _row(turn: Turn) -> dict[str, Any]:
    at = datetime.fromisoformat(turn.at)
    said = {"speaker": turn.speaker, "text": turn.text, "intent": turn.intent}
    return {"call": turn.call, "at": at, **said}


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        lost = isinstance(error, DBAPIError) and error.connection_invalidated
        kind = ConnectionLost if lost else ActionError
        raise kind(
            f"the database failed: {databases.reason(error)}; is it locked or gone?"
        ) from error
