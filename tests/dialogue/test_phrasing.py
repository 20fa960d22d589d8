"""Texts become clauses; numbers, days and times become words that can be heard."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dialogue.hours import Hours, Span
from dialogue.phrasing import (
    names,
    ordinal,
    render,
    sentences,
    spoken_address,
    spoken_date,
    spoken_day,
    spoken_digits,
    spoken_money,
    spoken_time,
)
from dialogue.seeds import read_seed

SUNDAY = date(2026, 11, 22)
WORKDAY = Span(time(9), time(18))
HOURS = Hours(
    (WORKDAY,) * 5 + (None, None), {date(2026, 11, 26): None}, ZoneInfo("America/Chicago")
)


def test_sentences_are_the_clauses() -> None:
    assert sentences("Yes. It is  $4.95, Mr. Smith.\nIs there more? {Item} is 9.5 inches!") == (
        "Yes.",
        "It is $4.95, Mr. Smith.",
        "Is there more?",
        "{Item} is 9.5 inches!",
    )
    assert sentences("  ") == ()


def test_values_are_filled_in_after_the_cut() -> None:
    text = "We have {item}. It costs {price}."
    assert names(text) == {"item", "price"}
    assert render(text, {"item": "St. James. Tea", "price": "$4"}) == (
        "We have St. James. Tea.",
        "It costs $4.",
    )


@pytest.mark.parametrize("text", ["{", "}", "{a.b}", "{a[0]}", "{a!r}", "{a:>9}", "{}", "{1}"])
def test_only_plain_names_are_filled_in(text: str) -> None:
    with pytest.raises(ValueError, match=r"write \{name\}"):
        names(text)


@pytest.mark.parametrize(
    ("day", "spoken"),
    [
        (SUNDAY, "today"),
        (SUNDAY + timedelta(1), "tomorrow"),
        (SUNDAY - timedelta(1), "yesterday"),
        (SUNDAY + timedelta(2), "Tuesday, November 24th"),
        (SUNDAY + timedelta(9), "Tuesday, December 1st"),
        (SUNDAY - timedelta(11), "Wednesday, November 11th"),
    ],
)
def test_days(day: date, spoken: str) -> None:
    assert spoken_date(day, SUNDAY) == spoken
    assert spoken_day(day, SUNDAY) in {spoken, f"on {spoken}"}


def test_small_things() -> None:
    assert spoken_digits("15213") == "1 5 2 1 3"
    assert spoken_address("240 Oak Lane, 62704") == "240 Oak Lane, 6 2 7 0 4"
    assert [ordinal(n) for n in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 31)] == (
        ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "31st"]
    )
    assert [spoken_time(t) for t in (time(9), time(12), time(17, 30), time(0, 5))] == (
        ["9 AM", "noon", "5:30 PM", "12:05 AM"]
    )
    assert [spoken_money(amount) for amount in ("42.50", "20.00", "1000")] == (
        ["$42.50", "$20", "$1000"]
    )


def test_opening_hours() -> None:
    monday = datetime(2026, 11, 23, 9)
    assert HOURS.is_open(monday)
    assert not HOURS.is_open(monday.replace(hour=18))
    assert HOURS.next_opening(monday) == monday + timedelta(1)
    assert HOURS.next_opening(datetime(2026, 11, 25, 18)) == datetime(2026, 11, 27, 9)
    assert Hours((None,) * 7, {}).next_opening(monday) is None


def test_the_business_has_its_own_clock() -> None:
    noon_in_london = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert HOURS.local(noon_in_london) == datetime(2026, 11, 23, 6)
    assert HOURS.local(datetime(2026, 11, 23, 12)) == datetime(2026, 11, 23, 12)


def test_sample_data_stays_fresh(tmp_path: Path) -> None:
    path = tmp_path / "parcels.csv"
    path.write_text("number,due\n1,today+2\n2,today-30\n3,today\n4,2026-01-01\n5,\n")
    assert [row["due"] for row in read_seed(path).on(SUNDAY)] == (
        ["2026-11-24", "2026-10-23", "2026-11-22", "2026-01-01", ""]
    )
