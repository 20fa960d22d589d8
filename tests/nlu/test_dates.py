from datetime import date, datetime

import inflect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.dates import read_birth_date, read_date, read_date_range
from nlu.times import read_duration, read_time
from nlu.values import read

TODAY = date(2025, 3, 12)  # a Wednesday
NOW = datetime(2025, 3, 12, 10, 0)
WORDS = inflect.engine()


def in_words(number: int) -> str:
    return str(WORDS.number_to_words(str(number)))


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("the fifth of March nineteen eighty four", "1984-03-05"),
        ("March fifth, eighty four", "1984-03-05"),
        ("3/5/84", "1984-03-05"),
        ("oh five oh three eighty four", "1984-05-03"),
        ("zero five zero three one nine eight four", "1984-05-03"),
        ("13/5/84", "1984-05-13"),
        ("1980-03-05", "1980-03-05"),
        ("twenty first of july two thousand and nine", "2009-07-21"),
        ("June 3rd twenty ten", "2010-06-03"),
        ("the 3rd of june oh nine", "2009-06-03"),
        ("born on the thirty first of december ninety nine", "1999-12-31"),
        ("the fifth of march", None),  # no year
        ("nineteen eighty", None),
        ("february thirtieth 1980", None),
        ("oct 12th 2030", None),  # to come
        ("April twenty ninety three", "1993-04-20"),  # no year 2093
        ("1121984", None),  # January 12th or November 2nd
        ("", None),
    ],
)
def test_birth_dates(said: str, iso: str | None) -> None:
    assert read_birth_date(said, TODAY) == iso


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("3/5/84", "1984-05-03"),
        ("oh five oh three eighty four", "1984-03-05"),
        ("27th of the 9th 1979", "1979-09-27"),
        ("18 5 1946", "1946-05-18"),
        ("1605 1927", "1927-05-16"),
        ("24/10 1995", "1995-10-24"),
        ("135 1990", "1990-05-13"),
        ("25th September 1990 4", "1994-09-25"),  # "ninety-four", heard in two
        ("1st of February 1930 to", "1932-02-01"),
        ("the 11th of June 2000 and 9", "2009-06-11"),
    ],
)
def test_birth_dates_where_the_day_comes_first(said: str, iso: str) -> None:
    assert read_birth_date(said, TODAY, "GB") == iso


@given(st.dates(date(1910, 1, 1), date(2024, 12, 31)))
def test_a_birth_date_in_words_comes_back(born: date) -> None:
    century, years = divmod(born.year, 100)
    year = (
        f"{in_words(century)} {'oh ' if 0 < years < 10 else ''}"
        f"{in_words(years) if years else 'hundred'}"
        if century == 19
        else in_words(born.year)
    )
    day = WORDS.ordinal(in_words(born.day))
    assert read_birth_date(f"the {day} of {born:%B} {year}", TODAY) == born.isoformat()


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("Wednesday week", "2025-03-26"),
        ("a week on Tuesday", "2025-03-25"),
        ("a week today", "2025-03-19"),
        ("two weeks from Friday", "2025-03-28"),
        ("the 25th of this month", "2025-03-25"),
        ("the 3rd of next month", "2025-04-03"),
        ("end of the month", "2025-03-31"),
        ("Saturday last week", "2025-03-08"),
        ("Monday next week", "2025-03-17"),
        ("in a fortnight", "2025-03-26"),
        ("in a couple of days", "2025-03-14"),
        ("May 3rd twenty twenty six", "2026-05-03"),
        ("three slash five", "2026-03-05"),
        ("Boxing Day", "2025-12-26"),
        ("Tuesday, no, Thursday", "2025-03-13"),
        ("on Friday rather than Monday", "2025-03-14"),
        ("Sold 03/05/2025  No. 04/06", "2025-03-05"),
        ("in 3 days, no, 4", None),
        ("Tuesday no Thursday", None),  # taken back?
        ("the fifth of May next year", "2026-05-05"),
        ("in May next year", "2026-05-01"),
        ("as soon as possible", "2025-03-12"),
        ("the first available", "2025-03-12"),
        ("the earliest on Tuesday", "2025-03-18"),
        ("the earliest I can do is the 20th", "2025-03-20"),
        ("as soon as possible, tomorrow morning", "2025-03-13"),
    ],
)
def test_dates_to_come(said: str, iso: str | None) -> None:
    assert read("date", said, TODAY) == iso


def test_the_region_says_what_comes_first() -> None:
    assert read_date("3/5", TODAY) == "2026-03-05"
    assert read_date("3/5", TODAY, "GB") == "2025-05-03"


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("next week", "2025-03-17/2025-03-23"),
        ("next weekend", "2025-03-22/2025-03-23"),
        ("this month", "2025-03-01/2025-03-31"),
        ("this quarter", "2025-01-01/2025-03-31"),
        ("last year", "2024-01-01/2024-12-31"),
        ("the last 10 days", "2025-03-03/2025-03-12"),
        ("the next 10 days", "2025-03-13/2025-03-22"),
        ("from the 5th to the 3rd of May", None),
        ("the next 9999999 days", None),
        ("last 30000 months", None),
        ("January 0000", None),
        ("December 9999", None),
        ("August", "2025-08-01/2025-08-31"),
        ("October last year", "2024-10-01/2024-10-31"),
        ("from the 3rd to the 5th of May", "2025-05-03/2025-05-05"),
        ("between monday and friday", "2025-03-17/2025-03-21"),
        ("soon", None),
    ],
)
def test_days_from_and_to(said: str, days: str | None) -> None:
    assert read_date_range(said, TODAY) == days


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ("nine ish", "09:00"),
        ("nineish", "09:00"),
        ("half nine", "09:30"),
        ("quarter of five", "16:45"),
        ("ten till five", "16:50"),
        ("fourteen hundred hours", "14:00"),
        ("oh nine thirty", "09:30"),
        ("730 am", "07:30"),
        ("10 past 9 at night", "21:10"),
        ("3 at night", "03:00"),
        ("0 45 p.m.", "12:45"),
        ("lunchtime", "12:00"),
        ("nine, no, ten am", "10:00"),
        ("in an hour", None),  # from when?
        ("five oh five", "17:05"),
        ("two oh nine", "14:09"),
        ("six hundred hours", "06:00"),
        ("9 till 5", "09:00"),
        ("from 9 till 5", "09:00"),
        ("from ten till five", "10:00"),
        ("1 until 5", "13:00"),
        ("9:20 to 10", "09:20"),
        ("March 2025", None),
        ("order 1521", None),
        ("1521", "15:21"),
        ("nine in the morning for two hours", "09:00"),
        ("3 days ago at 5 pm", "17:00"),
        ("in two days and three hours", None),
    ],
)
def test_times(said: str, clock: str | None) -> None:
    assert read("time", said, TODAY) == clock


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ("in an hour", "11:00"),
        ("in half an hour", "10:30"),
        ("in an hour and a half", "11:30"),
        ("15 minutes ago", "09:45"),
        ("two hours from now", "12:00"),
        ("now", "10:00"),
        ("nine in the evening", "21:00"),
        ("nine in the morning for two hours", "09:00"),
        ("3 days ago at 5 pm", "17:00"),
        ("in 99999999999 hours", None),
        ("100000000000 minutes ago", None),
    ],
)
def test_times_seen_from_now(said: str, clock: str | None) -> None:
    assert read("time", said, NOW) == clock


@given(st.times())
def test_a_time_written_out_comes_back(clock: object) -> None:
    assert read_time(f"{clock:%I:%M %p}") == f"{clock:%H:%M}"


@pytest.mark.parametrize(
    ("said", "duration"),
    [
        ("two nights", "P2D"),
        ("half an hour", "PT30M"),
        ("quarter of an hour", "PT15M"),
        ("three quarters of an hour", "PT45M"),
        ("an hour and a half", "PT1H30M"),
        ("two and a half hours", "PT2H30M"),
        ("two hours and ten minutes", "PT2H10M"),
        ("ninety minutes", "PT90M"),
        ("a week", "P1W"),
        ("a fortnight", "P2W"),
        ("three weeks and two days", "P23D"),
        ("a couple of days", "P2D"),
        ("a year and a half", "P1Y6M"),
        ("half a week", "P3DT12H"),
        ("half a month", None),  # of how many days?
        ("a quarter of a year", "P3M"),
        ("half hour", "PT30M"),
        ("0 days", "P0D"),
        ("two to three days", None),
        ("a day or two", None),
        ("two nights three nights", None),
        ("a month and a half", None),  # of how many days?
        ("some days", None),
        ("soon", None),
    ],
)
def test_durations(said: str, duration: str | None) -> None:
    assert read_duration(said) == duration
