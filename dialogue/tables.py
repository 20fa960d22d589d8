"""The tables of the database, typed. `dialogue/migrations` brings older databases to them.

A business's own rows (customers, orders and their lines, the catalogue, returns, tickets) stand
beside what Offhook itself writes: conversations with their turns, which changes were made, and
which sample tables were filled. Amounts are exact decimals, days are dates, times are local.
"""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

METADATA = MetaData(
    naming_convention={  # a migration can name what it alters
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)
_CENT = Decimal("0.01")


class Money(TypeDecorator[Decimal]):
    """An amount with two decimals: NUMERIC. SQLite keeps it as a float, exact to the cent."""

    impl = Numeric(10, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """See SQLAlchemy."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Numeric(10, 2, asdecimal=False))
        return dialect.type_descriptor(Numeric(10, 2))

    def process_bind_param(self, value: Decimal | str | None, dialect: Dialect) -> Any:
        """See SQLAlchemy."""
        if value is None:
            return None
        return float(value) if dialect.name == "sqlite" else Decimal(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """See SQLAlchemy."""
        return None if value is None else Decimal(str(value)).quantize(_CENT)


CUSTOMERS = Table(
    "customers",
    METADATA,
    Column("id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("postcode", String),
    Column("birth_date", Date),
    Column("phone", String, index=True),  # E.164
    Column("email", String),
    Column("address", String),
    Column("payment", String),  # how they pay: "card ending 4242"; never a card's number
)
ORDERS = Table(
    "orders",
    METADATA,
    Column("number", String, primary_key=True),
    Column("customer", ForeignKey(CUSTOMERS.c.id), index=True),
    Column("status", String, nullable=False),
    Column("items", String),  # in words
    Column("total", Money),
    Column("ordered", Date),
    Column("expected", Date),
    Column("delivered", Date),
    Column("refund", Money),
    Column("refunded", Date),
    Column("address", String),  # where to, if not to the customer's
    Column("payment", String),  # likewise
)
ORDER_LINES = Table(
    "order_lines",
    METADATA,
    Column("id", String, primary_key=True),
    Column("order_number", ForeignKey(ORDERS.c.number), nullable=False, index=True),
    Column("product", String, nullable=False),
    Column("quantity", Integer, CheckConstraint("quantity > 0", name="some"), nullable=False),
    Column("price", Money, nullable=False),  # of one
)
CATALOG = Table(
    "catalog",
    METADATA,
    Column("name", String, primary_key=True),
    Column("price", Money, nullable=False),
    Column("stock", Integer, CheckConstraint("stock >= 0", name="not_negative"), nullable=False),
    Column("restock", Date),
)
RETURNS = Table(
    "returns",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("line", ForeignKey(ORDER_LINES.c.id), nullable=False),
    Column("kind", String, nullable=False),
    Column("opened", DateTime, nullable=False),
    UniqueConstraint("line"),  # what has been sent back once is not sent back again
    CheckConstraint("kind IN ('return', 'exchange')", name="kind"),
)
TICKETS = Table(
    "tickets",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("kind", String, nullable=False),  # complaint, …
    Column("status", String, nullable=False),
    Column("opened", DateTime, nullable=False),
    Column("call", String, index=True),  # the conversation that it came from
    Column("order_number", ForeignKey(ORDERS.c.number)),
)

CONVERSATIONS = Table(
    "conversations",
    METADATA,
    Column("call", String, primary_key=True),
    Column("began", DateTime, nullable=False),
    Column("last", DateTime, nullable=False),  # when something was said last
)
TURNS = Table(
    "turns",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("call", ForeignKey(CONVERSATIONS.c.call), nullable=False, index=True),
    Column("at", DateTime, nullable=False),
    Column("speaker", String, nullable=False),
    Column("text", String, nullable=False),
    Column("intent", String),
    CheckConstraint("speaker IN ('caller', 'assistant')", name="speaker"),
)
CHANGES = Table(  # that were made: one whose key is here already is not made again
    "changes",
    METADATA,
    Column("key", String, primary_key=True),
    Column("action", String, nullable=False),
    Column("at", DateTime, nullable=False),
)
FILLED = Table(  # sample tables: emptied by the business, they stay empty
    "filled",
    METADATA,
    Column("name", String, primary_key=True),
    Column("day", Date),  # None: they were there before this was kept
)


def needed(table: Table) -> tuple[str, ...]:
    """Return the columns that every row must fill."""
    return tuple(column.name for column in table.columns if not column.nullable)


def value(column: Column[Any], text: str) -> object:
    """Read a cell of a CSV file for this column; an empty one is None.

    Raises ValueError: it is not of the column's type.
    """
    if not text:
        return None
    match column.type:
        case Money():
            try:
                return Decimal(text).quantize(_CENT)
            except InvalidOperation as error:
                raise ValueError(f"'{text}' is no amount; write 49.00") from error
        case Integer():
            if not text.lstrip("-").isdecimal():
                raise ValueError(f"'{text}' is no whole number")
            return int(text)
        case Date():
            try:
                return date.fromisoformat(text)
            except ValueError as error:
                raise ValueError(f"'{text}' is no day; write 2026-12-24 or today+2") from error
    return text
