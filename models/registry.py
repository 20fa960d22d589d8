"""Which models the cache holds, and where: what an engine asks for the path of its weights.

The cache is the folder OFFHOOK_MODELS, else `models` in the user's cache folder; a model's files
lie in a folder of its name. A model is there when its `.verified` stamp is: pull writes it last,
with each file's SHA-256, size and modification time. While size and time stand, nothing is hashed
again; a copied cache, whose times are new, is hashed once.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import platformdirs

from models import ModelMissing, Tampered
from models.manifest import (
    Derived,
    FolderSource,
    HubSource,
    Manifest,
    Model,
    WheelSource,
    combined_sha256,
    load_manifest,
)

_STAMP = ".verified"
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Seal:
    """A file as it was when its SHA-256 was last computed."""

    sha256: str
    size: int  # bytes
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is written beside the files once they are verified."""

    files: Mapping[str, Seal]
    folder: str = ""  # where the files lie when that is not the cache
    made_from: str = ""  # of a derived model: the other model's digest and the converter's revision

    @property
    def digest(self) -> str:
        """One SHA-256 for all the files."""
        return combined_sha256({name: seal.sha256 for name, seal in self.files.items()})


def cache_root() -> Path:
    """The folder of all models."""
    if own := os.environ.get("OFFHOOK_MODELS"):
        return Path(own).expanduser().absolute()
    return platformdirs.user_cache_path("offhook") / "models"


def manifest() -> Manifest:
    """The shipped manifest, with the one that OFFHOOK_MANIFEST names merged over it."""
    own = os.environ.get("OFFHOOK_MANIFEST")
    return load_manifest(Path(own).expanduser() if own else None)


def model_path(name: str) -> Path:
    """The folder with the model's files; ModelMissing or Tampered when they cannot be used."""
    model = manifest()[name]
    stamp = _checked(model)
    return Path(stamp.folder) if stamp.folder else cache_root() / name


def digest(name: str) -> str:
    """One SHA-256 for the model as installed: what `sha256sum * | sha256sum` says in its folder."""
    return _checked(manifest()[name]).digest


def installed() -> list[str]:
    """The names of the manifest that `model_path` would answer, in its order."""
    names = []
    for model in manifest().models:
        with suppress(ModelMissing, Tampered):
            _checked(model)
            names.append(model.name)
    return names


def verify(name: str) -> str:
    """Hash every file of the model again, whatever the stamp says; its digest."""
    return _checked(manifest()[name], rehash=True).digest


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file, read in pieces."""
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_CHUNK_BYTES):
            hashed.update(piece)
    return hashed.hexdigest()


def seal(name: str, folder: Path, files: Mapping[str, str], made_from: str = "") -> Stamp:
    """Write the stamp of a model whose files in that folder have these SHA-256."""
    home = cache_root() / name
    seals = {}
    for file, sha256 in sorted(files.items()):
        status = (folder / file).stat()
        seals[file] = Seal(sha256, status.st_size, status.st_mtime_ns)
    stamp = Stamp(seals, "" if folder == home else str(folder), made_from)
    part = home / f"{_STAMP}.part"
    part.write_text(json.dumps(asdict(stamp), indent=1), encoding="utf-8")
    part.replace(home / _STAMP)
    return stamp


def unseal(name: str) -> None:
    """Take the stamp away, before the files change."""
    (cache_root() / name / _STAMP).unlink(missing_ok=True)


def _origins(derived: Derived) -> set[str]:
    """What a derived model may have been made from, as `made_from` of its stamp says it."""
    original = manifest()[derived.source]
    digests = {
        combined_sha256({file.name: file.sha256 for file in source.files})
        for source in original.sources
        if not isinstance(source, FolderSource)
    }
    if len(digests) < len(original.sources):  # the user's own folder: only its stamp knows
        with suppress(ModelMissing, Tampered):
            digests.add(_checked(original).digest)
    return {made_from(derived, digest) for digest in digests}


def made_from(derived: Derived, digest: str) -> str:
    """What a derived model's stamp says it is made from, given the other model's digest."""
    return f"{digest} {derived.converter} {derived.revision}"


def _checked(model: Model, *, rehash: bool = False) -> Stamp:
    """The stamp of a model that can be used."""
    stamp = _stamp(model.name)
    pull = f"run `offhook models pull {model.name}`"
    if stamp is None:
        raise ModelMissing(f"{model.name} is not in {cache_root()}: {pull}")
    if not _of_this_manifest(model, stamp):
        raise ModelMissing(f"{model.name} in {cache_root()} is not what the manifest names: {pull}")
    folder = Path(stamp.folder) if stamp.folder else cache_root() / model.name
    try:
        if not rehash and all(_untouched(folder / name, was) for name, was in stamp.files.items()):
            return stamp
        for name, was in stamp.files.items():
            if file_sha256(folder / name) != was.sha256:
                raise Tampered(f"{folder / name} has changed since it was verified: {pull}")
    except OSError as error:
        raise ModelMissing(f"{model.name}: {error.filename}: {error.strerror}: {pull}") from None
    with suppress(OSError):  # in a cache that cannot be written it is hashed each time
        hashes = {name: was.sha256 for name, was in stamp.files.items()}
        return seal(model.name, folder, hashes, stamp.made_from)
    return stamp


def _stamp(name: str) -> Stamp | None:
    """The stamp in the cache; None when there is none or it cannot be read."""
    try:
        document = json.loads((cache_root() / name / _STAMP).read_text(encoding="utf-8"))
        seals = {file: Seal(**was) for file, was in document["files"].items()}
        return Stamp(seals, document["folder"], document["made_from"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _of_this_manifest(model: Model, stamp: Stamp) -> bool:
    """Whether the manifest, which may have changed since, still asks for what was stamped."""
    if model.derived:
        return not stamp.folder and stamp.made_from in _origins(model.derived)
    for source in model.sources:
        match source:
            case WheelSource(files=files) | HubSource(files=files):
                wanted = {file.name: file.sha256 for file in files}
                if not stamp.folder and wanted == {n: was.sha256 for n, was in stamp.files.items()}:
                    return True
            case FolderSource(path=path, files=files):
                if stamp.folder == str(path) and set(stamp.files) == set(files):
                    return True
    return False


def _untouched(path: Path, was: Seal) -> bool:
    status = path.stat()
    return (status.st_size, status.st_mtime_ns) == (was.size, was.mtime_ns)
