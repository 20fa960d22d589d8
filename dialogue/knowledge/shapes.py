"""What questions.yaml holds: which questions the graph answers, how to find out, what to say.

The shipped assistant's questions.yaml explains the format at its top.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pyoxigraph import Store

from dialogue import AssistantError
from dialogue.flows import Text
from dialogue.knowledge.graph import PREFIXES, prologue
from dialogue.phrasing import names
from dialogue.reading import Part, Tell, Where, did_you_mean, read_yaml, refuse

QUESTIONS = "questions.yaml"
ROWS = 20  # of an answer, at most
BOUGHT = frozenset({"bought", "age"})  # variables of a case with bought:

Kind = Literal["text", "money", "months", "date", "number"]

_VARIABLE = re.compile(r"[?$](\w+)")
_PLACEHOLDER = re.compile(r"\$(\w+)\b")


def _step(triple: str) -> str:
    if len(triple.split(maxsplit=2)) != 3:
        raise ValueError(f"'{triple}' is not subject, relation and object; write ?a shop:of ?b")
    return triple


class Case(Part):
    """One way in which a question may be answered; the first that is found in the graph is.

    `path` is what the answer rests on: triples of the graph, cited with it. Without a path nothing
    need be found.
    """

    path: tuple[Annotated[str, AfterValidator(_step)], ...] = Field(default=(), strict=False)
    where: str = ""  # further SPARQL of the WHERE: FILTER, OPTIONAL, BIND …
    order: str = ""  # a variable to sort by, or DESC(?it)
    bought: str | None = None  # the caller has bought what this placeholder stands for
    say: Text


class Shape(Part):
    """A kind of question: `asks` are wordings with {placeholders}."""

    asks: tuple[Text, ...] = Field(min_length=1, strict=False)
    cases: dict[str, Case] = Field(min_length=1)

    @property
    def placeholders(self) -> frozenset[str]:
        """What must be named to ask this."""
        return names(self.asks[0])


class Shapes(Part):
    """The whole file."""

    prefixes: dict[str, str] = Field(default={})
    types: dict[str, str] = Field(default={})  # placeholder: class
    spoken: dict[str, Kind] = Field(default={})  # variable: how its value is said
    questions: dict[str, Shape]

    def iri(self, name: str) -> str:
        """'shop:Product' → its IRI."""
        prefix, _, rest = name.partition(":")
        return {**PREFIXES, **self.prefixes}.get(prefix, f"{prefix}:") + rest

    def query(self, case: Case, filled: Mapping[str, str], purchases: str = "") -> str:
        """Return the SPARQL of a case; `filled` gives an IRI for each placeholder."""

        def put(match: re.Match[str]) -> str:
            iri = filled.get(match[1])
            return f"<{iri}>" if iri else match[0]

        body = " .\n".join(case.path) + (" .\n" if case.path else "")
        body = _PLACEHOLDER.sub(put, f"{body}{purchases}{case.where}")
        order = f" ORDER BY {case.order}" if case.order else ""
        return f"{prologue(self.prefixes)}SELECT * WHERE {{\n{body}\n}}{order} LIMIT {ROWS}"


def variables(case: Case) -> frozenset[str]:
    """Return the names that a case's row may have."""
    found = {name for text in (*case.path, case.where) for name in _VARIABLE.findall(text)}
    return frozenset(found) | (BOUGHT if case.bought else frozenset())


def read_shapes(folder: Path, tell: Tell = refuse) -> Shapes | None:
    """Read a folder's questions.yaml, if it has one; what is wrong is told and left out.

    Raises AssistantError: what is there cannot be read at all.
    """
    path = folder / QUESTIONS
    if not path.is_file():
        return None
    document = read_yaml(path)
    shapes = document.validate(Shapes)
    broken: set[Where] = set()
    for where, mistake in faults(shapes):
        tell(AssistantError(document.fault(where, mistake)))
        broken.add(where[:2])
    if any(where[0] == "types" for where in broken):
        return None
    sound = {
        name: shape for name, shape in shapes.questions.items() if ("questions", name) not in broken
    }
    return shapes.model_copy(update={"questions": sound})


def unknown_names(shapes: Shapes, facts: Iterable[str]) -> Iterator[tuple[Where, str]]:
    """Yield each {name} that is said but has no value, and where."""
    for name, shape in shapes.questions.items():
        given = {*facts, *shape.placeholders, *(f"{one}_is" for one in shape.placeholders)}
        for key, case in shape.cases.items():
            allowed = sorted(given | variables(case))
            for unknown in sorted(names(case.say) - set(allowed)):
                mistake = (
                    f"nothing here gives {{{unknown}}} a value{did_you_mean(unknown, allowed)}"
                )
                yield ("questions", name, "cases", key, "say"), mistake


def faults(shapes: Shapes) -> Iterator[tuple[Where, str]]:
    """Yield each mistake that concerns more than one value, and where it is."""
    for placeholder, name in shapes.types.items():
        prefix = name.partition(":")[0]
        if prefix not in {**PREFIXES, **shapes.prefixes}:
            known = sorted({**PREFIXES, **shapes.prefixes})
            yield ("types", placeholder), f"no prefix '{prefix}'{did_you_mean(prefix, known)}"
    for name, shape in shapes.questions.items():
        where: Where = ("questions", name)
        for index, wording in enumerate(shape.asks):
            used = names(wording)
            for unknown in sorted(used - shapes.types.keys()):
                mend = did_you_mean(unknown, sorted(shapes.types))
                yield (*where, "asks", index), f"types: has no placeholder '{unknown}'{mend}"
            if used != shape.placeholders:
                wanted = ", ".join(f"{{{one}}}" for one in sorted(shape.placeholders)) or "none"
                yield (
                    (*where, "asks", index),
                    f"every wording names the same: {wanted}; make another question of this one",
                )
        for key, case in shape.cases.items():
            for mistake in _case_faults(shapes, shape, case):
                yield (*where, "cases", key), mistake


def _case_faults(shapes: Shapes, shape: Shape, case: Case) -> Iterator[str]:
    text = f"{' '.join(case.path)} {case.where}"
    for unknown in sorted(set(_PLACEHOLDER.findall(text)) - shape.placeholders):
        mend = did_you_mean(unknown, sorted(shape.placeholders))
        yield f"${unknown} is no placeholder of asks:{mend}"
    if case.bought and case.bought not in shape.placeholders:
        mend = did_you_mean(case.bought, sorted(shape.placeholders))
        yield f"bought: '{case.bought}' is no placeholder of asks:{mend}"
    filled = dict.fromkeys(shape.placeholders, "urn:x")
    bound = 'VALUES (?bought ?age) { ("2026-01-31"^^xsd:date 1) }' if case.bought else ""
    try:
        Store().query(shapes.query(case, filled, bound))
    except SyntaxError as error:
        problem = re.sub(r"^error at \d+:\d+: ", "", str(error.msg)).split(', "')[0]
        yield f"not SPARQL: {problem[:120]}; correct path:, where: or order:"
