"""A caller's mood over a call: each turn's sentiment, how it develops, and what the voice adds.

Pure and immutable: `Trend.after` gives the trend with one more turn. The words decide what a caller
feels. Their voice only says how strongly: next to how they spoke at first, a loud, fast, high voice
makes negative words weigh more, and never makes neutral or pleased ones negative. Joy, hurry and a
bad line raise a voice, too (Juslin & Laukka 2003, "Communication of emotions in vocal expression
and music performance", Psychological Bulletin 129: anger and joy share level, rate and pitch).
"""

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from nlu.understand import Sentiment

# Assumptions, not measured, of what is between -1 and 1:
SMOOTHING = 0.4  # the last turn's share of the level: after three more turns 22 % of it is left
NEUTRAL_SMOOTHING = 0.2  # of a neutral one: who is angry still says their number calmly
SLOPE_SMOOTHING = 0.5  # the last change's share of the slope: the last two turns are most of it
STEADY = 0.05  # per turn; a slope no steeper goes nowhere
AROUSAL_GAIN = 0.25  # how much heavier negative words weigh for each deviation above the usual
MOST_AROUSAL = 2.0  # standard deviations; what is beyond is more often a noise than a feeling

BASELINE_TURNS = 3  # how somebody speaks is learned from so many turns
# A speaker's standard deviation from one utterance to the next. Measured with voice/prosody.py on
# AN4 (20 speakers, read calmly), cut to 300-3400 Hz as a telephone does: 2.5 dB, 0.7 Hz, 1.4 st.
LEVEL_SPREAD_DB = 2.5
RATE_SPREAD_HZ = 0.7
PITCH_SPREAD_ST = 1.4


@dataclass(frozen=True, slots=True)
class AcousticCue:
    """How a turn was said: its level in dB, syllables per second, median pitch in Hz.

    The level is relative to anything that stays the same during a call. None: not known.
    """

    level_db: float | None = None
    rate_hz: float | None = None
    pitch_hz: float | None = None


@dataclass(frozen=True, slots=True)
class RunningMean:
    """The mean of what a voice did in its first turns, and of how many turns."""

    mean: float = 0.0
    turns: int = 0

    def learn(self, value: float | None) -> Self:
        """Return it with one more turn, as long as it is learned."""
        if value is None or self.turns >= BASELINE_TURNS:
            return self
        turns = self.turns + 1
        return replace(self, mean=self.mean + (value - self.mean) / turns, turns=turns)

    def deviation(self, value: float | None, spread: float) -> float | None:
        """Return by how many standard deviations a value is above it; None if that is not known."""
        if value is None or self.turns < BASELINE_TURNS:
            return None
        return (value - self.mean) / spread


@dataclass(frozen=True, slots=True)
class Baseline:
    """How a caller usually speaks: level in dB, rate in Hz, pitch in semitones above 1 Hz."""

    level: RunningMean = field(default_factory=RunningMean)
    rate: RunningMean = field(default_factory=RunningMean)
    pitch: RunningMean = field(default_factory=RunningMean)

    def learn(self, cue: AcousticCue) -> Self:
        """Return the baseline with one more turn in it, as long as it is learned."""
        return replace(
            self,
            level=self.level.learn(cue.level_db),
            rate=self.rate.learn(cue.rate_hz),
            pitch=self.pitch.learn(_semitones(cue.pitch_hz)),
        )

    def arousal(self, cue: AcousticCue) -> float:
        """Return how far above the usual a turn was said, 0 to MOST_AROUSAL.

        The mean over level, rate and pitch, as far as they are known, in standard deviations: all
        three must rise for much.
        """
        deviations = (
            self.level.deviation(cue.level_db, LEVEL_SPREAD_DB),
            self.rate.deviation(cue.rate_hz, RATE_SPREAD_HZ),
            self.pitch.deviation(_semitones(cue.pitch_hz), PITCH_SPREAD_ST),
        )
        known = [_limited(each, 2 * MOST_AROUSAL) for each in deviations if each is not None]
        return max(0.0, min(MOST_AROUSAL, sum(known) / len(known))) if known else 0.0


class Direction(StrEnum):
    """Where a mood is going."""

    BETTER = "better"
    STEADY = "steady"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class Trend:
    """The caller's mood after so many `turns`; every score is between -1 and 1, 0 is neutral.

    `score` is the last turn's, `level` the exponentially weighted mean from a neutral beginning,
    `slope` the exponentially weighted change of the level per turn, `lowest` the worst turn's
    score; `negatives` counts the negative turns in a row up to now.
    """

    turns: int = 0
    score: float = 0.0
    level: float = 0.0
    slope: float = 0.0
    lowest: float = 0.0
    negatives: int = 0
    arousal: float = 0.0  # of the last turn, in standard deviations
    baseline: Baseline = field(default_factory=Baseline)

    @property
    def direction(self) -> Direction:
        """Whether it gets better or worse."""
        if abs(self.slope) <= STEADY:
            return Direction.STEADY
        return Direction.BETTER if self.slope > 0 else Direction.WORSE

    def after(self, sentiment: Sentiment, cue: AcousticCue | None = None) -> Self:
        """Return the trend with one more turn: what its words told, and how it was said."""
        arousal = self.baseline.arousal(cue) if cue else 0.0
        score = fused(sentiment, arousal)
        share = NEUTRAL_SMOOTHING if sentiment.label == "neutral" else SMOOTHING
        level = self.level + share * (score - self.level)
        return replace(
            self,
            turns=self.turns + 1,
            score=score,
            level=level,
            slope=self.slope + SLOPE_SMOOTHING * (level - self.level - self.slope),
            lowest=min(self.lowest, score) if self.turns else score,
            negatives=self.negatives + 1 if sentiment.label == "negative" else 0,
            arousal=arousal,
            baseline=self.baseline.learn(cue) if cue else self.baseline,
        )


def fused(sentiment: Sentiment, arousal: float) -> float:
    """Return the score of words that were said so far above the usual voice; see `arousal`."""
    if sentiment.label != "negative":
        return sentiment.score
    return _limited(sentiment.score * (1 + AROUSAL_GAIN * arousal), 1.0)


def _limited(value: float, most: float) -> float:
    return max(-most, min(most, value))


def _semitones(hertz: float | None) -> float | None:
    return 12 * math.log2(hertz) if hertz else None
