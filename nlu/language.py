"""What depends on the language that callers speak: how their values are read."""

from collections.abc import Iterator
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

    def digit_runs(self, text: str) -> Iterator[Found]:
        """Find what is said digit by digit, or as one number; the value is its digits."""
        ...

    def read_leading_yes_no(self, text: str) -> str | None:
        """Read an answer to a yes/no question that something else follows."""
        ...

    def takes_back_yes(self, text: str) -> bool:
        """Tell whether it takes back the yes that it begins with."""
        ...

    def is_undecided(self, text: str) -> bool:
        """Tell whether it is neither a yes nor a no because they cannot say."""
        ...

    def wants_nothing_more(self, text: str) -> bool:
        """Tell whether somebody is done, who was asked for anything else."""
        ...

    def says_more(self, text: str) -> bool:
        """Tell whether an answer with a yes or a no in it says anything besides."""
        ...

    def usual(self, text: str) -> str:
        """Write it in the characters that examples have; positions stay."""
        ...

    def in_figures(self, kind: str, text: str, today: date) -> str:
        """Write what shows who is calling so that it compares with what is written down."""
        ...


def reader_of(language: str) -> Reader:
    """Give a language's reader; languages that have none are read as English is."""
    return chinese if primary(language) == "zh" else values
