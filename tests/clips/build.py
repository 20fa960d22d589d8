"""Makes the recorded callers of the scripts: `python -m tests.clips.build [--data DIR] [NAME…]`.

Each script says what is said when. The words come from a recording (`source`, under the shared data
folder) or from the hibari voice. Every utterance gets the same loudness, the whole a telephone's
band, line noise and G.711 µ-law at 8 kHz. The same sources and package versions give the same file;
a script whose `end` or `seconds` is not what comes out is refused with the right number.
"""

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from scipy import signal  # type: ignore[import-untyped]  # scipy has no types

from tests.clips.script import CLIPS, Script, Turn, load_script, scripts
from tests.conftest import SHARED_DATA

LINE_RATE_HZ = 8_000
BAND_HZ = (300, 3_400)
SPEECH_DBFS = -21.0  # of an utterance's louder half: an ordinary caller
FADE_SECONDS = 0.01
HIBARI_RATE_HZ = 24_000
HIBARI_MARGIN_SECONDS = 0.05  # kept of the silence around what hibari speaks
TOLERANCE_SECONDS = 0.011

Sound = npt.NDArray[np.float64]


def build(script: Script, data: Path, folder: Path = CLIPS) -> None:
    """Write the clip, beside its script."""
    line = np.zeros(round(script.seconds * LINE_RATE_HZ))
    for turn in script.turns:
        speech = _at_line_rate(*_speech(turn, data))
        end = turn.start + len(speech) / LINE_RATE_HZ
        if abs(end - turn.end) > TOLERANCE_SECONDS:
            raise SystemExit(f"{script.name}: {turn.says!r} ends at {end:.2f}, not {turn.end}")
        start = round(turn.start * LINE_RATE_HZ)
        line[start : start + len(speech)] += _faded(_levelled(speech))
    soundfile.write(
        folder / script.wav.name, _telephone(line, script), LINE_RATE_HZ, subtype="ULAW"
    )


def _speech(turn: Turn, data: Path) -> tuple[Sound, int]:
    """The words, and their sample rate in Hz."""
    if not turn.source:
        return _hibari(turn.says), HIBARI_RATE_HZ
    sound, rate_hz = soundfile.read(data / turn.source)
    first, last = turn.cut or (0.0, len(sound) / rate_hz)
    return sound[round(first * rate_hz) : round(last * rate_hz)], rate_hz


def _hibari(text: str) -> Sound:
    from hibari import Hibari

    sound = np.asarray(Hibari(threads=1)(text, seed=0), np.float64)
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    margin = round(HIBARI_MARGIN_SECONDS * HIBARI_RATE_HZ)
    return sound[max(0, loud[0] - margin) : loud[-1] + margin]


def _at_line_rate(sound: Sound, rate_hz: int) -> Sound:
    resampled: Sound = soxr.resample(sound, rate_hz, LINE_RATE_HZ, quality="VHQ")
    return resampled


def _levelled(speech: Sound) -> Sound:
    """The louder half of its 20 ms pieces has the power `SPEECH_DBFS`."""
    piece = LINE_RATE_HZ // 50
    power = np.square(speech[: len(speech) // piece * piece]).reshape(-1, piece).mean(axis=1)
    loud = np.sqrt(power[power >= np.median(power)].mean())
    gain: float = 10 ** (SPEECH_DBFS / 20) / loud
    return speech * gain


def _faded(speech: Sound) -> Sound:
    samples = round(FADE_SECONDS * LINE_RATE_HZ)
    slope = np.ones(len(speech))
    slope[:samples] = np.linspace(0, 1, samples)
    slope[-samples:] = np.linspace(1, 0, samples)
    return speech * slope


def _telephone(line: Sound, script: Script) -> Sound:
    """Noise first, then the band: what a line adds it filters too."""
    band = signal.butter(4, BAND_HZ, "bandpass", fs=LINE_RATE_HZ, output="sos")
    noise = signal.sosfilt(band, np.random.default_rng(seed=len(line)).normal(size=len(line)))
    noise *= 10 ** (script.noise_dbfs / 20) / np.sqrt(np.square(noise).mean())
    return np.asarray(np.clip(signal.sosfilt(band, line) + noise, -1, 1))


def main() -> None:
    """Build the named clips, or all."""
    parser = argparse.ArgumentParser(description="make the recorded callers from their scripts")
    parser.add_argument("names", nargs="*", help="which clips; all without")
    parser.add_argument("--data", type=Path, default=SHARED_DATA, help="the shared data folder")
    options = parser.parse_args()
    for script in [load_script(name) for name in options.names] or scripts():
        build(script, options.data)
        print(f"{script.wav.name}: {script.seconds} s, {script.wav.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
