import pytest

from tests.bench.wer import normalise, rates


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("one five two one three", "15213."),
        ("one five two one three", "1-5-2-1-3"),
        ("seventy nine fifty nine", "79-59"),
        ("oh six oh seven", "0607"),
        ("one thousand", "1,000"),
        ("three hundred and five", "305"),
        ("june twenty second nineteen sixty", "June 22nd, 1960."),
        ("C Z D Z W eight", "CZDZW-8"),
        ("s h a r o n", "SHAR-ON"),
        ("enter h four", "Enter H4"),
        ("what's my order's status", "Whats my order\u2019s status?"),
    ],
)
def test_two_ways_to_write_the_same_words_are_the_same(said: str, written: str) -> None:
    assert normalise(said) == normalise(written)


@pytest.mark.parametrize(
    ("said", "heard"),
    [("four", "for"), ("fifteen", "fifty"), ("j u l i e", "Julie"), ("o", "oh"), ("no", "know")],
)
def test_other_words_stay_other_words(said: str, heard: str) -> None:
    assert normalise(said) != normalise(heard)


def test_rates_count_over_all_utterances() -> None:
    found = rates(["one two three", "yes"], ["1 2 4", "Yes."])
    assert found.wer == pytest.approx(1 / 4)
    assert found.cer == pytest.approx(1 / 6)
    assert found.exact == 0.5


def test_grouping_is_no_character_error() -> None:
    assert rates(["a r a p a h o e"], ["ARAP AHOE"]).cer == 0.0
