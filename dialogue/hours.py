"""When the business is open."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CLOSED = "closed"
SEARCH_DAYS = 31  # how far `next_opening` looks ahead

_SPAN = re.compile(r"(\d{1,2}:\d{2})\s*-\s*(\d{1,2}:\d{2})")


@dataclass(frozen=True, slots=True)
class Span:
    """Open from `opens` to `closes`, on one day."""

    opens: time
    closes: time

    @classmethod
    def parse(cls, text: str) -> "Span | None":
        """Read '9:00-18:00'; 'closed' gives None.

        Raises ValueError: it is neither, or does not end after it begins.
        """
        if text == CLOSED:
            return None
        match = _SPAN.fullmatch(text.strip())
        try:
            span = (
                cls(*(time.fromisoformat(side.zfill(5)) for side in match.groups()))
                if match
                else None
            )
        except ValueError:  # 25:00
            span = None
        if span is None or span.opens >= span.closes:
            raise ValueError(f"'{text}' is no time span; write 9:00-18:00, or {CLOSED}")
        return span


@dataclass(frozen=True, slots=True)
class Hours:
    """`week` holds Monday to Sunday, `exceptions` single days; None means closed."""

    week: tuple[Span | None, ...]
    exceptions: Mapping[date, Span | None]
    timezone: ZoneInfo | None = None

    def local(self, now: datetime) -> datetime:
        """Return the time on the business's own clock; a time without a zone is that already."""
        if now.tzinfo is None or self.timezone is None:
            return now.replace(tzinfo=None)
        return now.astimezone(self.timezone).replace(tzinfo=None)

    def on(self, day: date) -> Span | None:
        """Return the hours of that day, or None when closed."""
        return self.exceptions[day] if day in self.exceptions else self.week[day.weekday()]

    def is_open(self, now: datetime) -> bool:
        """Say whether the business is open at this local time."""
        span = self.on(now.date())
        return span is not None and span.opens <= now.time() < span.closes

    def next_opening(self, now: datetime) -> datetime | None:
        """Return when it opens next after this local time, or None within a month."""
        for ahead in range(SEARCH_DAYS):
            day = now.date() + timedelta(ahead)
            span = self.on(day)
            if span is not None and (opening := datetime.combine(day, span.opens)) > now:
                return opening
        return None
