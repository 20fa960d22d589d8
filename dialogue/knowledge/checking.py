"""Does it fit together what a folder says that it knows? Each fault with its place."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pyoxigraph import NamedNode, Store

from dialogue import Fault
from dialogue.checks import IDENTITY
from dialogue.knowledge.graph import GRAPH, RDF, LocalGraph, graph_files, local_name, prologue
from dialogue.knowledge.library import Library
from dialogue.knowledge.shapes import QUESTIONS, Shapes, unknown_names
from dialogue.phrasing import names
from dialogue.reading import Document, did_you_mean, read_text, read_yaml

_NAMED = """SELECT ?thing WHERE {{
  ?thing rdfs:label ?label ; a/rdfs:subClassOf* <{kind}> . FILTER(isIRI(?thing))
}} LIMIT 1"""


def check_library(library: Library, folder: Path, facts: Mapping[str, str]) -> Iterator[Fault]:
    """Yield the mistakes that concern more than one file or entry."""
    for passage in library.documents:
        for name in sorted(names(passage.text) - facts.keys()):
            told = f"nothing here gives {{{name}}} a value{did_you_mean(name, sorted(facts))}"
            yield Fault(folder / passage.file, passage.line, told, IDENTITY)
    if library.graph:
        yield from _dangling(library.graph.store, graph_files(folder))
    if library.shapes:
        document = read_yaml(folder / QUESTIONS)
        for where, mistake in unknown_names(library.shapes, facts):
            yield document.fault(where, mistake, IDENTITY)
        if library.graph and len(library.graph.store):
            yield from _unrelated(document, library.shapes, library.graph)


def _unrelated(document: Document, shapes: Shapes, graph: LocalGraph) -> Iterator[Fault]:
    """Relations of the questions that no triple has, and kinds of things that have no names."""
    known = {
        row["p"].value
        for row in graph.select("SELECT DISTINCT ?p WHERE { ?s ?p ?o }")
        if isinstance(row["p"], NamedNode)
    }
    near = sorted(local_name(iri) for iri in known)
    for name, shape in shapes.questions.items():
        for key, case in shape.cases.items():
            for step in case.path:
                relation = step.split(maxsplit=2)[1]
                for part in re.findall(r"[\w-]+:[\w-]+", relation):
                    if shapes.iri(part) not in known:
                        mend = did_you_mean(local_name(part), near)
                        where = ("questions", name, "cases", key, "path")
                        told = f"no triple of the graph has '{part}'{mend}"
                        yield document.fault(where, told, GRAPH)
    for placeholder, kind in shapes.types.items():
        if not graph.select(prologue(shapes.prefixes) + _NAMED.format(kind=shapes.iri(kind))):
            mistake = (
                f"nothing of the class {kind} has an rdfs:label; add one, or correct the class"
            )
            yield document.fault(("types", placeholder), mistake, GRAPH)


def _dangling(store: Store, files: list[Path]) -> Iterator[Fault]:
    """Things that are only pointed at: a slip in a name makes one."""
    subjects = {quad.subject for quad in store}
    spaces = {_space(one.value) for one in subjects if isinstance(one, NamedNode)}
    told: set[str] = set()
    for quad in store:
        thing = quad.object
        if not isinstance(thing, NamedNode) or thing in subjects or thing.value in told:
            continue
        if _space(thing.value) not in spaces or quad.predicate.value.startswith(RDF):
            continue
        told.add(thing.value)
        name = local_name(thing.value)
        known = sorted(local_name(one.value) for one in subjects if isinstance(one, NamedNode))
        mend = did_you_mean(name, known) if len(known) < 5000 else "; correct it, or describe it"
        if mend.startswith("; choose"):
            mend = "; correct it, or say what it is"
        path, line = _place(files, name)
        said = f"nothing is said about '{name}', only that {_says(quad)}{mend}"
        yield Fault(path, line, said, GRAPH)


def _says(quad: object) -> str:
    subject, relation = (str(getattr(quad, part).value) for part in ("subject", "predicate"))
    return f"{local_name(subject)} {local_name(relation)} it"


def _space(iri: str) -> str:
    return iri[: -len(local_name(iri))] if local_name(iri) else iri


def _place(files: list[Path], name: str) -> tuple[Path, int]:
    pattern = re.compile(rf"[:/#]{re.escape(name)}(?![\w-])")
    for path in files:
        for number, line in enumerate(read_text(path).splitlines(), 1):
            if pattern.search(line):
                return path, number
    return files[0], 1
