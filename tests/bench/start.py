"""How long from the command to the moment when a call can be answered, and how much memory?

Starts a fresh process that loads every part with warm caches, several times.

    python -m tests.bench.start --runs 5
"""

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from telephony.compose import load_parts
from telephony.settings import load_settings
from tests.bench.report import REPO, environment, write_report

READY = """
import resource
from models.device import yield_idle_cores
yield_idle_cores()
from telephony.compose import load_parts
from telephony.settings import load_settings
parts = load_parts(load_settings())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, flush=True)
"""


def main() -> None:
    """Measure, print and write the report."""
    options = _arguments()
    parts = load_parts(load_settings())  # fills the caches
    starts = [_start() for _ in range(options.runs)]
    seconds, megabytes = zip(*starts, strict=True)
    result = {
        "benchmark": "start",
        "environment": environment(),
        "models": dict(parts.models),
        "runs": options.runs,
        "seconds_to_ready": {
            "median": round(statistics.median(seconds), 2),
            "worst": round(max(seconds), 2),
        },
        "resident_mb": round(statistics.median(megabytes)),
    }
    write_report(options.out, result)
    print(result["seconds_to_ready"], result["resident_mb"], "MB;", options.out)


def _start() -> tuple[float, int]:
    began = time.perf_counter()
    command = [sys.executable, "-c", READY]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPO)
    return time.perf_counter() - began, int(done.stdout.split()[-1])


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=5, help="processes to start (5)")
    parser.add_argument("--out", type=Path, default=Path("out/bench/start.json"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
