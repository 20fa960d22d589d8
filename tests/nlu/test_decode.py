from dataclasses import replace
from datetime import date
from itertools import pairwise, product

import numpy as np
import pytest

from nlu.calibration import Floats
from nlu.dataset import SlotType
from nlu.decode import (
    FORM_CONFIDENCE,
    Chain,
    Labels,
    Span,
    answers,
    as_heard_once,
    best_labels,
    decide,
    doubtful,
    expected_slots,
    further,
    label_probabilities,
    rank_intents,
    read_sentiment,
    read_slots,
    spans,
    tagged,
    unread,
)
from nlu.tokens import Tokens, bio_labels
from nlu.understand import OUT_OF_SCOPE, YES_NO, Context, Slot

TODAY = date(2025, 3, 12)
SLOTS = {
    "order_number": SlotType("order_number", "digits", 5),
    "phone_number": SlotType("phone_number", "phone"),
    "date": SlotType("date", "date"),
    "email": SlotType("email", "email"),
    "person_name": SlotType("person_name", "name"),
}
LABELS = Labels(
    ("order_status", "cancel", "affirm", "deny", OUT_OF_SCOPE),
    bio_labels(list(SLOTS)),
    ("negative", "neutral", "positive"),
    SLOTS,
)


def test_the_likeliest_intent_comes_first() -> None:
    ranking = rank_intents(np.array([0.2, 0.5, 0.1, 0.1, 0.1]), LABELS, "")
    assert ranking[0] == ("cancel", 0.5)
    assert sum(probability for _, probability in ranking) == pytest.approx(1)


def test_after_a_yes_no_question_a_likely_yes_wins() -> None:
    unsure = np.array([0.1, 0.35, 0.3, 0.05, 0.2])
    assert rank_intents(unsure, LABELS, "")[0][0] == "cancel"
    assert rank_intents(unsure, LABELS, YES_NO)[0][0] == "affirm"


def test_after_a_yes_no_question_something_else_clearly_said_is_heard() -> None:
    clear = np.array([0.02, 0.92, 0.02, 0.02, 0.02])
    assert rank_intents(clear, LABELS, YES_NO)[0][0] == "cancel"


def test_below_the_threshold_is_out_of_scope_and_says_how_doubtful() -> None:
    ranking = [("cancel", 0.4), ("affirm", 0.35), (OUT_OF_SCOPE, 0.25)]
    assert decide(ranking, threshold=0.3) == ("cancel", 0.4)
    intent, confidence = decide(ranking, threshold=0.5)
    assert intent == OUT_OF_SCOPE
    assert confidence == pytest.approx(0.6)
    doubt = [(OUT_OF_SCOPE, 0.7), ("cancel", 0.3)]
    assert decide(doubt, threshold=0.2) == ("cancel", 0.3)
    intent, confidence = decide(doubt, threshold=0.4)
    assert intent == OUT_OF_SCOPE
    assert confidence == pytest.approx(0.7)


def test_sentiment_scores_from_minus_one_to_one() -> None:
    assert read_sentiment(np.array([1.0, 0.0, 0.0]), LABELS).score == -1
    mild = read_sentiment(np.array([0.1, 0.3, 0.6]), LABELS)
    assert mild.label == "positive"
    assert mild.score == pytest.approx(0.5)


def test_spans_mend_broken_labels() -> None:
    assert spans(["O", "B-a", "I-a", "O", "I-a", "B-b", "I-a"]) == [
        ("a", 1, 3),
        ("a", 4, 5),
        ("b", 5, 6),
        ("a", 6, 7),
    ]
    assert spans(["B-a", "B-a", "I-a"]) == [("a", 0, 3)]
    assert spans([]) == []


def test_the_best_labels_make_whole_spans() -> None:
    names = ("O", "B-a", "I-a", "B-b", "I-b")
    torn = np.array(
        [
            [0.1, 0.6, 0.1, 0.1, 0.1],
            [0.1, 0.0, 0.4, 0.0, 0.5],  # alone, I-b would be likelier
            [0.1, 0.0, 0.9, 0.0, 0.0],
            [0.9, 0.0, 0.1, 0.0, 0.0],
        ]
    )
    scores = np.log(torn + 1e-12)
    assert best_labels(scores, Chain.of(names)) == ["B-a", "I-a", "I-a", "O"]
    assert best_labels(scores[1:2], Chain.of(names)) == ["O"]
    assert best_labels(scores[:0], Chain.of(names)) == []


def test_label_chain_agrees_with_trying_every_path() -> None:
    names = ("O", "B-a", "I-a", "B-b", "I-b")
    draw = np.random.default_rng(5)
    for words in (1, 2, 4):
        scores = draw.normal(size=(words, 5))
        chain = (draw.normal(size=5), draw.normal(size=5), draw.normal(size=(5, 5)))
        paths = {path: _score(path, scores, chain) for path in product(range(5), repeat=words)}
        best = max(paths, key=lambda path: paths[path])
        assert best_labels(scores, Chain.of(names, chain)) == [names[i] for i in best]
        total = sum(np.exp(score) for score in paths.values())
        wanted = np.zeros((words, 5))
        for path, score in paths.items():
            wanted[range(words), path] += np.exp(score) / total
        assert label_probabilities(scores, Chain.of(names, chain)) == pytest.approx(
            wanted, abs=1e-6
        )


def _score(path: tuple[int, ...], scores: Floats, chain: tuple[Floats, Floats, Floats]) -> float:
    """The chain's score of a path; nothing for one that makes no spans."""
    names = ("O", "B-a", "I-a", "B-b", "I-b")
    first, last, after = chain
    said = ["O", *(names[i] for i in path)]
    if any(now[0] == "I" and now[2:] != before[2:] for before, now in pairwise(said)):
        return -np.inf
    return float(
        first[path[0]] + last[path[-1]]
        + sum(scores[i, label] for i, label in enumerate(path))
        + sum(after[one, other] for one, other in pairwise(path))
    )  # fmt: skip


def test_a_second_intent_of_the_breath_is_told() -> None:
    logits = np.array([3.0, 0.5, -4.0, -4.0, 2.0])
    assert further(logits, LABELS, "order_status", cut=0.0) == ("cancel",)
    assert further(logits, LABELS, "order_status", cut=1.0) == ()
    assert further(logits, LABELS, OUT_OF_SCOPE, cut=0.0) == ()


def test_two_likely_intents_are_asked_about() -> None:
    ranking = [("order_status", 0.5), ("cancel", 0.4), (OUT_OF_SCOPE, 0.1)]
    assert doubtful(ranking, "order_status", sure=0.8) == ("order_status", "cancel")
    assert doubtful(ranking, "order_status", sure=0.4) == ()  # sure enough
    assert doubtful(ranking, "order_status", sure=0.95) == ()  # it may be neither
    assert doubtful(ranking, OUT_OF_SCOPE, sure=0.8) == ()


def slots_of(text: str, *names: str) -> list[Slot]:
    """Tag the words of the text, 0.9 sure of each, and read the slots."""
    return read_slots(text, *tags_of(text, *names), LABELS, TODAY)


def tags_of(text: str, *names: str) -> tuple[Tokens, list[Span]]:
    """Tag the words of the text, 0.9 sure of each."""
    at, positions = 0, []
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        positions.append((start, at))
    tokens = Tokens(tuple(range(len(names) + 2)), tuple(range(1, len(names) + 1)), tuple(positions))
    probabilities = np.full((len(names), len(LABELS.slot_labels)), 0.1 / len(LABELS.slot_labels))
    for i, name in enumerate(names):
        probabilities[i, LABELS.slot_labels.index(name)] = 0.9
    return tokens, tagged(np.log(probabilities), Chain.of(LABELS.slot_labels))


def test_tagged_slots_carry_text_place_and_value() -> None:
    text = "order one five two one three tomorrow"
    found = slots_of(text, "O", "B-order_number", *["I-order_number"] * 4, "B-date")
    assert [(slot.name, slot.value) for slot in found] == [
        ("order_number", "15213"),
        ("date", "2025-03-13"),
    ]
    assert all(text[slot.start : slot.end] == slot.text for slot in found)
    # each word was 0.9 sure, and its neighbours agree
    assert all(0.9 < slot.confidence < 1 for slot in found)


def test_a_tagged_slot_without_a_value_is_none() -> None:
    assert slots_of("sometime soon", "B-date", "I-date") == []


@pytest.mark.parametrize(
    ("text", "waiting_for", "name", "value"),
    [
        ("it's 15213", "order_number", "order_number", "15213"),
        ("one five two one three", "order_number", "order_number", "15213"),
        ("15213", "", "order_number", "15213"),  # keys, or the answer to the greeting
        ("john at example dot com", "email", "email", "john@example.com"),
        ("415 555 0132", "phone_number", "phone_number", "+14155550132"),
        ("the 20th I think", "date", "date", "2025-03-20"),
    ],
)
def test_what_was_asked_for_is_found_where_the_tagger_sees_nothing(
    text: str, waiting_for: str, name: str, value: str
) -> None:
    (slot,) = expected_slots(text, [], LABELS, Context(waiting_for), TODAY)
    assert (slot.name, slot.value, slot.confidence) == (name, value, FORM_CONFIDENCE)
    assert text[slot.start : slot.end] == slot.text


@pytest.mark.parametrize(
    ("text", "waiting_for"),
    [
        ("it's 15213", ""),
        ("what do you mean", "order_number"),
        ("one five two one", "order_number"),
        ("John Smith", "person_name"),
        ("15213", "no_such_slot_but_a_longer_number_than_2"),
    ],
)
def test_nothing_is_made_up(text: str, waiting_for: str) -> None:
    found = expected_slots(text, [], LABELS, Context(waiting_for), TODAY)
    assert [slot.value for slot in found] == (["15213"] if text == "15213" else [])


def test_a_digit_that_was_heard_twice_is_left_out_of_what_was_spoken() -> None:
    seen = slots_of("order 269-887", "O", "B-order_number")
    assert [slot.value for slot in as_heard_once(seen, LABELS)] == ["26987"]
    asked = Context("order_number")
    (slot,) = expected_slots("269-887", [], LABELS, asked, TODAY)  # the tagger sees nothing
    assert slot.value == "26987"
    assert expected_slots("269-887", [], LABELS, replace(asked, spoken=False), TODAY) == []
    assert expected_slots("699-766", [], LABELS, asked, TODAY) == []


@pytest.mark.parametrize(
    ("text", "names", "left"),
    [
        ("order 15213", ("O", "B-order_number"), ()),
        ("order 4085", ("O", "B-order_number"), ("order_number",)),
        ("order 15213 or 4085", ("O", "B-order_number", "O", "B-order_number"), ("order_number",)),
        ("sometime soon", ("B-date", "I-date"), ("date",)),
        ("call 15213", ("O", "B-phone_number"), ("phone_number",)),
    ],
)
def test_what_is_left_unread(text: str, names: tuple[str, ...], left: tuple[str, ...]) -> None:
    tokens, found = tags_of(text, *names)
    slots = read_slots(text, tokens, found, LABELS, TODAY)
    assert unread(tokens, found, slots, LABELS) == left


def test_what_another_value_was_found_in_is_not_unread() -> None:
    tokens, found = tags_of("15213", "B-phone_number")
    slots = expected_slots("15213", [], LABELS, Context("order_number"), TODAY)
    assert unread(tokens, found, slots, LABELS) == ()


def test_what_the_tagger_saw_stands() -> None:
    seen = Slot("order_number", "15213", "15213", 3, 8, 0.7)
    text = "no 15213 not 15214"
    assert expected_slots(text, [seen], LABELS, Context("order_number"), TODAY) == [seen]


def test_a_broken_or_misnamed_span_gives_way_to_what_was_asked_for() -> None:
    text = "four one five 555 0132"
    wrong = Slot("order_number", "555 0132", "5550132", 14, 22, 0.5)
    (slot,) = expected_slots(text, [wrong], LABELS, Context("phone_number"), TODAY)
    assert (slot.name, slot.value) == ("phone_number", "+14155550132")
    part = Slot("order_number", "two one three", "213", 9, 22, 0.5)
    (slot,) = expected_slots(
        "one five two one three", [part], LABELS, Context("order_number"), TODAY
    )
    assert slot.value == "15213"


@pytest.mark.parametrize(
    ("value", "waiting_for", "answered"),
    [
        ("15213", "order_number", True),
        ("1523", "order_number", False),
        ("15213", "date", False),
        ("15213", YES_NO, False),
    ],
)
def test_an_answer_is_whole_and_what_was_asked_for(
    value: str, waiting_for: str, answered: bool
) -> None:
    slot = Slot("order_number", value, value, 0, len(value), 0.9)
    assert answers([slot], LABELS, Context(waiting_for)) is answered


def test_a_number_said_after_the_one_that_was_marked_corrects_it() -> None:
    text = "it's 15207 sorry 15206"
    marked = Slot("order_number", "15207", "15207", 5, 10, 0.9)
    (slot,) = expected_slots(text, [marked], LABELS, Context("order_number"), TODAY)
    assert (slot.value, slot.start) == ("15206", 17)
