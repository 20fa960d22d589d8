"""A tiny shop whose graph tests can see through, and an encoder that goes by words."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dialogue.knowledge.asking import Questions
from dialogue.knowledge.graph import Graph, load_graph
from dialogue.knowledge.naming import read_names
from dialogue.knowledge.shapes import read_shapes
from nlu.sentences import Vectors

# ruff: noqa: E501 - files as people write them

GRAPH = """@prefix s: <urn:s:> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
s:Bike a rdfs:Class . s:EBike rdfs:subClassOf s:Bike .
s:city a s:Bike ; rdfs:label "city bike" ; skos:altLabel "bike" ; s:takes s:b2 ; s:cover s:short .
s:rocket a s:EBike ; rdfs:label "Rocket Nine" ; skos:altLabel "bike" ; s:takes s:b2, s:b3 ; s:cover s:long .
s:b2 a s:Part ; rdfs:label "battery B2" ; skos:altLabel "B2" ; s:price 90.00 .
s:b3 a s:Part ; rdfs:label "battery B3" ; s:price 120.5 .
s:chain a s:Part ; rdfs:label "chain" .
s:short rdfs:label "short cover" ; s:months 12 ; s:excludes s:chain .
s:long rdfs:label "long cover" ; s:months 30 ; s:excludes s:chain .
"""

QUESTIONS = """
prefixes: {s: "urn:s:"}
types: {bike: s:Bike, part: s:Part}
spoken: {price: money, months: months, bought: date}
questions:
  takes:
    asks: ["does the {bike} take the {part}", "will the {part} go into my {bike}"]
    cases:
      takes: {path: ["$bike s:takes $part", "$part s:price ?price"], say: "Yes, the {bike} takes it, for {price}."}
      others: {path: ["$bike s:takes ?other"], say: "No, the {bike} takes the {other}."}
  parts:
    asks: ["what parts are there for the {bike}"]
    cases:
      some: {path: ["$bike s:takes ?part"], order: "?part", say: "For the {bike} there {bike_is} the {part}."}
  covered:
    asks: ["is the {bike} still covered"]
    cases:
      over:
        bought: bike
        path: ["$bike s:cover ?cover", "?cover s:months ?months"]
        where: FILTER(?age >= ?months)
        say: No. You bought the {bike} {bought}, and the {cover} lasts {months}. Come to {street}.
      holds: {bought: bike, path: ["$bike s:cover ?cover"], say: "Yes, by the {cover}."}
      general: {path: ["$bike s:cover ?cover", "?cover s:months ?months"], say: "It lasts {months}."}
  part_covered:
    asks: ["is the {part} of the {bike} covered"]
    cases:
      excluded: {path: ["$bike s:cover ?cover", "?cover s:excludes $part"], say: "The {part} of the {bike} is not covered."}
"""


def written(folder: Path, graph: str = GRAPH, questions: str = QUESTIONS) -> Path:
    """Make the shop's folder."""
    (folder / "graph.ttl").write_text(graph, encoding="utf-8")
    (folder / "questions.yaml").write_text(questions, encoding="utf-8")
    return folder


def opened(folder: Path, graph: Graph | None = None) -> Questions:
    """Make the shop's questions ready to be asked."""
    shapes = read_shapes(folder)
    graph = graph or load_graph(folder)
    assert shapes
    assert graph
    return Questions(shapes, read_names(graph, shapes), graph, encode_words)


def encode_words(sentences: Sequence[str]) -> Vectors:
    """Stand in for the encoder: a sentence is which words it has."""
    vectors = np.zeros((len(sentences), 4096), np.float32)
    for row, sentence in zip(vectors, sentences, strict=True):
        for word in sentence.lower().replace("?", "").split():
            row[zlib.crc32(word.encode()) % 4096] = 1.0
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = vectors / np.maximum(lengths, 1.0)
    return scaled
