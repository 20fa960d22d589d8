"""`offhook models`: what there is, bring it, check it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from models import ModelError, ModelMissing, Tampered
from models.fetch import pull
from models.manifest import Model
from models.progress import Step
from models.registry import cache_root, digest, manifest, model_path, verify
from telephony.cli_errors import ExitCode, one_line, say_error

DIGEST_SHOWN = 12  # hex digits in the table; `--json` has them all


@dataclass(frozen=True, slots=True)
class _Status:
    """How a model stands in the cache: its digest, or why it has none."""

    model: Model
    sha256: str = ""
    trouble: str = "missing"


def list_models(console: Console, as_json: bool) -> None:
    """Print every model of the manifest and whether it is here."""
    found = [_status(model) for model in manifest().models]
    if as_json:
        print(json.dumps([_public(each) for each in found], indent=2))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("name", "kind", "language", "licence", "download", "here"):
        table.add_column(title, justify="right" if title == "download" else "left", no_wrap=True)
    for each in found:
        table.add_row(*_row(each))
    console.print(table)
    console.print(f"\nin {cache_root()} (OFFHOOK_MODELS); pulled by default: the bold ones")
    for model in manifest().models:
        if model.caveat:
            console.print(f"[yellow]{model.name}[/]: {one_line(model.caveat)}")


def pull_models(names: Iterable[str], everything: bool, console: Console) -> None:
    """Fetch, verify and convert the named models, the default ones, or all."""
    chosen = manifest().all() if everything else list(names)
    with _PullProgress(console) as progress:
        brought = pull(chosen, progress.show)
    for name in brought:
        with console.status(f"making graphs of {name} for this machine"):
            _make_graphs(name)
        console.print(f"[green]ready[/] {name} {digest(name)[:DIGEST_SHOWN]}")
    if not brought:
        console.print(f"nothing to do: all of it is in {cache_root()}")


def _make_graphs(name: str) -> None:
    """Make what an engine makes of a model at its first load, that no caller wait for it."""
    folder = model_path(name)
    if (folder / "model.bin").is_file():
        from voice.asr_onnx import graphs_of

        graphs_of(folder, digest(name))
        return
    if not (folder / "config.json").is_file():
        return
    match manifest()[name].kind:
        case "tts":
            from voice.tts_coqui import load_vits

            load_vits(folder)
        case "nlu" if (folder / "model.safetensors").is_file():
            from nlu.sentences import load_encoder

            load_encoder(name)


def verify_models(names: Iterable[str], everything: bool, console: Console) -> ExitCode:
    """Hash the named models, or all that are here, file by file; says of each how it is."""
    known = manifest()
    chosen = list(names) or [
        model.name for model in known.models if everything or _status(model).trouble != "missing"
    ]
    if not chosen:
        raise ModelMissing(f"no model is in {cache_root()}: run `offhook models pull`")
    bad = 0
    for name in chosen:
        try:
            with console.status(f"hashing {name}"):
                sha256 = verify(name)
        except ModelError as error:
            say_error(str(error))
            bad += 1
        else:
            console.print(f"[green]ok[/] {name} {sha256}", soft_wrap=True)
    return ExitCode.MODEL if bad else ExitCode.OK


def _status(model: Model) -> _Status:
    try:
        return _Status(model, digest(model.name), trouble="")
    except ModelMissing:
        return _Status(model)
    except Tampered:
        return _Status(model, trouble="altered: pull it again")


def _row(status: _Status) -> tuple[str, ...]:
    model = status.model
    name = f"[bold]{model.name}[/]" if model.default else model.name
    size = "converted" if model.derived else decimal(model.size)
    state = f"[yellow]{status.trouble}[/]" if status.trouble else status.sha256[:DIGEST_SHOWN]
    return name, model.kind, model.language, model.licence, size, state


def _public(status: _Status) -> dict[str, object]:
    model = status.model
    return {
        "name": model.name,
        "kind": model.kind,
        "language": model.language,
        "licence": model.licence,
        "origin": model.origin,
        "caveat": one_line(model.caveat),
        "default": model.default,
        "download_bytes": model.size,
        "sha256": status.sha256 or None,
        "trouble": status.trouble or None,
    }


class _PullProgress:
    """A bar for each thing that is fetched or made."""

    def __init__(self, console: Console) -> None:
        self._bars: dict[tuple[str, str, str], TaskID] = {}
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=console,
        )

    def __enter__(self) -> "_PullProgress":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, step: Step) -> None:
        """Take what `pull` reports."""
        key = (step.model, step.action, step.what)
        if key not in self._bars:
            for finished in self._bars.values():  # one thing at a time: the last one is done
                task = self._progress.tasks[finished]
                self._progress.update(finished, completed=task.total or 1, total=task.total or 1)
            description = f"{step.action} [bold]{step.model}[/] [dim]{step.what}[/]"
            self._bars[key] = self._progress.add_task(description, total=step.total or None)
        self._progress.update(self._bars[key], completed=step.done, total=step.total or None)
