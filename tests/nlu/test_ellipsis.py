"""Corrections that leave out what stays."""

import pytest

from nlu.ellipsis import completed


@pytest.mark.parametrize(
    ("said", "before", "meant"),
    [
        ("No, the blue one.", "steel kettle", "blue kettle"),
        ("I meant the small wooden ones", "chairs", "small wooden chairs"),
        ("the first one", "kettle", None),
        ("no, that one", "kettle", None),
        ("no thanks, that was the last one", "kettle", None),
        ("no, the blue one", "", None),
        ("no one told me", "kettle", None),
    ],
)
def test_what_is_left_out_comes_from_before(said: str, before: str, meant: str | None) -> None:
    assert completed(said, before) == meant
