"""Examples for training: an assistant's intents.yaml and the sentiment examples, checked.

Both hold blocks of text with one utterance to a line, so that nobody has to think of YAML's
quotes: "no", "15213" and "[Friday](date)" stand there as they are said. Each fault is one line:
file:line, what is wrong, how to mend it.
"""

import hashlib
import json
import random
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import yaml

from nlu import DataError, encoders
from nlu.encoders import check_name, usual
from nlu.tags import primary
from nlu.understand import OUT_OF_SCOPE, YES_NO
from nlu.values import KINDS

MIN_EXAMPLES = 5
SENTIMENTS = ("negative", "neutral", "positive")
SENTIMENT_FILES = {"en": Path(__file__).parent / "data" / "sentiment.yaml"}  # by language

Tell = Callable[[DataError], object]

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KEYS = {"language", "encoder", "slots", "intents", "out_of_scope"}
_MARKED = re.compile(r"\[([^\[\]]+)\]\(([^()]+)\)")


@dataclass(frozen=True, slots=True)
class SlotType:
    """A slot the assistant knows; `kind` says how its value is read, `length` counts digits."""

    name: str
    kind: str
    length: int | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """`text[start:end]` of an example fills the slot `name`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Example:
    """One utterance. `intent` or `sentiment` is "" where the example says nothing about it.

    `more` are further intents said in the same breath, `line` is where the file has it.
    """

    text: str
    intent: str = ""
    marks: tuple[Mark, ...] = ()
    sentiment: str = ""
    more: tuple[str, ...] = ()
    line: int = field(default=0, compare=False, repr=False)

    @property
    def intents(self) -> tuple[str, ...]:
        """All intents; may be none."""
        return (self.intent, *self.more) if self.intent else ()

    @property
    def says(self) -> bool:
        """Whether intents and slots are told; an example of a sentiment alone tells neither."""
        return bool(self.intent) or not self.sentiment


@dataclass(frozen=True, slots=True)
class Intents:
    """What intents.yaml holds; `names` ends with `OUT_OF_SCOPE` if there are examples of it.

    The intents that are `alone` are never one of several in a breath ("hello, where is my order").
    `encoder` is a name in the model manifest, `encoder_at` the file and line that say so.
    """

    language: str  # a BCP 47 tag
    slots: tuple[SlotType, ...]
    names: tuple[str, ...]
    examples: tuple[Example, ...]
    alone: frozenset[str] = frozenset()
    encoder: str = encoders.ENGLISH
    encoder_at: str = field(default="", compare=False)


def refuse(error: DataError) -> NoReturn:
    """Stop at the first mistake."""
    raise error


def load_intents(path: Path, minimum: int = MIN_EXAMPLES, tell: Tell = refuse) -> Intents:
    """Read and check an intents.yaml; `minimum` examples are asked of each intent.

    `tell` hears of mistakes that leave the rest readable: reading goes on if it returns.
    """
    top = _Mapping(path, _compose(path), _KEYS)
    slots = tuple(_slots(top)) if "slots" in top else ()
    known = {slot.name for slot in slots}
    blocks = []
    intents = top.mapping("intents")
    for name in intents:
        try:
            _check_name(intents, name, "intent")
            blocks.append((name, intents.mapping(name, {"examples", "alone"})))
        except DataError as error:
            tell(error)
    if "out_of_scope" in top:
        blocks.append((OUT_OF_SCOPE, top.mapping("out_of_scope", {"examples"})))
    examples: list[Example] = []
    seen: dict[str, tuple[str, int]] = {}
    for name, block in blocks:
        try:
            lines = list(block.lines("examples"))
        except DataError as error:
            tell(error)
            continue
        if len(lines) < minimum:
            told = f"{name} has {len(lines)} examples: add some, at least {minimum}"
            tell(block.error("examples", told))
        for line, text in lines:
            try:
                example = _example(path, line, text, name, known)
                _refuse_repeats(path, line, example, seen)
                examples.append(example)
            except DataError as error:
                tell(error)
    if not examples:
        raise top.error("intents", "there are no intents: add some under `intents:`")
    language = top.scalar("language") if "language" in top else "en"
    alone = frozenset(name for name, block in blocks if _is_alone(name, block))
    names = tuple(name for name, _ in blocks)
    return Intents(language, slots, names, tuple(examples), alone, *_encoder(top, language))


def sentiment_of(language: str) -> tuple[Example, ...]:
    """Read the sentiment examples of a language; none where there are none."""
    path = SENTIMENT_FILES.get(primary(language))
    return load_sentiment(path) if path else ()


def load_sentiment(path: Path = SENTIMENT_FILES["en"]) -> tuple[Example, ...]:
    """Read utterances labelled negative, neutral or positive."""
    top = _Mapping(path, _compose(path), set(SENTIMENTS))
    seen: dict[str, tuple[str, int]] = {}
    examples = []
    for label in SENTIMENTS:
        for line, text in top.lines(label):
            _refuse_repeats(path, line, Example(text, intent=label), seen)
            examples.append(Example(text, sentiment=label))
    return tuple(examples)


def split(
    examples: Iterable[Example], share: float, seed: int
) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Part the examples in two, `share` of each class in the second, at least one of two or more.

    What differs in case and punctuation alone stays together.
    """
    classes: dict[tuple[str, str], dict[str, list[Example]]] = {}
    for example in examples:
        alike = classes.setdefault((example.intent, example.sentiment), {})
        alike.setdefault(_words(example.text), []).append(example)
    generator = random.Random(seed)  # noqa: S311 - a reproducible split, not a secret
    rest: list[Example] = []
    held: list[Example] = []
    for alike in classes.values():
        groups = list(alike.values())
        generator.shuffle(groups)
        count = max(1, round(share * len(groups))) if len(groups) > 1 else 0
        held += [example for group in groups[:count] for example in group]
        rest += [example for group in groups[count:] for example in group]
    return tuple(rest), tuple(held)


def digest(*parts: Iterable[Example] | Iterable[SlotType] | Iterable[str]) -> str:
    """SHA-256 of what is taught, in any order; comments and layout of the file do not count."""
    lines = [sorted(repr(item) for item in part) for part in parts]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()


def _compose(path: Path) -> yaml.Node:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DataError(
            f"{path}: no such file: create it, see the shipped retail assistant"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}): save it as UTF-8 text") from None
    for number, line in enumerate(text.splitlines(), 1):
        if "\t" in line:
            raise DataError(f"{path}:{number}: a tab: use spaces instead")
    try:
        node = _node(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = mark.line + 1 if mark else 1
        raise DataError(
            f"{path}:{at}: not valid YAML ({error.problem}): check the indentation and colons here"
        ) from None
    except yaml.YAMLError as error:
        what = str(error).splitlines()[0]
        raise DataError(f"{path}:1: not valid YAML ({what}): save it as plain text") from None
    if node is None:
        raise DataError(
            f"{path}:1: the file is empty: add examples, see the shipped retail assistant"
        )
    return node


def _node(text: str) -> yaml.Node | None:
    if yaml.__with_libyaml__:  # ten times as fast, but says less of what is wrong
        with suppress(yaml.YAMLError):
            return yaml.compose(text, Loader=yaml.CSafeLoader)
    return yaml.compose(text, Loader=yaml.SafeLoader)


class _Mapping:
    """A YAML mapping that knows its lines and refuses what nobody will read."""

    def __init__(self, path: Path, node: yaml.Node, allowed: set[str] | None = None) -> None:
        self.path = path
        self.line = node.start_mark.line + 1
        if not isinstance(node, yaml.MappingNode):
            raise DataError(
                f"{path}:{self.line}: names with a colon are expected here: write them like `name:`"
            )
        self._values: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if allowed is not None and name not in allowed:
                raise DataError(
                    f"{path}:{line}: unknown key {name!r}: use {' or '.join(sorted(allowed))}"
                )
            if name in self._values:
                raise DataError(f"{path}:{line}: {name!r} is there twice: keep one")
            self._values[name] = value
        self._lines = {str(key.value): key.start_mark.line + 1 for key, _ in node.value}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def at(self, name: str) -> str:
        return f"{self.path}:{self._lines.get(name, self.line)}"

    def error(self, name: str, text: str) -> DataError:
        return DataError(f"{self.at(name)}: {text}")

    def _node(self, name: str) -> yaml.Node:
        if name not in self._values:
            raise self.error(name, f"`{name}:` is missing: add it")
        return self._values[name]

    def mapping(self, name: str, allowed: set[str] | None = None) -> "_Mapping":
        return _Mapping(self.path, self._node(name), allowed)

    def scalar(self, name: str) -> str:
        node = self._node(name)
        if not isinstance(node, yaml.ScalarNode):
            raise self.error(name, f"`{name}:` takes one word")
        return str(node.value)

    def lines(self, name: str) -> Iterator[tuple[int, str]]:
        """Yield (line number, utterance) of a block."""
        node = self._node(name)
        if not isinstance(node, yaml.ScalarNode) or node.style != "|":
            raise self.error(
                name, f"`{name}` is not a block: write `{name}: |`, then one utterance to a line"
            )
        first = node.start_mark.line + 2
        for number, text in enumerate(node.value.splitlines(), first):
            if text.strip():
                yield number, text.strip()


def _slots(top: _Mapping) -> Iterator[SlotType]:
    slots = top.mapping("slots")
    for name in slots:
        _check_name(slots, name, "slot")
        entry = slots.mapping(name, {"type", "length"})
        kind = entry.scalar("type")
        if kind not in KINDS:
            raise entry.error("type", f"unknown type {kind!r}: use {', '.join(KINDS)}")
        length = entry.scalar("length") if "length" in entry else ""
        if length and not (length.isdigit() and int(length) > 0):
            raise entry.error("length", f"length {length!r} is no number: write one such as 5")
        yield SlotType(name, kind, int(length) if length else None)


def _encoder(top: _Mapping, language: str) -> tuple[str, str]:
    """Give the encoder's name in the manifest, and where the file says so."""
    if "encoder" not in top:
        return usual(language), top.at("language")
    name = top.scalar("encoder")
    try:
        check_name(name)
    except DataError as error:
        raise top.error("encoder", str(error)) from None
    return name, top.at("encoder")


def _is_alone(name: str, block: _Mapping) -> bool:
    if "alone" not in block:
        return name == OUT_OF_SCOPE
    said = block.scalar("alone").lower()
    if said not in {"true", "false"}:
        raise block.error("alone", f"alone: {said!r} is neither true nor false: write one of them")
    return said == "true"


def _check_name(mapping: _Mapping, name: str, what: str) -> None:
    if not _NAME.fullmatch(name) or name in {OUT_OF_SCOPE, YES_NO}:
        raise mapping.error(
            name, f"{name!r} cannot name {what}s: use other words, small letters, digits and _"
        )


def _example(path: Path, line: int, marked: str, intent: str, known: set[str]) -> Example:
    """Take the slot marks out of an utterance."""
    text, marks, last = "", [], 0
    for match in _MARKED.finditer(marked):
        value, name = match.group(1), match.group(2)
        if name not in known:
            raise DataError(
                f"{path}:{line}: unknown slot {name!r}: use {' or '.join(sorted(known))}, "
                "or add it under `slots:`"
                if known
                else f"{path}:{line}: unknown slot {name!r}: add it under `slots:`"
            )
        text += marked[last : match.start()]
        marks.append(Mark(name, len(text), len(text) + len(value)))
        text += value
        last = match.end()
    text += marked[last:]
    if set(text) & set("[]"):
        raise DataError(
            f"{path}:{line}: broken slot mark in {marked!r}: write [next Thursday](date)"
        )
    return Example(text, intent, tuple(marks), line=line)


def _refuse_repeats(
    path: Path, line: int, example: Example, seen: dict[str, tuple[str, int]]
) -> None:
    """The same words cannot mean two things; under one intent "Yes." and "yes" may stand."""
    words = _words(example.text)
    intent, first = seen.setdefault(words, (example.intent, line))
    if intent != example.intent:
        raise DataError(
            f"{path}:{line}: {example.text!r} is under {example.intent} and, "
            f"on line {first}, under {intent}: keep one"
        )


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower())) or text
