"""What is right and wrong with this machine, and what to do about it."""

import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing

from rich.console import Console
from rich.filesize import decimal
from rich.markup import escape
from rich.table import Column, Table

from dialogue import DialogueError
from dialogue.assistant import default_assistant, load_assistant
from dialogue.databases import answers
from models import ModelError
from models.device import place
from models.registry import cache_root, digest, manifest
from nlu import NluError
from nlu.engine import is_stale
from telephony import LineError, TelephonyError
from telephony.cli_errors import ExitCode, one_line
from telephony.compose import model_names
from telephony.doctor_phone import check_phone
from telephony.findings import Finding, Level, ok, problem, warning
from telephony.settings import Settings, described, misspelled
from telephony.soundcard import PortAudio
from voice import VoiceError
from voice.espeak import Espeak

log = logging.getLogger(__name__)

PYTHONS = ((3, 11), (3, 13))  # the first and the last that are tested
CORES = 2
MEMORY_BYTES = 2_000_000_000  # the whole chain takes 1.5 GB at most
FREE_BYTES = 1_000_000_000  # for all models, and what converting them takes meanwhile


COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}


def examine(settings: Settings, console: Console) -> ExitCode:
    """Look at everything and print what was found; a problem decides the exit code."""
    table = Table.grid("", "", Column(overflow="fold"), padding=(0, 2, 0, 0))
    levels = []
    for subject, check in CHECKS.items():
        with console.status(f"looking at {subject}"):
            findings = _findings(check, settings)
        for finding in findings:
            levels.append(finding.level)
            colour = COLOURS[finding.level]
            table.add_row(f"[{colour}]{finding.level}[/]", subject, escape(finding.what))
            if finding.remedy:
                table.add_row("", "", escape(f"→ {finding.remedy}"))
    console.print(table)
    problems, warnings = levels.count(Level.PROBLEM), levels.count(Level.WARNING)
    console.print(f"\n[bold]{_count(problems, 'problem')}, {_count(warnings, 'warning')}[/]")
    return ExitCode.PROBLEM if problems else ExitCode.OK


def show_settings(settings: Settings, console: Console) -> None:
    """List every variable, its value and what it is for."""
    for name, value, description in described(settings):
        console.print(f"[bold]{name}[/]=[cyan]{escape(value)}[/]", soft_wrap=True)
        console.print(f"    {description}", soft_wrap=True)


def _findings(check: "Check", settings: Settings) -> list[Finding]:
    """Collect what a check says; what it raises is its last word, and the other checks go on."""
    findings: list[Finding] = []
    try:
        findings.extend(check(settings))
    except (DialogueError, ModelError, NluError, TelephonyError, VoiceError) as error:
        findings.append(Finding(Level.PROBLEM, str(error)))
    except Exception as error:
        log.debug("a check failed", exc_info=error)
        what = f"the check itself failed: {type(error).__name__}: {error}"
        findings.append(problem(what, "run `offhook --debug doctor` and report what it says"))
    return findings


def _python(_: Settings) -> Iterator[Finding]:
    version = sys.version.partition(" ")[0]
    first, last = PYTHONS
    if first <= sys.version_info[:2] <= last:
        yield ok(version)
    else:
        span = f"{first[0]}.{first[1]} to {last[0]}.{last[1]}"
        yield problem(f"{version} is not supported", f"make .venv again with Python {span}")


def _settings(_: Settings) -> Iterator[Finding]:
    wrong = misspelled()
    for line in wrong:
        yield warning(line, "unset it; `offhook doctor --settings` lists them all")
    if not wrong:
        yield ok("no variable is misspelled")


def _torch(settings: Settings) -> Iterator[Finding]:
    import torch

    device = place(settings.device)
    where = torch.cuda.get_device_name() if device.kind == "cuda" else "on the CPU"
    yield ok(f"{torch.__version__}, {where}")


def _machine(settings: Settings) -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = place("cpu").threads
    text = f"{cores} cores, {threads} threads an inference"
    if (cores or 1) < CORES:
        yield warning(text, f"callers will wait: give it {CORES} cores")
    elif threads > (cores or 1):
        yield warning(text, "they hinder each other: unset OFFHOOK_THREADS, or lower it")
    else:
        yield ok(text)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if memory < MEMORY_BYTES:
        yield warning(f"{decimal(memory)} of memory", f"give it {decimal(MEMORY_BYTES)}")
    else:
        yield ok(f"{decimal(memory)} of memory")


def _assistant(settings: Settings) -> Iterator[Finding]:
    assistant = load_assistant(settings.assistant or default_assistant())
    yield ok(f"{assistant.name}, {len(assistant.flows)} flows, in {assistant.path}")
    if is_stale(assistant.path):
        yield warning(
            f"{assistant.path / 'intents.yaml'} has changed since training",
            f"run `offhook train nlu {assistant.path}`",
        )
    else:
        yield ok("its understanding is trained on its intents.yaml")


def _models(settings: Settings) -> Iterator[Finding]:
    assistant = load_assistant(settings.assistant or default_assistant())
    for name in model_names(settings, assistant):
        try:
            yield ok(f"{name} {digest(name)[:12]}")
        except ModelError as error:
            yield Finding(Level.PROBLEM, str(error))
        model = manifest()[name]
        if not model.public_number_ok:
            judge = problem if settings.public else warning
            remedy = "another voice, like that of OFFHOOK_TTS_ENGINE=hibari, is free of this"
            yield judge(f"{name}: {one_line(model.caveat)}", remedy)


def _espeak(_: Settings) -> Iterator[Finding]:
    with closing(Espeak()) as espeak:
        espeak.phonemes("en-us", "hello")
    yield ok("eSpeak NG answers, for the Coqui voices")


def _sound(_: Settings) -> Iterator[Finding]:
    try:
        PortAudio().check()
    except LineError as error:
        yield Finding(Level.WARNING, str(error), "only `offhook mic` needs it")
    else:
        yield ok("a microphone and a loudspeaker")


def _folders(settings: Settings) -> Iterator[Finding]:
    for folder, remedy in (
        (cache_root(), "set OFFHOOK_MODELS to a folder that can be written"),
        (settings.database.parent, "set OFFHOOK_DATABASE to a file that can be written"),
        (settings.calls, "set OFFHOOK_CALLS to a folder that can be written"),
    ):
        there = next(each for each in (folder, *folder.parents) if each.exists())
        free = shutil.disk_usage(there).free
        if not os.access(there, os.W_OK):
            yield problem(f"{there} cannot be written", remedy)
        elif free < FREE_BYTES:
            yield warning(f"{decimal(free)} free in {there}", "make room, or: " + remedy)
        else:
            yield ok(f"{decimal(free)} free in {there}")


def _database(settings: Settings) -> Iterator[Finding]:
    if not (url := settings.database_url.get_secret_value()):
        yield ok("the database is a file; OFFHOOK_DATABASE_URL names a server's")
        return
    try:
        answers(url)
    except DialogueError as error:
        yield problem(str(error), "correct OFFHOOK_DATABASE_URL, or start the server")
    else:
        yield ok("the database server answers")


Check = Callable[[Settings], Iterator[Finding]]

CHECKS: dict[str, Check] = {
    "python": _python,
    "settings": _settings,
    "torch": _torch,
    "machine": _machine,
    "assistant": _assistant,
    "models": _models,
    "phonemes": _espeak,
    "sound": _sound,
    "folders": _folders,
    "database": _database,
    "phone": check_phone,
}


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'s' * (number != 1)}"
