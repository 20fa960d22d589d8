"""Read the files of a folder one by one, so that all mistakes are found in one go."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from dialogue import AssistantError, Fault
from dialogue.checks import IDENTITY, TABLES
from dialogue.identity import Recommend
from dialogue.knowledge import Library
from dialogue.knowledge.checking import check_library
from dialogue.knowledge.documents import FOLDER as DOCUMENTS
from dialogue.knowledge.documents import read_documents
from dialogue.knowledge.faq import FAQ, read_faq
from dialogue.knowledge.graph import GRAPH, load_graph
from dialogue.knowledge.shapes import QUESTIONS, read_shapes
from dialogue.reading import Tell
from dialogue.recommendation.shelf import Shelf, read_shelf
from dialogue.seeds import Seed, read_seed

T = TypeVar("T")


class Reading:
    """Reads file after file, and notes what is wrong."""

    def __init__(self, folder: Path) -> None:
        self.faults: list[Fault] = []
        self._folder = folder
        self._unread: set[str] = set()

    def file(self, name: str, read: Callable[[Path], T]) -> T | None:
        """Read a file that is right or wrong as a whole."""
        return self.piece(name, lambda _: read(self._folder / name))

    def piece(self, name: str, read: Callable[[Tell], T | None]) -> T | None:
        """Read a file whose mistakes leave the rest readable."""
        if name in self._unread:
            return None
        try:
            found = read(self._tell)
        except AssistantError as error:
            self._tell(error)
            found = None
        if found is None:
            self._unread.add(name)
        return found

    def tables(self, names: Iterable[str]) -> tuple[Seed, ...]:
        """Read CSV files."""
        seeds = []
        for name in names:
            seed = self.piece(name, partial(read_seed, self._folder / name))
            if seed is None:
                self._unread.add(TABLES)
            else:
                seeds.append(seed)
        return tuple(seeds)

    def shelf(self, recommend: Recommend) -> Shelf | None:
        """Read what can be recommended, if anything is."""
        if not recommend.products:
            return None
        read = partial(read_shelf, self._folder, recommend)
        shelf = self.piece(recommend.products, read)
        if shelf is None:
            self._unread.add(TABLES)
        return shelf

    def library(self) -> Library:
        """Read what the assistant knows."""
        faq = self.piece(FAQ, lambda tell: read_faq(self._folder / FAQ, tell))
        documents = self.piece(DOCUMENTS, lambda tell: read_documents(self._folder, tell))
        shapes = self.piece(QUESTIONS, lambda tell: read_shapes(self._folder, tell))
        graph = self.piece(GRAPH, lambda tell: load_graph(self._folder, tell))
        return Library(faq or {}, documents or (), shapes, graph)

    def add(self, faults: Iterable[Fault]) -> None:
        """Note faults, but none that only an unreadable file may have brought about."""
        self.faults += [
            fault
            for fault in faults
            if not self._unread & {fault.about, fault.path.name}
            and not (fault.about == TABLES and IDENTITY in self._unread)
        ]

    def _tell(self, error: AssistantError) -> None:
        self.faults += error.faults or [Fault(self._folder, 1, str(error))]


def check_knowledge(folder: Path, facts: Mapping[str, str]) -> tuple[Fault, ...]:
    """Return what is wrong in all that a folder says that it knows."""
    reading = Reading(folder)
    reading.add(check_library(reading.library(), folder, facts))
    return tuple(reading.faults)
