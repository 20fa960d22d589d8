"""What the dialogue lets the ears expect: it sets patience, prompt and read-back."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The shape of an answer."""

    OPEN = "open"
    MORE = "more"  # after "anything else?": a no is a whole answer, anything else is open speech
    YES_NO = "yes_no"
    DIGITS = "digits"
    CODE = "code"  # letters and digits, perhaps spelled
    DATE = "date"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the dialogue expects to hear next."""

    kind: Kind = Kind.OPEN
    length: int | None = None  # of a number or code, in characters, where it is known
    vocabulary: tuple[str, ...] = ()  # words that are likely: products, names; they prompt the ASR
    language: str = ""  # that is spoken, as Whisper abbreviates it; the ASR's own if empty


OPEN_SPEECH = Expectation()
