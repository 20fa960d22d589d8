"""Names in what a caller says → things of the graph, however they were said or heard.

Nothing here is searched one by one: a phrase is looked up by its words' stems, then by how it
sounds, then by how it would sound with one sound less on either side.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice

from dialogue.knowledge.words import STOPWORDS, stem
from nlu.phonetics import coarse, distances, sounds, words

LONGEST = 6  # words of a name
SOUNDS_FROM = 5  # sounds: shorter names sound like too many words, and must be written right
ALIKE = 0.78  # share of the sounds that must agree; chosen on the development questions
LOOKED_AT = 64  # names that sound alike, at most
AT_MOST = 8  # things that one name may mean


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that has a name, and the classes it belongs to."""

    iri: str
    label: str
    classes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Mention:
    """Words start to end of a sentence may mean any of `things`."""

    start: int
    end: int
    things: tuple[Thing, ...]
    likeness: float  # 1: said as written
    words: str = ""

    @property
    def length(self) -> int:
        """How many words."""
        return self.end - self.start


@dataclass
class Names:
    """All names of the graph, indexed. Filled once, then read only."""

    things: dict[str, Thing] = field(default_factory=dict)
    _by_stems: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _by_sounds: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    _by_less: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, thing: Thing, names: Iterable[str]) -> None:
        """Make a thing known by its names."""
        self.things[thing.iri] = thing
        for name in dict.fromkeys(names):
            said = words(name)
            if not 0 < len(said) <= LONGEST:
                continue
            self._by_stems[_key(said)].append(thing.iri)
            sounding = _sounding(said)
            rough = coarse(sounding)
            if len(rough) >= SOUNDS_FROM:
                self._by_sounds[rough].append((thing.iri, sounding))
                for less in _less(rough):
                    self._by_less[less].append((thing.iri, sounding))

    def mentions(self, said: Sequence[str], plain: Collection[str] = ()) -> list[Mention]:
        """Return what a sentence's words name, none overlapping, in their order.

        `plain` are stems of words that ask; they are taken for a name only where it is so written.
        """
        stemmed = [stem(word) for word in said]
        found = [
            mention
            for start in range(len(said))
            for end in range(start + 1, min(start + LONGEST, len(said)) + 1)
            if (mention := self._named(said, stemmed, slice(start, end), plain))
        ]
        found.sort(key=lambda one: (-one.likeness * one.length, one.start))
        chosen: list[Mention] = []
        for mention in found:
            if all(mention.end <= one.start or mention.start >= one.end for one in chosen):
                chosen.append(mention)
        return sorted(chosen, key=lambda one: one.start)

    def _named(
        self, said: Sequence[str], stemmed: Sequence[str], at: slice, plain: Collection[str]
    ) -> Mention | None:
        phrase = said[at]
        if exact := self._by_stems.get(" ".join(stemmed[at])):
            return self._mention(phrase, at, dict.fromkeys(exact, 1.0))
        if phrase[0] in STOPWORDS or phrase[-1] in STOPWORDS:
            return None
        if all(one in plain for one in stemmed[at]):
            return None
        near = dict(self._alike(_sounding(phrase)))
        return self._mention(phrase, at, near) if near else None

    def _mention(self, phrase: Sequence[str], at: slice, likeness: Mapping[str, float]) -> Mention:
        best = max(likeness.values())
        things = tuple(self.things[iri] for iri in dict.fromkeys(likeness) if likeness[iri] == best)
        return Mention(at.start, at.stop, things[:AT_MOST], best, " ".join(phrase))

    def _alike(self, sounding: str) -> Iterator[tuple[str, float]]:
        rough = coarse(sounding)
        if len(rough) < SOUNDS_FROM:
            return
        near = [self._by_sounds.get(rough)]
        for less in (rough, *_less(rough)):
            near += self._by_less.get(less), self._by_sounds.get(less)
        unique = dict.fromkeys(chain.from_iterable(filter(None, near)))
        candidates = list(islice(unique, LOOKED_AT))
        if not candidates:
            return
        known = [name for _, name in candidates]
        for (iri, name), cost in zip(candidates, distances([sounding], known)[0], strict=True):
            alike = 1 - float(cost) / max(len(name), len(sounding), 1)
            same_onset = coarse(name[:1]) == rough[:1]  # "lighting" was not heard as "fighting"
            if alike >= ALIKE and same_onset:
                yield iri, min(alike, 0.99)


def _key(said: Sequence[str]) -> str:
    return " ".join(stem(word) for word in said)


def _sounding(said: Sequence[str]) -> str:
    return "".join(sounds(word) for word in said)


@lru_cache(maxsize=4096)
def _less(sounding: str) -> tuple[str, ...]:
    """Return it with each one of its sounds left out."""
    return tuple(dict.fromkeys(sounding[:n] + sounding[n + 1 :] for n in range(len(sounding))))
