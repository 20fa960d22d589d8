"""Dialogue acts: intents and slots with their values, counted together as the field does."""

from typing import TYPE_CHECKING, Any

from nlu.decode import Chain, best_labels, spans

if TYPE_CHECKING:
    from tests.bench.nlu_sets import Trial


def acts_f1(of: "Trial", cut: float) -> float:
    """Micro F1 over the acts: intents whose logit is above the cut, and (slot, words)."""
    chain = Chain.of(of.labels.slot_labels, of.test.transitions)
    right = found = wanted = 0
    rows = zip(of.corpus.test, of.test.rows, of.test.several, of.test.slots, strict=True)
    for example, row, logits, words in rows:
        meant: set[Any] = {*example.intents}
        meant |= {(mark.name, example.text[mark.start : mark.end]) for mark in example.marks}
        told: set[Any] = {of.labels.intents[i] for i in (logits > cut).nonzero()[0]}
        at = row.tokens.spans
        told |= {
            (slot, example.text[at[first][0] : at[last - 1][1]])
            for slot, first, last in spans(best_labels(words[list(row.tokens.firsts)], chain))
        }
        right += len(meant & told)
        found += len(told)
        wanted += len(meant)
    return round(2 * right / max(1, found + wanted), 4)
