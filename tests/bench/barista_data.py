"""What the barista benchmark listens to: people's coffee orders, alone and in a kitchen's noise.

The mixing is that of the original benchmark (`benchmark/mixer.py` of
https://github.com/Picovoice/speech-to-intent-benchmark): the SNR compares the loudest 2048 samples
of the speech with those of the noise beside it, and the mixture is brought to half of full scale.
Where the original draws the noise's place at random, the recording's name decides here.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.bench.vad_data import line, read
from voice.audio import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE_HZ, Frame, Int16, frames
from voice.ears import LEAD_IN_SECONDS
from voice.turns import SpeechStarted, TurnOptions, TurnTaker
from voice.vad import Vad

SNRS_DB = (6, 9, 12, 15, 18, 21, 24)
ENERGY_SAMPLES = 2048  # the original's frame, in which it looks for the loudest speech
AFTER_SECONDS = 0.4  # of silence, that the ASR hears after the last word
HALVES = ("tuning", "report")


@dataclass(frozen=True, slots=True)
class Order:
    """A recording, and the intent and slots that its speaker was asked to say."""

    file: Path
    intent: str
    slots: dict[str, str]

    @property
    def half(self) -> str:
        """The half that chose weights and thresholds, or the one that did not."""
        return HALVES[hashlib.sha256(self.file.stem.encode()).digest()[0] % 2]


@dataclass(frozen=True, slots=True)
class Condition:
    """How a recording reaches the ears. Without `snr_db` there is no noise."""

    snr_db: int | None = None
    telephone: bool = True  # 8 kHz, µ-law; else 16 kHz as recorded

    def __str__(self) -> str:
        noise = "clean" if self.snr_db is None else f"{self.snr_db} dB"
        return f"{noise}, {'8 kHz' if self.telephone else '16 kHz'}"

    def sound(self, speech: Int16, noise: Int16, name: str) -> Int16:
        """What arrives of a recording of this name."""
        heard = speech if self.snr_db is None else mixed(speech, noise, self.snr_db, name)
        return line(heard) if self.telephone else heard


CONDITIONS = {
    str(condition): condition
    for telephone in (True, False)
    for condition in [Condition(snr_db, telephone) for snr_db in (None, *reversed(SNRS_DB))]
}


def read_orders(folder: Path) -> list[Order]:
    """The recordings that `manifest.jsonl` lists."""
    manifest = folder / "manifest.jsonl"
    if not manifest.is_file():
        raise SystemExit(f"{folder} has no manifest.jsonl: give --data a folder that has one")
    rows = [json.loads(row) for row in manifest.read_text("utf-8").splitlines() if row.strip()]
    return [
        Order(folder / row["file"], row["intent"], {k: v.strip() for k, v in row["slots"].items()})
        for row in rows
    ]


def thinned(orders: list[Order], limit: int | None) -> list[Order]:
    """So many of them, evenly from all over the set."""
    if limit is None or limit >= len(orders):
        return orders
    return [orders[index * len(orders) // limit] for index in range(limit)]


def read_noise(folder: Path) -> Int16:
    """The kitchen's noise, 16 kHz."""
    return read(folder / "noise" / "kitchen.flac")


def mixed(speech: Int16, noise: Int16, snr_db: float, name: str) -> Int16:
    """Speech and noise at this ratio, as loud as the original benchmark makes it."""
    seed = hashlib.sha256(f"{name} {snr_db}".encode()).digest()[:8]
    place = np.random.default_rng(int.from_bytes(seed)).integers(len(noise) - len(speech))
    beside = noise[place : place + len(speech)] / 32768
    clean = speech / 32768
    gain = np.sqrt(_loudest(clean) / (_loudest(beside) * 10 ** (snr_db / 10)))
    sound = clean + gain * beside
    sound /= 2 * np.abs(sound).max()
    loud: Int16 = np.round(sound * 32767).astype(np.int16)
    return loud


def trimmed(sound: Int16, vad: Vad) -> Int16:
    """The sound as a call's ears pass it on: from before the first onset to after the last speech.

    All of it where the turn-taker hears no onset.
    """
    options = TurnOptions()
    turns = TurnTaker(options)
    begin: float | None = None
    end = 0.0
    for frame in frames([sound]):
        probability = vad.probability(frame)
        event = turns.hear(frame.at, probability)
        if isinstance(event, SpeechStarted) and begin is None:
            begin = event.at
        if probability >= options.speech_probability:
            end = frame.at + FRAME_SECONDS
    if begin is None:
        return sound
    first = max(0.0, begin - LEAD_IN_SECONDS)
    return sound[_samples(first) : _samples(end + AFTER_SECONDS)]


def as_frames(sound: Int16) -> list[Frame]:
    """The sound as a line delivers it."""
    return list(frames([sound]))


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ) // FRAME_SAMPLES * FRAME_SAMPLES


def _loudest(sound: npt.NDArray[np.float64]) -> float:
    whole = sound[: sound.size // ENERGY_SAMPLES * ENERGY_SAMPLES].reshape(-1, ENERGY_SAMPLES)
    return float(np.square(whole).sum(axis=1).max())
