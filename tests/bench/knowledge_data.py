"""The questions that the knowledge is measured on, and made-up knowledge of any size."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml
from pyoxigraph import Literal, NamedNode, Quad

from dialogue.knowledge import Known, Passage, Purchase
from dialogue.knowledge.asking import Triple
from dialogue.knowledge.graph import RDF, RDFS, XSD
from tests.bench.report import REPO

QUESTIONS = REPO / "tests" / "dialogue"
SHOP = "urn:maplewood:"
NONE = ("none", "near")

_ONSETS = ("br", "d", "fl", "gr", "k", "l", "m", "n", "p", "r", "st", "t", "tr", "v", "z")
_RHYMES = ("ando", "elka", "imo", "olt", "una", "arris", "enta", "ippo", "orra", "uxel")
_NOUNS = ("pump", "rack", "stand", "sofa", "radio", "camera", "ladder", "drill", "fan", "scale")
_TOPICS = ("pick up", "insure", "engrave", "store", "reserve", "polish", "recycle", "label")


@dataclass(frozen=True, slots=True)
class TextQuestion:
    """A question with the sources that answer it; none has no answer."""

    text: str
    sources: frozenset[str]
    kind: str  # faq, document, none, near


@dataclass(frozen=True, slots=True)
class GraphQuestion:
    """A question with what must be said, and the triples it must rest on."""

    text: str
    known: Known
    says: tuple[str, ...] = ()
    path: frozenset[Triple] = frozenset()

    @property
    def answerable(self) -> bool:
        """Whether the graph holds an answer."""
        return bool(self.path)


def text_questions(part: str) -> list[TextQuestion]:
    """Read questions.yaml."""
    data = _read("questions.yaml")
    found = []
    for key, texts in data[part].items():
        keys = () if key in NONE else (key, *data["also_right"].get(key, ()))
        sources = frozenset(one if "/" in one else f"faq.md#{one}" for one in keys)
        kind = key if key in NONE else "document" if "/" in key else "faq"
        found += [TextQuestion(text, sources, kind) for text in texts]
    return found


def graph_questions(part: str) -> list[GraphQuestion]:
    """Read graph_questions.yaml."""
    data = _read("graph_questions.yaml")
    found = []
    for one in data[part]:
        bought = tuple(Purchase(name, day) for name, day in one.get("bought", {}).items())
        known = Known(data["today"], bought)
        path = triples(one.get("path", ""))
        found.append(GraphQuestion(one["ask"], known, tuple(one.get("says", ())), path))
    return found


def triples(cited: str) -> frozenset[Triple]:
    """'a → b → c → d → e; f → g → h' → its triples."""
    found: set[Triple] = set()
    for chain in filter(None, cited.split(";")):
        steps = [step.strip() for step in chain.split("→")]
        found |= {
            (steps[at], steps[at + 1], plain(steps[at + 2])) for at in range(0, len(steps) - 2, 2)
        }
    return frozenset(found)


def plain(value: str) -> str:
    """'11.90' → '11.9', as a graph keeps it."""
    number = "." in value and value.replace(".", "", 1).isdigit()
    return value.rstrip("0").rstrip(".") if number else value


def made_up_answers(count: int) -> list[Passage]:
    """Entries of a FAQ about made-up things."""
    chance = random.Random(count)  # noqa: S311 - the same each time, nothing secret
    things = list(made_up_names(count))
    return [
        Passage(
            "faq.md",
            f"made-up-{number}",
            f"Can you {chance.choice(_TOPICS)} a {thing}?",
            (),
            f"Yes, we {chance.choice(_TOPICS)} every {thing} within {number % 90 + 1} days.",
            number,
        )
        for number, thing in enumerate(things)
    ]


def made_up_names(count: int) -> Iterator[str]:
    """Yield names like 'trelka monando pump', no two alike."""
    syllables = [onset + rhyme for onset in _ONSETS for rhyme in _RHYMES]
    for number in range(count):
        first, rest = number % len(syllables), number // len(syllables)
        second, rest = rest % len(syllables), rest // len(syllables)
        noun = _NOUNS[(first + second + rest) % len(_NOUNS)]
        yield f"{syllables[first]} {syllables[second]} {noun}" + (f" {rest}" if rest else "")


def made_up_things(count: int, categories: Sequence[str]) -> Iterator[Quad]:
    """Yield about ten triples for each of so many made-up products."""
    for number, name in enumerate(made_up_names(count)):
        thing = NamedNode(f"{SHOP}made-up-{number}")
        yield Quad(thing, NamedNode(f"{RDF}type"), NamedNode(f"{SHOP}Product"))
        yield Quad(thing, NamedNode(f"{RDFS}label"), Literal(name))
        category = categories[number % len(categories)]
        yield Quad(thing, NamedNode(f"{SHOP}category"), NamedNode(SHOP + category))
        yield Quad(thing, NamedNode(f"{SHOP}price"), _decimal(5 + number % 400))
        yield Quad(thing, NamedNode(f"{SHOP}stock"), _integer(number % 7))
        yield Quad(thing, NamedNode(f"{SHOP}watts"), _integer(number % 2000))
        for part in ("battery", "cable", "switch"):
            yield Quad(thing, NamedNode(f"{SHOP}hasPart"), NamedNode(SHOP + part))
        yield Quad(
            thing, NamedNode(f"{SHOP}similarTo"), NamedNode(f"{SHOP}made-up-{max(0, number - 1)}")
        )


def made_up_questions(count: int, of: int) -> list[GraphQuestion]:
    """Return questions about some of so many made-up products."""
    chance = random.Random(of)  # noqa: S311 - likewise
    names = list(made_up_names(of))
    today = Known(date(2026, 11, 20))
    asks = ("does the warranty cover the cable of the {}", "how many watts does the {} have")
    return [
        GraphQuestion(chance.choice(asks).format(chance.choice(names)), today) for _ in range(count)
    ]


def _decimal(value: int) -> Literal:
    return Literal(f"{value}.0", datatype=NamedNode(f"{XSD}decimal"))


def _integer(value: int) -> Literal:
    return Literal(str(value), datatype=NamedNode(f"{XSD}integer"))


def _read(name: str) -> Any:
    return yaml.safe_load((QUESTIONS / name).read_text(encoding="utf-8"))
