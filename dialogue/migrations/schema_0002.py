"""The tables as 0002 makes them; later versions alter them, this file stays."""

import sqlalchemy as sa

METADATA = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)
_MONEY = sa.Numeric(10, 2, asdecimal=False)

sa.Table(
    "customers",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("postcode", sa.String),
    sa.Column("birth_date", sa.Date),
    sa.Column("phone", sa.String, index=True),
    sa.Column("email", sa.String),
    sa.Column("address", sa.String),
    sa.Column("payment", sa.String),
)
sa.Table(
    "orders",
    METADATA,
    sa.Column("number", sa.String, primary_key=True),
    sa.Column("customer", sa.ForeignKey("customers.id"), index=True),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("items", sa.String),
    sa.Column("total", _MONEY),
    sa.Column("ordered", sa.Date),
    sa.Column("expected", sa.Date),
    sa.Column("delivered", sa.Date),
    sa.Column("refund", _MONEY),
    sa.Column("refunded", sa.Date),
    sa.Column("address", sa.String),
    sa.Column("payment", sa.String),
)
sa.Table(
    "order_lines",
    METADATA,
    sa.Column("id", sa.String, primary_key=True),
    sa.Column("order_number", sa.ForeignKey("orders.number"), nullable=False, index=True),
    sa.Column("product", sa.String, nullable=False),
    sa.Column("quantity", sa.Integer, sa.CheckConstraint("quantity > 0", name="some"),
              nullable=False),
    sa.Column("price", _MONEY, nullable=False),
)  # fmt: skip
sa.Table(
    "catalog",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("price", _MONEY, nullable=False),
    sa.Column("stock", sa.Integer, sa.CheckConstraint("stock >= 0", name="not_negative"),
              nullable=False),
    sa.Column("restock", sa.Date),
)  # fmt: skip
sa.Table(
    "returns",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("line", sa.ForeignKey("order_lines.id"), nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("opened", sa.DateTime, nullable=False),
    sa.UniqueConstraint("line"),
    sa.CheckConstraint("kind IN ('return', 'exchange')", name="kind"),
)
sa.Table(
    "tickets",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("status", sa.String, nullable=False),
    sa.Column("opened", sa.DateTime, nullable=False),
    sa.Column("call", sa.String, index=True),
    sa.Column("order_number", sa.ForeignKey("orders.number")),
)
sa.Table(
    "conversations",
    METADATA,
    sa.Column("call", sa.String, primary_key=True),
    sa.Column("began", sa.DateTime, nullable=False),
    sa.Column("last", sa.DateTime, nullable=False),
)
sa.Table(
    "turns",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("call", sa.ForeignKey("conversations.call"), nullable=False, index=True),
    sa.Column("at", sa.DateTime, nullable=False),
    sa.Column("speaker", sa.String, nullable=False),
    sa.Column("text", sa.String, nullable=False),
    sa.Column("intent", sa.String),
    sa.CheckConstraint("speaker IN ('caller', 'assistant')", name="speaker"),
)
sa.Table(
    "changes",
    METADATA,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("action", sa.String, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
)
sa.Table(
    "filled",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("day", sa.Date),
)
