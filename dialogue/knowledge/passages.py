"""Pieces of text that answer questions, and how they are put for the ear."""

import re
from dataclasses import dataclass
from pathlib import Path

from dialogue.phrasing import names, sentences
from dialogue.reading import fail

_ANCHOR = re.compile(r"(?P<title>[^{].*?)\s*(?:\{#(?P<anchor>[\w-]+)\})?\s*")


@dataclass(frozen=True, slots=True)
class Passage:
    """A question with its answer, or a paragraph of a document under its heading.

    `also` holds other ways to ask. With `whole` the text is read out as it stands; of others only
    the sentences that answer.
    """

    file: str
    anchor: str
    title: str
    also: tuple[str, ...]
    text: str
    line: int
    whole: bool = True

    @property
    def source(self) -> str:
        """How the passage is cited."""
        return f"{self.file}#{self.anchor}"

    @property
    def sentences(self) -> tuple[str, ...]:
        """The text, cut where it can be spoken by itself."""
        return sentences(self.text)


def heading(text: str) -> tuple[str, str] | None:
    """Return title and anchor of 'Batteries {#batteries}'; None if there is no title."""
    match = _ANCHOR.fullmatch(text.strip())
    if match is None:
        return None
    return match["title"], match["anchor"] or slug(match["title"])


def slug(title: str) -> str:
    """'Opened items' → 'opened-items'."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def check_names(path: Path, line: int, text: str) -> None:
    """Raise AssistantError where a brace in the text is none of a {name}."""
    try:
        names(text)
    except ValueError as error:
        fail(path, line, str(error))
