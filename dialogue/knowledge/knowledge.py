"""What the dialogue asks: what the answer to a question is, and where it stands."""

import hashlib
import logging
from dataclasses import dataclass, replace

import numpy as np

from dialogue import GraphAway
from dialogue.knowledge.asking import SURE, Fact, Known, Questions, Reading, Triple
from dialogue.knowledge.graph import Graph
from dialogue.knowledge.library import Library
from dialogue.knowledge.naming import read_names
from dialogue.knowledge.remote import PatientGraph, RemoteGraph
from dialogue.knowledge.retrieval import Ranked, Retrieval
from dialogue.knowledge.vectors import Nearest
from models.registry import digest
from nlu.encoders import usual
from nlu.sentences import ENCODER, Centred, Encode, load_encoder

log = logging.getLogger(__name__)

NEAR = 0.5  # from this confidence on a passage answers
ABOUT_US = 0.38  # from here on it has to do with the business: above all that had not, of dev
QUESTION_WORDS = 3  # with fewer, a name alone is no question


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said, with {names} of facts in it, and where it stands.

    `path` are the triples that an answer of the graph rests on, `named` how many things of the
    graph the question names. `title` is the question, or the heading, that it stands under.
    """

    text: str
    source: str
    score: float = 1.0
    path: tuple[Triple, ...] = ()
    named: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """The answer, if there is one, and how it came about."""

    answer: Answer | None = None
    about_us: bool = False  # a question to the business, answered or not
    passages: tuple[Ranked, ...] = ()
    readings: tuple[Reading, ...] = ()
    masked: str = ""  # the question with the kinds of things in place of their names
    named: int = 0  # things of the graph in it
    away: bool = False  # the graph could not be asked


class Knowledge:
    """Answers from the graph, or else from passages. Safe from any thread."""

    def __init__(
        self,
        library: Library,
        encode: Encode,
        key: str = "",
        graph: Graph | None = None,
    ) -> None:
        self._encode = encode
        self._retrieval = Retrieval(library.passages, encode, key)
        self._shapes = library.shapes
        self._graph = graph
        self._questions = self._prepare(patient=True)

    def search(self, question: str, known: Known | None = None) -> Answer | None:
        """Return the answer, or None if nothing is near. Blocking, some ms."""
        return self.find(question, known).answer

    def find(
        self,
        question: str,
        known: Known | None = None,
        least_named: int = 0,
        expected: str | None = None,
    ) -> Found:
        """Look for the answer; with `least_named` only the graph, if so many things are named.

        `expected` is the anchor that the intent leads to, "" for one that leads to nothing of ours.
        Where the words agree with it there is nothing to find, and their meaning is not asked.
        """
        known = known or Known()
        found = self._from_graph(question, known, least_named)
        if found.answer or least_named:
            return found
        plain = not (found.named or found.away)
        if expected is not None and plain and self._retrieval.agrees(question, expected):
            return found
        ranked = tuple(self.rank(question))
        best = ranked[0] if ranked else None
        answer = None
        if best is not None and best.confidence >= NEAR:
            answer = Answer(
                best.extract, best.passage.source, best.confidence, title=best.passage.title
            )
        near = best is not None and best.confidence >= ABOUT_US
        about_us = near or found.about_us or answer is not None
        return replace(found, answer=answer, about_us=about_us, passages=ranked)

    def rank(self, question: str, count: int = 5) -> list[Ranked]:
        """Return the nearest passages, whether they answer or not."""
        return self._retrieval.rank(question, self._encode([question])[0], count)

    def _from_graph(self, question: str, known: Known, least_named: int) -> Found:
        questions = self._questions or self._prepare(patient=False)
        if questions is None:
            return Found(away=self._graph is not None)
        asked = questions.hear(question, known)
        named = len(asked.mentions)
        if named < max(least_named, questions.least_named):
            return Found(masked=asked.masked, named=named)
        readings = questions.read(asked, self._encode([asked.masked])[0]) if asked.filled else []
        about_us = named > 0 and len(asked.said) >= QUESTION_WORDS
        try:
            facts = (questions.answer(one, known) for one in readings if one.confidence >= SURE)
            fact = next((fact for fact in facts if fact), None)
        except GraphAway:
            return Found(None, about_us, (), tuple(readings), asked.masked, named, away=True)
        answer = _told(fact) if fact else None
        return Found(answer, about_us, (), tuple(readings), asked.masked, named)

    def _prepare(self, patient: bool) -> Questions | None:
        """Read the graph's names; an endpoint that is away is asked again at a later question."""
        if self._graph is None or self._shapes is None:
            return None
        graph = self._graph
        if patient and isinstance(graph, RemoteGraph):
            graph = PatientGraph(graph)
        try:
            names = read_names(graph, self._shapes)
        except GraphAway as error:
            log.warning("without the graph for now: %s", error)
            return None
        self._questions = Questions(self._shapes, names, self._graph, self._encode)
        return self._questions


def _told(fact: Fact) -> Answer:
    reading = fact.reading
    named = len(reading.filled)
    return Answer(fact.text, fact.source, reading.confidence, fact.path, named)


def load_knowledge(library: Library, endpoint: str = "", language: str = "en") -> Knowledge:
    """Make it searchable with the language's sentence encoder, of the model cache.

    `endpoint` is the URL of a SPARQL endpoint that holds the graph, in place of the folder's files.
    """
    graph: Graph | None = None
    if library.shapes is not None:
        graph = RemoteGraph(endpoint) if endpoint else library.graph
    encoder = usual(language)
    if encoder == ENCODER:
        return Knowledge(library, load_encoder(), digest(ENCODER), graph)
    plain, key = load_encoder(encoder), digest(encoder)
    texts = [text for passage in library.passages for text in (passage.title, *passage.also)]
    mean = Nearest(texts, plain, key).vectors.mean(axis=0) if texts else np.zeros(1, np.float32)
    apart = hashlib.sha256(f"{key} {mean.tobytes().hex()}".encode()).hexdigest()
    return Knowledge(library, Centred(plain, mean), apart, graph)
