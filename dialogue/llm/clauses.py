"""A stream of text, cut into the clauses that are spoken one by one, without markup."""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing

from markdown_it import MarkdownIt
from markdown_it.token import Token

from dialogue.phrasing import sentences

_MARKDOWN = MarkdownIt("commonmark")
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)  # reasoning models think aloud
_STRAY = re.compile(r"[*_`#|~]{1,3}(?=\W|$)|(?<!\w)[*_`#|~]{1,3}")  # of markup cut in two
_WORTH_IT = re.compile(r"\w")


class ClauseCutter:
    """Takes pieces of text; gives each clause as soon as it is sure that it has ended."""

    def __init__(self) -> None:
        self._text = ""

    def feed(self, piece: str) -> list[str]:
        """Return the clauses that this piece has completed."""
        self._text = _THOUGHTS.sub(_unfinished, self._text + piece)
        if "<think>" in self._text:
            return []
        *lines, rest = self._text.split("\n")
        *parts, last = sentences(rest) or ("",)
        self._text = last + " " * rest[-1:].isspace()
        return _clean([*(part for line in lines for part in sentences(line)), *parts])

    def finish(self) -> list[str]:
        """Return what is left."""
        rest, self._text = _THOUGHTS.sub("", self._text), ""
        return _clean(list(sentences(rest)))


def spoken(text: str) -> str:
    """Return the text without markdown, on one line."""
    blocks = (_inline(token) for token in _MARKDOWN.parse(text.strip()) if token.content)
    return " ".join(_STRAY.sub("", " ".join(blocks)).split())


async def clauses(pieces: AsyncGenerator[str]) -> AsyncGenerator[str]:
    """Yield the clauses of a stream; an error of the stream comes after what was complete."""
    cutter = ClauseCutter()
    async with aclosing(pieces):
        async for piece in pieces:
            for clause in cutter.feed(piece):
                yield clause
    for clause in cutter.finish():
        yield clause


def _clean(parts: list[str]) -> list[str]:
    cleaned = (clause for part in parts for clause in sentences(spoken(part)))
    return [clause for clause in cleaned if _WORTH_IT.search(clause)]


def _inline(token: Token) -> str:
    """Return what is read of a block: text and code; no HTML, no pictures."""
    if token.children is None:
        return "" if token.type == "html_block" else token.content
    read = (
        " " if child.type.endswith("break") else child.content
        for child in token.children
        if child.type in {"text", "code_inline", "softbreak", "hardbreak"}
    )
    return "".join(read)


def _unfinished(thoughts: re.Match[str]) -> str:
    """Keep a thought that has not ended, and nothing of one that has."""
    return "" if thoughts[0].endswith("</think>") else thoughts[0]
