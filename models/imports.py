"""Imports without what costs much and serves nothing here."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident


@contextmanager
def without(package: str) -> Iterator[None]:
    """In this thread, let a library believe that an optional package is not installed."""
    absent = _Absent(package)
    sys.meta_path.insert(0, absent)
    try:
        yield
    finally:
        sys.meta_path.remove(absent)


class _Absent:
    """Refuses a package to one thread; others, which load at the same time, may need it."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._thread = get_ident()

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == self._package and get_ident() == self._thread:
            raise ModuleNotFoundError(f"{name} is left out here", name=name)
