"""What a folder says that it knows, read and checked, before anything is made searchable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dialogue.knowledge.documents import read_documents
from dialogue.knowledge.faq import FAQ, read_faq
from dialogue.knowledge.passages import Passage
from dialogue.knowledge.shapes import Shapes, read_shapes


@dataclass(frozen=True, slots=True)
class Library:
    """Answers by anchor, passages of documents, and the questions that a folder's graph answers."""

    faq: Mapping[str, Passage] = field(default_factory=dict)
    documents: tuple[Passage, ...] = ()
    shapes: Shapes | None = None
    folder: Path | None = None  # where the graph is

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All that can be read out."""
        return (*self.faq.values(), *self.documents)


def read_library(folder: Path) -> Library:
    """Read an assistant's faq.md, documents and questions.yaml; the graph is loaded later.

    Raises AssistantError: the first mistake in any of them.
    """
    documents, shapes = read_documents(folder), read_shapes(folder)
    return Library(read_faq(folder / FAQ), documents, shapes, folder)
