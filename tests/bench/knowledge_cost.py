"""What a question costs of the CPU, apart from encoding it, as the FAQ and the graph grow."""

import gc
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import psutil

from dialogue.assistant import Assistant
from dialogue.knowledge import Knowledge, Library
from dialogue.knowledge.graph import load_graph
from dialogue.knowledge.retrieval import Retrieval
from nlu.sentences import SentenceEncoder, Vectors
from tests.bench.knowledge_data import (
    graph_questions,
    made_up_answers,
    made_up_questions,
    made_up_things,
    text_questions,
)

ENTRIES = (100, 1_000, 10_000)
TRIPLES = (10_000, 100_000, 1_000_000)
TRIPLES_PER_THING = 10
MADE_UP = 50  # questions about made-up things, beside the real ones
CATEGORIES = ("electronics", "household", *(f"made-up-category-{n}" for n in range(50)))


class Remembering:
    """The encoder; what it has encoded once costs nothing the second time."""

    def __init__(self, encode: SentenceEncoder) -> None:
        self.known: dict[str, Vectors] = {}
        self._encode = encode

    def __call__(self, sentences: Sequence[str]) -> Vectors:
        for sentence in sentences:
            if sentence not in self.known:
                self.known[sentence] = self._encode([sentence])[0]
        return np.array([self.known[sentence] for sentence in sentences], np.float32)


def encoding(encode: SentenceEncoder) -> dict[str, float]:
    """Milliseconds to encode one question."""
    texts = [one.text for one in graph_questions("test")]
    return _milliseconds(lambda text: encode([text]), texts)


def of_answers(assistant: Assistant, encode: Remembering) -> dict[str, Any]:
    """Milliseconds of a look among so many answers."""
    asked = [one.text for one in text_questions("test")]
    vectors = dict(zip(asked, encode(asked), strict=True))
    found: dict[str, Any] = {}
    for count in ENTRIES:
        own = list(assistant.library.passages)
        passages = own + made_up_answers(count - len(own))
        retrieval = Retrieval(passages, encode)
        look = partial(_rank, retrieval, vectors)
        found[str(count)] = _milliseconds(look, asked)
        print(count, "answers", found[str(count)], flush=True)
    return found


def _rank(retrieval: Retrieval, vectors: dict[str, Vectors], text: str) -> object:
    return retrieval.rank(text, vectors[text])


def of_triples(assistant: Assistant, encode: Remembering) -> dict[str, Any]:
    """Milliseconds of a question to a graph of so many triples, from the words to the answer."""
    found: dict[str, Any] = {}
    for count in TRIPLES:
        graph = load_graph(assistant.path)
        assert graph is not None
        things = (count - len(graph.store)) // TRIPLES_PER_THING
        began = time.perf_counter()
        graph.store.bulk_extend(made_up_things(things, CATEGORIES))
        loaded = time.perf_counter()
        library = Library({}, (), assistant.library.shapes)
        knowledge = Knowledge(library, encode, graph=graph)
        ready = time.perf_counter()
        found[str(count)] = {
            **_asked(knowledge, things),
            "triples": len(graph.store),
            "load_seconds": round(loaded - began, 1),
            "names_seconds": round(ready - loaded, 1),
            "resident_mb": round(psutil.Process().memory_info().rss / 2**20),
        }
        print(count, "triples", found[str(count)], flush=True)
        del knowledge, graph
        gc.collect()
    return found


def _asked(knowledge: Knowledge, things: int) -> dict[str, float]:
    asked = [*graph_questions("test"), *made_up_questions(MADE_UP, things)]
    known = {one.text: one.known for one in asked}
    answers = [knowledge.search(text, known[text]) for text in known]  # encodes them, once
    took = _milliseconds(lambda text: knowledge.search(text, known[text]), list(known))
    answered = sum(1 for answer in answers if answer) / len(answers)
    return {**took, "answered": round(answered, 3)}


def _milliseconds(ask: Callable[[str], object], texts: Sequence[str]) -> dict[str, float]:
    for text in texts[:5]:
        ask(text)
    took = []
    for text in [*texts, *texts, *texts]:
        began = time.thread_time()  # other programs' share of a busy machine does not count
        ask(text)
        took.append(1000 * (time.thread_time() - began))
    p50, p95 = np.quantile(took, (0.5, 0.95))
    return {"p50_ms": round(float(p50), 2), "p95_ms": round(float(p95), 2)}
