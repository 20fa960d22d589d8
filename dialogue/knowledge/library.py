"""What a folder says that it knows, read and checked, before anything is made searchable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dialogue.knowledge.documents import read_documents
from dialogue.knowledge.faq import FAQ, read_faq
from dialogue.knowledge.passages import Passage


@dataclass(frozen=True, slots=True)
class Library:
    """Answers by anchor, and passages of documents."""

    faq: Mapping[str, Passage] = field(default_factory=dict)
    documents: tuple[Passage, ...] = ()

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All that can be read out."""
        return (*self.faq.values(), *self.documents)


def read_library(folder: Path) -> Library:
    """Read an assistant's faq.md and documents.

    Raises AssistantError: the first mistake in any of them.
    """
    return Library(read_faq(folder / FAQ), read_documents(folder))
