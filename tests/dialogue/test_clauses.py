"""A stream of tokens becomes clauses that can be spoken."""

import pytest

from dialogue.llm.clauses import ClauseCutter, spoken

TEXT = (
    "<think>They want prices. Easy.</think>**Yes**, for $3.95. Ask *Mr. Brown*!\n\n"
    "- Express: $12.95\n1. See [our site](https://example.com)\nThat is 3.5 pounds. ok"
)
CLAUSES = [
    "Yes, for $3.95.",
    "Ask Mr. Brown!",
    "Express: $12.95",
    "See our site",
    "That is 3.5 pounds. ok",
]


@pytest.mark.parametrize("step", [1, 2, 7, len(TEXT)])
def test_the_clauses_do_not_depend_on_the_pieces(step: int) -> None:
    cutter = ClauseCutter()
    found = [
        clause for at in range(0, len(TEXT), step) for clause in cutter.feed(TEXT[at : at + step])
    ]
    assert found + cutter.finish() == CLAUSES


def test_a_clause_comes_as_soon_as_the_next_begins() -> None:
    cutter = ClauseCutter()
    assert cutter.feed("Yes, we do.") == []
    assert cutter.feed(" It") == ["Yes, we do."]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("# Returns", "Returns"),
        ("**Yes.", "Yes."),
        ("We do.**", "We do."),
        ("`faq` and <b>bold</b>", "faq and bold"),
        ("![kettle](k.png) A kettle", "A kettle"),
        ("---", ""),
    ],
)
def test_markup_is_not_read_out(written: str, said: str) -> None:
    assert spoken(written) == said


def test_a_thought_that_never_ends_is_not_said() -> None:
    cutter = ClauseCutter()
    assert cutter.feed("<think>Hm. Well. ") == []
    assert cutter.finish() == []
