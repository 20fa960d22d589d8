"""Prosody: how loud, how fast and how high an utterance was said. 6 ms of CPU for 3 s of speech.

Plain NumPy instead of librosa, which Coqui TTS brings along: importing `librosa.yin` takes 2.6 s
of CPU and 210 MB (25 s before numba has filled its cache), and it gives silence a pitch, too;
`librosa.pyin`, which tells what is voiced, takes 165 ms for 3 s of sound. The autocorrelation
tells both, as in Praat, in a few lines (Boersma 1993, "Accurate short-term analysis of the
fundamental frequency", IFA Proceedings 17). It finds the period where the telephone has cut off
the fundamental, too.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from anyio import to_thread
from numpy.lib.stride_tricks import sliding_window_view

from voice.audio import FRAME_SECONDS, SAMPLE_RATE_HZ, Frame
from voice.resample import Resampler

RATE_HZ = 8_000  # what is measured is below 4 kHz, as the telephone is
HOP_SECONDS = 0.01
LOWEST_HZ, HIGHEST_HZ = 75.0, 500.0  # of a speaking voice: Praat's range
VOICING = 0.45  # autocorrelation from which sound is voiced: Praat's default
OCTAVE_COST = 0.01  # per octave, so that two periods are not taken for one: likewise
OWN_RANGE = (0.75, 1.5)  # of the quartiles of a voice; beyond are octave errors (De Looze & Hirst
# 2008, "Detecting changes in key and range for the automatic modelling…", Speech Prosody)
ACTIVE_DB = 25.0  # below the loudest is no speech (de Jong & Wempe 2009)
FLOOR_DBFS = -60.0  # nor is what is softer than this: a quiet line hisses, too
DIP_DB = 2.0  # between two syllables the level falls by at least this (de Jong & Wempe 2009)
PAUSE_SECONDS = 0.3  # a gap as long as this is no part of speaking (likewise)
LONGEST_SECONDS = 10.0  # the end of a longer turn tells enough; bounds what is computed
SHORTEST_PITCH_SECONDS = 0.1  # of voiced sound; less tells no pitch
SHORTEST_RATE_SECONDS = 0.8  # of speaking: in a "yes" one syllable more doubles the rate

_HOP = round(RATE_HZ * HOP_SECONDS)
_WINDOW = round(3 / LOWEST_HZ * RATE_HZ)  # three of the longest periods (Boersma 1993)
_FFT = 1 << (_WINDOW + round(RATE_HZ / LOWEST_HZ)).bit_length()
_LAGS = np.arange(round(RATE_HZ / HIGHEST_HZ), round(RATE_HZ / LOWEST_HZ) + 1)
_SMOOTHING = np.hanning(9)[1:-1] / np.hanning(9).sum()  # over 64 ms: Praat's at its lowest pitch

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Prosody:
    """How an utterance was said.

    `level_dbfs` is the level of its sound, pauses left out, below a full-scale square wave;
    `rate_hz` counts syllable nuclei per second of speaking; `pitch_hz` is the median of the
    fundamental frequency, `pitch_range_st` the semitones between its 10th and 90th percentile.
    None: too little was said to tell.
    """

    level_dbfs: float
    rate_hz: float | None
    pitch_hz: float | None
    pitch_range_st: float | None


Measure = Callable[[Sequence[Frame]], Awaitable[Prosody | None]]


async def measure(frames: Sequence[Frame]) -> Prosody | None:
    """Measure the end of an utterance, at most LONGEST_SECONDS, in a worker thread."""
    return await to_thread.run_sync(prosody, frames[-round(LONGEST_SECONDS / FRAME_SECONDS) :])


def prosody(frames: Sequence[Frame]) -> Prosody | None:
    """Measure an utterance; silence around it does no harm. None for silence alone or a click."""
    sound = _sound(frames)
    power = np.square(sound[: len(sound) // _HOP * _HOP]).reshape(-1, _HOP).mean(1)
    if len(power) < len(_SMOOTHING):
        return None
    levels = _decibels(np.convolve(power, _SMOOTHING, "same"))
    active = levels >= max(levels.max() - ACTIVE_DB, FLOOR_DBFS)
    if not active.any():
        return None
    pitches = np.zeros(len(levels))
    pitches[active] = _pitches(sound, active)
    voiced = pitches[pitches > 0]
    pitch = spread = None
    if len(voiced) * HOP_SECONDS >= SHORTEST_PITCH_SECONDS:
        low, pitch, high = map(float, np.percentile(voiced, (10, 50, 90)))
        spread = round(12 * float(np.log2(high / low)), 2)
    seconds = float(_without_gaps(active).sum()) * HOP_SECONDS
    nuclei = _nuclei(levels, pitches > 0)
    return Prosody(
        level_dbfs=round(float(_decibels(power[active].mean(keepdims=True))[0]), 1),
        rate_hz=round(nuclei / seconds, 2) if seconds >= SHORTEST_RATE_SECONDS else None,
        pitch_hz=round(pitch, 1) if pitch else None,
        pitch_range_st=spread,
    )


def _sound(frames: Sequence[Frame]) -> Floats:
    """The samples at RATE_HZ, full scale 1."""
    if not frames:
        return np.empty(0)
    resampler = Resampler(SAMPLE_RATE_HZ, RATE_HZ)
    samples = np.concatenate([frame.samples for frame in frames])
    resampled = np.concatenate([resampler.feed(samples), resampler.finish()])
    return resampled / 32768.0


def _decibels(power: Floats) -> Floats:
    decibels: Floats = 10 * np.log10(power + 1e-12)
    return decibels


def _pitches(sound: Floats, active: Bools) -> Floats:
    """The fundamental frequency in Hz around each active hop, 0 where it is not voiced."""
    padded = np.pad(sound, _WINDOW // 2)
    starts = np.flatnonzero(active) * _HOP + _HOP // 2
    pieces = sliding_window_view(padded, _WINDOW)[starts]
    window = np.hanning(_WINDOW)
    pieces = (pieces - pieces.mean(1, keepdims=True)) * window
    periodic = _autocorrelation(pieces) / _autocorrelation(window[None])
    before, at, after = (periodic[:, _LAGS + step] for step in (-1, 0, 1))
    bend = np.minimum(before - 2 * at + after, -1e-9)  # of a parabola through the three
    shift = np.clip((before - after) / (2 * bend), -0.5, 0.5)
    height = np.where((at >= before) & (at >= after), at - (before - after) * shift / 4, 0.0)
    hertz = RATE_HZ / (_LAGS + shift)
    first = _highest(height, hertz)
    if not first.any():
        return first
    low, high = np.percentile(first[first > 0], (25, 75)) * OWN_RANGE
    return _highest(np.where((hertz >= low) & (hertz <= high), height, 0.0), hertz)


def _highest(height: Floats, hertz: Floats) -> Floats:
    """The frequency of each row's highest peak, 0 where none tells of a voice."""
    best = (height - OCTAVE_COST * np.log2(LOWEST_HZ * _LAGS / RATE_HZ)).argmax(1)[:, None]
    voiced = np.take_along_axis(height, best, 1) >= VOICING
    pitches: Floats = np.where(voiced, np.take_along_axis(hertz, best, 1), 0.0)[:, 0]
    return pitches


def _autocorrelation(pieces: Floats) -> Floats:
    """Of each row, over the lags that matter and one more; 1 at lag 0."""
    spectrum = np.fft.rfft(pieces, _FFT)
    correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2)[:, : _LAGS[-1] + 2]
    return correlation / np.maximum(correlation[:, :1], 1e-12)


def _without_gaps(active: Bools) -> Bools:
    """Fill the gaps within speech that are no pauses."""
    filled = active.copy()
    at = np.flatnonzero(active)
    for before, after in pairwise(at):
        if after - before <= PAUSE_SECONDS / HOP_SECONDS:
            filled[before:after] = True
    return filled


def _nuclei(levels: Floats, voiced: Bools) -> int:
    """Count the voiced peaks between which the level dips (de Jong & Wempe 2009).

    "Praat script to detect syllable nuclei and measure speech rate automatically", Behavior
    Research Methods 41(2).
    """
    peaks: list[int] = []
    peak, valley, rises = 0, float(levels[0]), True
    for index, level in enumerate(map(float, levels)):
        if rises and level > levels[peak]:
            peak = index
        elif rises and level < levels[peak] - DIP_DB:
            peaks.append(peak)
            valley, rises = level, False
        elif not rises and level > valley + DIP_DB:
            peak, rises = index, True
        valley = min(valley, level)
    return int(voiced[[*peaks, peak] if rises else peaks].sum())
