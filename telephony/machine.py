"""How many CPU cores this process may use, and how busy they are, whoever uses them."""

import os
from pathlib import Path

STAT = Path("/proc/stat")
QUOTA = Path("/sys/fs/cgroup/cpu.max")  # a container's: "200000 100000" are two cores
IDLE = slice(3, 5)  # of the columns of /proc/stat: idle, and waiting for a disk


def allowed_cpus() -> frozenset[int]:
    """Return the numbers of the CPUs that we may run on."""
    if hasattr(os, "sched_getaffinity"):
        return frozenset(os.sched_getaffinity(0))
    return frozenset(range(os.cpu_count() or 1))


def cores(quota: Path = QUOTA) -> float:
    """Return how many cores we may use: not all of them in a container with a quota."""
    allowed = len(allowed_cpus())
    try:
        most, period = quota.read_text(encoding="ascii").split()
        return min(allowed, int(most) / int(period))
    except (OSError, ValueError):  # none, or "max": no quota
        return allowed


def busy_seconds(stat: Path = STAT) -> float | None:
    """Return the CPU seconds that our CPUs have worked since the machine began, for anybody.

    None where the system does not tell, or tells it of CPUs that we share by a quota.
    """
    if cores() < len(allowed_cpus()):
        return None
    ours = {f"cpu{number}" for number in allowed_cpus()}
    try:
        lines = [line.split() for line in stat.read_text(encoding="ascii").splitlines()]
        ticks = [[int(each) for each in line[1:9]] for line in lines if line and line[0] in ours]
        return sum(sum(each) - sum(each[IDLE]) for each in ticks) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return None
