"""Policy documents: Markdown files, cut into passages at headings and paragraphs."""

from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from dialogue import AssistantError
from dialogue.knowledge.passages import Passage, check_names, heading
from dialogue.reading import Tell, fail, read_text, refuse, wrong

FOLDER = "documents"

_UNSPEAKABLE = {
    "fence": "code",
    "code_block": "an indented block",
    "html_block": "HTML",
    "table_open": "a table",
}


def read_documents(folder: Path, tell: Tell = refuse) -> tuple[Passage, ...]:
    """Read `documents/*.md` of an assistant's folder; there need be none.

    Tells AssistantError: text without a heading above it, or that cannot be read aloud.
    """
    files = sorted((folder / FOLDER).glob("*.md"))
    return tuple(passage for path in files for passage in read_document(path, tell))


def read_document(path: Path, tell: Tell = refuse) -> tuple[Passage, ...]:
    """Cut one document: a passage is a paragraph or list, titled by the heading above it."""
    try:
        blocks = list(_blocks(path))
    except AssistantError as error:
        tell(error)
        return ()
    passages: dict[str, Passage] = {}
    headings: dict[str, int] = {}
    title, anchor, about = "", "", ""
    for kind, line, text in blocks:
        if kind == "heading":
            named = heading(text)
            if named is None:
                tell(wrong(path, line, "this heading has no words; write '## Topic {#anchor}'"))
                continue
            title, anchor = named
            if anchor in headings:
                mend = "give one another {#anchor}"
                told = f"'{anchor}' is on line {headings[anchor]} already; {mend}"
                tell(wrong(path, line, told))
            headings.setdefault(anchor, line)
            about = about or title
            continue
        if not title:
            tell(wrong(path, line, "this text has no heading; put '# Topic' above it"))
            return ()
        try:
            check_names(path, line, text)
        except AssistantError as error:
            tell(error)
            continue
        own, count = anchor, 1
        while own in passages:
            count += 1
            own = f"{anchor}-{count}"
        file = f"{FOLDER}/{path.name}"
        also = () if title == about else (f"{about}: {title}",)
        passages[own] = Passage(file, own, title, also, text, line, whole=False)
    if not any(kind == "text" for kind, _, _ in blocks):
        mend = f"write a heading and text, or remove {path.name}"
        tell(wrong(path, 1, f"this document says nothing; {mend}"))
    return tuple(passages.values())


def _blocks(path: Path) -> Iterator[tuple[str, int, str]]:
    """Yield heading or text, its line, and its words; a list is one text."""
    tokens = MarkdownIt("commonmark").enable("table").parse(read_text(path))
    items: list[str] = []
    depth, kind, first = 0, "text", 1
    for token in tokens:
        line = token.map[0] + 1 if token.map else 1
        if what := _UNSPEAKABLE.get(token.type):
            fail(path, line, f"{what} cannot be read aloud; write sentences")
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                first = line if depth == 0 else first
                depth += 1
            case "bullet_list_close" | "ordered_list_close":
                depth -= 1
                if depth == 0:
                    yield "text", first, " ".join(items)
                    items = []
            case "heading_open":
                kind = "heading"
            case "inline":
                words = _words(token)
                if depth:
                    items.append(words if words[-1:] in {".", "!", "?", ":", ""} else f"{words}.")
                elif words or kind == "heading":
                    yield kind, line, words
                kind = "text"


def _words(token: Token) -> str:
    """Return the words of a line, without emphasis and addresses of links."""
    pieces = [
        " " if piece.type in {"softbreak", "hardbreak"} else piece.content
        for piece in token.children or ()
    ]
    return " ".join("".join(pieces).split())
