from datetime import date

import pytest

from nlu.dates import read_date, read_time
from nlu.numbers import find_code, find_digits
from nlu.values import KINDS, find, read, read_email, read_money, read_phone

TODAY = date(2025, 3, 12)  # a Wednesday


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("15213", "15213"),
        ("one five two one three", "15213"),
        ("One, five, two, one, three.", "15213"),
        ("1-5-2-1-3.", "15213"),
        ("1 5 2 1 3", "15213"),
        ("15,213", "15213"),
        ("152 13", "15213"),
        ("it's one five two oh six", "15206"),
        ("fifteen two thirteen", "15213"),
        ("one fifty two thirteen", "15213"),
        ("fifteen thousand two hundred thirteen", "15213"),
        ("double five one two three", "55123"),
        ("triple seven one two", "77712"),
        ("zero zero one two three", "00123"),
        ("um one five uh two one three", "15213"),
        ("one five to one three", "15213"),  # as heard: "two"
        ("One 5, 2 one 3", "15213"),
        ("twenty-five three one two", "25312"),
        ("the last two digits of one five two one three", "15213"),
        ("I have two orders, it's 15213", "15213"),
        ("15213, no sorry, 15214", "15214"),
        ("one five two, let me see, one three", "15213"),
    ],
)
def test_a_five_digit_number_however_it_is_said(said: str, number: str) -> None:
    found = find_digits(said, 5)
    assert found is not None
    assert found.value == number


@pytest.mark.parametrize("said", ["", "to for", "hello", "one five two one", "two or three weeks"])
def test_no_five_digit_number_where_there_is_none(said: str) -> None:
    assert find_digits(said, 5) is None


def test_digits_stand_where_they_were_said() -> None:
    text = "my order is one five two one three, please"
    found = find_digits(text, 5)
    assert found is not None
    assert text[found.start : found.end] == "one five two one three"


def test_a_number_of_the_wrong_length_keeps_its_digits() -> None:
    assert read("digits", "one five two one", TODAY, length=5) == "1521"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("C Z D eight", "CZD8"),
        ("c-z-d-8", "CZD8"),
        ("it's CZD8", "CZD8"),
        ("C as in Charlie, zed, D for dog, eight", "CZD8"),
        ("my code is Alpha Bravo 7", "AB7"),
        ("double u x twenty five", "WX25"),
        ("B double three", "B33"),
    ],
)
def test_a_code_however_it_is_spelled(said: str, code: str) -> None:
    found = find_code(said)
    assert found is not None
    assert found.value == code


@pytest.mark.parametrize(
    ("said", "iso"),
    [
        ("today", "2025-03-12"),
        ("tomorrow", "2025-03-13"),
        ("Yesterday.", "2025-03-11"),
        ("the day after tomorrow", "2025-03-14"),
        ("Thursday", "2025-03-13"),
        ("on Wednesday", "2025-03-19"),
        ("this Friday", "2025-03-14"),
        ("next Thursday", "2025-03-20"),
        ("last Monday", "2025-03-10"),
        ("the weekend", "2025-03-15"),
        ("the 5th", "2025-04-05"),
        ("the twentieth", "2025-03-20"),
        ("the 31st", "2025-03-31"),
        ("March 3rd", "2026-03-03"),
        ("the third of May", "2025-05-03"),
        ("Saturday, May 3rd", "2025-05-03"),
        ("January 5, 2026", "2026-01-05"),
        ("12/25", "2025-12-25"),
        ("2025-04-01", "2025-04-01"),
        ("4th of July", "2025-07-04"),
        ("Christmas Eve", "2025-12-24"),
        ("New Year\u2019s Day", "2026-01-01"),
        ("in two weeks", "2025-03-26"),
        ("three days ago", "2025-03-09"),
        ("last month", "2025-02-12"),
        ("in May", "2025-05-01"),
        ("last July", "2024-07-01"),
    ],
)
def test_dates(said: str, iso: str) -> None:
    assert read_date(said, TODAY) == iso


@pytest.mark.parametrize("said", ["", "I don't know", "may I ask something", "the 45th", "soon"])
def test_no_date(said: str) -> None:
    assert read_date(said, TODAY) is None


def test_the_31st_waits_for_a_month_that_has_one() -> None:
    assert read_date("the 31st", date(2025, 4, 2)) == "2025-05-31"


@pytest.mark.parametrize(
    ("said", "clock"),
    [
        ("5 pm", "17:00"),
        ("nine a.m.", "09:00"),
        ("ten in the morning", "10:00"),
        ("half past three", "15:30"),
        ("quarter to five", "16:45"),
        ("twenty past nine", "09:20"),
        ("five thirty", "17:30"),
        ("17:30", "17:30"),
        ("3 o'clock", "15:00"),
        ("noon", "12:00"),
        ("midnight", "00:00"),
        ("twelve am", "00:00"),
        ("eleven fifteen p.m.", "23:15"),
        ("eight in the evening", "20:00"),
        ("99", None),
        ("later", None),
    ],
)
def test_times(said: str, clock: str | None) -> None:
    assert read_time(said) == clock


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        ("$42.50", "42.50 USD"),
        ("forty two fifty", "42.50 USD"),
        ("forty-two dollars and fifty cents", "42.50 USD"),
        ("forty two dollars fifty", "42.50 USD"),
        ("fifty cents", "0.50 USD"),
        ("a hundred and five dollars", "105.00 USD"),
        ("twelve ninety-nine", "12.99 USD"),
        ("one nineteen ninety nine", "119.99 USD"),
        ("$1,200", "1200.00 USD"),
        ("sixty bucks", "60.00 USD"),
        ("twenty euros", "20.00 EUR"),
        ("\u00a35", "5.00 GBP"),
        ("thirty", "30.00 USD"),
        ("nothing", None),
    ],
)
def test_money(said: str, amount: str | None) -> None:
    assert read_money(said) == amount


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("john at example dot com", "john@example.com"),
        ("My email is John.Smith@example.com.", "john.smith@example.com"),
        ("it's j o h n dot doe at gmail dot com", "john.doe@gmail.com"),
        ("J-O-H-N at example.com, thanks", "john@example.com"),
        ("john underscore smith forty two at sunny hill dot co dot uk please",
         "john_smith42@sunnyhill.co.uk"),
        ("look at this", None),
        ("jane at home", None),
    ],
)  # fmt: skip
def test_emails_as_spoken(said: str, address: str | None) -> None:
    assert read_email(said) == address


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("four one five five five five oh one three two", "+14155550132"),
        ("(415) 555-0132", "+14155550132"),
        ("it's +44 20 7946 0958", "+442079460958"),
        ("plus four four twenty seventy nine four six oh nine five eight", "+442079460958"),
        ("five five five", None),
        ("call me", None),
    ],
)
def test_phone_numbers(said: str, number: str | None) -> None:
    assert read_phone(said) == number


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        ("name", "my name is sarah jones", "Sarah Jones"),
        ("name", "It's David McAllister.", "David McAllister"),
        ("name", "...", None),
        ("text", "the blue kettle.", "blue kettle"),
    ],
)
def test_names_and_free_text(kind: str, said: str, value: str | None) -> None:
    assert read(kind, said, TODAY) == value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "text", ["", " ", "...", "\u00e9\u00e8", "at dot", "\u0661\u0662", "9" * 400]
)
def test_no_kind_stumbles_over_odd_text(kind: str, text: str) -> None:
    read(kind, text, TODAY)
    find(kind, text, TODAY)
