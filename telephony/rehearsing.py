"""`offhook eval dialogue`: play the scripts, show what failed turn by turn, and the table."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import anyio
from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from dialogue import AssistantError
from dialogue.assistant import default_assistant, load_assistant
from dialogue.practice import Clock, Difference, Played, Players, Result, play
from dialogue.scripted import Dialogue, dialogue_files, load_dialogues
from telephony.cli_errors import ExitCode
from telephony.compose import World, load_minds
from telephony.settings import Settings


def rehearse(
    settings: Settings, files: Sequence[Path], as_json: bool, console: Console
) -> ExitCode:
    """Play all dialogues of the files; returns whether all went as they should."""
    folder = settings.assistant or default_assistant()
    found = read_dialogues(folder, files)
    clock = Clock(found[0].now)
    progress = Console(stderr=True)
    with progress.status("") as status:
        minds = load_minds(settings, World(clock), status.update)
    players = Players(minds.assistant, minds.nlu, minds.knowledge, clock, minds.others)
    results = [
        anyio.run(play, dialogue, players, backend="trio")
        for dialogue in track(found, "playing", console=progress, transient=True)
    ]
    if as_json:
        print(json.dumps(as_data(results), indent=2, ensure_ascii=False))
    else:
        show(results, console)
    return ExitCode.OK if all(result.passed for result in results) else ExitCode.FAULT


def read_dialogues(folder: Path, files: Sequence[Path]) -> list[Dialogue]:
    """Return the dialogues of the files, or else those in the assistant's folder."""
    assistant = load_assistant(folder)
    own = folder / "dialogues"
    if not files and not own.is_dir():
        raise AssistantError(f"{own}: is not there; name files of dialogues, or make that folder")
    return [
        dialogue
        for path in dialogue_files(files or [own])
        for dialogue in load_dialogues(path, assistant)
    ]


def show(results: Sequence[Result], console: Console) -> None:
    """Print what failed, then how many of each skill went as they should."""
    for result in results:
        script = result.dialogue.script
        if result.passed and script.not_yet:
            console.print(
                f"{_place(result)} {script.name}: passes now: remove its not_yet", soft_wrap=True
            )
        if not result.passed:
            _show_failed(result, console)
    console.print(_table(results))


def _show_failed(result: Result, console: Console) -> None:
    script = result.dialogue.script
    console.print(Text(f"{_place(result)} {script.name}", style="bold"), soft_wrap=True)
    if script.not_yet:
        console.print(Text(f"  not yet: {script.not_yet}", style="dim"), soft_wrap=True)
    for turn in result.turns:
        _show_turn(turn, console)
    for difference in result.after:
        console.print(_difference(difference), soft_wrap=True)


def _show_turn(turn: Played, console: Console) -> None:
    sure = f"  {turn.intent} {turn.confidence:.0%}" if turn.confidence is not None else ""
    said = Text("  caller  ", "dim").append(turn.caller, "cyan").append(sure, "dim")
    console.print(said, soft_wrap=True)
    console.print(Text("  reply   ", "dim").append(turn.reply, "green"), soft_wrap=True)
    for difference in turn.differences:
        console.print(_difference(difference), soft_wrap=True)


def _difference(difference: Difference) -> Text:
    got = "the reply above" if difference.what.startswith("says") else difference.got
    return Text(f"    {difference.what}: expected {difference.expected}, got {got}", "red")


def _place(result: Result) -> str:
    return f"{result.dialogue.path}:{result.dialogue.line}:"


def _table(results: Sequence[Result]) -> Table:
    table = Table("skill", "went right", "of", "", title="dialogues")
    for column in table.columns[1:]:
        column.justify = "right"
    for skill in dict.fromkeys(result.dialogue.skill for result in results):
        _add_row(table, skill, [one for one in results if one.dialogue.skill == skill])
    table.add_section()
    _add_row(table, "all", results)
    turns = [turn for result in results for turn in result.turns]
    right = sum(not turn.differences for turn in turns)
    table.add_row("their turns", str(right), str(len(turns)), f"{right / len(turns):.0%}")
    return table


def _add_row(table: Table, name: str, results: Sequence[Result]) -> None:
    right = sum(result.passed for result in results)
    table.add_row(name, str(right), str(len(results)), f"{right / len(results):.0%}")


def as_data(results: Sequence[Result]) -> dict[str, Any]:
    """Return everything as JSON has it."""
    skills: dict[str, dict[str, int]] = {}
    for result in results:
        counts = skills.setdefault(result.dialogue.skill, {"passed": 0, "of": 0})
        counts["of"] += 1
        counts["passed"] += result.passed
    return {
        "passed": sum(result.passed for result in results),
        "of": len(results),
        "skills": skills,
        "dialogues": list(_dialogues(results)),
    }


def _dialogues(results: Iterable[Result]) -> Iterable[dict[str, Any]]:
    for result in results:
        dialogue = result.dialogue
        yield {
            "name": dialogue.script.name,
            "file": str(dialogue.path),
            "line": dialogue.line,
            "skill": dialogue.skill,
            "now": dialogue.now.isoformat(timespec="minutes"),
            "passed": result.passed,
            "not_yet": dialogue.script.not_yet or None,
            "turns": [asdict(turn) for turn in result.turns],
            "after": [asdict(difference) for difference in result.after],
        }
