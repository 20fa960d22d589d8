"""Sounds that people make without words, made of noise: no recording of them is at hand here.

A cough is a burst of air (40 ms, the whole band), the rush after it, coloured by throat and mouth,
and often a voiced end; coughs come in bouts of two or three (Korpáš et al., "Analysis of the cough
sound", Pulmonary Pharmacology 9, 1996). The others are sketches after the same manner. What a
detector makes of them is a hint, not a measurement on people.
"""

from collections.abc import Callable

import numpy as np

from tests.bench.vad_data import Floats
from voice.audio import SAMPLE_RATE_HZ, Int16

Rng = np.random.Generator
Resonance = tuple[float, float]  # Hz: centre, width

PEAK = 0.5 * 32767


def cough(rng: Rng) -> Int16:
    """A bout of one to three coughs, 0.3 to 1.2 s."""
    bursts = [_one_cough(rng, loud) for loud in (1.0, 0.8, 0.6)[: rng.integers(1, 4)]]
    return _peak(np.concatenate([piece for burst in bursts for piece in (burst, _pause(rng))]))


def throat(rng: Rng) -> Int16:
    """Clearing one's throat: two rough, low, noisy growls."""
    growls = []
    for _ in range(2):
        seconds = rng.uniform(0.18, 0.3)
        rough = _pulses(rng, seconds, rng.uniform(60, 110), jitter=0.25)
        air = 0.4 * rng.normal(size=len(rough)) * (0.3 + np.abs(rough))
        growls += [_fade(_coloured(rough + air, _throat(rng)), 0.03, 0.08), _pause(rng, 0.04, 0.1)]
    return _peak(np.concatenate(growls))


def breath(rng: Rng) -> Int16:
    """A breath or sigh into the mouthpiece, half a second to a second."""
    air = rng.normal(size=_samples(rng.uniform(0.5, 1.0)))
    mouth = [(rng.uniform(400, 900), 600.0), (rng.uniform(1400, 2200), 1200.0)]
    return _peak(_fade(_coloured(air, mouth), 0.2, 0.3))


def laughter(rng: Rng) -> Int16:
    """Three to six short voiced bursts of breath, five a second."""
    pitch, mouth = rng.uniform(180, 320), _throat(rng)
    bursts = []
    for count in range(rng.integers(3, 7)):
        voiced = _pulses(rng, rng.uniform(0.07, 0.1), pitch * 0.95**count, jitter=0.03)
        air = 0.5 * rng.normal(size=_samples(0.09))
        burst = np.concatenate([voiced + 0.3 * rng.normal(size=len(voiced)), air])
        bursts.append(_fade(_coloured(burst, mouth), 0.02, 0.05) * 0.9**count)
    return _peak(np.concatenate(bursts))


def knock(rng: Rng) -> Int16:
    """One to three knocks on a table, or a cup set down."""
    ring, decay = rng.uniform(150, 900), rng.uniform(0.01, 0.04)
    at = np.arange(_samples(0.15)) / SAMPLE_RATE_HZ
    wood = [(ring, 80.0), (ring * 2.7, 300.0)]
    one = _coloured(rng.normal(size=len(at)) * np.exp(-at / decay), wood) * np.exp(-at / decay)
    return _peak(np.tile(one, rng.integers(1, 4)))


SOUNDS: dict[str, Callable[[Rng], Int16]] = {
    "cough": cough,
    "throat": throat,
    "breath": breath,
    "laughter": laughter,
    "knock": knock,
}


def _one_cough(rng: Rng, loud: float) -> Floats:
    mouth = _throat(rng)
    burst = rng.normal(size=_samples(rng.uniform(0.03, 0.05))) * 2.5
    rush = rng.normal(size=_samples(rng.uniform(0.1, 0.2)))
    end = _pulses(rng, rng.uniform(0.05, 0.12), rng.uniform(150, 350), jitter=0.1)
    voiced = rng.uniform(0.0, 1.2)  # some coughs have no voice in them
    sound = np.concatenate([burst, rush, voiced * end + 0.4 * rng.normal(size=len(end))])
    return _fade(_coloured(sound, mouth), 0.005, 0.12) * loud


def _throat(rng: Rng) -> list[Resonance]:
    return [
        (rng.uniform(450, 800), 150.0),
        (rng.uniform(1100, 1700), 250.0),
        (rng.uniform(2300, 3000), 400.0),
    ]


def _coloured(sound: Floats, resonances: list[Resonance]) -> Floats:
    """Through resonances, with a tenth of the sound beside them; of unit power."""
    spectrum = np.fft.rfft(sound)
    at = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE_HZ)
    gain = 0.1 + sum(1 / (1 + ((at - centre) / width) ** 2) for centre, width in resonances)
    coloured: Floats = np.fft.irfft(spectrum * gain, len(sound))
    coloured /= np.sqrt(np.square(coloured).mean())
    return coloured


def _pulses(rng: Rng, seconds: float, pitch_hz: float, jitter: float) -> Floats:
    """A voice's source: one pulse a period, each period a little different."""
    pulses = np.zeros(_samples(seconds))
    at = 0.0
    while at < seconds:
        pulses[int(at * SAMPLE_RATE_HZ)] = 1.0
        at += rng.uniform(1 - jitter, 1 + jitter) / pitch_hz
    decay = np.exp(-np.arange(_samples(0.004)) / _samples(0.001))
    return np.convolve(pulses, decay)[: len(pulses)] * 3


def _fade(sound: Floats, attack: float, release: float) -> Floats:
    up, down = _samples(attack), min(_samples(release), len(sound))
    sound = sound.copy()
    sound[:up] *= np.linspace(0, 1, up)[: len(sound)]
    sound[-down:] *= np.linspace(1, 0, down)
    return sound


def _pause(rng: Rng, shortest: float = 0.08, longest: float = 0.2) -> Floats:
    return np.zeros(_samples(rng.uniform(shortest, longest)))


def _peak(sound: Floats) -> Int16:
    scaled: Int16 = (sound * (PEAK / np.abs(sound).max())).astype(np.int16)
    return scaled


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)
