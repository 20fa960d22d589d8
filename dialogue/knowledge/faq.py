"""Questions and answers: faq.md."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from dialogue import AssistantError
from dialogue.knowledge.passages import Passage, check_names, heading
from dialogue.reading import Tell, fail, read_text, refuse

FAQ = "faq.md"

_ALSO = re.compile(r"Also:\s*(.+)")


def read_faq(path: Path, tell: Tell = refuse) -> Mapping[str, Passage]:
    """Read the answers of a faq.md by anchor.

    An entry is a heading `## Question? {#anchor}`, lines `Also: other wording; another`, and the
    answer. What comes before the first heading is for the people who edit the file.

    Tells AssistantError: an entry has no answer, or shares its anchor with another.
    """
    answers: dict[str, Passage] = {}
    blocks: list[tuple[int, list[str]]] = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if line.startswith("##"):
            blocks.append((number, [line]))
        elif blocks:
            blocks[-1][1].append(line)
    for number, lines in blocks:
        try:
            answer = _answer(path, number, lines)
        except AssistantError as error:
            tell(error)
            continue
        first = answers.setdefault(answer.anchor, answer)
        try:
            _check_answer(path, answer, first)
        except AssistantError as error:
            tell(error)
            answers[first.anchor] = replace(first, text="")  # flows may still lead to it
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
    return Passage(FAQ, anchor, question, tuple(also), " ".join(" ".join(said).split()), number)


def _check_answer(path: Path, answer: Passage, first: Passage) -> None:
    if answer is not first:
        mend = "give one another {#anchor}"
        fail(path, answer.line, f"'{answer.anchor}' is on line {first.line} already; {mend}")
    if not answer.text:
        fail(path, answer.line, f"'{answer.title}' has no answer; write it under the heading")
    check_names(path, answer.line, answer.text)
