"""What the business knows: answers, policy documents and a graph of facts, with their sources.

`dialogue.folder` reads a folder's part in it, `checking` tells whether it fits together, and
`load_knowledge` makes it answer.
"""

from dialogue.knowledge.asking import Known, Purchase
from dialogue.knowledge.knowledge import Answer, Found, Knowledge, load_knowledge
from dialogue.knowledge.library import Library
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
]
