"""A PostgreSQL server of our own, for as long as tests need it."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

PLACES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)  # Debian's, off the PATH
ACCOUNT = "postgres"  # the server refuses to run as root


def programs() -> Path | None:
    """Where initdb and pg_ctl are, if they are installed."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    return next((at for at in (*folders, *PLACES) if (at / "pg_ctl").exists()), None)


@contextmanager
def server(bin_: Path) -> Iterator[str]:
    """Run a server on a free port of this machine; give the URL of its database."""
    with TemporaryDirectory(prefix="offhook-postgresql-") as folder:  # pytest's are not for others
        yield from _run(bin_, Path(folder))


def _run(bin_: Path, folder: Path) -> Iterator[str]:
    account = ACCOUNT if os.getuid() == 0 else None
    if account:
        shutil.chown(folder, account)

    def run(*command: str) -> None:
        subprocess.run(command, user=account, cwd=folder, check=True, stdout=subprocess.DEVNULL)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    run(str(bin_ / "initdb"), "-D", data, "-U", "offhook", "--auth=trust", "--no-sync")
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
    run(str(bin_ / "pg_ctl"), "-D", data, "-l", data + "/log", "-o", options, "-w", "start")
    try:
        yield f"postgresql://offhook@127.0.0.1:{port}/postgres"
    finally:
        run(str(bin_ / "pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop")
