"""What a process and its children take of the machine."""

from dataclasses import dataclass

import psutil
from anyio import sleep

SAMPLE_SECONDS = 0.25


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

    def restart(self) -> float:
        """Forget the peak; returns the CPU seconds so far."""
        self.peak_rss_bytes = 0
        return self.sample()

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
