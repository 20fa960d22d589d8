"""A value in the text of a picture: the labelled one, or every one that it may be."""

from datetime import date

import pytest

from dialogue.seeing import values_seen
from nlu.dataset import SlotType

TODAY = date(2026, 11, 20)
ORDER = SlotType("order_number", "digits", 5)
BOOKING = SlotType("booking_code", "code", 6)

RECEIPT = """MAPLEWOOD
12 Mill Street, Springfield 60601
Tel. 312-555-01000
Order number: 15213
11/20/2026 10:15:30
1 x Kettle $42.50
Total $12345"""


@pytest.mark.parametrize(
    ("text", "values"),
    [
        (RECEIPT, ("15213",)),
        ("Order 15213\nyour order: 15213", ("15213",)),
        ("Orderno.15213 paid", ("15213",)),
        ("60601\n0rder no. 15213", ("15213",)),
        ("#15213\n60601", ("15213",)),
        ("ORDER # 15213", ("15213",)),
        ("Order number\n15213\nZIP\n60601", ("15213",)),
        ("Order 15213\nOrder 15216", ("15213", "15216")),
        ("15213", ("15213",)),
        ("60601\n15213", ("60601", "15213")),
        ("15213.", ("15213",)),
        ("152130 1521 $15213 15213.00 15,213 1-15213 12/15213", ()),
        ("", ()),
    ],
)
def test_order_numbers_as_they_are_printed(text: str, values: tuple[str, ...]) -> None:
    assert values_seen([text], ORDER, TODAY) == values


def test_several_pictures_are_looked_at_as_one() -> None:
    assert values_seen(["60601", "", "Order 15213"], ORDER, TODAY) == ("15213",)


def test_codes_have_a_digit_and_stand_alone() -> None:
    text = "TICKET\nBooking code CZD8X1\nGATE B42-XX"
    assert values_seen([text], BOOKING, TODAY) == ("CZD8X1",)


def test_other_kinds_are_read_line_by_line() -> None:
    text = "Maplewood\nTotal $47.45\nThank you"
    assert values_seen([text], SlotType("amount", "money"), TODAY) == ("47.45 USD",)
    assert values_seen([text], SlotType("person", "name"), TODAY) == ()


def test_a_number_of_unknown_length_is_no_quantity() -> None:
    account = SlotType("account_number", "digits")
    assert values_seen(["2 x 100\nAccount 8812345"], account, TODAY) == ("8812345",)
