import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.postcodes import read_postcode


@pytest.mark.parametrize(
    ("said", "postcode"),
    [
        ("S W one A one A A", "SW1A 1AA"),
        ("ess double-u one a one a a", "SW1A 1AA"),
        ("sierra whiskey one alpha one alpha alpha", "SW1A 1AA"),
        ("S W one A one double A", "SW1A 1AA"),
        ("my postcode is M 1 1 A E", "M1 1AE"),
        ("it's E C 1 A 1 B B", "EC1A 1BB"),
        ("C V 6 5 F F please", "CV6 5FF"),
        ("b for bravo 3 3 t h", "B3 3TH"),
        ("d n five five one p t", "DN55 1PT"),
        ("DN55 1PT", "DN55 1PT"),
        ("s w o 1 y y", "SW0 1YY"),  # the letter can only be a nought
        ("b l v x 2 w x", "BL5X 2WX"),  # "five" heard as a letter
        ("BL 1 for r l", "BL1 4RL"),
        ("nine four one oh five", "94105"),
        ("94105-1234", "94105-1234"),
        ("nine four one oh five dash one two three four", "94105-1234"),
        ("zip code is 9 0 2 1 0", "90210"),
        ("J Q 8 2 3 A 1 u 1", None),
        ("my postcode's M1 1AE", "M1 1AE"),
        ("d n fifty five one p t", "DN55 1PT"),
        ("m sixty one n w", None),  # M6 1NW or M60 1NW
        ("m twenty one n w", None),
        ("SW1A 1AA, no, SW1A 2AA", "SW1A 2AA"),
        ("SW1A 1AA, sorry", "SW1A 1AA"),
        ("94105, no, 3", None),
        ("1234", None),
        ("QQ1 1AA", None),  # there is no such area
        ("hello", None),
        ("", None),
    ],
)
def test_postcodes(said: str, postcode: str | None) -> None:
    assert read_postcode(said) == postcode


def test_a_region_has_its_own_form() -> None:
    assert read_postcode("nine four one oh five", "GB") is None
    assert read_postcode("SW1A 1AA", "US") is None


@given(
    st.sampled_from(("M", "B", "SW", "EC", "YO")),
    st.integers(1, 99),
    st.integers(0, 9),
    st.text("ABDEFGHJLNPQRSTUWXYZ", min_size=2, max_size=2),
)
def test_letters_and_digits_apart_come_back(
    area: str, district: int, sector: int, unit: str
) -> None:
    postcode = f"{area}{district} {sector}{unit}"
    assert read_postcode(" ".join(postcode.replace(" ", "").lower())) == postcode
