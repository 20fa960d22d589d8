"""`offhook new` and `offhook check`."""

import json
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text
from typer import BadParameter

from dialogue import AssistantError, Fault
from dialogue.advice import advise
from dialogue.assistant import Assistant, default_assistant, read_folder
from dialogue.scripted import load_dialogues
from telephony.cli_errors import ExitCode

NOT_COPIED = shutil.ignore_patterns("nlu", "__pycache__")  # what is trained belongs to its examples


def begin(folder: Path, template: str, console: Console) -> None:
    """Copy a shipped assistant, and say what to do next."""
    if folder.exists():
        raise BadParameter(f"{folder} is there already; choose another name", param_hint="NAME")
    shutil.copytree(default_assistant().parent / template, folder, ignore=NOT_COPIED)
    here = shlex.quote(str(folder))
    console.print(f"{folder} is a copy of the {template} assistant. Next:", highlight=False)
    for command, does in (
        (f"offhook check {here}", "after every edit: what does not fit together"),
        (f"offhook train nlu {here}", "a minute or two: it learns the words of intents.yaml"),
        (f"offhook chat --assistant {here}", "talk with it"),
    ):
        console.print(Text(f"  {command}", "bold").append(f"   {does}", "dim"), soft_wrap=True)
    console.print(
        f"Begin with {folder / 'assistant.toml'}; each file explains itself at its top.",
        highlight=False,
        soft_wrap=True,
    )


def inspect(folder: Path | None, as_json: bool, console: Console) -> ExitCode:
    """Print all faults and warnings; returns whether there are no faults."""
    read = read_folder(folder or default_assistant())
    faults = sorted(read.faults or _of_dialogues(read.assistant), key=_place)
    warnings = [] if faults else sorted(advise(read), key=_place)
    if as_json:
        data = {"faults": _as_data(faults), "warnings": _as_data(warnings)}
        print(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        for fault in faults:
            console.print(_line(fault, "red"), soft_wrap=True)
        for warning in warnings:
            console.print(_line(warning, "yellow", "warning: "), soft_wrap=True)
        more = f", {_count(len(warnings), 'warning')}"
        more = "; warnings come when they are mended" if faults else more
        counts = f"{_count(len(faults), 'fault')}{more}"
        console.print(f"{read.assistant.path}: {counts}", highlight=False, soft_wrap=True)
    return ExitCode.FAULT if faults else ExitCode.OK


def _of_dialogues(assistant: Assistant) -> Iterator[Fault]:
    """Yield what is wrong in the folder's own scripted dialogues."""
    for path in sorted((assistant.path / "dialogues").glob("*.yaml")):
        try:
            load_dialogues(path, assistant)
        except AssistantError as error:
            yield from error.faults


def _place(fault: Fault) -> tuple[Path, int]:
    return fault.path, fault.line


def _line(fault: Fault, colour: str, kind: str = "") -> Text:
    place = Text(f"{fault.path}:{fault.line}: ", "bold")
    return place.append(kind, colour).append(fault.what, "" if kind else colour)


def _as_data(faults: Sequence[Fault]) -> list[dict[str, str | int]]:
    return [{"file": str(fault.path), "line": fault.line, "what": fault.what} for fault in faults]


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
