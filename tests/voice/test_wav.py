"""Audio files: what can be read, what cannot and what is said then, and calls written to WAV."""

import logging
import os
import re
import resource
import signal
import struct
import subprocess
import sys
import time
import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from voice import AudioFileError
from voice.audio import FRAME_SAMPLES, SILENCE, Int16
from voice.wav import WavWriter, open_recording


def tone(frequency: float, rate_hz: int = 16_000, seconds: float = 1.0) -> Int16:
    at = np.arange(round(rate_hz * seconds)) / rate_hz
    return (10_000 * np.sin(2 * np.pi * frequency * at)).astype(np.int16)


def heard(path: Path, channel: str | None = None) -> Int16:
    return np.concatenate([frame.samples for frame in open_recording(path, channel).frames()])


def pitch(sound: Int16) -> int:
    """Hz of the strongest frequency; the sound is one second of frames."""
    return int(np.argmax(np.abs(np.fft.rfft(sound[:16_000]))))


def refusal(path: Path, **how: object) -> str:
    with pytest.raises(AudioFileError) as caught:
        list(open_recording(path, **how).frames())  # type: ignore[arg-type]  # any option
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}: ")
    assert re.search(r"; .+|\(.+\)", message), "no remedy"
    return message.removeprefix(f"{path}: ")


@pytest.mark.parametrize(
    "rate_hz", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000]
)
def test_any_rate(tmp_path: Path, rate_hz: int) -> None:
    soundfile.write(tmp_path / "a.wav", tone(440, rate_hz), rate_hz)
    sound = heard(tmp_path / "a.wav")
    assert len(sound) == 16_000
    assert pitch(sound) == 440
    assert sound[4_000:12_000].max() == pytest.approx(10_000, abs=30)


@pytest.mark.parametrize(
    "name",
    ["PCM_U8.wav", "PCM_16.wav", "PCM_24.wav", "PCM_32.wav", "FLOAT.wav", "DOUBLE.wav", "ULAW.wav",
     "ALAW.wav", "PCM_S8.flac", "PCM_16.flac", "PCM_24.flac", "VORBIS.ogg"],
)  # fmt: skip
def test_any_depth(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    soundfile.write(path, tone(440) / 32_768, 16_000, subtype=path.stem)
    sound = heard(path)
    assert pitch(sound) == 440
    assert sound.max() == pytest.approx(10_000, rel=0.05)


def test_sixteen_bits_arrive_unchanged(tmp_path: Path) -> None:
    every = np.arange(-32_768, 32_768).astype(np.int16)
    soundfile.write(tmp_path / "a.wav", every, 16_000)
    assert np.array_equal(heard(tmp_path / "a.wav")[: len(every)], every)


def test_floats_beyond_the_scale_and_not_a_number(tmp_path: Path) -> None:
    floats = np.array([2.0, -2.0, np.nan, np.inf, -np.inf, 0.5], np.float32)
    soundfile.write(tmp_path / "a.wav", floats, 16_000, subtype="FLOAT")
    assert heard(tmp_path / "a.wav")[:6].tolist() == [32767, -32768, 0, 32767, -32768, 16384]


@pytest.mark.parametrize(
    ("channel", "hertz"), [(None, 300), ("left", 300), ("right", 700), ("0", 300), ("1", 700)]
)
def test_the_chosen_side_of_a_stereo_call(tmp_path: Path, channel: str | None, hertz: int) -> None:
    soundfile.write(tmp_path / "a.wav", np.column_stack([tone(300), tone(700)]), 16_000)
    sound = heard(tmp_path / "a.wav", channel)
    assert pitch(sound) == hertz
    assert sound.max() == pytest.approx(10_000, abs=5)


def test_the_mix_of_a_stereo_call(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.column_stack([tone(300), tone(700)]), 16_000)
    spectrum = np.abs(np.fft.rfft(heard(tmp_path / "a.wav", "mix")[:16_000]))
    assert set(np.argsort(spectrum)[-2:].tolist()) == {300, 700}


def test_twenty_four_channels_need_a_choice(tmp_path: Path) -> None:
    sound = np.column_stack([tone(100 * (index + 1)) for index in range(24)])
    soundfile.write(tmp_path / "a.wav", sound, 16_000)
    assert refusal(tmp_path / "a.wav") == (
        "has 24 channels; say which is the caller's, from --channel 0 to --channel 23"
    )
    assert pitch(heard(tmp_path / "a.wav", "23")) == 2_400


@pytest.mark.parametrize("channel", ["2", "-1", "middle", "", "1.0"])
def test_a_channel_that_is_not_there(tmp_path: Path, channel: str) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros((100, 2), np.int16), 16_000)
    said = refusal(tmp_path / "a.wav", channel=channel)
    assert said == f"has no channel {channel!r}; --channel can be left, right, mix, or 0 to 1"


def test_mono_has_no_right_side(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(300), 16_000)
    assert refusal(tmp_path / "a.wav", channel="right").startswith("has no channel 'right'")
    assert pitch(heard(tmp_path / "a.wav", "left")) == 300


def test_what_is_not_audio_is_refused_in_one_line(tmp_path: Path) -> None:
    text, empty, header, raw = (tmp_path / name for name in ("t.wav", "e.wav", "h.wav", "r.raw"))
    text.write_text("Dear Sir or Madam,\n" * 50)
    empty.touch()
    soundfile.write(header, tone(300), 16_000)
    header.write_bytes(header.read_bytes()[:20])
    raw.write_bytes(bytes(3_200))
    assert refusal(text).startswith("is not audio that can be read (Format not recognised)")
    assert refusal(empty) == "is empty (0 bytes); record or export it again"
    assert refusal(header).startswith("is not audio that can be read")
    assert refusal(raw).startswith("headerless audio")
    assert refusal(tmp_path / "none.wav") == "no such file; check the path"
    assert refusal(tmp_path) == "is a folder; name the audio file in it"
    assert refusal(Path("/dev/zero")).startswith("is not a regular file")


def test_a_file_that_holds_no_sound(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.empty(0, np.int16), 16_000)
    assert refusal(tmp_path / "a.wav").startswith("holds no sound")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    (tmp_path / "a.wav").chmod(0)
    assert refusal(tmp_path / "a.wav").startswith("may not be read")


def test_a_rate_that_no_sound_has(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(100, np.int16), 50)
    assert refusal(tmp_path / "a.wav").startswith("a sample rate of 50 Hz")


def hours_long(path: Path, hours: float) -> None:
    """A valid µ-law WAV of 8 kHz whose sound is a hole in the file."""
    soundfile.write(path, np.zeros(1, np.int16), 8_000, subtype="ULAW")
    header = path.read_bytes()
    samples = round(hours * 3600 * 8_000)
    data = header.index(b"data") + 4
    path.write_bytes(
        header[:4] + struct.pack("<I", data + 4 + samples - 8) + header[8:data]
        + struct.pack("<I", samples)
    )  # fmt: skip
    os.truncate(path, data + 4 + samples)


def test_three_hours_are_too_long_unless_allowed(tmp_path: Path) -> None:
    hours_long(tmp_path / "a.wav", hours=3)
    assert refusal(tmp_path / "a.wav") == (
        "3 h long, more than the limit of 2 h; split it, or allow more with --max-hours 4"
    )
    assert open_recording(tmp_path / "a.wav", max_seconds=4 * 3600).seconds == 3 * 3600


def test_a_long_file_is_not_loaded_whole(tmp_path: Path) -> None:
    hours_long(tmp_path / "a.wav", hours=1.9)
    tracemalloc.start()
    stream = open_recording(tmp_path / "a.wav").frames()
    for _ in range(1_000):
        next(stream)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000


def test_a_truncated_wav_is_read_as_far_as_it_goes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(300, seconds=3), 16_000)
    path.write_bytes(path.read_bytes()[: 44 + 32_001])  # in the middle of a sample
    with caplog.at_level(logging.WARNING):
        sound = heard(path)
    assert np.array_equal(sound[:15_900], tone(300, seconds=3)[:15_900])
    assert "breaks off after 1.0 s of 3.0 s" in caplog.text


def test_a_truncated_flac_is_read_as_far_as_it_goes(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.flac"
    noise = np.random.default_rng(seed=1).integers(-9_000, 9_000, 48_000).astype(np.int16)
    soundfile.write(path, noise, 16_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with caplog.at_level(logging.WARNING):
        sound = heard(path)
    assert 16_000 < len(sound) < 24_000
    assert np.array_equal(sound[:16_000], noise[:16_000])
    assert "breaks off after" in caplog.text


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_a_wav_from_a_pipe_has_no_length_and_is_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, length: int
) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(300), 16_000)
    content = path.read_bytes()
    path.write_bytes(content[:40] + struct.pack("<I", length) + content[44:])
    assert len(heard(path)) == 16_000
    assert not caplog.records


def test_a_header_with_nothing_behind_it_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(300), 16_000)
    path.write_bytes(path.read_bytes()[:44])
    assert refusal(path).startswith("holds no sound")


def test_a_recording_can_be_heard_twice(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(300, 8_000), 8_000)
    recording = open_recording(tmp_path / "a.wav")
    assert list(recording.frames()) == list(recording.frames())


def test_a_written_call_has_the_caller_left(tmp_path: Path) -> None:
    path = tmp_path / "made" / "call.wav"
    caller, assistant = tone(300), tone(700)
    with WavWriter(path, channels=2) as wav:
        for at in range(0, 16_000, FRAME_SAMPLES):
            piece = slice(at, at + FRAME_SAMPLES)
            wav.write(caller[piece].tobytes(), assistant[piece].tobytes())
    assert np.array_equal(heard(path, "left"), caller)
    assert np.array_equal(heard(path, "right"), assistant)


def test_a_written_file_is_whole_after_every_write(tmp_path: Path) -> None:
    wav = WavWriter(tmp_path / "call.wav", channels=2)
    for written in range(5):
        with wave.open(str(tmp_path / "call.wav")) as so_far:
            assert so_far.getparams()[:4] == (2, 2, 16_000, written * FRAME_SAMPLES)
            assert len(so_far.readframes(10_000)) == written * FRAME_SAMPLES * 4
        wav.write(SILENCE, SILENCE)
    wav.close()


def test_a_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    program = (
        "import pathlib, sys; from voice.wav import WavWriter; from voice.audio import SILENCE\n"
        "wav = WavWriter(pathlib.Path(sys.argv[1]), channels=2)\n"
        "while True: wav.write(SILENCE, SILENCE)"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(path)]) as writer:
        while not path.exists() or path.stat().st_size < 100_000:
            assert writer.poll() is None
            time.sleep(0.01)
        writer.send_signal(signal.SIGKILL)
    with wave.open(str(path)) as left:
        written = (path.stat().st_size - 44) // 4
        assert written - left.getnframes() <= FRAME_SAMPLES  # the write it died in
        assert left.getnframes() > 0


def test_pieces_must_fit_together(tmp_path: Path) -> None:
    with WavWriter(tmp_path / "a.wav", channels=2) as wav:
        with pytest.raises(ValueError, match="2 pieces of one length"):
            wav.write(SILENCE)
        with pytest.raises(ValueError, match="2 pieces of one length"):
            wav.write(SILENCE, SILENCE[:-2])


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(AudioFileError, match=r"cannot be written \(.+\); name another file"):
        WavWriter(tmp_path / "file" / "a.wav")
    with pytest.raises(AudioFileError, match="cannot be written"):
        WavWriter(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told() -> None:
    with pytest.raises(AudioFileError, match=r"cannot be written \(No space left on device\)"):
        WavWriter(Path("/dev/full"))


def write_two_seconds(path: Path) -> None:
    with WavWriter(path) as wav:
        for _ in range(100):
            wav.write(SILENCE)


def test_a_disk_that_fills_up_is_told(tmp_path: Path) -> None:
    limit, no_signal = resource.getrlimit(resource.RLIMIT_FSIZE), signal.SIG_IGN
    handler = signal.signal(signal.SIGXFSZ, no_signal)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limit[1]))
    try:
        with pytest.raises(AudioFileError, match="cannot be written"):
            write_two_seconds(tmp_path / "a.wav")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    with wave.open(str(tmp_path / "a.wav")) as left:
        assert left.getnframes() > 4_000
