"""What the dialogue asks: what the answer to a question is, and where it stands."""

from dataclasses import dataclass

from dialogue.knowledge.library import Library
from dialogue.knowledge.retrieval import Ranked, Retrieval
from dialogue.knowledge.vectors import Encode
from models.registry import digest
from nlu.sentences import ENCODER, load_encoder

NEAR = 0.5  # from this confidence on a passage answers


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said, with {names} of facts in it, and where it stands."""

    text: str
    source: str
    score: float = 1.0


class Knowledge:
    """Answers from passages. Safe from any thread."""

    def __init__(self, library: Library, encode: Encode, key: str = "") -> None:
        self._encode = encode
        self._retrieval = Retrieval(library.passages, encode, key)

    def search(self, question: str) -> Answer | None:
        """Return the answer, or None if nothing is near. Blocking, some ms."""
        best = next(iter(self.rank(question, 1)), None)
        if best is None or best.confidence < NEAR:
            return None
        return Answer(best.extract, best.passage.source, best.confidence)

    def rank(self, question: str, count: int = 5) -> list[Ranked]:
        """Return the nearest passages, whether they answer or not."""
        return self._retrieval.rank(question, self._encode([question])[0], count)


def load_knowledge(library: Library) -> Knowledge:
    """Make it searchable with the sentence encoder of the model cache."""
    return Knowledge(library, load_encoder(), digest(ENCODER))
