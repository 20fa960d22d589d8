import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nlu.spelling import characters, find_code, spellings
from nlu.values import read_name

NATO = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar "
    "papa quebec romeo sierra tango uniform victor whiskey x-ray yankee zulu"
)
SAID = "one two three four five six seven eight nine"
WORDS = {name[0].upper(): name for name in NATO.split(" ")}
DIGITS = dict(zip("123456789", SAID.split(" "), strict=True))


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("B as in Bravo, M for Mike", "BM"),
        ("A for apple two double six", "A266"),
        ("T like Tom 4", "T4"),
        ("S, M, I, T, H", "SMITH"),
        ("capital J four", "J4"),
        ("double L seven", "LL7"),
        ("four double L", "4LL"),
        ("four double oh L", "400L"),
        ("Bravo Bravo seven", "BB7"),
        ("B Bravo 7", "B7"),
        ("x-ray four", "X4"),
        ("A B dash one two", "AB12"),
        ("Bravo four bravo", "B4B"),
        ("D four Delta", "D4D"),
        ("alpha four alpha seven", "A4A7"),
        ("A B, no, A C", "AC"),
    ],
)
def test_codes(said: str, code: str) -> None:
    found = find_code(said)
    assert found is not None
    assert found.value == code


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ123456789", min_size=1, max_size=8))
@example("B4B")
@example("T42")
def test_a_code_in_the_spelling_alphabet_comes_back(code: str) -> None:
    said = " ".join(WORDS.get(letter) or DIGITS[letter] for letter in code)
    found = find_code(said)
    assert found is not None
    assert found.value == code


@given(st.text("ABCDEFGHIJKLMNPQRSTUVWXYZ", min_size=1, max_size=8))
def test_a_code_explained_letter_by_letter_comes_back(code: str) -> None:
    found = find_code(", ".join(f"{letter} as in {WORDS[letter]}" for letter in code))
    assert found is not None
    assert found.value == code


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("my name is Jon, J O N", "Jon"),
        ("Smith, S M I T H", "Smith"),
        ("Smith, S M Y T H", "Smyth"),
        ("Smith, that's S M I T H", "Smith"),
        ("S M I T H", "Smith"),
        ("Jon Smith J O N S M Y T H", "Jon Smyth"),
        ("J O N space S M I T H", "Jon Smith"),
        ("it's Katie, K A T I E, Marshall", "Katie Marshall"),
        ("B as in Bravo, O, B", "Bob"),
        ("Hotel Alpha Zulu Echo Lima", "Hazel"),
        ("P H I double L I P", "Phillip"),
        ("Philip, P H I double L I P", "Phillip"),
        ("capital J, o, n", "Jon"),
        ("Smyth with a y", "Smyth"),
        ("Smith with a y", "Smyth"),
        ("Brown with an e", "Browne"),
        ("Mat with two t's", "Matt"),
        ("Carl with a K", "Karl"),
        ("Stephen with a v", "Stephen"),
        ("Anne dash Marie", "Anne-Marie"),
        ("o apostrophe brien", "O'Brien"),
        ("this is Sarah Jones speaking", "Sarah Jones"),
        ("the name's Bond", "Bond"),
        ("John, no, Joan", "Joan"),
        ("my name is Mike Smith", "Mike Smith"),
        ("Victor Romeo", "Victor Romeo"),
        ("mekia s. burgess", "Mekia S. Burgess"),
        ("A J Smith", "A J Smith"),
        ("B J Novak", "B J Novak"),
        ("C. S. Lewis", "C. S. Lewis"),
        ("J. R. R. Tolkien", "J. R. R. Tolkien"),
        ("T J", "T J"),
        ("Jo, J O", "Jo"),
        ("Ana Mar\u00eda, A N A", "Ana Mar\u00eda"),
        ("Sara with no h", "Sara"),
        ("Sarah without an h", "Sara"),
        ("my surname is Smith", "Smith"),
        ("it's Tom, sorry", "Tom"),
        ("I don't know", None),
    ],
)
def test_names_said_and_spelled(said: str, name: str | None) -> None:
    assert read_name(said) == name


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=10))
def test_a_spelled_name_comes_back(letters: str) -> None:
    assert read_name(f"it's {', '.join(letters)}") == letters.title()


def test_a_part_said_again_is_no_code() -> None:
    assert find_code("A B one two, no, three") is None


def test_spelled_letters_stand_where_they_were_said() -> None:
    text = "my name is Jon, J O N, please"
    (found,) = spellings(text)
    assert text[found.start : found.end] == "J O N"


@pytest.mark.parametrize(
    ("heard", "letters"),
    [
        ("c h a r l i e", "CHARLIE"),
        ("g e MMA", "GEMMA"),
        ("w 9 d 3HQ", "W9D3HQ"),
        ("are you", "RU"),
    ],
)
def test_what_recognisers_write_for_letters(heard: str, letters: str) -> None:
    assert characters(heard) == letters
