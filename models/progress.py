"""What a pull tells whoever watches."""

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Step:
    """What a pull is doing."""

    model: str
    action: Literal["wait", "download", "unpack", "convert"]
    what: str  # a wheel, a file, a source model or, of "wait", the other process's lock
    done: int = 0  # bytes
    total: int = 0  # bytes; 0 when unknown


class Progress(Protocol):
    """Is told of every step, several times a second while bytes move."""

    def __call__(self, step: Step, /) -> None:
        """Draw it, or not."""
        ...


def unseen(step: Step) -> None:
    """Progress for those who do not look."""
