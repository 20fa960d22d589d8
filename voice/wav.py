"""Audio files: whatever libsndfile reads to 16 kHz frames, and calls to stereo WAV as they happen.

A file that ends before its header says (a copy that broke off, a recorder that was killed) is read
up to where it goes, with a warning in the log; one that has no sound left is refused.
"""

import logging
import re
import wave
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import soundfile

from voice import AudioFileError
from voice.audio import SAMPLE_RATE_HZ, Float32, Frame, Int16, frames
from voice.resample import Resampler

log = logging.getLogger(__name__)

MAX_SECONDS = 2 * 3600.0
RATES_HZ = range(4_000, 768_001)
BLOCK_SECONDS = 0.1  # of the file in memory at a time, and lost at most where a decoder gives up

MIX = "mix"
SIDES = {"left": 0, "right": 1}
CALLER_SIDE = "left"  # of a stereo call; the side that Offhook and Twilio record the caller on

_UNKNOWN_LENGTH = 1 << 62
_STREAM_LENGTHS = range(0x7FFF0000, 1 << 32)  # what a WAV header says that was written to a pipe
_SHORT_OF_HEADER = re.compile(r"^data : (\d+) \(should be (\d+)\)", re.MULTILINE)
_NOT_AUDIO = "convert it with `ffmpeg -i FILE call.wav`, or choose another file"


@dataclass(frozen=True, slots=True)
class Recording:
    """A file that was found to be audio; nothing of it is held open or in memory.

    `channel` counts from 0; None is the mean of all.
    """

    path: Path
    rate_hz: int
    channels: int
    channel: int | None
    seconds: float

    def frames(self) -> Iterator[Frame]:
        """The chosen channel at 16 kHz, read a tenth of a second at a time."""
        return frames(self._resampled())

    def _resampled(self) -> Iterator[Int16]:
        resampler = Resampler(self.rate_hz, SAMPLE_RATE_HZ)
        with _open(self.path) as file:
            for block in self._blocks(file):
                yield resampler.feed(self._mono(block))
        yield resampler.finish()

    def _blocks(self, file: soundfile.SoundFile) -> Iterator[Float32]:
        size = max(1, round(self.rate_hz * BLOCK_SECONDS))
        left = file.frames
        while left > 0:
            try:
                block = file.read(min(size, left), dtype="float32", always_2d=True)
            except soundfile.LibsndfileError:  # a decoder that lost its thread: nothing more comes
                block = np.empty((0, self.channels), np.float32)
            if not len(block):
                _warn_truncated(self.path, (file.frames - left) / self.rate_hz, self.seconds)
                return
            left -= len(block)
            yield block

    def _mono(self, block: Float32) -> Int16:
        mono = block.mean(axis=1) if self.channel is None else block[:, self.channel]
        mono = np.nan_to_num(mono, posinf=1.0, neginf=-1.0)
        return np.clip(np.rint(mono * 32768), -32768, 32767).astype(np.int16)


def open_recording(
    path: Path, channel: str | None = None, max_seconds: float = MAX_SECONDS
) -> Recording:
    """Look at a file and choose the channel to hear.

    `channel` is "left", "right", "mix" or a number from 0. Without it, stereo means the caller's
    side, `CALLER_SIDE`. Raises AudioFileError for what cannot be used.
    """
    _check_file(path)
    with _open(path) as file:
        try:
            holds_sound = len(file.read(1)) == 1
        except soundfile.LibsndfileError:
            holds_sound = False
        if not holds_sound:
            raise AudioFileError(f"{path}: holds no sound; record or export it again")
        _check_format(path, file, max_seconds)
        _note_truncation(path, file)
        return Recording(
            path=path,
            rate_hz=file.samplerate,
            channels=file.channels,
            channel=_choose(path, file.channels, channel),
            seconds=file.frames / file.samplerate,
        )


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise AudioFileError(f"{path}: is a folder; name the audio file in it")
        if path.exists() and not path.is_file():
            raise AudioFileError(f"{path}: is not a regular file; save the sound to one first")
        if not path.stat().st_size:
            raise AudioFileError(f"{path}: is empty (0 bytes); record or export it again")
        path.open("rb").close()
    except FileNotFoundError:
        raise AudioFileError(f"{path}: no such file; check the path") from None
    except PermissionError:
        raise AudioFileError(f"{path}: may not be read; run `chmod +r` on it") from None
    except OSError as error:
        raise AudioFileError(f"{path}: cannot be opened ({error.strerror})") from error


def _open(path: Path) -> soundfile.SoundFile:
    if path.suffix.lower() == ".raw":
        raise AudioFileError(f"{path}: headerless audio has no rate or format; {_NOT_AUDIO}")
    try:
        return soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        reason = error.error_string.strip().rstrip(".")
        raise AudioFileError(
            f"{path}: is not audio that can be read ({reason}); {_NOT_AUDIO}"
        ) from (error)


def _check_format(path: Path, file: soundfile.SoundFile, max_seconds: float) -> None:
    if file.samplerate not in RATES_HZ:
        raise AudioFileError(f"{path}: a sample rate of {file.samplerate} Hz; {_NOT_AUDIO}")
    if file.frames >= _UNKNOWN_LENGTH:
        raise AudioFileError(f"{path}: does not say how long it is; {_NOT_AUDIO}")
    seconds = file.frames / file.samplerate
    if seconds > max_seconds:
        raise AudioFileError(
            f"{path}: {_duration(seconds)} long, more than the limit of {_duration(max_seconds)};"
            f" split it, or allow more with --max-hours {int(seconds // 3600) + 1}"
        )


def _note_truncation(path: Path, file: soundfile.SoundFile) -> None:
    """Of a WAV file libsndfile itself finds out, and says so only in its log."""
    if found := _SHORT_OF_HEADER.search(file.extra_info):
        header, real = int(found[1]), int(found[2])
        if real < header and header not in _STREAM_LENGTHS:
            seconds = file.frames / file.samplerate
            _warn_truncated(path, seconds, seconds * header / real)


def _warn_truncated(path: Path, seconds: float, expected: float) -> None:
    log.warning(
        "%s: breaks off after %.1f s of %.1f s; what is there is used", path, seconds, expected
    )


def _choose(path: Path, channels: int, wanted: str | None) -> int | None:
    """The index of the channel, None for the mean of all."""
    if wanted == MIX:
        return None
    if wanted is None:
        if channels > 2:
            raise AudioFileError(
                f"{path}: has {channels} channels; say which is the caller's, from --channel 0"
                f" to --channel {channels - 1}"
            )
        return SIDES[CALLER_SIDE]
    index = SIDES.get(wanted, int(wanted) if wanted.isdecimal() else -1)
    if not 0 <= index < channels or (wanted in SIDES and channels > 2):
        names = "left, right, " if channels == 2 else ""
        raise AudioFileError(
            f"{path}: has no channel {wanted!r}; --channel can be {names}mix, or 0"
            + (f" to {channels - 1}" if channels > 1 else "")
        )
    return index


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class WavWriter:
    """A 16-bit WAV file that grows, and is a whole one after every `write`, whatever happens next.

    Of a call: `channels=2`, and `write(caller, assistant)` puts the caller left.
    """

    def __init__(self, path: Path, channels: int = 1, rate_hz: int = SAMPLE_RATE_HZ) -> None:
        self._path = path
        self._channels = channels
        with self._telling():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("wb")
        self._wave = wave.open(self._file, "wb")  # noqa: SIM115 (`close` closes it)
        self._wave.setnchannels(channels)
        self._wave.setsampwidth(2)
        self._wave.setframerate(rate_hz)
        try:
            self._write(b"")
        except AudioFileError:
            with suppress(AudioFileError):
                self.close()
            raise

    def write(self, *pcm: bytes) -> None:
        """Add little-endian int16 sound: as many pieces as channels, all of the same length."""
        if len(pcm) != self._channels or len({len(piece) for piece in pcm}) > 1:
            raise ValueError(f"need {self._channels} pieces of one length")
        interleaved = np.column_stack([np.frombuffer(piece, "<i2") for piece in pcm])
        self._write(interleaved.tobytes())

    def close(self) -> None:
        """End the file."""
        with self._telling(), self._file:
            self._wave.close()

    def __enter__(self) -> Self:
        """Use it in a `with`, which closes it."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()

    def _write(self, pcm: bytes) -> None:
        with self._telling():
            self._wave.writeframes(pcm)  # corrects the header too
            self._file.flush()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            reason = error.strerror or str(error)
            raise AudioFileError(
                f"{self._path}: cannot be written ({reason}); name another file or make room"
            ) from error
