"""What a reply has said so far, how long it took to come, and how much of it was heard."""

import time

from dialogue.agent import Exchange
from telephony.timings import TurnTimings
from voice.audio import FRAME_SECONDS, SpokenFrame
from voice.ears import CallerSilent, Utterance


class Spoken:
    """One reply to `event`, which happened just now; no event is the call's beginning.

    So many seconds of the caller's voice were `unheard` then: the ASR was behind.
    """

    def __init__(self, event: Utterance | CallerSilent | None = None, unheard: float = 0.0) -> None:
        self.event = event
        self._unheard = unheard
        self.start: float | None = None  # media time of the first frame
        self._asked = time.perf_counter()
        self._first_clause: float | None = None
        self._first_frame: float | None = None
        self._line = 0.0
        self._clauses: list[tuple[str, list[float]]] = []  # text, share said by each frame's end

    @property
    def text(self) -> str:
        """All that was said, heard or not."""
        return " ".join(text for text, _ in self._clauses)

    def begin(self, clause: str) -> None:
        """Note that this clause comes next."""
        self._first_clause = self._first_clause or time.perf_counter()
        self._clauses.append((clause, []))

    def add(self, frame: SpokenFrame, now: float, line: float = 0.0) -> None:
        """Note a frame of the clause; `now` is media time, `line` the line's delay, in seconds."""
        if self.start is None:
            self.start, self._first_frame, self._line = now, time.perf_counter(), line
        self._clauses[-1][1].append(frame.said)

    def end(self) -> None:
        """Note that the clause is over; one without a sound ("…") was not said."""
        if not self._clauses[-1][1]:
            self._clauses.pop()

    def until(self, seconds: float) -> str:
        """Return the words that the first so many seconds of the reply hold."""
        left = round(seconds / FRAME_SECONDS)
        heard: list[str] = []
        for text, shares in self._clauses:
            if left <= 0 or not shares:
                break
            heard += words_within(text, shares[min(left, len(shares)) - 1])
            left -= len(shares)
        return " ".join(heard)

    def timings(self, exchange: Exchange) -> TurnTimings:
        """Return how long the reply took, part by part."""
        endpoint = asr = overrun = hangover = line = None
        if isinstance(self.event, Utterance):
            endpoint, hangover = self.event.at - self.event.end, self.event.hangover
            asr = self.event.asr_seconds
            overrun = max(self.event.asr_overrun_seconds, self._unheard)
        first_audio = voice_to_voice = None
        if self._first_frame is not None and self._first_clause is not None:
            first_audio, line = self._first_frame - self._first_clause, self._line
            if endpoint is not None and overrun is not None and hangover is not None:
                waited = hangover + endpoint + overrun
                voice_to_voice = waited + self._first_frame - self._asked + line
        return TurnTimings.from_seconds(
            endpoint,
            asr,
            exchange.nlu_seconds,
            exchange.dialogue_seconds,
            first_audio,
            voice_to_voice,
            overrun,
            hangover,
            line,
        )


def words_within(text: str, share: float) -> list[str]:
    """Return the words said when this share of the text, 0 to 1, has been said.

    A word takes its letters' share of the time; it counts when at least half of it was said.
    """
    words = text.split()
    budget = share * sum(len(word) + 1 for word in words)
    said = []
    for word in words:
        if budget < (len(word) + 1) / 2:
            break
        said.append(word)
        budget -= len(word) + 1
    return said
