"""Reads the names of the graph's things, for `linking`."""

from collections import defaultdict
from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode

from dialogue.knowledge.graph import PREFIXES, Graph, prologue
from dialogue.knowledge.linking import Names, Thing
from dialogue.knowledge.shapes import Shapes

_SUBCLASSES = "SELECT ?class ?wider WHERE { ?class rdfs:subClassOf ?wider }"
_THINGS = """
SELECT ?thing ?label ?also ?class WHERE {
  ?thing rdfs:label ?label . FILTER(isIRI(?thing))
  OPTIONAL { ?thing a ?class }
  OPTIONAL { ?thing skos:altLabel|skos:hiddenLabel ?also }
}"""


def read_names(graph: Graph, shapes: Shapes) -> Names:
    """Return the names of all that may be named in a question. Raises GraphAway."""
    wider: dict[str, set[str]] = defaultdict(set)
    for row in graph.select(prologue(PREFIXES) + _SUBCLASSES):
        wider[_text(row["class"])].add(_text(row["wider"]))
    labels: dict[str, str] = {}
    others: dict[str, dict[str, None]] = defaultdict(dict)
    classes: dict[str, set[str]] = defaultdict(set)
    for row in graph.select(prologue(PREFIXES) + _THINGS):
        iri, label = _text(row["thing"]), _text(row["label"])
        others[iri][label] = None
        labels.setdefault(iri, label)
        if "class" in row:
            classes[iri].add(_text(row["class"]))
        if "also" in row:
            others[iri][_text(row["also"])] = None
    nameable = {shapes.iri(kind) for kind in shapes.types.values()}
    found = Names()
    for iri, label in sorted(labels.items()):
        thing = Thing(iri, label, _closure(classes[iri], wider))
        found.add(thing, others[iri] if thing.classes & nameable else ())
    return found


def _closure(classes: Iterable[str], wider: dict[str, set[str]]) -> frozenset[str]:
    reached: set[str] = set()
    waiting = list(classes)
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting += wider.get(one, ())
    return frozenset(reached)


def _text(term: object) -> str:
    return term.value if isinstance(term, NamedNode | Literal) else str(term)
