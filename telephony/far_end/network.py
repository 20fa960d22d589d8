"""A bad network between the caller and Twilio: what arrives, and when. Pure, and seeded."""

import heapq
import random
from dataclasses import dataclass

from telephony.far_end.protocol import PACKET_SECONDS


@dataclass(frozen=True, slots=True)
class Impairments:
    """What the network does to the caller's packets; shares are from 0 to 1."""

    loss: float = 0.0  # this share never arrives
    jitter_seconds: float = 0.0  # each comes up to so much late, but in order
    reorder: float = 0.0  # this share comes after the one that was sent after it
    duplicate: float = 0.0  # this share comes twice
    seed: int = 0


class Network:
    """Carries the messages of one stream; only media are lost, late, twice or out of order."""

    def __init__(self, impairments: Impairments) -> None:
        self._bad = impairments
        self._random = random.Random(impairments.seed)  # noqa: S311 - chance, not a secret
        self._under_way: list[tuple[float, int, str]] = []
        self._count = 0
        self._last = 0.0  # when the latest in-order packet arrives

    def send(self, message: str, now: float, *, media: bool) -> None:
        """Send a message at this second."""
        if not media:
            self._carry(message, now)
            return
        if self._random.random() < self._bad.loss:
            return
        due = now + self._random.uniform(0, self._bad.jitter_seconds)
        if self._random.random() < self._bad.reorder:
            self._carry(message, max(due, self._last) + 1.5 * PACKET_SECONDS)
        else:
            self._last = due = max(due, self._last)
            self._carry(message, due)
        if self._random.random() < self._bad.duplicate:
            self._carry(message, max(due, self._last))

    def arrived(self, now: float) -> list[str]:
        """Return what has come through by this second, in the order of arrival."""
        messages = []
        while self._under_way and self._under_way[0][0] <= now:
            messages.append(heapq.heappop(self._under_way)[2])
        return messages

    def _carry(self, message: str, due: float) -> None:
        self._count += 1
        heapq.heappush(self._under_way, (due, self._count, message))
