"""Read a file that a person edits, so that every mistake in it has a line and a remedy."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from dialogue import AssistantError, Fault

Key = str | int
Where = tuple[Key, ...]  # ("flows", "order_status", "needs", 0)


class Part(BaseModel):
    """A frozen piece of a file; a key that it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader  # ten times as fast

PartT = TypeVar("PartT", bound=Part)


Tell = Callable[[AssistantError], object]  # hears of a mistake; reading goes on if it returns
ROUNDS = 8  # a piece that is taken out may make the piece around it a mistake
STAND_IN = "closed"  # for a text that is missing, and for opening hours


def refuse(error: AssistantError) -> NoReturn:
    """Stop at the first mistake."""
    raise error


@dataclass(frozen=True, slots=True)
class Document:
    """A file's data, and the line where each piece of it begins."""

    path: Path
    data: Any
    lines: Mapping[Where, int]

    def fault(self, where: Where, mistake: str, about: str = "") -> Fault:
        """Return the mistake found there, or in the nearest piece around it whose line is known."""
        while where and where not in self.lines:
            where = where[:-1]
        return Fault(self.path, self.lines.get(where, 1), " ".join(mistake.split()), about)

    def fail(self, where: Where, mistake: str) -> NoReturn:
        """Raise the mistake found there."""
        raise AssistantError(self.fault(where, mistake))

    def names(self, where: Where) -> frozenset[str]:
        """Return the keys that stand there, whether what they hold can be used or not."""
        data = self.data
        for key in where:
            data = data.get(key) if isinstance(data, dict) else None
        return frozenset(data) if isinstance(data, dict) else frozenset()

    def validate(self, model: type[PartT]) -> PartT:
        """Return the data as the model, or raise all mistakes in it."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise AssistantError(*self._faults(error.errors(), model)) from None

    def salvage(self, model: type[PartT], tell: Tell = refuse) -> PartT | None:
        """Tell all mistakes, and return what is left without them, if that is of any use."""
        data = self.data
        for number in range(ROUNDS):
            try:
                return model.model_validate(data)
            except ValidationError as error:
                if number == 0:
                    tell(AssistantError(*self._faults(error.errors(), model)))
                data = _mended(data, error.errors())
        return None

    def _faults(self, mistakes: list[Any], model: type[Part]) -> list[Fault]:
        """Return a fault for each mistake; a typo is why another key is missing."""
        typos = [one for one in mistakes if one["type"] == "extra_forbidden"]
        faults, explained = [], set()
        for typo in typos:
            beside = [
                str(one["loc"][-1])
                for one in mistakes
                if one["type"] == "missing" and one["loc"][:-1] == typo["loc"][:-1]
            ]
            meant = get_close_matches(str(typo["loc"][-1]), beside, n=1)
            explained |= {(*typo["loc"][:-1], key) for key in meant}
            told = _mistake(typo, beside or _keys(model))
            faults.append(self.fault(self._known(typo["loc"]), told))
        return faults + [
            self.fault(self._known(one["loc"]), _mistake(one, []))
            for one in mistakes
            if one not in typos and tuple(one["loc"]) not in explained
        ]

    def _known(self, loc: tuple[Key, ...]) -> Where:
        """Drop what pydantic adds to a location: the names of the types it tried."""
        where: Where = ()
        for key in loc:
            if (*where, key) in self.lines:
                where = (*where, key)
        return where


def wrong(path: Path, line: int, mistake: str) -> AssistantError:
    """Return the one line that says where, what, and how to mend it."""
    return AssistantError(Fault(path, line, " ".join(mistake.split())))


def fail(path: Path, line: int, mistake: str) -> NoReturn:
    """Raise it."""
    raise wrong(path, line, mistake)


def stand_in(model: type[PartT]) -> PartT:
    """Return a piece that says nothing, in place of a file that cannot be read."""
    found = Document(Path(), {}, {}).salvage(model, lambda error: None)
    if found is None:
        raise TypeError(f"{model.__name__} cannot do without what nobody wrote")
    return found


def read_text(path: Path) -> str:
    """Return the file's text.

    Raises AssistantError: there is no such file, or it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        fail(path, 1, "there is no such file; an assistant needs it (see assistants/retail)")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        fail(path, line, "this is not UTF-8 text; save the file as UTF-8")
    except OSError as error:
        fail(path, 1, f"cannot be read: {error.strerror}; make it readable")


def read_yaml(path: Path) -> Document:
    """Read YAML as plain data; a key that occurs twice is a mistake."""
    text = read_text(path)
    loader = _LOADER(text)
    lines: dict[Where, int] = {(): 1}

    def build(node: yaml.Node, where: Where) -> Any:
        if isinstance(node, yaml.SequenceNode):
            items = []
            for index, item in enumerate(node.value):
                lines[*where, index] = item.start_mark.line + 1
                items.append(build(item, (*where, index)))
            return items
        if isinstance(node, yaml.MappingNode):
            pairs: dict[Any, Any] = {}
            for key_node, value in node.value:
                key, line = str(key_node.value), key_node.start_mark.line + 1
                if key in pairs:
                    fail(path, line, f"'{key}' is here twice; remove one of them")
                lines[*where, key] = line
                pairs[key] = build(value, (*where, key))
            return pairs
        return loader.construct_object(node)

    try:
        root = loader.get_single_node()
        data = build(root, ()) if root is not None else {}
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context
        hint = (
            "check the indentation, and put quotes around a text that has a colon or begins with {"
        )
        fail(path, mark.line + 1 if mark else 1, f"not YAML: {problem}; {hint}")
    except yaml.YAMLError as error:
        fail(path, 1, f"not YAML: {error}; remove what is not text")
    except ValueError as error:
        fail(path, 1, f"a value cannot be read: {error}; put quotes around it")
    finally:
        loader.dispose()
    return Document(path, data, lines)


def read_toml(path: Path) -> Document:
    """Read TOML; lines are those of the tables and of the keys directly under them."""
    text = read_text(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        match = re.search(r"at line (\d+)", str(error))
        line = int(match[1]) if match else len(text.splitlines())
        problem = re.sub(r"\s*\(at .*\)", "", str(error)).lower()
        fail(path, line, f'not TOML: {problem}; write key = "text" or [table]')
    lines: dict[Where, int] = {(): 1}
    table: Where = ()
    for number, line_text in enumerate(text.splitlines(), 1):
        if match := re.match(r"\s*\[([^\[\]]+)\]", line_text):
            table = tuple(part.strip().strip("\"'") for part in match[1].split("."))
            for depth in range(1, len(table) + 1):
                lines.setdefault(table[:depth], number)
        elif match := re.match(r"\s*[\"']?([\w-]+)[\"']?\s*=", line_text):
            lines.setdefault((*table, match[1]), number)
    return Document(path, data, lines)


def did_you_mean(word: str, known: list[str]) -> str:
    """Return '; did you mean …?' for the nearest known word, else the list of them all."""
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; choose among {', '.join(sorted(known))}"


def _mended(data: Any, mistakes: Iterable[Any]) -> Any:
    """Return the data without what is wrong, and with something where something is missing."""
    data = deepcopy(data)
    for mistake in mistakes:
        around, key, inside = None, None, data
        for part in mistake["loc"]:  # pydantic adds the names of types: these are skipped
            if _has(inside, part):
                around, key, inside = inside, part, inside[part]
        if mistake["type"] == "missing" and isinstance(inside, dict):
            inside[mistake["loc"][-1]] = STAND_IN
        elif isinstance(around, dict):
            empty = around.pop(key) == STAND_IN  # not a text was missing, but a table
            around.update({key: {}} if empty else {})
        elif isinstance(around, list):
            around[key] = STAND_IN  # type: ignore[index]  # the others keep their places
        else:
            return None
    return data


def _has(data: Any, key: Key) -> bool:
    if isinstance(data, list):
        return isinstance(key, int) and key < len(data)
    return isinstance(data, dict) and key in data


def _mistake(error: Any, keys: list[str]) -> str:
    key = next((str(part) for part in reversed(error["loc"]) if isinstance(part, str)), "")
    match error["type"]:
        case "missing":
            return f"'{key}' is missing; add it"
        case "extra_forbidden":
            return f"unknown key '{key}'{did_you_mean(key, keys)}"
        case "value_error":
            return str(error["ctx"]["error"])
        case _:
            return f"'{key}': {error['msg'].lower()}; correct the value"


def _keys(model: type[Part]) -> list[str]:
    schema = model.model_json_schema()
    parts = [schema, *schema.get("$defs", {}).values()]
    return sorted({key for part in parts for key in part.get("properties", {})})
