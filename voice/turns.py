"""Turn-taking: when a caller begins, pauses and has finished. Pure: no sound, no clock, no I/O.

::

    idle ──onset of speech──► speaking ──short silence──► pausing ──patience used up──► idle
         SpeechStarted           ▲           Pause           │          TurnEnded
                                 └──────speech again─────────┘

Whoever is speaking falls silent at a hint of speech already, and goes on when it fades.
How long a pause may last depends on what the dialogue expects and on what was said so far: a yes
or a complete order number needs no more waiting, a number that lacks digits does.
"""

import re
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

from voice.audio import FRAME_SECONDS


class Kind(StrEnum):
    """The shape of an answer."""

    OPEN = "open"
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


@dataclass(frozen=True, slots=True)
class TurnOptions:
    """When a turn begins and ends. Seconds are media time."""

    speech_probability: float = 0.45  # a frame at or above it is speech: the VAD's own threshold
    silence_ratio: float = 0.75  # of it; below that a frame is silence, between the two as before
    hint_seconds: float = 0.04  # this much speech may be the beginning of a turn
    hint_fades_seconds: float = 0.16  # … but not if it has not become one by then
    onset_seconds: float = 0.12  # this much speech begins a turn: shorter are clicks
    resume_seconds: float = 0.06  # this much speech ends a pause
    pause_seconds: float = 0.24  # after this silence the ASR may transcribe what it has
    complete_seconds: float = 0.4  # patience when the words are all that was asked for
    sentence_seconds: float = 0.6  # … when they end as a sentence does
    open_seconds: float = 0.9  # … when nothing tells
    unfinished_seconds: float = 1.6  # … when something is clearly missing
    longest_seconds: float = 28.0  # a turn is ended here, within Whisper's 30 s


@dataclass(frozen=True, slots=True)
class SpeechHinted:
    """The caller may be about to speak; SpeechStarted or HintFaded follows within 0.2 s."""

    at: float


@dataclass(frozen=True, slots=True)
class HintFaded:
    """The caller did not begin to speak."""

    at: float


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The caller began to speak at media time `at`."""

    at: float


@dataclass(frozen=True, slots=True)
class Pause:
    """The caller spoke from `start` to `end` and has been silent for a moment; it may be over."""

    start: float
    end: float
    at: float


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The caller spoke from `start` to `end`, paused (`Pause.at`) at `paused`; decided at `at`."""

    start: float
    end: float
    paused: float
    at: float


TurnEvent = SpeechHinted | HintFaded | SpeechStarted | Pause | TurnEnded


class _State(Enum):
    IDLE = auto()
    SPEAKING = auto()
    PAUSING = auto()


class TurnTaker:
    """Feed it every frame's probability of speech, in order; it says when the turn changes.

    It counts frames, so that the same sound gives the same turns wherever in the call it stands.
    """

    def __init__(self, options: TurnOptions | None = None) -> None:
        self._options = options or TurnOptions()
        self._state = _State.IDLE
        self._hinted = 0  # frames since the hint that the caller may speak; 0 without one
        self._speech = 0  # frames of speech in a row, that may become an onset or a resumption
        self._silence = 0  # frames since the last that was not silence
        self._length = 0  # frames since the turn began
        self._start = self._end = self._paused = 0.0

    def hear(
        self, at: float, probability: float, partial: str = "", expected: Expectation = OPEN_SPEECH
    ) -> TurnEvent | None:
        """Take the frame at media time `at`; `partial` is the transcript up to the last pause."""
        threshold = self._options.speech_probability
        silence = probability < threshold * self._options.silence_ratio
        if probability >= threshold:
            self._speech += 1
        elif silence:
            self._speech = 0
        after = at + FRAME_SECONDS
        match self._state:
            case _State.IDLE:
                return self._idle(after)
            case _State.SPEAKING:
                return self._speaking(after, silence)
            case _State.PAUSING:
                return self._pausing(after, partial, expected)

    def cut(self, at: float) -> TurnEnded | None:
        """End the turn now, if there is one: the caller hung up, or went on by pressing keys."""
        self._speech = self._hinted = 0
        if self._state is _State.IDLE:
            return None
        if self._state is _State.SPEAKING:
            self._paused = at
        return self._ended(at)

    def _idle(self, after: float) -> TurnEvent | None:
        if self._speech < _frames(self._options.onset_seconds):
            return self._hint(after)
        self._hinted = 0
        self._state, self._length, self._silence = _State.SPEAKING, self._speech, 0
        self._start, self._end = after - self._speech * FRAME_SECONDS, after
        return SpeechStarted(self._start)

    def _hint(self, after: float) -> TurnEvent | None:
        if not self._hinted:
            self._hinted = int(self._speech == _frames(self._options.hint_seconds))
            return SpeechHinted(after) if self._hinted else None
        self._hinted += 1
        if self._speech and self._hinted <= _frames(self._options.hint_fades_seconds):
            return None
        self._hinted = 0
        return HintFaded(after)

    def _speaking(self, after: float, silence: bool) -> TurnEvent | None:
        self._length += 1
        self._silence += 1
        if not silence:
            self._silence, self._end = 0, after
        if self._length >= _frames(self._options.longest_seconds):
            self._paused = after
            return self._ended(after)
        if self._silence < _frames(self._options.pause_seconds):
            return None
        self._state, self._paused = _State.PAUSING, after
        return Pause(self._start, self._end, after)

    def _pausing(self, after: float, partial: str, expected: Expectation) -> TurnEvent | None:
        self._length += 1
        self._silence += 1
        if self._speech >= _frames(self._options.resume_seconds):
            self._state, self._silence, self._end = _State.SPEAKING, 0, after
            return None
        if self._silence >= _frames(patience(partial, expected, self._options)):
            return self._ended(after)
        return None

    def _ended(self, at: float) -> TurnEnded:
        self._state, self._speech = _State.IDLE, 0
        return TurnEnded(self._start, self._end, self._paused, at)


def _frames(seconds: float) -> int:
    return round(seconds / FRAME_SECONDS)


_DIGIT = re.compile(
    r"\d|[零〇幺一二三四五六七八九]"
    r"|\b(?:zero|oh|o|one|two|three|four|five|six|seven|eight|nine)\b",
    re.IGNORECASE,
)
_YES_NO = re.compile(
    r"\b(?:yes|yeah|yep|yup|sure|correct|right|exactly|okay|ok|no|nope|nah|wrong|not)\b"
    r"|是|对|好|不|可以|没错|行",
    re.IGNORECASE,
)
_TRAILING = re.compile(
    r"(?:,|-|…|\.\.\.|\b(?:and|or|but|so|um|uh|er|the|a|an|my|to|of|for|is|it's|because|with)"
    r"|，|、|还有|然后|那个|就是|因为|我的|我要|嗯|呃)\W*$",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.?!。？！]$")


def patience(partial: str, expected: Expectation, options: TurnOptions) -> float:
    """Seconds of silence after which these words, in this situation, are a finished turn."""
    partial = partial.strip()
    digits = len(_DIGIT.findall(partial))
    hangs = bool(_TRAILING.search(partial))
    if expected.kind is Kind.YES_NO and _YES_NO.search(partial) and not hangs:
        return options.complete_seconds
    if expected.kind in {Kind.DIGITS, Kind.CODE} and expected.length is not None and digits:
        return options.complete_seconds if digits >= expected.length else options.unfinished_seconds
    if not partial:
        return options.open_seconds
    if hangs:
        return options.unfinished_seconds
    return options.sentence_seconds if _SENTENCE_END.search(partial) else options.open_seconds


_BACKCHANNELS = re.compile(
    r"\b(?:uh-?huh|m+-?h+m+|a+h*|h+m+|m+|u+h+|u+m+|oh+|(?:ha)+|ahem|okay|ok|yeah|yep|yes|right"
    r"|sure|alright|all right|i see|got it|great|good|fine|thanks|thank you|you"
    r"|good-?bye|bye(?:-?bye)?)\b"
    r"|[嗯哦啊噢]|好的?|是的?|对的?|行|可以|明白|知道了|谢谢你?|再见|拜拜",
    re.IGNORECASE,
)
MUMBLE_SECONDS = 1.0  # speech shorter than this
MUMBLE_CONFIDENCE = 0.5  # … of which the ASR is less sure than this: a cough heard as a word


def takes_floor(words: str, confidence: float, seconds: float) -> bool:
    """Say whether speech over somebody's own wants the floor.

    It does not when it only tells them to go on ("mhm", "okay"), or is a sound without words: a
    cough, a laugh, a door, or what the ASR makes a word of, but doubts.
    """
    if seconds < MUMBLE_SECONDS and confidence < MUMBLE_CONFIDENCE:
        return False
    return bool(re.search(r"\w", _BACKCHANNELS.sub("", words)))
