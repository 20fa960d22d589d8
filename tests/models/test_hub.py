"""A hub source, against a small server that answers as the hub does."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from models.registry import model_path
from tests.models.conftest import Index, entry, file_entry

CONTENT = b"weights " * 1000
PULL = """
from models import ModelError
from models.fetch import pull
try:
    steps = []
    print(pull(["ear"], steps.append), steps[-1].done)
except ModelError as error:
    print(type(error).__name__, error)
"""


class Hub(BaseHTTPRequestHandler):
    """One file of one revision of one repository."""

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        if self.answer():
            self.wfile.write(CONTENT)

    def answer(self) -> bool:
        there = self.path == "/acme/ear/resolve/v1/m.safetensors"
        self.send_response(200 if there else 404)
        self.send_header("Content-Length", str(len(CONTENT) if there else 0))
        self.send_header("X-Repo-Commit", "a" * 40)
        self.send_header("ETag", f'"{hashlib.sha256(CONTENT).hexdigest()}"')
        if not there:
            self.send_header("X-Error-Code", "RevisionNotFound")
        self.end_headers()
        return there

    def log_message(self, format: str, *args: object) -> None:
        """Quietly."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def describe(index: Index, revision: str = "v1", content: bytes = CONTENT) -> None:
    source = f"[[models.sources]]\nkind = 'hub'\nrepo = 'acme/ear'\nrevision = '{revision}'\n"
    index.describe(entry("ear", source + file_entry("m.safetensors", content)))


def pull_from(endpoint: str, monkeypatch: pytest.MonkeyPatch, home: Path) -> str:
    """What a pull in its own process says: huggingface_hub reads the environment when imported."""
    for name, value in {"HF_ENDPOINT": endpoint, "HF_HOME": str(home), "NO_PROXY": "*"}.items():
        monkeypatch.setenv(name, value)
    done = subprocess.run([sys.executable, "-c", PULL], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.slow
def test_a_file_comes_from_the_pinned_revision(
    index: Index, endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    describe(index)
    assert pull_from(endpoint, monkeypatch, tmp_path) == f"['ear'] {len(CONTENT)}"
    assert (model_path("ear") / "m.safetensors").read_bytes() == CONTENT
    hidden = sorted(path.name for path in model_path("ear").iterdir())
    assert hidden == [".lock", ".verified", "m.safetensors"]


@pytest.mark.slow
def test_other_bytes_than_the_manifests_are_refused(
    index: Index, endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    describe(index, content=CONTENT[::-1])
    said = pull_from(endpoint, monkeypatch, tmp_path)
    assert said.startswith("Tampered ear: m.safetensors of acme/ear@v1 does not have the manifest")


@pytest.mark.slow
def test_a_revision_that_is_not_there_is_one_line(
    index: Index, endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    describe(index, revision="v2")
    said = pull_from(endpoint, monkeypatch, tmp_path)
    assert said.startswith("FetchError ear: acme/ear@v2 cannot deliver m.safetensors (")
    assert "\n" not in said
