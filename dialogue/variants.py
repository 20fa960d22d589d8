"""An assistant in another language: a folder in its folder, named by the language, with its texts.

What is no text (what a flow needs, looks up and changes) is the whole assistant's and stands in no
variant; so a variant says the same things, and does nothing else. A flow that lacks a text there is
not to be had in that language; `offhook check` says so. Any other text that is missing is a fault.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialogue import Fault
from dialogue.reading import Document, Where, did_you_mean

_TEXTS = frozenset(
    {"about", "ask", "short", "again", "confirm", "invalid", "vocabulary", "last", "unknown"}
    | {"locked", "say", "if_yes", "if_no", "then", "put_through", "nobody", "words"}
)  # keys of flows.yaml
_ALL_TEXTS = frozenset({"controls", "guesses", "phrases", "written"})  # parts of flows.yaml
_OPTIONAL = frozenset({"vocabulary", "short"})
_TABLES = frozenset({"confidence", "facts", "names", "voice"})  # of assistant.toml
_KEYS = frozenset({"consent", "greeting", "language", "name"})


@dataclass(frozen=True, slots=True)
class Merged:
    """A variant's files as those of a whole assistant, and what is wrong or missing in them."""

    toml: Document
    yaml: Document
    dropped: frozenset[str]  # flows that are not to be had
    faults: tuple[Fault, ...]
    remarks: tuple[Fault, ...]


def variant_folders(folder: Path) -> list[Path]:
    """Return the folders in an assistant's folder that hold it in other languages."""
    return sorted(path.parent for path in folder.glob("*/assistant.toml"))


def is_variant(folder: Path) -> bool:
    """Tell whether the folder is one of those."""
    files = (folder / "assistant.toml", folder.parent / "assistant.toml")
    return all(file.is_file() for file in files)


def merged(toml: Document, yaml: Document, own_toml: Document, own_yaml: Document) -> Merged:
    """Put a variant's texts in the place of the assistant's own."""
    language = {"language": own_toml.path.parent.name, "also": []}
    identity = _over(toml.data, {**language, **own_toml.data})
    texts, own = dict(_texts(yaml.data)), dict(_texts(own_yaml.data))
    missing = [where for where in texts if where not in own and where[-1] not in _OPTIONAL]
    dropped = frozenset(str(where[1]) for where in missing if where[0] == "flows")
    flows = _without(yaml.data, dropped, own_yaml.names(("slots",)))
    for where, text in own.items():
        if where[:1] != ("flows",) or where[1] not in dropped:
            _put(flows, where, text)
    missing = [where for where in missing if where[0] == "flows" or _has(flows, where[:-1])]
    faults = [*_foreign(texts, own_yaml), *_foreign_keys(own_toml)]
    faults += [_missing(own_yaml, where) for where in missing if where[0] != "flows"]
    remarks = [_missing_flow(own_yaml, name, missing) for name in sorted(dropped)]
    return Merged(
        Document(own_toml.path, identity, own_toml.lines),
        Document(own_yaml.path, flows, own_yaml.lines),
        dropped,
        tuple(faults),
        tuple(remarks),
    )


def _without(data: Any, dropped: frozenset[str], slots: frozenset[str]) -> dict[str, Any]:
    """Return a flows.yaml without these flows, what leads to them, and slots only they ask for."""
    kept: dict[str, Any] = deepcopy(data)
    flows, asked = kept.get("flows", {}), kept.get("slots", {})
    for name in dropped:
        del flows[name]
    for flow in flows.values():
        if flow.get("offers", {}).get("flow") in dropped:
            del flow["offers"]
    needed = {slot for flow in flows.values() for slot in flow.get("needs", ())}
    for slot in set(asked) - needed - slots:
        del asked[slot]
    for slot in asked.values():
        if slot.get("alone") in dropped:
            del slot["alone"]
    return kept


def _has(data: Any, where: Where) -> bool:
    for key in where:
        if not isinstance(data, dict) or key not in data:
            return False
        data = data[key]
    return True


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another, table by table."""
    return {**below} | {
        key: _over(below[key], value)
        if isinstance(value, dict) and isinstance(below.get(key), dict)
        else value
        for key, value in above.items()
    }


def _texts(data: Any, where: Where = ()) -> Iterator[tuple[Where, Any]]:
    """Yield each text of a flows.yaml with its place; a case that is a bare text is its say."""
    for key, value in data.items() if isinstance(data, dict) else ():
        place = (*where, key)
        if isinstance(value, dict):
            yield from _texts(value, place)
        elif len(place) == 4 and place[2] == "cases":
            yield (*place, "say"), value
        elif key in _TEXTS or place[0] in _ALL_TEXTS:
            yield place, value


def _put(data: dict[str, Any], where: Where, text: Any) -> None:
    """Put a text in its place, if there is one."""
    for key in where[:-1]:
        inside = data.get(str(key))
        if isinstance(inside, str):  # a bare case
            data[str(key)] = inside = {"say": inside}
        elif inside is None:
            data[str(key)] = inside = {}
        data = inside
    data[str(where[-1])] = text


def _foreign(texts: Mapping[Where, Any], own: Document) -> Iterator[Fault]:
    """What stands in a variant's flows.yaml, and is no text of the assistant's."""
    for where in _leaves(own.data):
        text = (*where, "say") if len(where) == 4 and where[2] == "cases" else where
        if text not in texts and text != ("controls", "this_language"):
            beside = [str(each[-1]) for each in texts if each[:-1] == text[:-1]]
            mend = did_you_mean(str(text[-1]), beside) if beside else "; remove it"
            told = f"../flows.yaml has no such text '{'.'.join(map(str, text))}'{mend}"
            yield own.fault(where, told)


def _leaves(data: Any, where: Where = ()) -> Iterator[Where]:
    for key, value in data.items() if isinstance(data, dict) else ():
        if isinstance(value, dict):
            yield from _leaves(value, (*where, key))
        else:
            yield (*where, key)


def _foreign_keys(own: Document) -> Iterator[Fault]:
    for key in own.data:
        if key not in _KEYS | _TABLES:
            may = ", ".join(sorted(_KEYS | _TABLES))
            told = f"'{key}' is the same in all languages; leave it to ../{own.path.name} ({may})"
            yield own.fault((key,), told)


def _missing(own: Document, where: Where) -> Fault:
    told = f"the text '{'.'.join(map(str, where))}' of ../flows.yaml is missing; add it"
    return own.fault(where, told)


def _missing_flow(own: Document, name: str, missing: list[Where]) -> Fault:
    lacks = [".".join(map(str, where[2:])) for where in missing if where[:2] == ("flows", name)]
    more = f" and {len(lacks) - 3} more" if len(lacks) > 3 else ""
    told = (
        f"'{name}' is not to be had in this language: add its {', '.join(lacks[:3])}{more},"
        " and examples of it to intents.yaml"
    )
    return own.fault(("flows", name), told)
