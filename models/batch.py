"""One batch across calls: whoever comes while others are computed for is computed for next."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Entry(Generic[Item, Result]):
    def __init__(self, item: Item) -> None:
        self.item = item
        self.results: list[Result] = []
        self.error: BaseException | None = None

    @property
    def done(self) -> bool:
        return bool(self.results) or self.error is not None


class Batcher(Generic[Item, Result]):
    """Call it from any worker thread; `run` gets up to `most` items at once, in order of arrival.

    Nobody waits for company: an item alone runs at once, and what arrives meanwhile is the next
    batch. An error of `run` is raised for each item of its batch. Callers block, so no more items
    wait than there are worker threads.
    """

    def __init__(self, run: Callable[[Sequence[Item]], Sequence[Result]], most: int = 16) -> None:
        self._run = run
        self._most = most
        self._waiting: deque[_Entry[Item, Result]] = deque()
        self._turn = threading.Lock()

    def __call__(self, item: Item) -> Result:
        """Blocking: wait for the result of this item."""
        entry: _Entry[Item, Result] = _Entry(item)
        self._waiting.append(entry)
        while not entry.done:
            with self._turn:
                if not entry.done:
                    self._next()
        if entry.error is not None:
            raise entry.error
        return entry.results[0]

    def _next(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
        try:
            results = self._run([entry.item for entry in batch])
            for entry, result in zip(batch, results, strict=True):
                entry.results.append(result)
        except BaseException as error:
            for entry in batch:
                entry.error = error
            if not isinstance(error, Exception):
                raise
