"""What depends on the language that callers speak: how their values are read."""

from datetime import date
from typing import Protocol

from nlu import chinese, values
from nlu.numbers import Found
from nlu.tags import primary


class Reader(Protocol):
    """Reads values; `nlu.values` for English, `nlu.chinese` for Chinese."""

    def read(self, kind: str, text: str, today: date, length: int | None = None) -> str | None:
        """Normalise a piece of text that fills a slot of this kind."""
        ...

    def find(self, kind: str, text: str, today: date, length: int | None = None) -> Found | None:
        """Find a value of this kind in a sentence."""
        ...


def reader_of(language: str) -> Reader:
    """Give a language's reader; languages that have none are read as English is."""
    return chinese if primary(language) == "zh" else values
