"""A caller's question → the kind of question it is → what the graph says to that."""

import logging
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice, product

import numpy as np
from pyoxigraph import Literal, NamedNode

from dialogue.knowledge import spoken
from dialogue.knowledge.graph import Graph, Row, Term, local_name
from dialogue.knowledge.keywords import Keywords
from dialogue.knowledge.linking import Mention, Names, Thing
from dialogue.knowledge.shapes import Case, Shape, Shapes
from dialogue.knowledge.vectors import nearness_of
from dialogue.knowledge.words import stem
from nlu.phonetics import words
from nlu.sentences import Encode, Vectors

log = logging.getLogger(__name__)

# Fitted on the development questions of tests/dialogue/graph_questions.yaml, by
# `python -m tests.bench.knowledge --fit`: how likely it is that kind of question, by the cosine to
# its nearest wording and the share of its words. Each thing named and left out speaks against it,
# by our choice: "is the battery of the lamp covered" must not be answered for the lamp.
PER_MEANING, PER_WORDS, PER_UNUSED, AT_NOTHING = 11.2, 3.5, -3.0, -6.9
SURE = 0.5
READINGS = 6  # of an ambiguous name: more are not tried
CITED = 12  # triples
CALLER = "caller"

Triple = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Purchase:
    """Something that the caller has bought, as the business calls it."""

    name: str
    day: date


@dataclass(frozen=True, slots=True)
class Known:
    """What the dialogue knows besides the question."""

    today: date = field(default_factory=date.today)
    purchases: tuple[Purchase, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as one kind of question: which mention fills which placeholder."""

    name: str
    shape: Shape
    filled: Mapping[str, Mention]
    confidence: float
    meaning: float = 0.0
    words: float = 0.0
    unused: int = 0


@dataclass(frozen=True, slots=True)
class Fact:
    """An answer of the graph: what to say, and the triples that it rests on."""

    reading: Reading
    case: str
    text: str
    path: tuple[Triple, ...]

    @property
    def source(self) -> str:
        """How it is cited: "graph: desk lamp → coveredBy → warranty → excludes → bulb"."""
        shown, last = "graph:", ""
        for subject, relation, value in self.path:
            start = "" if subject == last else f"{';' if last else ''} {subject}"
            shown += f"{start} → {relation} → {value}"
            last = value
        return shown


@dataclass(frozen=True, slots=True)
class Asked:
    """A sentence with the names found in it; `masked` has the kinds of things in their place.

    `filled`: the kinds of questions that it names all things of, and what fills their placeholders.
    """

    said: tuple[str, ...]
    mentions: tuple[Mention, ...]
    masked: str
    filled: Mapping[str, Mapping[str, Mention]]


class Questions:
    """The questions of questions.yaml, asked of a graph. Safe from any thread."""

    def __init__(self, shapes: Shapes, things: Names, graph: Graph, encode: Encode) -> None:
        self._shapes = shapes
        self._names = things
        self._graph = graph
        self._types = {name: shapes.iri(kind) for name, kind in shapes.types.items()}
        texts: list[str] = []
        self._wordings: dict[str, slice] = {}  # where those of a kind of question stand
        for name, shape in shapes.questions.items():
            masked = (wording.format_map(_Spaced()) for wording in shape.asks)
            self._wordings[name] = slice(len(texts), len(texts) + len(shape.asks))
            texts += (" ".join(words(text)) for text in masked)
        self._placeholders = {name: one.placeholders for name, one in shapes.questions.items()}
        self._vectors = encode(texts)
        self._keywords = Keywords(texts)
        said = {word for text in texts for word in text.split()} - shapes.types.keys()
        self._plain = frozenset(stem(word) for word in said)

    @property
    def least_named(self) -> int:
        """How many things the shortest of the questions names."""
        return min(map(len, self._placeholders.values()), default=0)

    def hear(self, question: str, known: Known) -> Asked:
        """Find the names in a question; what the caller has bought comes before all else."""
        said = tuple(words(question))
        named = self._names.mentions(said, self._plain)
        bought = self._bought(known) if any(len(one.things) > 1 for one in named) else {}
        mentions = tuple(_narrowed(mention, bought) for mention in named)
        fillings = {name: self._fill(name, mentions) for name in self._placeholders}
        filled = {name: filling for name, filling in fillings.items() if filling is not None}
        return Asked(said, mentions, " ".join(self._masked(said, mentions)), filled)

    def read(self, asked: Asked, vector: Vectors) -> list[Reading]:
        """Return the kinds of questions it may be, the likeliest first; `vector` is of `masked`."""
        nearness = nearness_of(self._vectors, vector)
        shares = self._keywords.shares(asked.masked)
        readings: list[Reading] = []
        for name, filled in asked.filled.items():
            wordings = self._wordings[name]
            nearest = wordings.start + int(np.argmax(nearness[wordings]))
            unused = _unused(asked.mentions, filled.values())
            meaning, share = float(nearness[nearest]), float(shares[nearest])
            weighed = PER_MEANING * meaning + PER_WORDS * share + PER_UNUSED * unused + AT_NOTHING
            confidence = 1 / (1 + math.exp(-weighed))
            shape = self._shapes.questions[name]
            readings.append(Reading(name, shape, filled, confidence, meaning, share, unused))
        return sorted(readings, key=lambda one: (-one.confidence, -one.meaning))

    def answer(self, reading: Reading, known: Known) -> Fact | None:
        """Ask the graph; None if none of the cases is found, or things of one name differ in it.

        Raises GraphAway.
        """
        placeholders = list(reading.filled)
        choices = [reading.filled[name].things for name in placeholders]
        facts: list[Fact] = []
        combined = (dict(zip(placeholders, chosen, strict=True)) for chosen in product(*choices))
        for things in islice(combined, READINGS):
            fits = all(self._types[name] in thing.classes for name, thing in things.items())
            if fits and (fact := self._find(reading, things, known)):
                facts.append(fact)
        if len({(fact.case, fact.text) for fact in facts}) != 1:
            return None
        return facts[0]

    def _find(self, reading: Reading, things: Mapping[str, Thing], known: Known) -> Fact | None:
        filled = {name: thing.iri for name, thing in things.items()}
        for key, case in reading.shape.cases.items():
            bought = self._purchases(case, things, known)
            if bought is None:
                continue
            rows: list[Row] = [{}]
            if case.path or case.where:
                rows = self._graph.select(self._shapes.query(case, filled, bought))
            if rows:
                return self._fact(reading, key, things, rows, known)
        return None

    def _fact(
        self,
        reading: Reading,
        key: str,
        things: Mapping[str, Thing],
        rows: Sequence[Row],
        known: Known,
    ) -> Fact:
        case = reading.shape.cases[key]
        labels = self._names.things
        values = spoken.values(rows, self._shapes.spoken, labels, known.today)
        for name, thing in things.items():
            mention = reading.filled[name]
            alike = [one for one in mention.things if self._types[name] in one.classes]
            values[name] = thing.label if len(alike) == 1 else mention.words
            values[f"{name}_is"] = spoken.be(values[name])
        text = case.say.format_map(_Kept({name: _plain(value) for name, value in values.items()}))
        path: dict[Triple, None] = {}
        if case.bought:
            path[CALLER, "bought", things[case.bought].label] = None
        for row in rows:
            for step in case.path:
                subject, relation, value = step.split(maxsplit=2)
                ends = [self._shown(end, row, things) for end in (subject, value)]
                path[ends[0], self._relation(relation), ends[1]] = None
        return Fact(reading, key, text, tuple(path)[:CITED])

    def _shown(self, end: str, row: Row, things: Mapping[str, Thing]) -> str:
        if end.startswith("$") and (thing := things.get(end[1:])):
            return thing.label
        term: Term | None = row.get(end[1:]) if end[0] in "?$" else None
        if term is None:
            term = Literal(end.strip("'\"")) if ":" not in end else NamedNode(self._shapes.iri(end))
        return spoken.said(term, "text", self._names.things, date.min)

    def _relation(self, relation: str) -> str:
        return "/".join(local_name(part) for part in relation.split("/"))

    def _fill(self, question: str, mentions: Sequence[Mention]) -> dict[str, Mention] | None:
        """Give each placeholder a mention of its class, in the order of the types."""
        if len(mentions) < len(self._placeholders[question]):
            return None
        free = list(mentions)
        filled: dict[str, Mention] = {}
        for name, kind in self._types.items():
            if name not in self._placeholders[question]:
                continue
            fitting = [m for m in free if any(kind in thing.classes for thing in m.things)]
            if not fitting:
                return None
            filled[name] = fitting[0]
            free.remove(fitting[0])
        return filled

    def _masked(self, said: Sequence[str], mentions: Sequence[Mention]) -> Iterator[str]:
        at = 0
        for mention in mentions:
            yield from said[at : mention.start]
            kinds = [
                name
                for name, kind in self._types.items()
                if any(kind in thing.classes for thing in mention.things)
            ]
            yield kinds[0] if kinds else mention.things[0].label
            at = mention.end
        yield from said[at:]

    def _bought(self, known: Known) -> dict[str, list[date]]:
        """Return the things that the caller has bought, and when."""
        found: dict[str, list[date]] = {}
        for purchase in known.purchases:
            for mention in self._names.mentions(words(purchase.name)):
                for thing in mention.things:
                    found.setdefault(thing.iri, []).append(purchase.day)
        return found

    def _purchases(self, case: Case, things: Mapping[str, Thing], known: Known) -> str | None:
        """Return what binds ?bought and ?age (months), or None where nothing was bought."""
        if case.bought is None:
            return ""
        days = self._bought(known).get(things[case.bought].iri)
        if not days:
            return None
        bound = " ".join(
            f'("{day.isoformat()}"^^xsd:date {months_between(day, known.today)})' for day in days
        )
        return f"VALUES (?bought ?age) {{ {bound} }}\n"


def months_between(day: date, today: date) -> int:
    """Whole months."""
    return (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)


def _unused(mentions: Sequence[Mention], used: Iterable[Mention]) -> int:
    """Count what is named for certain but left out; to name a thing twice is nothing new."""
    taken = {thing.iri for mention in used for thing in mention.things}
    return sum(
        mention.likeness == 1 and all(thing.iri not in taken for thing in mention.things)
        for mention in mentions
    )


def _narrowed(mention: Mention, bought: Mapping[str, object]) -> Mention:
    """Take an ambiguous name for what the caller has."""
    theirs = tuple(thing for thing in mention.things if thing.iri in bought)
    if not theirs or len(mention.things) == 1:
        return mention
    return replace(mention, things=theirs)


def _plain(value: str) -> str:
    """A value's braces are none of a {name}."""
    return value.replace("{", "{{").replace("}", "}}")


class _Kept(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"{{{name}}}"


class _Spaced(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return name
