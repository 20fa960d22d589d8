"""What the business knows: answers, policy documents and a graph of facts, with their sources.

`read_library` reads and checks a folder's part in it; `load_knowledge` makes it answer.
"""

from dialogue.knowledge.asking import Known, Purchase
from dialogue.knowledge.knowledge import Answer, Found, Knowledge, load_knowledge
from dialogue.knowledge.library import Library, read_library
from dialogue.knowledge.passages import Passage

__all__ = [
    "Answer",
    "Found",
    "Knowledge",
    "Known",
    "Library",
    "Passage",
    "Purchase",
    "load_knowledge",
    "read_library",
]
