"""Addresses, as callers say them and as they go on a parcel."""

import random

import pytest

from nlu.addresses import read_address
from nlu.samples import say


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("it's 12 Oak Avenue, Springfield, 62704", "12 Oak Avenue, Springfield, 62704"),
        ("um the new address is 41 Willow Street, Columbus please", "41 Willow Street, Columbus"),
        ("send it to 5 Oak Lane in Peoria instead", "5 Oak Lane in Peoria"),
        ("we moved to two forty orchard lane", "240 Orchard Lane"),
        ("nine hundred and five lake view avenue", "905 Lake View Avenue"),
        (
            "twelve oak avenue, springfield, six, two, seven, oh, four",
            "12 Oak Avenue, Springfield, 62704",
        ),
        ("twelve oak avenue springfield six two seven oh four", "12 Oak Avenue Springfield 62704"),
        ("12 Oak Avenue, Apartment 4, 62704", "12 Oak Avenue, Apartment 4, 62704"),
        ("thirty one 41st Road, Fort Wayne", "31 41st Road, Fort Wayne"),
        ("18 Elm Street, no, 80 Elm Street", "80 Elm Street"),
        ("30 Mill Road, sorry, 33 Mill Road, Jacksonville", "33 Mill Road, Jacksonville"),
        ("PO box 12, Champaign", "PO box 12, Champaign"),
        ("1,184 Birchwood Drive", "1184 Birchwood Drive"),  # as recognisers write it
        ("47-alder court", "47 Alder Court"),
        ("I don't know", None),
        ("Willow Cottage", None),
        ("62704", None),
        ("hang on a second", None),
    ],
)
def test_an_address_is_written_as_on_a_parcel(said: str, address: str | None) -> None:
    assert read_address(said) == address


@pytest.mark.parametrize("seed", range(50))
def test_every_sampled_address_is_read(seed: int) -> None:
    said = say("address", None, random.Random(seed))  # noqa: S311 - reproducible, not secret
    address = read_address(said)
    assert address is not None
    assert read_address(f"um it's {said}, please") == address
