"""The knowledge graph, asked with SPARQL 1.1: RDF files in memory, or an endpoint (`remote`)."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, QuerySolutions, RdfFormat, Store, Triple

from dialogue import AssistantError
from dialogue.reading import Tell, fail, read_text, refuse

GRAPH, FOLDER = "graph.ttl", "graph"  # graph.ttl, and whatever was imported into graph/
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
XSD = "http://www.w3.org/2001/XMLSchema#"
PREFIXES = {"rdf": RDF, "rdfs": RDFS, "skos": SKOS, "xsd": XSD}

Term = NamedNode | BlankNode | Literal | Triple
Row = Mapping[str, Term]


class Graph(Protocol):
    """What can be asked. Safe from any thread."""

    def select(self, query: str) -> list[Row]:
        """Return the rows of a SELECT. Raises GraphAway."""
        ...


class LocalGraph:
    """Triples in memory."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def select(self, query: str) -> list[Row]:
        """See `Graph`."""
        return rows_of(self.store.query(query))


def rows_of(found: object) -> list[Row]:
    """Return the rows of a SELECT's result."""
    if not isinstance(found, QuerySolutions):
        raise TypeError("only SELECT is asked here")
    names = [variable.value for variable in found.variables]
    return [{name: row[name] for name in names if row[name] is not None} for row in found]


def graph_files(folder: Path) -> list[Path]:
    """Return the files of an assistant's graph; there may be none."""
    own = [folder / GRAPH] if (folder / GRAPH).is_file() else []
    return own + sorted((folder / FOLDER).glob("*.ttl"))


def load_graph(folder: Path, tell: Tell = refuse) -> LocalGraph | None:
    """Load an assistant's graph; None if there is none, or no whole one.

    Tells AssistantError: a file is not Turtle.
    """
    files = graph_files(folder)
    if not files:
        return None
    store, whole = Store(), True
    for path in files:
        try:
            load_turtle(store, path)
        except AssistantError as error:
            tell(error)
            whole = False
    return LocalGraph(store) if whole else None


def load_turtle(store: Store, path: Path) -> None:
    """Add a file's triples. Raises AssistantError with the line."""
    try:
        store.bulk_load(read_text(path), format=RdfFormat.TURTLE)
    except SyntaxError as error:
        problem = re.sub(r"^Parser error at (?:line \d+ column \d+|[^:]*): ", "", str(error.msg))
        mend = "check the dots, semicolons and quotes around there"
        fail(path, error.lineno or 1, f"not Turtle: {problem}; {mend}")


def prologue(prefixes: Mapping[str, str]) -> str:
    """Return the PREFIX lines of a query."""
    return "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in {**PREFIXES, **prefixes}.items())


def local_name(iri: str) -> str:
    """'urn:shop:coveredBy' → 'coveredBy'."""
    return re.split(r"[#/:]", iri)[-1]
