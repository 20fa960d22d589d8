"""Turn-taking: when a caller begins, pauses and has finished. Pure: no sound, no clock, no I/O.

::

    idle ──onset of speech──► speaking ──short silence──► pausing ──patience used up──► idle
         SpeechStarted         ▲    Pause  │             ▲   │         TurnEnded
                               │           └─► fading ───┘   │
                               └───────speech again──────────┘
                                       SpeechResumed

Whoever is speaking falls silent at a hint of speech already, and goes on when it fades. How long a
pause may last is what `voice.endpointing` makes of the evidence that `judge` is given in it.
"""

import math
import re
from dataclasses import dataclass, replace
from enum import Enum, auto

from voice.audio import FRAME_SECONDS
from voice.endpointing import FAMILIAR, Eagerness, Evidence, Verdict, fitted, judge

BREATH_SECONDS = 0.12  # a shorter silence is the closing of a sound, and tells nothing of the pace


@dataclass(frozen=True, slots=True)
class TurnOptions:
    """When a turn begins and ends. Seconds are media time."""

    speech_probability: float = 0.45  # a frame at or above it is speech: the VAD's own threshold
    silence_ratio: float = 0.75  # of it; below that a frame is silence, between the two as before
    hint_seconds: float = 0.04  # this much speech may be the beginning of a turn
    hint_fades_seconds: float = 0.16  # … but not if it has not become one by then
    onset_seconds: float = 0.12  # this much speech begins a turn: shorter are clicks
    resume_seconds: float = 0.06  # this much speech ends a pause
    fading_probability: float = 0.9  # a faint frame below it may be the beginning of a pause
    pause_seconds: float = 0.02  # after this silence the ASR may transcribe what it has
    patience_seconds: float = 0.9  # a pause may last, where nobody judges it
    eagerness: Eagerness = Eagerness.MEDIUM  # to answer, where somebody does
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
    """The caller spoke from `start` to `end` and falls silent; it may be over."""

    start: float
    end: float
    at: float


@dataclass(frozen=True, slots=True)
class SpeechResumed:
    """The pause was none between turns: the caller goes on."""

    at: float


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The caller spoke from `start` to `end`, paused (`Pause.at`) at `paused`; decided at `at`.

    `verdict` says why; None where nobody judged the pause, or there was none.
    """

    start: float
    end: float
    paused: float
    at: float
    verdict: Verdict | None = None


TurnEvent = SpeechHinted | HintFaded | SpeechStarted | Pause | SpeechResumed | TurnEnded


class _State(Enum):
    IDLE = auto()
    SPEAKING = auto()
    FADING = auto()  # a pause that the VAD has not called silent yet: it counts, but ends nothing
    PAUSING = auto()


class TurnTaker:
    """Feed it every frame's probability of speech, in order; it says when the turn changes.

    It counts frames, so that the same sound gives the same turns wherever in the call it stands.
    """

    def __init__(self, options: TurnOptions | None = None) -> None:
        self._options = options or TurnOptions()
        self._models = fitted().with_eagerness(self._options.eagerness)
        self._state = _State.IDLE
        self._hinted = 0  # frames since the hint that the caller may speak; 0 without one
        self._speech = 0  # frames of speech in a row, that may become an onset or a resumption
        self._silence = 0  # frames since the last that was not silence
        self._length = 0  # frames since the turn began
        self._start = self._end = self._paused = 0.0
        self._verdict: Verdict | None = None  # on the pause under way
        self._pauses: list[float] = []  # of this caller within turns, seconds

    @property
    def pace(self) -> float:
        """How long this caller's pauses within turns are against everybody's: 2 are twice as long.

        A geometric mean, in which what nobody has heard of this caller yet counts as 1. It is 1 at
        least: a pause that was too long for our patience is not among those that were heard.
        """
        ratios = (math.log(each / self._models.usual) for each in self._pauses)
        return math.exp(max(0.0, sum(ratios)) / (len(self._pauses) + FAMILIAR))

    def judge(self, evidence: Evidence) -> Verdict:
        """Weigh what is known in the pause under way; it lasts until speech or patience end it."""
        self._verdict = judge(replace(evidence, pace=self.pace), self._models)
        return self._verdict

    def hear(self, at: float, probability: float, faint: bool = False) -> TurnEvent | None:
        """Take the frame at media time `at`; `faint`: it is much fainter than those before it."""
        threshold = self._options.speech_probability
        silence = probability < threshold * self._options.silence_ratio
        fading = faint and probability < self._options.fading_probability
        if probability >= threshold and not (fading and self._state is _State.FADING):
            self._speech += 1
        elif silence:
            self._speech = 0
        after = at + FRAME_SECONDS
        match self._state:
            case _State.IDLE:
                return self._idle(after)
            case _State.SPEAKING:
                return self._speaking(after, silence, fading)
            case _State.FADING | _State.PAUSING:
                self._state = _State.PAUSING if silence else self._state
                return self._pausing(after)

    def cut(self, at: float) -> TurnEnded | None:
        """End the turn now, if there is one: the caller hung up, or went on by pressing keys."""
        self._speech = self._hinted = 0
        if self._state is _State.IDLE:
            return None
        if self._state is _State.SPEAKING:
            self._paused = at
        self._verdict = None
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
        self._hinted = self._speech = 0
        return HintFaded(after)

    def _speaking(self, after: float, silence: bool, fading: bool) -> TurnEvent | None:
        self._length += 1
        self._silence += 1
        if not silence:
            self._silence, self._end = 0, after
        if self._length >= _frames(self._options.longest_seconds):
            self._paused = after
            return self._ended(after)
        if self._silence < _frames(self._options.pause_seconds) and not fading:
            return None
        self._state = _State.PAUSING if silence else _State.FADING
        self._paused, self._verdict, self._speech = after, None, 0
        return Pause(self._start, self._end, after)

    def _pausing(self, after: float) -> TurnEvent | None:
        self._length += 1
        self._silence += 1
        if resumed := self._resumed(after):
            return resumed
        patience = self._verdict.patience if self._verdict else self._options.patience_seconds
        over = self._state is _State.PAUSING and not self._speech
        return self._ended(after) if over and self._silence >= _frames(patience) else None

    def _resumed(self, after: float) -> SpeechResumed | None:
        if self._speech < _frames(self._options.resume_seconds):
            return None
        pause = after - self._speech * FRAME_SECONDS - self._end
        if pause >= BREATH_SECONDS:
            self._pauses.append(pause)
        self._state, self._silence, self._end = _State.SPEAKING, 0, after
        return SpeechResumed(after)

    def _ended(self, at: float) -> TurnEnded:
        verdict = self._verdict if self._state is _State.PAUSING else None
        self._state, self._speech = _State.IDLE, 0
        return TurnEnded(self._start, self._end, self._paused, at, verdict)


def _frames(seconds: float) -> int:
    return round(seconds / FRAME_SECONDS)


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
