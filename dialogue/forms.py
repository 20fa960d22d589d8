"""How days, times, amounts and lists are said: each language has its own forms."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Protocol

from dialogue import chinese, phrasing
from nlu.tags import primary


class Forms(Protocol):
    """One language's; a module. `dialogue.phrasing` shows each by an example."""

    YES: str
    HARMLESS: frozenset[str]  # words that tell nothing of whoever says how they want to pay

    def spoken_digits(self, digits: str) -> str:
        """Return a number that is said digit by digit."""
        ...

    def spoken_address(self, address: str) -> str:
        """Return an address, its ZIP code digit by digit."""
        ...

    def spoken_time(self, at: time) -> str:
        """Return a time of day."""
        ...

    def spoken_money(self, amount: str | Decimal) -> str:
        """Return an amount in dollars."""
        ...

    def spoken_date(self, day: date, today: date) -> str:
        """Return a day."""
        ...

    def spoken_day(self, day: date, today: date) -> str:
        """Return a day as it stands in a sentence."""
        ...

    def spoken_moment(self, at: datetime | None, today: date) -> str:
        """Return a day with its time; None is some other day."""
        ...

    def spoken_minutes(self, count: int) -> str:
        """Return a length of time."""
        ...

    def spoken_things(self, names: Sequence[str]) -> str:
        """Return things that belong to somebody."""
        ...

    def spoken_list(self, values: Sequence[str]) -> str:
        """Return values one after the other."""
        ...


_FORMS: Mapping[str, Forms] = {"en": phrasing, "zh": chinese}


def forms_of(language: str) -> Forms:
    """Give a language's forms; those of languages that have none are English."""
    return _FORMS.get(primary(language), phrasing)
