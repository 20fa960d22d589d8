"""Questions and answers: read from faq.md, found by what the caller's words mean."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dialogue import AssistantError
from dialogue.phrasing import names
from dialogue.reading import Tell, fail, read_text, refuse
from nlu.sentences import Vectors, load_encoder

Encode = Callable[[Sequence[str]], Vectors]

NEAR = 0.48  # cosine; chosen on the development questions of tests/dialogue/questions.yaml

_HEADING = re.compile(r"##\s+(?P<question>[^{].*?)\s*(?:\{#(?P<anchor>[\w-]+)\})?\s*")
_ALSO = re.compile(r"Also:\s*(.+)")


@dataclass(frozen=True, slots=True)
class Answer:
    """One entry: `also` holds other ways to ask, `text` is spoken."""

    anchor: str
    question: str
    also: tuple[str, ...]
    text: str
    line: int

    @property
    def source(self) -> str:
        """How the answer is cited."""
        return f"faq.md#{self.anchor}"


def read_faq(path: Path, tell: Tell = refuse) -> Mapping[str, Answer]:
    """Read the answers of a faq.md by anchor.

    An entry is a heading `## Question? {#anchor}`, lines `Also: other wording; another`, and the
    answer. What comes before the first heading is for the people who edit the file.

    Tells AssistantError: an entry has no answer, or shares its anchor with another.
    """
    answers: dict[str, Answer] = {}
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


def _answer(path: Path, number: int, lines: list[str]) -> Answer:
    heading = _HEADING.fullmatch(lines[0])
    if heading is None:
        fail(path, number, "this heading asks nothing; write '## Question? {#anchor}'")
    question = heading["question"]
    anchor = heading["anchor"] or re.sub(r"[^a-z0-9]+", "-", question.lower()).strip("-")
    also: list[str] = []
    said: list[str] = []
    for line in lines[1:]:
        match = _ALSO.fullmatch(line.strip())
        if match:
            also += [part.strip() for part in match[1].split(";") if part.strip()]
        else:
            said.append(line.strip())
    return Answer(anchor, question, tuple(also), " ".join(" ".join(said).split()), number)


def _check_answer(path: Path, answer: Answer, first: Answer) -> None:
    if answer is not first:
        mend = "give one another {#anchor}"
        fail(path, answer.line, f"'{answer.anchor}' is on line {first.line} already; {mend}")
    if not answer.text:
        fail(path, answer.line, f"'{answer.question}' has no answer; write it under the heading")
    try:
        names(answer.text)
    except ValueError as error:
        fail(path, answer.line, str(error))


class Knowledge:
    """The answers, found by meaning: each wording of a question is a vector."""

    def __init__(self, answers: Iterable[Answer], encode: Encode) -> None:
        wordings = [
            (answer, wording)
            for answer in answers
            for wording in (answer.question, *answer.also, answer.text)
        ]
        self._encode = encode
        self._answers = [answer for answer, _ in wordings]
        self._vectors = encode([wording for _, wording in wordings])

    def search(self, question: str) -> Answer | None:
        """Return the answer to the nearest wording, or None if none is near. Blocking, some ms."""
        if not self._answers:
            return None
        nearness = self._vectors @ self._encode([question])[0]
        best = int(nearness.argmax())
        return self._answers[best] if nearness[best] >= NEAR else None


def load_knowledge(answers: Iterable[Answer]) -> Knowledge:
    """Make the answers searchable with the sentence encoder of the model cache."""
    return Knowledge(answers, load_encoder())
