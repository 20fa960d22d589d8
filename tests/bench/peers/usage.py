"""What a process and its children take of the machine, and what everybody else does."""

import time
from dataclasses import dataclass

import psutil
from anyio import sleep

SAMPLE_SECONDS = 0.25
IDLE = {"idle", "iowait", "guest", "guest_nice"}  # guests are counted as users already


@dataclass(slots=True)
class Usage:
    """CPU seconds since the process began, and the most memory resident at once since `restart`.

    Pages that processes share are counted in each of them.
    """

    pid: int
    cpu_seconds: float = 0.0
    peak_rss_bytes: int = 0

    async def watch(self) -> None:
        """Look again and again until cancelled."""
        while True:
            self.sample()
            await sleep(SAMPLE_SECONDS)

    def restart(self) -> "Moment":
        """Forget the peak; returns how things stand."""
        self.peak_rss_bytes = 0
        return self.now()

    def now(self) -> "Moment":
        """Return how things stand."""
        times, own = psutil.cpu_times()._asdict(), psutil.Process().cpu_times()
        busy = sum(seconds for name, seconds in times.items() if name not in IDLE)
        return Moment(time.monotonic(), self.sample(), busy - own.user - own.system)

    def sample(self) -> float:
        """Look once; returns the CPU seconds so far."""
        cpu, memory = 0.0, 0
        root = psutil.Process(self.pid)
        for process in (root, *root.children(recursive=True)):
            try:
                times, resident = process.cpu_times(), process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
            cpu += times.user + times.system + times.children_user + times.children_system
            memory += resident
        self.cpu_seconds = max(self.cpu_seconds, cpu)
        self.peak_rss_bytes = max(self.peak_rss_bytes, memory)
        return self.cpu_seconds


@dataclass(frozen=True, slots=True)
class Moment:
    """Seconds: of the clock, of the CPU by the process, and by all but this one."""

    clock: float
    cpu: float
    busy: float

    def others_since(self, before: "Moment") -> float:
        """Which share of all cores those took who are not part of the benchmark."""
        others = (self.busy - before.busy) - (self.cpu - before.cpu)
        return max(0.0, others) / (self.clock - before.clock) / (psutil.cpu_count() or 1)
