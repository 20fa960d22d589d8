"""Corrections that leave out what stays."""

import pytest

from nlu.ellipsis import completed, with_digit


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


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("no the last digit is a three", "15213"),
        ("The second number should be a 9.", "19214"),
        ("it ends in seven", "15217"),
        ("no, ends with an eight", "15218"),
        ("the sixth digit is a three", None),
        ("the last digit is thirty three", None),
        ("the last one is wrong", None),
        ("it ends with three four", None),
        ("the first number is one five two one three", None),
        ("no it's one five two one three", None),
    ],
)
def test_one_digit_is_corrected_by_its_place(said: str, meant: str | None) -> None:
    assert with_digit(said, "15214") == meant
