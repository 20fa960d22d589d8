"""What a recorded caller says, and what must come of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CLIPS = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing the caller says; seconds are from the beginning of the recording.

    `answer_contains`: each of these is in the answer to it (see `contains`). `cut` names the
    seconds of the source recording that are used, where there is one.
    """

    start: float
    end: float
    says: str
    intent: str
    slots: Mapping[str, str]
    answer_contains: tuple[str, ...]
    source: str = ""
    cut: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """A recorded call. `voice` is "hibari heart", or who the speaker of the sources is."""

    name: str
    about: str
    voice: str
    seconds: float
    noise_dbfs: float
    outcome: str
    turns: tuple[Turn, ...]

    @property
    def wav(self) -> Path:
        """The recording."""
        return CLIPS / f"{self.name}.wav"


def scripts() -> list[Script]:
    """Every clip's script, by name."""
    return [load_script(file.stem) for file in sorted(CLIPS.glob("*.yaml"))]


def load_script(name: str) -> Script:
    """Read the script of the clip with this name."""
    read: dict[str, Any] = yaml.safe_load((CLIPS / f"{name}.yaml").read_text(encoding="utf-8"))
    turns = tuple(_turn(**turn) for turn in read.pop("turns"))
    return Script(name=name, turns=turns, **read)


def contains(answer: str, expected: str) -> bool:
    """Whether the words are in the answer; letters and digits count: "15213" is "1 5 2 1 3"."""
    return _bare(expected) in _bare(answer)


def _turn(cut: list[float] | None = None, **fields: Any) -> Turn:
    contained = tuple(fields.pop("answer_contains"))
    return Turn(cut=(cut[0], cut[1]) if cut else None, answer_contains=contained, **fields)


def _bare(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
