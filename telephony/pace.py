"""How much one sender may write: what is more is counted, and not answered."""

import logging
from collections import OrderedDict, deque

log = logging.getLogger(__name__)

SENDERS = 10_000  # whose times are kept; the one that wrote longest ago is forgotten


class Pace:
    """So many messages of each sender within so many seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        self.ignored = 0
        self._most, self._seconds = most, seconds
        self._times: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, sender: str, now: float) -> bool:
        """Say whether this message, which came `now`, is to be answered."""
        times = self._times.pop(sender, None) or deque(maxlen=self._most)
        self._times[sender] = times
        if len(self._times) > SENDERS:
            self._times.popitem(last=False)
        if len(times) == self._most and now - times[0] < self._seconds:
            self.ignored += 1
            if self.ignored % self._most == 1:
                log.warning("a sender writes too much; %d messages not answered", self.ignored)
            return False
        times.append(now)
        return True
