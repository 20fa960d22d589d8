"""How often is a question answered rightly, from FAQ, documents and graph, and what does it cost?

Weights and thresholds are fitted on the development questions, the figures are of the test's.

    python -m tests.bench.knowledge --out docs/bench/knowledge.json
    python -m tests.bench.knowledge --fit       # the coefficients, of the development questions
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression

from dialogue.assistant import Assistant, default_assistant, load_assistant
from dialogue.knowledge import Answer, Knowledge, Passage
from dialogue.knowledge.asking import Questions
from dialogue.knowledge.graph import load_graph
from dialogue.knowledge.knowledge import NEAR
from dialogue.knowledge.naming import read_names
from dialogue.knowledge.retrieval import Ranked, Retrieval, Weights
from models.registry import digest
from nlu.sentences import ENCODER, load_encoder
from tests.bench import knowledge_cost
from tests.bench.knowledge_cost import Remembering
from tests.bench.knowledge_data import (
    GraphQuestion,
    TextQuestion,
    graph_questions,
    plain,
    text_questions,
)
from tests.bench.report import environment, write_report

WAYS = {"words": Weights(0, 1), "meaning": Weights(1, 0), "fused": Weights()}
THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(20))


def main() -> None:
    """Measure, print and write the report and the curve."""
    options = _arguments()
    assistant, encoder = load_assistant(default_assistant()), load_encoder()
    encode = Remembering(encoder)
    if options.fit:
        print("passages: score, lead, bias", fit_passages(assistant, encode))
        print("questions: meaning, words, bias", fit_questions(assistant, encode))
        return
    asked = text_questions("test")
    everything, faq = assistant.library.passages, tuple(assistant.library.faq.values())
    of_faq = [one for one in asked if one.kind != "document"]
    curves = {
        "faq": curve(ranked(faq, of_faq, encode, Weights()), of_faq),
        "faq_and_documents": curve(ranked(everything, asked, encode, Weights()), asked),
    }
    draw(curves, options.out.with_suffix(".png"))
    result = {
        "benchmark": "knowledge",
        "environment": environment(),
        "models": {ENCODER: digest(ENCODER)},
        "graph": {part: of_graph(assistant, encode, part) for part in ("dev", "test")},
        "recall": {
            "faq": {name: recall(faq, of_faq, encode, way) for name, way in WAYS.items()},
            "faq_and_documents": {
                name: recall(everything, asked, encode, way) for name, way in WAYS.items()
            },
        },
        "threshold": NEAR,
        "abstention": curves,
        "encoding": knowledge_cost.encoding(encoder),
        "answers": knowledge_cost.of_answers(assistant, encode),
        "triples": knowledge_cost.of_triples(assistant, encode),
    }
    write_report(options.out, result)
    print(result["graph"], result["recall"], options.out)


def of_graph(assistant: Assistant, encode: Remembering, part: str) -> dict[str, Any]:
    """How the graph's questions are answered by the graph alone."""
    library = assistant.library
    graph = load_graph(assistant.path)
    only = type(library)({}, (), library.shapes)
    knowledge = Knowledge(only, encode, graph=graph)
    judged: Counter[str] = Counter()
    for one in graph_questions(part):
        judged.update(_judged(one, knowledge.search(one.text, one.known)))
    return dict(sorted(judged.items()))


def _judged(one: GraphQuestion, answer: Answer | None) -> list[str]:
    if not one.answerable:
        return ["unanswerable", "abstained" if answer is None else "invented"]
    if answer is None:
        return ["answerable", "unanswered"]
    right = all(words in answer.text for words in one.says)
    path = {(subject, relation, plain(value)) for subject, relation, value in answer.path}
    return ["answerable", "right" if right else "wrong"] + ["right_path"] * (path == one.path)


def ranked(
    passages: Sequence[Passage],
    asked: Sequence[TextQuestion],
    encode: Remembering,
    weights: Weights,
) -> list[list[Ranked]]:
    """Return the five best passages for each question."""
    retrieval = Retrieval(passages, encode, weights=weights)
    return [retrieval.rank(one.text, encode([one.text])[0]) for one in asked]


def recall(
    passages: Sequence[Passage],
    asked: Sequence[TextQuestion],
    encode: Remembering,
    weights: Weights,
) -> dict[str, float]:
    """How often the right passage is the first, or among five, of questions that have one."""
    answerable = [one for one in asked if one.sources]
    found = ranked(passages, answerable, encode, weights)
    hits = [
        [best.passage.source in one.sources for best in five]
        for one, five in zip(answerable, found, strict=True)
    ]
    return {
        "questions": len(answerable),
        "at_1": round(sum(hit[0] for hit in hits) / len(hits), 3),
        "at_5": round(sum(any(hit) for hit in hits) / len(hits), 3),
    }


def curve(
    found: Sequence[Sequence[Ranked]], asked: Sequence[TextQuestion]
) -> list[dict[str, float]]:
    """What is answered, at each threshold of the confidence."""
    kinds = np.array([one.kind for one in asked])
    right = np.array(
        [five[0].passage.source in one.sources for five, one in zip(found, asked, strict=True)]
    )
    confidence = np.array([five[0].confidence for five in found])
    has = ~np.isin(kinds, ("none", "near"))
    points = []
    for threshold in THRESHOLDS:
        said = confidence >= threshold
        points.append(
            {
                "threshold": threshold,
                "right": _share(said & right, has),
                "wrong": _share(said & ~right, has),
                "answered_none": _share(said, kinds == "none"),
                "answered_near": _share(said, kinds == "near"),
            }
        )
    return points


def _share(which: Any, among: Any) -> float:
    return round(float(which[among].mean()), 3)


def draw(curves: dict[str, list[dict[str, float]]], path: Path) -> None:
    """Plot what is answered, rightly and not, over the threshold."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    for axes, (name, points) in zip(
        figure.subplots(1, 2, sharey=True), curves.items(), strict=True
    ):
        at = [point["threshold"] for point in points]
        for key in ("right", "wrong", "answered_near", "answered_none"):
            axes.plot(at, [point[key] for point in points], label=key.replace("_", ": "))
        axes.axvline(NEAR, color="gray", linestyle=":")
        axes.set(title=name.replace("_", " "), xlabel="threshold of the confidence", ylim=(0, 1))
    figure.axes[0].set_ylabel("share of the questions")
    figure.axes[1].legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def fit_passages(assistant: Assistant, encode: Remembering) -> list[float]:
    """Fit how likely the best passage is right, by its score and lead."""
    asked = text_questions("dev")
    found = ranked(assistant.library.passages, asked, encode, Weights())
    rows = [(best.score, best.score - second.score) for best, second, *_ in found]
    right = [five[0].passage.source in one.sources for five, one in zip(found, asked, strict=True)]
    return _fitted(rows, right)


def fit_questions(assistant: Assistant, encode: Remembering) -> list[float]:
    """Fit how likely the first kind of question that finds anything is right."""
    shapes, graph = assistant.library.shapes, load_graph(assistant.path)
    assert shapes
    assert graph
    questions = Questions(shapes, read_names(graph, shapes), graph, encode)
    none = [one for one in text_questions("dev") if not one.sources]
    asked = graph_questions("dev")
    asked += [GraphQuestion(one.text, asked[0].known) for one in none]
    rows, right = [], []
    for one in asked:
        heard = questions.hear(one.text, one.known)
        for reading in questions.read(heard, encode([heard.masked])[0]):
            if fact := questions.answer(reading, one.known):
                rows.append((reading.meaning, reading.words))
                right.append(one.answerable and all(words in fact.text for words in one.says))
                break
    return _fitted(rows, right)


def _fitted(rows: Sequence[Sequence[float]], right: Sequence[bool]) -> list[float]:
    model = LogisticRegression(C=10).fit(np.array(rows), np.array(right))
    return [round(float(one), 1) for one in (*model.coef_[0], model.intercept_[0])]


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--fit", action="store_true", help="print coefficients, measure nothing")
    parser.add_argument("--out", type=Path, default=Path("out/bench/knowledge.json"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
