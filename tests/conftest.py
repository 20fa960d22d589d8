"""What every test may rely on: no network, trio as the scheduler, the shared data where it is."""

import socket
from pathlib import Path
from typing import Any, NoReturn

import pytest

from models.device import yield_idle_cores

yield_idle_cores()  # before anything imports torch or ctranslate2

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "trio"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def refuse_far_hosts(self: socket.socket, address: Any) -> None:
        if self.family == socket.AF_UNIX or address[0] in {"127.0.0.1", "::1", "localhost"}:
            connect(self, address)
        else:
            _far(address)

    def _far(address: Any) -> NoReturn:
        raise OSError(f"a test reached for the network: {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse_far_hosts)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED_DATA.is_dir():
        pytest.skip("the shared data folder (../shared/data) is not on this machine")
    return SHARED_DATA
