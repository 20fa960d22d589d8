"""What a folder says that it knows, read and checked, before anything is made searchable."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dialogue.knowledge.graph import LocalGraph
from dialogue.knowledge.passages import Passage
from dialogue.knowledge.shapes import Shapes


@dataclass(frozen=True, slots=True)
class Library:
    """Answers by anchor, passages of documents, and the questions that a folder's graph answers."""

    faq: Mapping[str, Passage] = field(default_factory=dict)
    documents: tuple[Passage, ...] = ()
    shapes: Shapes | None = None
    graph: LocalGraph | None = None

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All that can be read out."""
        return (*self.faq.values(), *self.documents)
