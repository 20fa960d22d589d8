"""The first version: turns, and beside them the sample tables, all of texts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make what `turns` was; the sample tables came from their CSV files."""
    op.create_table(
        "turns",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("call", sa.String, nullable=False, index=True),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("speaker", sa.String, nullable=False),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("intent", sa.String),
    )
