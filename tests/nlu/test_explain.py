from nlu.explain import influences
from nlu.understand import OUT_OF_SCOPE, Context, Sentiment, Understanding


class KeywordNlu:
    """Knows one word."""

    def understand(self, text: str, context: Context) -> Understanding:
        sure = 0.9 if "cancel" in text else 0.3
        ranking = (("cancel_order", sure), ("order_status", 1 - sure))
        return Understanding(text, "cancel_order", sure, (), Sentiment("neutral", 0), ranking)


def test_the_word_that_decides_weighs_most() -> None:
    nlu, context = KeywordNlu(), Context()
    found = influences(nlu, nlu.understand("please cancel it", context), context)
    assert [one.word for one in found] == ["please", "cancel", "it"]
    assert found[1].weight > 2
    assert found[0].weight == found[2].weight == 0
    assert "please cancel it"[found[1].start : found[1].end] == "cancel"


def test_a_single_word_is_weighed_too() -> None:
    nlu, context = KeywordNlu(), Context()
    (only,) = influences(nlu, nlu.understand("cancel", context), context)
    assert only.weight > 0


class DoubtfulNlu:
    """Takes everything but orders for out of scope, and has no class for it."""

    def understand(self, text: str, context: Context) -> Understanding:
        sure = 0.7 if "order" in text and "pizza" not in text else 0.2
        return Understanding(
            text, OUT_OF_SCOPE, 1 - sure, (), Sentiment("neutral", 0), (("order_status", sure),)
        )


def test_what_put_a_sentence_out_of_scope_is_told() -> None:
    nlu, context = DoubtfulNlu(), Context()
    found = influences(nlu, nlu.understand("order a pizza", context), context)
    weights = {one.word: one.weight for one in found}
    assert weights["pizza"] > 1
    assert weights["a"] == 0
