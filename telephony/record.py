"""The record of a call, and its public JSON: `docs/call-record.md` and its schema explain it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from dialogue.agent import Exchange
from dialogue.privacy import masked
from nlu.mood import Trend
from nlu.understand import Sentiment, Understanding
from telephony.spoken import Spoken
from telephony.timings import TurnTimings
from voice.ears import CallerSilent, Utterance

VERSION = 1  # of the public JSON: raised when a field changes its meaning or goes
CALLER_HUNG_UP = "caller_hung_up"
FAILED = "failed"


@dataclass(frozen=True, slots=True)
class EndedRecord:
    """Why a caller's turn was taken to be over; see `voice.endpointing.Verdict`."""

    probability: float
    patience_s: float
    reasons: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One side's turn. Seconds are media time since the call began.

    `text` is what the caller said or the assistant meant to say, `heard` what of it reached the
    other side. Intent, confidence, slots and sentiment are the caller's; the assistant's are the
    sources and the `trace`: the rules that led to what it said. `sentiment_score` is -1 to 1, and
    takes in the voice where it was measured. `answered` says how a language model's answer came
    about, where one was asked. `ended` says why the caller's turn was over, where that was judged.
    """

    speaker: str
    start_s: float
    end_s: float
    text: str
    heard: str
    intent: str | None = None
    confidence: float | None = None
    slots: Mapping[str, str] = field(default_factory=dict)
    sentiment: str | None = None
    sources: tuple[str, ...] = ()
    timings_ms: TurnTimings = field(default_factory=TurnTimings)
    sentiment_score: float | None = None
    trace: tuple[str, ...] = ()
    answered: str = ""
    language: str = ""
    ended: EndedRecord | None = None


@dataclass(frozen=True, slots=True)
class PhoneRecord:
    """What only a phone call has. `began` is ISO 8601; `streams` is how often we were connected.

    `happenings` is what was told about the call, in order: status callbacks, hand-offs, recordings.
    """

    caller: str
    called: str
    outbound: bool
    began: str
    streams: int
    happenings: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class MoodRecord:
    """How the caller felt over the call, and where it was going: see `nlu.mood.Trend`."""

    level: float
    slope: float
    direction: str
    lowest: float
    negatives_in_a_row: int


@dataclass(frozen=True, slots=True)
class ForesightRecord:
    """How many replies were prepared in pauses, and how many of those were given up.

    `supposed` are those to the likeliest answer, prepared before the caller spoke.
    """

    begun: int = 0
    dropped: int = 0
    supposed: int = 0

    def __add__(self, more: "ForesightRecord") -> "ForesightRecord":
        return ForesightRecord(
            self.begun + more.begun, self.dropped + more.dropped, self.supposed + more.supposed
        )


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A whole call; `line` is wav, microphone or twilio, `models` maps names to SHA-256."""

    call: str
    assistant: str
    line: str
    seconds: float
    outcome: str
    turns: tuple[TurnRecord, ...]
    models: Mapping[str, str]
    phone: PhoneRecord | None = None
    foresight: ForesightRecord = ForesightRecord()

    @property
    def mood(self) -> MoodRecord | None:
        """The caller's at the end of the call; None if no turn told of it."""
        trend = Trend()
        for sentiment in answered_sentiments(self.turns):
            trend = trend.after(sentiment)
        if not trend.turns:
            return None
        level, slope, lowest = (round(x, 3) for x in (trend.level, trend.slope, trend.lowest))
        return MoodRecord(level, slope, trend.direction.value, lowest, trend.negatives)

    def as_json(self) -> dict[str, Any]:
        """Return the public form: plain dicts, lists, strings, numbers and None."""
        mood = asdict(self.mood) if self.mood else None
        return {"version": VERSION, **asdict(self), "mood": mood}


def answered_sentiments(turns: Iterable[TurnRecord]) -> Iterator[Sentiment]:
    """Yield each caller's turn's; what went unanswered is said again in the next one's words."""
    last: Sentiment | None = None
    for turn in turns:
        if turn.speaker == "caller" and turn.sentiment and turn.sentiment_score is not None:
            last = Sentiment(turn.sentiment, turn.sentiment_score)
        elif turn.speaker == "assistant" and turn.heard and last:
            yield last
            last = None
    if last:
        yield last


class Record:
    """Collects one call's turns as they happen and shows each to `on_turn`.

    A call may come back from a person, or reconnect: the turns of its next stream follow in time on
    those before.
    """

    def __init__(self, on_turn: Callable[[TurnRecord], None] = lambda turn: None) -> None:
        self.turns: list[TurnRecord] = []
        self.seconds = 0.0
        self.outcome = CALLER_HUNG_UP
        self.foresight = ForesightRecord()
        self._on_turn = on_turn
        self._began = 0.0  # where in the call the stream under way began
        self._last_event: Utterance | CallerSilent | None = None

    def caller(self, spoken: Spoken, exchange: Exchange) -> None:
        """Add what the caller said, once, as soon as it is understood or its reply is over."""
        event = spoken.event
        if isinstance(event, Utterance) and event is not self._last_event:
            self._last_event = event
            self._add(_caller_turn(event, exchange, spoken.timings(exchange)))

    def assistant(self, spoken: Spoken, heard: str, now: float, exchange: Exchange) -> None:
        """Add what was answered up to the media time `now`; `heard` reached the caller's ear."""
        if spoken.start is not None:
            text = masked(spoken.text, exchange.secrets)  # word for word
            self._add(
                TurnRecord(
                    speaker="assistant",
                    start_s=round(spoken.start, 2),
                    end_s=round(now, 2),
                    text=text,
                    heard=" ".join(text.split()[: len(heard.split())]),
                    sources=tuple(masked(source, exchange.secrets) for source in exchange.sources),
                    timings_ms=spoken.timings(exchange),
                    trace=exchange.trace,
                    answered=masked(exchange.answered, exchange.secrets),
                    language=exchange.language,
                )
            )

    def foresaw(self, prepared: ForesightRecord) -> None:
        """Add what a stream prepared ahead."""
        self.foresight += prepared

    def go_on(self) -> None:
        """Begin another stream of the same call: its media time starts at 0 again."""
        self._began = self.seconds
        self.outcome = CALLER_HUNG_UP

    def fail(self) -> None:
        """Note that the call broke down, whatever the dialogue came to."""
        self.outcome = FAILED

    def finish(self, seconds: float, outcome: str | None) -> None:
        """Close the record: the stream took this many seconds of media time."""
        self.seconds = round(self._began + seconds, 2)
        if self.outcome != FAILED:
            self.outcome = outcome or CALLER_HUNG_UP

    def _add(self, turn: TurnRecord) -> None:
        turn = replace(
            turn,
            start_s=round(self._began + turn.start_s, 2),
            end_s=round(self._began + turn.end_s, 2),
        )
        self.turns.append(turn)
        self._on_turn(turn)


def _caller_turn(utterance: Utterance, exchange: Exchange, timings: TurnTimings) -> TurnRecord:
    understood, secrets = exchange.understanding, exchange.secrets
    text = masked(utterance.transcript.text, secrets)
    turn = TurnRecord(
        speaker="caller",
        start_s=round(utterance.start, 2),
        end_s=round(utterance.end, 2),
        text=text,
        heard=text,
        timings_ms=replace(
            timings, dialogue=None, tts_first_audio=None, voice_to_voice=None, line=None
        ),
        language=utterance.transcript.language,
        ended=_ended(utterance),
    )
    if understood is None:
        return turn
    return replace(
        turn,
        intent=understood.intent,
        confidence=round(understood.confidence, 3),
        slots={slot.name: masked(slot.value, secrets) for slot in understood.slots},
        sentiment=understood.sentiment.label,
        sentiment_score=None if utterance.keys else round(_score(understood, exchange), 3),
    )


def _ended(utterance: Utterance) -> EndedRecord | None:
    verdict = utterance.verdict
    if verdict is None:
        return None
    return EndedRecord(round(verdict.probability, 3), round(verdict.patience, 2), verdict.reasons)


def _score(understood: Understanding, exchange: Exchange) -> float:
    return exchange.mood.score if exchange.mood else understood.sentiment.score
