"""Benchmarks: one file a question; each writes JSON from which the README's tables are made."""
