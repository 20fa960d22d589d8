import inflect
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.numbers import find_digits, heard_once, read_number

WORDS = inflect.engine()


def in_words(number: int) -> str:
    return str(WORDS.number_to_words(str(number)))


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("double four nine one", "4491"),
        ("triple oh five", "0005"),
        ("four double-oh seven", "4007"),
        ("forty-seven twenty-nine", "4729"),
        ("one thousand and five", "1005"),
        ("five, nought, 2 seven", "5027"),
        ("four seven, no, four eight two nine", "4829"),
        ("one two, wait, no, one three four five", "1345"),
        ("one two three, sorry, four five", "1245"),  # the last digit said again, and the rest
    ],
)
def test_four_digits_however_they_are_said(said: str, digits: str) -> None:
    found = find_digits(said, 4)
    assert found is not None
    assert found.value == digits


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        ("269887", "26987"),
        ("206667", "20667"),
        ("977555", "977555"),  # the seven or a five: nobody knows
        ("699766", "699766"),
        ("123456", "123456"),
        ("5523", "5523"),
        ("2698877", "2698877"),
    ],
)
def test_a_digit_that_was_heard_twice(heard: str, said: str) -> None:
    assert heard_once(heard, 5) == said


def test_a_double_digit_before_figures() -> None:
    found = find_digits("O-double 189", 5)
    assert found is not None
    assert found.value == "01189"


def test_a_corrected_number_of_any_length() -> None:
    found = find_digits("four seven, no, four eight two nine")
    assert found is not None
    assert found.value == "4829"


def test_a_correction_invents_no_number() -> None:
    assert find_digits("one two three four five six, no, seven", 5) is None


def test_a_bare_no_between_digits_takes_back() -> None:
    found = find_digits("four seven no four eight two nine", 4)
    assert found is not None
    assert found.value == "4829"


@given(st.text("0123456789", min_size=1, max_size=12))
def test_digits_in_words_come_back(digits: str) -> None:
    found = find_digits(" ".join(in_words(int(digit)) for digit in digits))
    assert found is not None
    assert found.value == digits


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("a couple", "2"),
        ("a pair of them", "2"),
        ("half a dozen", "6"),
        ("a dozen", "12"),
        ("two dozen", "24"),
        ("two and a half", "2.5"),
        ("half", "0.5"),
        ("three quarters", "0.75"),
        ("two point five", "2.5"),
        ("minus five", "-5"),
        ("one hundred and five", "105"),
        ("1,200", "1200"),
        ("the third one", "3"),
        ("twenty-first", "21"),
        ("just one please", "1"),
        ("none", "0"),
        ("to", "2"),  # as heard: "two"
        ("three, no, four", None),  # `read` takes corrections
        ("two or three", None),
        ("two and two", None),
        ("1.5 dozen", "18"),
        ("one and a half dozen", "18"),
        ("2 million", "2000000"),
        ("2 thousand 500", "2500"),
        ("12345678901234567890123456789012345.10", "12345678901234567890123456789012345.1"),
        ("a few", None),
        ("give me a second", None),
    ],
)
def test_counts(said: str, number: str | None) -> None:
    assert read_number(said) == number


@given(st.integers(0, 999_999))
def test_a_count_in_words_comes_back(number: int) -> None:
    assert read_number(in_words(number)) == str(number)


@pytest.mark.parametrize("said", ["one moment please", "just one second", "1 minute", "one sec"])
def test_a_moment_has_no_digit(said: str) -> None:
    assert find_digits(said) is None


def test_a_house_in_second_street_has_one() -> None:
    found = find_digits("one Second Street")
    assert found is not None
    assert found.value == "1"
