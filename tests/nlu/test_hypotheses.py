"""Which of several ways to hear an utterance counts how much."""

import pytest

from nlu.hypotheses import likelier_understood, weighed
from nlu.understand import Alternative


def test_what_nobody_doubts_stands_alone() -> None:
    assert weighed("Where is it?", ()) == [("Where is it?", 1.0)]


def test_the_likelier_way_counts_for_more_and_comes_first() -> None:
    heard = (Alternative("I bought the cattle.", 0.6), Alternative("I bought the kettle.", 0.7))
    (best, most), (_, least) = weighed("I bought the cattle.", heard)
    assert best == "I bought the kettle."
    assert most == pytest.approx(0.7**5 / (0.7**5 + 0.6**5))
    assert most + least == pytest.approx(1)


def test_the_same_words_written_another_way_count_together() -> None:
    heard = (
        Alternative("Order 12, please.", 0.5),
        Alternative("order twelve please", 0.5),
        Alternative("Order elf, please.", 0.6),
    )
    ways = weighed("Order 12, please.", heard)
    assert [text for text, _ in ways] == ["Order elf, please.", "Order 12, please."]
    assert ways[1][1] == pytest.approx(2 * 0.5**4 / (2 * 0.5**4 + 0.6**4))


def test_the_hardly_possible_and_the_wordless_are_left_out() -> None:
    heard = (Alternative("yes", 0.9), Alternative("...", 0.9), Alternative("chess", 0.01))
    assert weighed("yes", heard) == [("yes", 1.0)]


def test_a_recogniser_that_gives_no_confidence_finds_all_as_likely() -> None:
    ways = weighed("yes", (Alternative("yes"), Alternative("yes please")))
    assert [share for _, share in ways] == [0.5, 0.5]


def test_what_makes_sense_is_likelier_to_have_been_said() -> None:
    assert likelier_understood([0.5, 0.5], [0.4, 0.8]) == pytest.approx([0.2, 0.8])
    assert likelier_understood([1.0], [0.3]).tolist() == [1.0]
