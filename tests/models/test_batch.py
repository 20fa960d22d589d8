import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from models.batch import Batcher


def doubled(items: Sequence[int]) -> list[int]:
    return [item * 2 for item in items]


def test_an_item_alone_runs_at_once() -> None:
    assert Batcher(doubled)(21) == 42


def test_what_arrives_meanwhile_is_the_next_batch() -> None:
    batches: list[list[int]] = []
    busy, go_on = threading.Event(), threading.Event()

    def run(items: Sequence[int]) -> list[int]:
        batches.append(list(items))
        if len(batches) == 1:
            busy.set()
            go_on.wait(10)
        return [item * 2 for item in items]

    batcher = Batcher(run, most=4)
    with ThreadPoolExecutor(8) as calls:
        first = calls.submit(batcher, 0)
        assert busy.wait(10)
        others = [calls.submit(batcher, item) for item in range(1, 7)]
        while len(batcher._waiting) < 6:
            pass
        go_on.set()
        assert [first.result(10), *(other.result(10) for other in others)] == [
            0, 2, 4, 6, 8, 10, 12,
        ]  # fmt: skip
    assert [len(batch) for batch in batches] == [1, 4, 2]


def test_an_error_reaches_those_of_its_batch_alone() -> None:
    def run(items: Sequence[int]) -> list[float]:
        return [1 / item for item in items]

    batcher = Batcher(run)
    with pytest.raises(ZeroDivisionError):
        batcher(0)
    assert batcher(4) == 0.25


def test_whoever_ends_the_process_leaves_nobody_waiting() -> None:
    batches: list[list[int]] = []
    busy, go_on = threading.Event(), threading.Event()

    def run(items: Sequence[int]) -> list[int]:
        batches.append(list(items))
        if len(batches) == 1:
            busy.set()
            go_on.wait(10)
            return doubled(items)
        raise KeyboardInterrupt

    batcher = Batcher(run)
    with ThreadPoolExecutor(3) as calls:
        first = calls.submit(batcher, 1)
        assert busy.wait(10)
        others = [calls.submit(batcher, 2), calls.submit(batcher, 3)]
        while len(batcher._waiting) < 2:
            pass
        go_on.set()
        assert first.result(10) == 2
        assert all(isinstance(other.exception(10), KeyboardInterrupt) for other in others)
    assert len(batches) == 2
