from datetime import date

import pytest

from nlu.nbest import resolve, spelled_letters
from nlu.understand import Alternative
from nlu.values import KINDS, read

TODAY = date(2025, 3, 12)
POSTCODES = ("CV6 5FF", "CM5B 2FH", "BL1 4RL", "EH9A 3BA", "SW1A 1AA", "M93 8SP")
NAMES = ("Katie Marshall", "Max Savage", "Gemma Stanley", "Derek Holland", "Steven Moss")


def heard(*texts: str) -> list[Alternative]:
    return [Alternative(text) for text in texts]


def value(kind: str, *attempts: list[Alternative], **options: object) -> str | None:
    found = resolve(kind, attempts, TODAY, **options)  # type: ignore[arg-type]
    return found.value if found else None


def test_the_best_hypothesis_that_has_a_value_wins() -> None:
    assert value("digits", heard("one five two", "one five two one three"), length=5) == "15213"


def test_confidence_counts_more_than_the_rank() -> None:
    attempt = [Alternative("15213", 0.1), Alternative("15219", 0.8)]
    assert value("digits", attempt, length=5) == "15219"


def test_attempts_add_up() -> None:
    first, second = heard("15219", "15213"), heard("15213", "15217")
    assert value("digits", first, length=5) == "15219"
    assert value("digits", first, second, length=5) == "15213"


def test_each_digit_is_voted_on_where_no_number_wins() -> None:
    attempts = heard("15213"), heard("15219"), heard("95213")
    assert value("digits", heard("15219"), heard("95213"), heard("15243"), length=5) == "15213"
    assert value("digits", *attempts, length=5) == "15213"


def test_attempts_that_contradict_each_other_have_no_value() -> None:
    assert value("digits", heard("15213"), heard("99999"), length=5) is None


def test_nothing_heard_is_nothing() -> None:
    assert value("digits", [], [], length=5) is None
    assert value("postcode", [], known=POSTCODES) is None


def test_a_store_that_only_says_yes_or_no() -> None:
    attempt = heard("15219", "15213")
    assert value("digits", attempt, length=5, known=lambda number: number == "15213") == "15213"
    assert value("digits", attempt, length=5, known=lambda _: False) is None


@pytest.mark.parametrize(
    ("texts", "meant"),
    [
        (("she v 6 v s s s", "she v 6 5 s s s", "c v 6 5 s s"), "CV6 5FF"),
        (("C M5 b 2 sh", "C M5 b 2 s h"), "CM5B 2FH"),
        (("th9 a 3 b a", "eh 9 a 3 b a"), "EH9A 3BA"),
        (("M 9 3 8 s",), "M93 8SP"),
        (("hello who is there",), None),
        (("w 1 2 a d",), None),
    ],
)
def test_the_known_postcode_that_sounds_like_it(texts: tuple[str, ...], meant: str | None) -> None:
    assert value("postcode", heard(*texts), known=POSTCODES, region="GB") == meant


def test_two_known_values_as_near_are_none() -> None:
    assert value("postcode", heard("b 3 3 t h"), known=("D3 3TH", "P3 3TH"), region="GB") is None


def test_a_second_attempt_tells_them_apart() -> None:
    attempts = heard("b 3 3 t h"), heard("delta 3 3 tango hotel")
    assert value("postcode", *attempts, known=("D3 3TH", "P3 3TH"), region="GB") == "D3 3TH"


@pytest.mark.parametrize(
    ("texts", "meant"),
    [
        (("Mac's Savage", "Max Savage"), "Max Savage"),
        (("Katie Marshall", "Katy Marshal"), "Katie Marshall"),
        (("get it Holland", "Derek Harland"), None),  # one of them, or somebody else
        (("k a t i e",), "Katie Marshall"),
        (("where is my order",), None),
    ],
)
def test_the_known_name_that_sounds_like_it(texts: tuple[str, ...], meant: str | None) -> None:
    assert value("name", heard(*texts), known=NAMES) == meant


def test_a_spelling_chooses_among_the_names_said() -> None:
    said = heard("Gemma Stanley", "Jemma Stanley")
    assert value("name", said, heard("j e m m a")) == "Jemma Stanley"


def test_a_birth_date_of_three_attempts() -> None:
    attempts = (
        heard("18th of April 1934"),
        heard("14th of April 1934", "14th of April 1930 4"),
        heard("14 4 1934"),
    )
    assert value("birth_date", *attempts, region="GB") == "1934-04-14"


@pytest.mark.parametrize(
    ("text", "letters"),
    [
        ("k a t i e", "KATIE"),
        ("my name is k a t i e please", "KATIE"),
        ("it's spelled s m i t h", "SMITH"),
        ("bee oh bee", "BOB"),
        ("bravo oscar bravo", "BOB"),
        ("d o double l y", "DOLLY"),
        ("a n n e are", "ANNER"),
        ("d a v e hid", "DAVEHID"),  # one of five misheard
        ("J AK e wa e l sh", "JAKEWAELSH"),
        ("je m m a", "JEMMA"),
        ("my name is Al", ""),
        ("this is Ann Lee", ""),
        ("MY NAME IS AL", ""),
        ("it is Bo Li Wu", ""),
        ("you are Al", ""),
        ("A J Lee", ""),
        ("A J Li", ""),
        ("Elsa lima india charlie echo", "ELSALICE"),
        ("Katie k a t i e", ""),  # `read` puts the two together
        ("Katie Marshall m a r s h a l l", ""),
        ("Bo b o double b", ""),
        ("1 2 3", ""),
        ("", ""),
    ],
)
def test_a_spelling_is_letters_in_nearly_all_its_words(text: str, letters: str) -> None:
    assert spelled_letters(text) == letters


@pytest.mark.parametrize(
    ("text", "name"),
    [("my name is Al", "Al"), ("this is Ann Lee", "Ann Lee"), ("my name is k a t i e", "Katie")],
)
def test_a_sentence_of_short_words_is_no_spelling(text: str, name: str) -> None:
    assert value("name", heard(text)) == name
    assert value("name", heard(text), known=["Al", "Ann Lee", "Katie"]) == name


SAID = {
    "digits": ("one five two one three", "four four"),
    "code": ("C Z D eight", "B B B four"),
    "phone": (
        "four one five five five five oh one three two",
        "two one two five five five oh one nine nine",
    ),
    "postcode": ("S W one A one A A", "B L one four R L"),
    "date": ("the third of May", "the ninth of April"),
    "birth_date": ("14th of April 1934", "2nd of June 1971"),
    "date_range": ("from the third to the fifth of May", "from the first to the ninth of June"),
    "time": ("half past three in the afternoon", "nine in the morning"),
    "duration": ("two weeks", "three hours"),
    "money": ("forty two dollars fifty", "nine dollars"),
    "number": ("minus seven", "two dozen"),
    "email": ("john at gmail dot com", "ann-lee at example dot org"),
    "address": ("twelve oak avenue springfield", "forty one willow street"),
    "name": ("this is Ann Lee", "Max O'Neil-Savage"),
    "text": ("the blue umbrella", "a lamp"),
    "yes_no": ("yes please", "no"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_heard_exactly_is_found_in_a_store_that_holds_it(kind: str) -> None:
    store = [read(kind, text, TODAY) or "" for text in SAID[kind]]
    for text, meant in zip(SAID[kind], store, strict=True):
        assert meant
        assert value(kind, heard(text), known=store) == meant


def test_a_number_is_not_its_negative() -> None:
    assert value("number", heard("minus seven"), known=["7", "-7"]) == "-7"
