import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from models.batch import Batcher


def doubled(items: Sequence[int]) -> list[int]:
    return [item * 2 for item in items]


def test_an_item_alone_runs_at_once() -> None:
    assert Batcher(doubled)(21) == 42


class Held:
    """Doubles; the first batch is held until somebody lets it go, the others may fail."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.batches: list[list[int]] = []
        self.busy, self.go_on = threading.Event(), threading.Event()
        self.error = error

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        if len(self.batches) == 1:
            self.busy.set()
            assert self.go_on.wait(10)
        elif self.error:
            raise self.error
        return doubled(items)

    def while_it_runs(
        self, batcher: Batcher[int, int], calls: ThreadPoolExecutor, items: Sequence[int]
    ) -> list[Future[int]]:
        """Begin with 0; the items come while that is computed."""
        first = calls.submit(batcher, 0)
        assert self.busy.wait(10)
        others = [calls.submit(batcher, item) for item in items]
        while len(batcher._waiting) < len(items):
            time.sleep(0.001)
        self.go_on.set()
        return [first, *others]


def test_what_arrives_meanwhile_is_the_next_batch() -> None:
    run = Held()
    batcher = Batcher(run, most=4)
    with ThreadPoolExecutor(8) as calls:
        asked = run.while_it_runs(batcher, calls, range(1, 7))
        assert [one.result(10) for one in asked] == [0, 2, 4, 6, 8, 10, 12]
    assert [len(batch) for batch in run.batches] == [1, 4, 2]


@pytest.mark.parametrize("error", [ZeroDivisionError(), KeyboardInterrupt()])
def test_an_error_reaches_all_of_its_batch_alone_and_leaves_nobody_waiting(
    error: BaseException,
) -> None:
    run = Held(error)
    batcher = Batcher(run)
    with ThreadPoolExecutor(4) as calls:
        first, *others = run.while_it_runs(batcher, calls, [1, 2, 3])
        assert first.result(10) == 0
        assert all(other.exception(10) is error for other in others)
    assert [len(batch) for batch in run.batches] == [1, 3]
