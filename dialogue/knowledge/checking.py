"""Every fault in what a folder says that it knows, not only the first."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from pyoxigraph import NamedNode, Store

from dialogue import AssistantError
from dialogue.knowledge.documents import FOLDER, read_document
from dialogue.knowledge.faq import FAQ, read_faq
from dialogue.knowledge.graph import RDF, LocalGraph, graph_files, load_turtle, local_name
from dialogue.knowledge.naming import read_names
from dialogue.knowledge.shapes import QUESTIONS, Shapes, faults, unknown_names
from dialogue.reading import Document, did_you_mean, read_text, read_yaml


def check_knowledge(folder: Path, facts: Mapping[str, str]) -> list[str]:
    """Return one line for each fault: file:line: what is wrong; how to mend it."""
    found = list(_tried(partial(read_faq, folder / FAQ)))
    for path in sorted((folder / FOLDER).glob("*.md")):
        found += _tried(partial(read_document, path))
    store = Store()
    files = graph_files(folder)
    for path in files:
        found += _tried(partial(load_turtle, store, path))
    found += _dangling(store, files)
    if (folder / QUESTIONS).is_file():
        found += _check_questions(folder, LocalGraph(store), facts)
    return found


def _tried(read: Callable[[], object]) -> Iterator[str]:
    try:
        read()
    except AssistantError as error:
        yield str(error)


def _check_questions(folder: Path, graph: LocalGraph, facts: Mapping[str, str]) -> Iterator[str]:
    try:
        document = read_yaml(folder / QUESTIONS)
        shapes = document.validate(Shapes)
    except AssistantError as error:
        yield str(error)
        return
    for where, mistake in (*faults(shapes), *unknown_names(shapes, facts)):
        yield document.told(where, mistake)
    if len(graph.store):
        yield from _unrelated(document, shapes, graph)


def _unrelated(document: Document, shapes: Shapes, graph: LocalGraph) -> Iterator[str]:
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
                        yield document.told(where, f"no triple of the graph has '{part}'{mend}")
    things = read_names(graph, shapes).things.values()
    for placeholder, kind in shapes.types.items():
        if not any(shapes.iri(kind) in thing.classes for thing in things):
            mistake = (
                f"nothing of the class {kind} has an rdfs:label; add one, or correct the class"
            )
            yield document.told(("types", placeholder), mistake)


def _dangling(store: Store, files: list[Path]) -> Iterator[str]:
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
        yield f"{path}:{line}: nothing is said about '{name}', only that {_says(quad)}{mend}"


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
