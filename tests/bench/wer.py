"""Word and character error rates that ask for the right words, not for one way to write them."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import jiwer
from text_to_num import alpha2digit

_SPELLED = re.compile(r"(?<![a-z])[A-Z](?:-?[A-Z])+(?![a-z])")  # CZDZW, SHAR-ON
_ORDINAL = re.compile(r"\b(\d+)(?:st|nd|rd|th)\b")
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[a-z])\w+\b")  # letters and digits in one: h4
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Rates:
    """Over all utterances: errors by words or characters of the reference; share without error."""

    wer: float
    cer: float
    exact: float


def normalise(text: str) -> str:
    """The same writing for the same words; reference and hypothesis both go through it.

    Letters spelled together are taken apart, number words and ordinals become digits and each digit
    a word of its own, "oh" is a zero, and case, punctuation and apostrophes go:
    "CZDZW 8" = "C Z D Z W EIGHT" → "c z d z w 8"; "79-59" = "seventy nine fifty nine" → "7 9 5 9";
    "June 22nd" = "June twenty second" → "june 2 2". What sounds the same but is another word ("for"
    and "four") stays an error.

    Capitals mean spelling here, so a reference that is all capitals is lowered before it comes in.
    """
    text = unicodedata.normalize("NFKC", text)
    text = _SPELLED.sub(lambda run: " ".join(run[0].replace("-", "")), text)
    text = text.lower().replace("'", "").replace("\u2019", "")
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"[^\w]|_", " ", text)
    text = _ORDINAL.sub(r"\1", text)
    text = _CODE.sub(lambda code: " ".join(code[0]), text)
    text = alpha2digit(re.sub(r"\boh\b", "zero", text), "en", 0)
    text = _DIGITS.sub(lambda digits: f" {' '.join(digits[0])} ", _ORDINAL.sub(r"\1", text))
    return " ".join(text.split())


def rates(references: Sequence[str], hypotheses: Sequence[str]) -> Rates:
    """Compare what was said with what was heard; both as written."""
    said = [normalise(text) for text in references]
    heard = [normalise(text) for text in hypotheses]
    return Rates(
        wer=jiwer.wer(said, heard),
        # without blanks: how letters and digits are grouped is no error at all here
        cer=jiwer.cer([_joined(text) for text in said], [_joined(text) for text in heard]),
        exact=sum(map(str.__eq__, said, heard)) / len(said),
    )


def _joined(text: str) -> str:
    return text.replace(" ", "")
