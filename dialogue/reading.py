"""Read a file that a person edits, so that every mistake in it has a line and a remedy."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from dialogue import AssistantError

Key = str | int
Where = tuple[Key, ...]  # ("flows", "order_status", "needs", 0)


class Part(BaseModel):
    """A frozen piece of a file; a key that it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader  # ten times as fast

PartT = TypeVar("PartT", bound=Part)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's data, and the line where each piece of it begins."""

    path: Path
    data: Any
    lines: Mapping[Where, int]

    def fail(self, where: Where, mistake: str) -> NoReturn:
        """Raise the mistake found there, or in the nearest piece around it whose line is known."""
        raise AssistantError(self.told(where, mistake))

    def told(self, where: Where, mistake: str) -> str:
        """Return the one line that says so."""
        while where and where not in self.lines:
            where = where[:-1]
        return _told(self.path, self.lines.get(where, 1), mistake)

    def validate(self, model: type[PartT]) -> PartT:
        """Return the data as the model, or raise the first mistake in it."""
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            mistakes = error.errors()
            typos = [one for one in mistakes if one["type"] == "extra_forbidden"]
            first = (typos or mistakes)[0]  # a typo is why another key is missing
            beside = [
                str(one["loc"][-1])
                for one in mistakes
                if one["type"] == "missing" and one["loc"][:-1] == first["loc"][:-1]
            ]
            self.fail(self._known(first["loc"]), _mistake(first, beside or _keys(model)))

    def _known(self, loc: tuple[Key, ...]) -> Where:
        """Drop what pydantic adds to a location: the names of the types it tried."""
        where: Where = ()
        for key in loc:
            if (*where, key) in self.lines:
                where = (*where, key)
        return where


def fail(path: Path, line: int, mistake: str) -> NoReturn:
    """Raise the one line that says where, what, and how to mend it."""
    raise AssistantError(_told(path, line, mistake))


def _told(path: Path, line: int, mistake: str) -> str:
    return f"{path}:{line}: {' '.join(mistake.split())}"


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
