"""What the voice activity benchmark listens to: speech with marks, noises and tones."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.bench.tones import TONES
from voice.audio import FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE_HZ, Int16
from voice.codec import decode_ulaw, encode_ulaw
from voice.resample import Resampler
from voice.wav import WavWriter, open_recording

SPLITS = ("train", "development", "test")
VOICES = {"people_talking", "coffee_shop", "eva_baby_crying"}  # to hear these is no false alarm
CALLER_DBFS = -26.0  # ITU-T P.56's usual level of active speech in a telephone network
SNRS_DB = (20.0, 10.0, 5.0)  # a quiet room, a busy one, a street
UTTERANCES_PER_CALLER = 4
GAP_SECONDS = 1.0
QUIET_DB = -30.0  # below a caller's loud frames: not speech
MARKED_PAUSE_SECONDS = 0.3  # people mark shorter pauses as speech

Bits = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Clip:
    """Sound at 16 kHz, and for each whole frame of it whether somebody speaks in its middle."""

    split: str
    sound: Int16
    speech: Bits


def read(file: Path) -> Int16:
    """The whole recording at 16 kHz, as whole frames."""
    return np.concatenate([frame.samples for frame in open_recording(file).frames()])


def ami(folder: Path) -> list[Clip]:
    """Meeting excerpts with the marks of their RTTM files: a segment a line, field 3 on, 4 long."""
    clips = []
    for split in SPLITS:
        lines = [row.split() for row in (folder / f"{split}.rttm").read_text("utf-8").splitlines()]
        for name in sorted({fields[1] for fields in lines}):
            marks = [(float(f[3]), float(f[3]) + float(f[4])) for f in lines if f[1] == name]
            clips.append(_marked(split, folder / f"{name}.flac", marks))
    return clips


def manifest(folder: Path) -> list[Clip]:
    """Your own recordings: `{"file", "speech": [[from, to], …], "split"}` a line."""
    if not (folder / "manifest.jsonl").is_file():
        raise SystemExit(
            f"{folder}: holds no manifest.jsonl; `tests/bench/vad.py` says what is in it"
        )
    lines = (folder / "manifest.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [_marked(row.get("split", "test"), folder / row["file"], row["speech"]) for row in rows]


def callers(an4: Path, noises: dict[str, Int16]) -> list[Clip]:
    """One clip for each AN4 speaker: close speech in a noise, which is another one for the test.

    The marks come from the clean recording: what is less than 30 dB below the loud frames.
    """
    rows = [json.loads(line) for line in (an4 / "manifest.jsonl").read_text("utf-8").splitlines()]
    speakers = sorted({row["spk"] for row in rows})
    for_choosing, for_test = (cycle(names) for names in noise_halves(noises))
    clips = []
    for index, (speaker, snr_db) in enumerate(zip(speakers, cycle(SNRS_DB), strict=False)):
        split = "train" if index % 2 == 0 else "development" if index % 4 == 1 else "test"
        files = [an4 / row["file"] for row in rows if row["spk"] == speaker]
        clean = _with_gaps([read(file) for file in files[:UTTERANCES_PER_CALLER]])
        noise = noises[next(for_test if split == "test" else for_choosing)]
        clips.append(Clip(split, _mixed(clean, noise, snr_db), _loud_frames(clean)))
    return clips


def noise_halves(noises: dict[str, Int16]) -> tuple[list[str], list[str]]:
    """The noises for choosing and those for the test: without voices, in alphabetic turns."""
    names = sorted(noises.keys() - VOICES)
    return names[::2], names[1::2]


def noises_of(folder: Path) -> dict[str, Int16]:
    """Recorded noises, if the folder is there."""
    return {file.stem: read(file) for file in sorted(folder.glob("*.flac"))}


def tones() -> dict[str, Int16]:
    """The telephone network's own sounds."""
    return {name: tone() for name, tone in TONES.items()}


def telephone(sound: Int16) -> Int16:
    """Through a telephone: a caller's loudness, 8 kHz, µ-law, and back to 16 kHz."""
    gain = 10 ** (CALLER_DBFS / 20) * 32768 / loudness(sound)
    return line(np.clip(sound * gain, -32768, 32767).astype(np.int16))


def line(sound: Int16) -> Int16:
    """8 kHz, µ-law, and back to 16 kHz."""
    down, up = Resampler(SAMPLE_RATE_HZ, 8_000), Resampler(8_000, SAMPLE_RATE_HZ)
    narrow = np.concatenate([down.feed(sound), down.finish()])
    return np.concatenate([up.feed(decode_ulaw(encode_ulaw(narrow))), up.finish()])


def _marked(split: str, file: Path, marks: Sequence[Sequence[float]]) -> Clip:
    sound = read(file)
    middle = (np.arange(len(sound) // FRAME_SAMPLES) + 0.5) * FRAME_SECONDS
    speech = np.zeros(len(middle), bool)
    for first, last in marks:
        speech |= (middle >= first) & (middle < last)
    return Clip(split, sound, speech)


def _with_gaps(sounds: Sequence[Int16]) -> Int16:
    gap = np.zeros(round(GAP_SECONDS * SAMPLE_RATE_HZ), np.int16)
    return np.concatenate([gap, *(piece for sound in sounds for piece in (sound, gap))])


def _mixed(clean: Int16, noise: Int16, snr_db: float) -> Int16:
    wanted = loudness(clean) / 10 ** (snr_db / 20)
    scaled = np.resize(noise, len(clean)) * (wanted / np.sqrt(np.square(noise / 1.0).mean()))
    mixed: Int16 = np.clip(clean + scaled, -32768, 32767).astype(np.int16)
    return mixed


def _power(sound: Int16) -> Floats:
    """Of each whole frame."""
    whole = len(sound) // FRAME_SAMPLES * FRAME_SAMPLES
    power: Floats = np.square(sound[:whole].reshape(-1, FRAME_SAMPLES) / 1.0).mean(axis=1)
    return power


def write_wav(file: Path, sound: Int16) -> None:
    """Write 16 kHz sound; the folder is made where it is missing."""
    with WavWriter(file) as out:
        out.write(sound.astype("<i2").tobytes())


def loudness(sound: Int16) -> float:
    """Root mean square of the louder half of the frames."""
    power = _power(sound)
    return float(np.sqrt(power[power >= np.median(power)].mean()))


def _loud_frames(clean: Int16) -> Bits:
    power = _power(clean)
    speech = power > np.percentile(power, 95) * 10 ** (QUIET_DB / 10)
    for before, after in pairwise(np.flatnonzero(speech)):
        if (after - before) * FRAME_SECONDS <= MARKED_PAUSE_SECONDS:
            speech[before:after] = True
    return speech
