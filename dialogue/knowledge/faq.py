"""Questions and answers: faq.md."""

import re
from collections.abc import Mapping
from pathlib import Path

from dialogue.knowledge.passages import Passage, check_names, heading
from dialogue.reading import fail, read_text

FAQ = "faq.md"

_ALSO = re.compile(r"Also:\s*(.+)")


def read_faq(path: Path) -> Mapping[str, Passage]:
    """Read the answers of a faq.md by anchor.

    An entry is a heading `## Question? {#anchor}`, lines `Also: other wording; another`, and the
    answer. What comes before the first heading is for the people who edit the file.

    Raises AssistantError: an entry has no answer, or shares its anchor with another.
    """
    answers: dict[str, Passage] = {}
    blocks: list[tuple[int, list[str]]] = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if line.startswith("##"):
            blocks.append((number, [line]))
        elif blocks:
            blocks[-1][1].append(line)
    for number, lines in blocks:
        answer = _answer(path, number, lines)
        if answer.anchor in answers:
            first = answers[answer.anchor].line
            fail(
                path,
                number,
                f"'{answer.anchor}' is on line {first} already; give one another {{#anchor}}",
            )
        answers[answer.anchor] = answer
    return answers


def _answer(path: Path, number: int, lines: list[str]) -> Passage:
    named = heading(lines[0].lstrip("#"))
    if named is None:
        fail(path, number, "this heading asks nothing; write '## Question? {#anchor}'")
    question, anchor = named
    also: list[str] = []
    said: list[str] = []
    for line in lines[1:]:
        match = _ALSO.fullmatch(line.strip())
        if match:
            also += [part.strip() for part in match[1].split(";") if part.strip()]
        else:
            said.append(line.strip())
    text = " ".join(" ".join(said).split())
    if not text:
        fail(path, number, f"'{question}' has no answer; write it under the heading")
    check_names(path, number, text)
    return Passage(FAQ, anchor, question, tuple(also), text, number)
