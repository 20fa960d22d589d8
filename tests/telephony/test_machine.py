"""What the machine tells of its cores."""

import time
from pathlib import Path

import pytest

from telephony.machine import STAT, allowed_cpus, busy_seconds, cores


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("50000 100000", 0.5), ("max 100000", None), ("", None), ("99999999 1", None)],
)
def test_a_containers_quota_counts(tmp_path: Path, quota: str, expected: float | None) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(quota, encoding="ascii")
    assert cores(file) == (expected or len(allowed_cpus()))
    assert cores(tmp_path / "none") == len(allowed_cpus())


@pytest.mark.skipif(not STAT.exists(), reason="this system has no /proc/stat")
def test_work_is_seen() -> None:
    if cores() < len(allowed_cpus()):
        pytest.skip("a quota hides what others do")
    before = busy_seconds()
    began = time.process_time()
    while time.process_time() - began < 0.2:
        pass
    after = busy_seconds()
    assert before is not None
    assert after is not None
    assert after - before >= 0.15


def test_a_system_that_does_not_tell(tmp_path: Path) -> None:
    assert busy_seconds(tmp_path / "none") is None
    strange = tmp_path / "stat"
    strange.write_text("".join(f"cpu{number} x\n" for number in allowed_cpus()), encoding="ascii")
    assert busy_seconds(strange) is None
