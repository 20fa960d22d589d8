"""Takes tables, RDF and Markdown of the business into an assistant's folder, if they are sound."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyoxigraph import Literal, NamedNode, RdfFormat, Store, Triple, parse, serialize

from dialogue.knowledge.documents import FOLDER as DOCUMENTS
from dialogue.knowledge.documents import read_document
from dialogue.knowledge.faq import FAQ, read_faq
from dialogue.knowledge.graph import FOLDER, PREFIXES, RDF, RDFS, XSD, load_graph, load_turtle
from dialogue.knowledge.naming import read_names
from dialogue.knowledge.passages import slug
from dialogue.knowledge.shapes import Shapes, read_shapes
from dialogue.reading import did_you_mean, fail, read_text

TABLES, RDF_FILES = (".csv", ".json"), (".ttl", ".nt", ".rdf", ".jsonld")
QUESTION, ANSWER, ALSO = "question", "answer", "also"


@dataclass(frozen=True, slots=True)
class Mapped:
    """How a table becomes triples; its first column is the name of a thing."""

    kind: str = ""  # the things' class, like shop:Product
    columns: tuple[str, ...] = ()  # to take, of the others; empty: all
    links: tuple[str, ...] = field(default=())  # columns of names of other things, with ; between
    into: str = ""  # a path in the folder, if not graph/NAME.ttl


def import_file(source: Path, folder: Path, mapped: Mapped) -> Path:
    """Check a file and put what it says where the assistant finds it; return where that is.

    Raises AssistantError: the file's first mistake, and nothing is written.
    """
    suffix = source.suffix.lower()
    if suffix == ".md":
        read_document(source)
        return _written(folder / DOCUMENTS / source.name, read_text(source))
    if suffix in RDF_FILES:
        into = folder / (mapped.into or f"{FOLDER}/{source.stem}.ttl")
        return _written(into, _turtle(source, folder))
    if suffix not in TABLES:
        kinds = ", ".join((*TABLES, *RDF_FILES, ".md"))
        fail(source, 1, f"this is none of {kinds}; name a file that is")
    rows = list(_rows(source))
    if not rows:
        fail(source, 1, "this table has no rows; add some")
    if {QUESTION, ANSWER} <= rows[0][1].keys():
        return _add_answers(source, rows, folder / FAQ)
    into = folder / (mapped.into or f"{FOLDER}/{source.stem}.ttl")
    return _written(into, _described(source, rows, folder, mapped))


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _turtle(source: Path, folder: Path) -> str:
    if source.suffix == ".ttl":
        load_turtle(Store(), source)
        return read_text(source)
    try:
        quads = list(parse(read_text(source), RdfFormat.from_extension(source.suffix[1:])))
    except SyntaxError as error:
        fail(source, error.lineno or 1, f"not {source.suffix[1:]}: {error.msg}; correct this line")
    triples = [Triple(quad.subject, quad.predicate, quad.object) for quad in quads]
    return _serialized(triples, read_shapes(folder) or Shapes(questions={}))


def _serialized(triples: Sequence[Triple], shapes: Shapes) -> str:
    prefixes = {**PREFIXES, **shapes.prefixes}
    text = serialize(triples, format=RdfFormat.TURTLE, prefixes=prefixes)
    return (text or b"").decode()


def _rows(source: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield line and cells of each row."""
    if source.suffix.lower() == ".json":
        yield from _objects(source)
        return
    reader = csv.reader(io.StringIO(read_text(source)), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) != len(header):
                mend = "add or remove commas, and put quotes around a cell that has one"
                fail(source, reader.line_num, f"{len(cells)} cells, not {len(header)}; {mend}")
            row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
            yield reader.line_num, row
    except csv.Error as error:
        fail(source, reader.line_num, f"not CSV: {error}; check the quotes")


def _objects(source: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        data: Any = json.loads(read_text(source))
    except json.JSONDecodeError as error:
        fail(source, error.lineno, f"not JSON: {error.msg.lower()}; correct this line")
    if not isinstance(data, list) or not all(isinstance(one, dict) for one in data):
        fail(source, 1, 'this is no list of objects; write [{"name": "kettle", …}, …]')
    for one in data:
        yield (
            1,
            {
                str(key): ";".join(map(str, value)) if isinstance(value, list) else str(value)
                for key, value in one.items()
                if value is not None
            },
        )


def _add_answers(source: Path, rows: Sequence[tuple[int, dict[str, str]]], faq: Path) -> Path:
    before = read_text(faq) if faq.is_file() else "# Questions and answers\n"
    known = set(read_faq(faq)) if faq.is_file() else set[str]()
    entries = []
    for line, row in rows:
        question, answer = row[QUESTION], row[ANSWER]
        if not question or not answer:
            fail(source, line, "a question without its answer, or the reverse; fill both in")
        anchor = slug(question)
        if anchor in known:
            fail(
                source, line, f"{FAQ} has '{anchor}' already; change it there, or remove this line"
            )
        known.add(anchor)
        also = f"Also: {row[ALSO]}\n" if row.get(ALSO) else ""
        entries.append(f"\n## {question} {{#{anchor}}}\n{also}\n{answer}\n")
    return _written(faq, before.rstrip("\n") + "\n" + "".join(entries))


def _described(
    source: Path, rows: Sequence[tuple[int, dict[str, str]]], folder: Path, mapped: Mapped
) -> str:
    shapes = read_shapes(folder) or Shapes(questions={})
    if ":" not in mapped.kind:
        fail(source, 1, "what kind of things are these? add --class, like --class shop:Product")
    header = list(rows[0][1])
    for column in (*mapped.columns, *mapped.links):
        if column not in header:
            fail(source, 1, f"there is no column '{column}'{did_you_mean(column, header)}")
    space = mapped.kind.partition(":")[0] + ":"
    names = _names(folder, shapes, source)
    triples: list[Triple] = []
    taken = [
        one for one in header[1:] if not mapped.columns or one in (*mapped.columns, *mapped.links)
    ]
    for line, row in rows:
        label = row[header[0]]
        if not label:
            fail(source, line, f"the {header[0]} is empty; give every row one")
        thing = NamedNode(shapes.iri(space + slug(label)))
        triples.append(Triple(thing, NamedNode(f"{RDF}type"), NamedNode(shapes.iri(mapped.kind))))
        triples.append(Triple(thing, NamedNode(f"{RDFS}label"), Literal(label)))
        for column in taken:
            relation = NamedNode(shapes.iri(space + column))
            for cell in _cells(row.get(column, ""), column in mapped.links):
                value: NamedNode | Literal = _literal(cell)
                if column in mapped.links:
                    value = _named(source, line, cell, names)
                triples.append(Triple(thing, relation, value))
    return _serialized(triples, shapes)


def _cells(cell: str, several: bool) -> list[str]:
    parts = cell.split(";") if several else [cell]
    return [part.strip() for part in parts if part.strip()]


def _names(folder: Path, shapes: Shapes, source: Path) -> Mapping[str, str]:
    graph = load_graph(folder)
    if graph is None:
        return {}
    return {thing.label: iri for iri, thing in read_names(graph, shapes).things.items()}


def _named(source: Path, line: int, cell: str, names: Mapping[str, str]) -> NamedNode:
    if cell not in names:
        fail(source, line, f"nothing in the graph is called '{cell}'{did_you_mean(cell, [*names])}")
    return NamedNode(names[cell])


def _literal(cell: str) -> Literal:
    for pattern, kind in (
        (r"[+-]?\d+", "integer"),
        (r"[+-]?\d+\.\d+", "decimal"),
        (r"\d{4}-\d\d-\d\d", "date"),
        (r"true|false", "boolean"),
    ):
        if re.fullmatch(pattern, cell):
            value = str(Decimal(cell)) if kind == "decimal" else cell
            return Literal(value, datatype=NamedNode(f"{XSD}{kind}"))
    return Literal(cell)
