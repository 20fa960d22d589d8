"""What every benchmark shares: where it ran, which model files it used, how its JSON is written."""

import hashlib
import json
import os
import platform
import statistics
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from models.device import place

REPO = Path(__file__).resolve().parents[2]


def environment(device: str = "cpu") -> dict[str, Any]:
    """Machine, software and commit of this run; no date, so that equal runs give equal files.

    The GPU is named where the device is one.
    """
    gpu = {"gpu": _gpu_name()} if place(device).kind == "cuda" else {}
    return gpu | {
        "machine": platform.machine(),
        "cpu": _cpu_name(),
        "cpus": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "commit": _commit(),
    }


def model_hashes(files: Iterable[Path]) -> dict[str, str]:
    """SHA-256 by `folder/file` name."""
    return {f"{file.parent.name}/{file.name}": _sha256(file) for file in sorted(files)}


def write_report(path: Path, result: Mapping[str, Any]) -> None:
    """Write the result as JSON; the folder is made where it is missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and worst of two values or more, as whole numbers."""
    p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
    worst = max(values)
    return {"p50": round(statistics.median(values)), "p95": round(p95), "worst": round(worst)}


def _gpu_name() -> str:
    import torch

    return torch.cuda.get_device_name()


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def _commit() -> str:
    """The commit's short hash, with `+` where the tree has changes; "unknown" outside git."""
    try:
        head = _git("rev-parse", "--short=12", "HEAD")
        return head + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=REPO, check=True, capture_output=True, text=True
    ).stdout.strip()


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
