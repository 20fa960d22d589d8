"""Is what a language model says in the passages it was given? A clause is checked on its own.

No entailment model of a usable size and licence is at hand, so four checks stand in for one; each
can only refuse. What is refused costs the caller little: they hear the passage as it is written.

1. figures   each number is in the passages, with the same unit
2. names     each capitalised word is in the passages
3. polarity  what is denied is denied there too; no opposite, no "always" that is not there
4. meaning   a sentence that has its figures and its subject means nearly the same (MiniLM), in
             mostly the same words
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Protocol

from dialogue.llm.support_text import ALL, OPPOSED, Text, first, has, stemmed
from dialogue.phrasing import sentences
from nlu.sentences import Encode

# Chosen on the development part of tests/dialogue/rewordings.yaml: the most support that is found
# where 95 % of what is found is support.
ENOUGH = 1.26  # cosine to the sentence that is meant + WEIGHT · share of the words it has
WEIGHT = 0.5
VECTORS = 1024  # of sentences, kept: passages come again, and a clause is compared with several


class Finding(StrEnum):
    """What a check found wrong."""

    FIGURES = "figures"
    NAMES = "names"
    POLARITY = "polarity"
    MEANING = "meaning"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a clause may be said; `what` is the figure or word that gave offence."""

    finding: Finding | None = None
    what: str = ""

    @property
    def supported(self) -> bool:
        """Nothing was found wrong."""
        return self.finding is None

    def __str__(self) -> str:
        """For the log and the record."""
        return f"{self.finding}: {self.what}" if self.finding else "supported"


class Guard(Protocol):
    """Blocking, some milliseconds. Safe from any thread."""

    def judge(self, clause: str, passages: Sequence[str]) -> Verdict:
        """Say whether the passages support the clause."""
        ...


@dataclass(frozen=True, slots=True)
class Bounds:
    """From where on a clause counts as said by the passages, and what its words weigh."""

    enough: float = ENOUGH
    weight: float = WEIGHT


class SupportGuard:
    """The checks above, with a sentence encoder."""

    def __init__(self, encode: Encode, bounds: Bounds | None = None) -> None:
        self._vector = lru_cache(VECTORS)(lambda sentence: encode([sentence])[0])
        self._bounds = bounds or Bounds()

    def judge(self, clause: str, passages: Sequence[str]) -> Verdict:
        """See `Guard.judge`. A sentence of a passage that asks is its title: it states nothing."""
        said = Text(clause)
        parts = [Text(part) for passage in passages for part in sentences(passage)]
        titles = [part for part in parts if part.text.endswith("?")]
        stated = [part for part in parts if part not in titles]
        for finding, wrong in (
            (Finding.FIGURES, _figures(said, stated)),
            (Finding.NAMES, _names(said, stated)),
            (Finding.POLARITY, _denied(said, stated)),
        ):
            if wrong:
                return Verdict(finding, wrong)
        meant, nearness = self._meant(said, stated)
        if meant is None:
            return Verdict(Finding.MEANING, "nothing stated")
        if wrong := _opposed(said, meant, stated):
            return Verdict(Finding.POLARITY, wrong)
        covered, new = _coverage(said, meant, titles, stated)
        score = nearness + self._bounds.weight * covered
        if covered and score >= self._bounds.enough:
            return Verdict()
        return Verdict(Finding.MEANING, new or f"{score:.2f}")

    def _meant(self, said: Text, stated: Sequence[Text]) -> tuple[Text | None, float]:
        """Return the sentence that the clause is nearest to: by a part, whole, or with the next.

        A clause with figures can only mean a sentence that has them all, if there is one.
        """
        figures = {figure for figure, _ in said.figures}
        homes = [text for text in stated if figures <= {figure for figure, _ in text.figures}]
        homes = homes or list(stated)
        candidates = [(home, part) for home in homes for part in (home.text, *home.parts)]
        candidates += [
            (one, f"{one.text} {other.text}")
            for one, other in pairwise(stated)
            if one in homes and other in homes
        ]
        if not candidates:
            return None, 0.0
        vector = self._vector(said.text)
        nearness = [float(self._vector(part) @ vector) for _, part in candidates]
        best = max(range(len(candidates)), key=nearness.__getitem__)
        return candidates[best][0], nearness[best]


# checks: each returns what is wrong, or ""


def _figures(said: Text, stated: Sequence[Text]) -> str:
    known = {pair for text in stated for pair in text.figures}
    for figure, unit in said.figures:
        units = {its_unit for its_figure, its_unit in known if its_figure == figure}
        if not units:
            return figure
        if unit and units - {""} and unit not in units:
            return f"{figure} {unit}"
    singles = {stem for text in stated for stem in text.singles}
    singles |= {unit for figure, unit in known if figure == "1"}
    wrong = (stem for stem, counts in said.singles.items() if counts and stem not in singles)
    return next((f"1 {stem}" for stem in wrong), "")


def _names(said: Text, stated: Sequence[Text]) -> str:
    known = {word for text in stated for word in text.words}
    known |= set(stemmed(known))
    return next(
        (name for name in said.names if not known & {name.lower(), *stemmed([name.lower()])}), ""
    )


def _denied(said: Text, stated: Sequence[Text]) -> str:
    """Compare what is denied: of that something must be denied there, and only there."""
    asserted = {stem for text in stated for stem in text.asserted}
    denied = {stem for text in stated for stem in text.denied}
    if not said.denied:
        return " ".join(sorted((said.asserted & denied) - asserted))
    agreed = said.denied & denied
    disputed = said.denied & asserted - denied
    return "" if agreed - asserted or (agreed and not disputed) else f"not {min(said.denied)}"


def _opposed(said: Text, meant: Text, stated: Sequence[Text]) -> str:
    for one, other in OPPOSED:
        for mine, opposite in ((one, other), (other, one)):
            here = has(mine, said.plain) and not has(opposite, said.plain)
            if here and not has(mine, meant.plain) and has(opposite, meant.plain):
                return mine
    everywhere = " ".join(text.plain for text in stated)
    return "" if has(ALL, everywhere) else first(ALL, said.plain)


def _coverage(
    said: Text, meant: Text, titles: Sequence[Text], stated: Sequence[Text]
) -> tuple[float, str]:
    """Return how much of the clause's words the passages have, and which they have not.

    Words of the sentence that is meant count whole, those of others half. With another subject than
    the sentence's nothing counts.
    """
    here = {stem for text in (*titles, meant) for stem in text.stems}
    elsewhere = {stem for text in stated for stem in text.stems}
    if not said.stems or said.stems[0] not in here:
        return 0.0, " ".join(said.stems[:1])
    weights = [1.0 if stem in here else 0.5 if stem in elsewhere else 0.0 for stem in said.stems]
    return sum(weights) / len(weights), ", ".join(stem for stem in said.stems if stem not in here)
