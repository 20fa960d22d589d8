"""Brings a database of any earlier version to the tables of `dialogue/tables.py` (Alembic)."""
