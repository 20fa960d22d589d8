"""Is a pause the end of a turn? Evidence in, probability and patience out. Pure.

People do not wait for silence: they hear that a sentence is over. So do these ears. What is known
at a pause (the words, how the voice sounded, what the dialogue expects) gives the odds that the
turn is over. The better they are, the less silence is waited
for; and the longer this caller's own pauses, the more.

The weights are fitted by `python -m tests.bench.endpoint --fit`.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Self

from voice.expectation import OPEN_SPEECH, Expectation, Kind

LONGEST_PATIENCE = 1.6  # seconds of silence: when something is missing, or for a very slow caller
FAMILIAR = 10.0  # pauses of a caller's own that count as much as those of all others together


class Eagerness(StrEnum):
    """How soon to answer; the field's own word for it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


_WAITS = {  # of the silence that was fitted: where a turn is surely over, and where it is not
    Eagerness.LOW: (1.5, 1.5),
    Eagerness.MEDIUM: (1.0, 1.0),
    Eagerness.HIGH: (0.6, 1.0),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known at a pause.

    `words` so far and the ASR's `confidence` in them; `sounds_finished` as `voice.end_of_turn`
    says, None without it. `understood` is how sure the dialogue is what they ask for, None where
    they ask for nothing that it knows. `pace` is this caller's pauses within turns against
    everybody's: 2 are twice as long.
    """

    words: str = ""
    confidence: float = 0.0
    sounds_finished: float | None = None
    expected: Expectation = OPEN_SPEECH
    pace: float = 1.0
    understood: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """How likely the turn is over, after how many seconds of silence it is, and why.

    `reasons` are the features that count, each with what it adds to the log odds.
    """

    probability: float
    patience: float
    reasons: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Model:
    """What was fitted: the weights of the features, and how odds become patience.

    Log odds of `sure` and above wait `least` seconds, those of `unsure` and below `most`; between
    them it is a straight line.
    """

    bias: float
    weights: Mapping[str, float]
    sure: float
    unsure: float
    least: float
    most: float

    def patience(self, log_odds: float, pace: float) -> float:
        """Seconds of silence after which the turn is over, for a caller of this pace."""
        doubt = (self.sure - log_odds) / (self.sure - self.unsure)
        beyond = min(1.0, max(0.0, doubt)) * (self.most - self.least)
        return min(LONGEST_PATIENCE, self.least + beyond * pace)

    def with_eagerness(self, eagerness: Eagerness) -> Self:
        """Return it with more or less silence."""
        least, most = _WAITS[eagerness]
        return replace(self, least=self.least * least, most=self.most * most)


@dataclass(frozen=True, slots=True)
class Models:
    """One for what answers a question of ours, and one for what callers say of their own accord.

    `usual` are the seconds of a usual pause within a turn.
    """

    answer: Model
    open: Model
    usual: float

    def of(self, expected: Expectation) -> Model:
        """The one for what is expected."""
        return self.open if _is_open(expected) else self.answer

    def with_eagerness(self, eagerness: Eagerness) -> Self:
        """Return them with more or less silence."""
        return replace(
            self,
            answer=self.answer.with_eagerness(eagerness),
            open=self.open.with_eagerness(eagerness),
        )


_SENTENCE_END = re.compile(r"[.?!。？！]$")
_TRAILING = re.compile(  # a stop after the last of these words may be Whisper's own
    r"(?:,|-|…|\.\.\.|\b(?:and|or|but|um|uh|er|the|a|an|my|because|with)\W*"
    r"|\b(?:so|to|of|for|is|it's))\s*$",
    re.IGNORECASE,
)
_BETWEEN_SENTENCES = re.compile(r"(?<=[.?!])\s+")
_BETWEEN_CLAUSES = re.compile(r"(?<=[.?!,])\s+")  # a stop is a comma to Whisper, or a full stop
_OPENING = r"^(?:(?:so|and|but|well|hi|hello)\b\W*)*"
_ASKS = r"(?:how|what|when|where|which|who|why)\b"
_WISH = re.compile(  # what somebody does not want is a reason, and "when it came" part of a tale
    r"(?<!n['\u2019]t )(?<!\bnot )\b(?:please(?! (?:do not|don['\u2019]t)\b)|want|need|would like"
    r"|I'd like|looking for|(?:can|could|may) (?:I|you|we)|let me|tell me|give me|get me|send me"
    rf"|cancel)\b|{_OPENING}{_ASKS}|\b{_ASKS}(?=.*\?$)",
    re.IGNORECASE,
)
_TALE = re.compile(  # of the caller, or of what has happened: mostly there is a reason to tell it
    rf"{_OPENING}(?:I|I'm|my|it|it's|there|the|we|he|she|they)\b"
    r"|\b(?:was|were|had|bought|ordered|sent|gave|came|got|moved|paid|told|been|has|have)\b",
    re.IGNORECASE,
)
_SPELLED = re.compile(r"\b(?:\w|\d+)\W*$")  # ends in a letter alone, or in figures
_DIGIT = re.compile(
    r"\d|[零〇幺一二三四五六七八九]"
    r"|\b(?:zero|one|two|three|four|five|six|seven|eight|nine)\b|(?<=\w )oh?\b",
    re.IGNORECASE,
)
_ENDS_IN_DIGIT = re.compile(rf"(?:{_DIGIT.pattern})\W*$", re.IGNORECASE)
_YES_NO = re.compile(
    r"\b(?:yes|yeah|yep|yup|sure|correct|right|exactly|okay|ok|no|nope|nah|wrong)\b"
    r"|是|对(?!不)|好|不(?!起)|可以|没错|行",
    re.IGNORECASE,
)
_ENOUGH = re.compile(
    r"\W*(?=.*\b(?:no|nope|nah|nothing|that['\u2019]s|that is|that['\u2019]ll|all set|done|good"
    r"|fine|not (?:today|now)|bye|goodbye)\b)"
    r"(?:(?:no|nope|nah|nothing(?: else)?|not (?:today|now)|i think"
    r"|(?:and )?that(?:['\u2019]s| is|['\u2019]ll be) (?:all|it|everything)"
    r"|i(?:['\u2019]m| am) (?:good|fine|all set|done)|all (?:set|good)"
    r"|thanks?(?: you)?(?: (?:so|very) much)?|for (?:now|today)|okay|ok|great"
    r"|good|goodbye|bye)\b\W*)++"
    r"|\W*(?:(?:不用|没有|没|不需要|不)了?(?:别的)?了?|就这些|谢谢你?|再见|拜拜)"
    r"(?:\W*(?:谢谢你?|再见|拜拜|了|就这些))*+\W*",
    re.IGNORECASE,
)
MISSING = -4.0  # log odds
_SURELY = 4.0  # log odds: as sure as smart-turn, or the understanding, may be
SURE_REQUEST = 0.95  # understood better, a request may be a whole one


def features(evidence: Evidence) -> dict[str, float]:
    """What counts, as numbers: mostly 1 for so and 0 for not."""
    words = evidence.words.strip()
    last = _BETWEEN_SENTENCES.split(words)[-1]
    *told, point = _BETWEEN_CLAUSES.split(words)
    wish, question = bool(_WISH.search(last)), words.endswith(("?", "？"))
    asks = question or bool(_WISH.search(point))
    found: dict[str, float] = {
        "no words": not words,
        "one word": bool(words) and not re.search(r"\s|\w[\u4e00-\u9fff]", words),
        "sentence": bool(_SENTENCE_END.search(words)),
        "question": question,
        "wish": wish,
        "tale": bool(_TALE.search(last)) and not (wish or question),
        "comes to the point": asks and any(map(_TALE.search, told)),
        "spelled": bool(_SPELLED.search(words)),
        "doubtful words": 1 - evidence.confidence if words else 0.0,
        "sounds finished": _log_odds(evidence.sounds_finished),
        "understood": _surer(evidence.understood),
        "all that was asked for": _is_whole(words, evidence.expected)
        and not lacks(words, evidence.expected),
    }
    return {name: float(value) for name, value in found.items()}


def is_worth_listening(evidence: Evidence) -> bool:
    """Whether it matters how the voice sounded: smart-turn takes a tenth of a second of a core.

    In answers to a question it saves callers a fifth of the wait, unless the words are all that was
    asked for, or something is missing anyway. Of what they say of their own accord it knows less
    than the words do.
    """
    words, expected = evidence.words.strip(), evidence.expected
    return not (_is_open(expected) or _is_whole(words, expected) or lacks(words, expected))


def is_worth_understanding(evidence: Evidence) -> bool:
    """Whether it matters how sure it is what is asked for: in open speech that could be over."""
    return _is_open(evidence.expected) and not lacks(evidence.words.strip(), evidence.expected)


def _is_open(expected: Expectation) -> bool:
    return expected.kind in (Kind.OPEN, Kind.MORE)


def _is_whole(words: str, expected: Expectation) -> bool:
    match expected:
        case Expectation(Kind.YES_NO):
            return bool(_YES_NO.search(words))
        case Expectation(Kind.MORE):
            return bool(_ENOUGH.fullmatch(words))
        case Expectation(Kind.DIGITS | Kind.CODE, int(length)):
            return len(_DIGIT.findall(words)) >= length
        case _:
            return False


def lacks(words: str, expected: Expectation) -> bool:
    """Whether something is clearly missing: the rest of a number, or of a sentence that hangs."""
    match expected:
        case Expectation(Kind.DIGITS | Kind.CODE, int()) if _ENDS_IN_DIGIT.search(words):
            return not _is_whole(words, expected)
        case _:
            return bool(_TRAILING.search(words))


def _log_odds(probability: float | None) -> float:
    if probability is None:
        return 0.0
    held = min(max(probability, 1e-9), 1 - 1e-9)
    return min(_SURELY, max(-_SURELY, math.log(held / (1 - held))))


def _surer(understood: float | None) -> float:
    """How much surer than of a request that may be whole, in log odds; others tell nothing."""
    return max(0.0, _log_odds(understood or 0.0) - _log_odds(SURE_REQUEST))


def judge(evidence: Evidence, models: Models | None = None) -> Verdict:
    """Weigh the evidence."""
    model = (models or fitted()).of(evidence.expected)
    reasons = {
        name: round(model.weights[name] * value, 3)
        for name, value in features(evidence).items()
        if value and model.weights[name]
    }
    missing = lacks(evidence.words, evidence.expected)
    if missing:
        reasons["something is missing"] = MISSING
    log_odds = model.bias + sum(reasons.values())
    probability = 1 / (1 + math.exp(-log_odds))
    patience = LONGEST_PATIENCE if missing else model.patience(log_odds, evidence.pace)
    return Verdict(probability, patience, reasons)


@cache
def fitted() -> Models:
    """What ships."""
    text = files("voice").joinpath("data", "endpointing.json").read_text(encoding="utf-8")
    told = json.loads(text)
    return Models(Model(**told["answer"]), Model(**told["open"]), told["usual"])
