"""The recorded callers are what their scripts say."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.clips.build import build
from tests.clips.script import Script, contains, load_script, scripts
from voice.wav import open_recording

BY_NAME = pytest.mark.parametrize("script", scripts(), ids=lambda script: script.name)


def test_there_are_three() -> None:
    assert [s.name for s in scripts()] == ["correction", "order_status", "returns_and_hours"]


@BY_NAME
def test_is_what_a_telephone_line_carries(script: Script) -> None:
    info = soundfile.info(script.wav)
    assert (info.samplerate, info.channels, info.subtype) == (8_000, 1, "ULAW")
    assert info.duration == pytest.approx(script.seconds, abs=0.001)
    assert script.wav.stat().st_size < 1_000_000


@BY_NAME
def test_sounds_where_the_script_says_and_is_quiet_elsewhere(script: Script) -> None:
    sound = np.concatenate([frame.samples for frame in open_recording(script.wav).frames()])
    pieces = np.square(sound.reshape(-1, 320) / 32768).mean(axis=1)
    at = np.arange(len(pieces)) * 0.02
    quiet = np.ones(len(pieces), bool)
    for turn in script.turns:
        within = (at >= turn.start) & (at < turn.end)
        assert 10 * np.log10(pieces[within].mean()) > -30
        quiet &= ~((at >= turn.start - 0.04) & (at < turn.end + 0.04))
    assert 10 * np.log10(pieces[quiet].mean()) == pytest.approx(script.noise_dbfs, abs=1.5)


@BY_NAME
def test_leaves_room_before_between_and_after_the_turns(script: Script) -> None:
    ends = [0.0, *(turn.end for turn in script.turns)]
    starts = [*(turn.start for turn in script.turns), script.seconds]
    gaps = [start - end for start, end in zip(starts, ends, strict=True)]
    assert gaps[0] == 1.5
    assert all(1.8 <= gap <= 2.5 for gap in gaps[1:])


def test_the_human_clip_is_rebuilt_from_its_sources(shared_data: Path, tmp_path: Path) -> None:
    script = load_script("order_status")
    build(script, shared_data, tmp_path)
    assert (tmp_path / script.wav.name).read_bytes() == script.wav.read_bytes()


def test_answers_are_compared_by_letters_and_digits() -> None:
    assert contains("I heard order 1 5 2 1 3, is that right?", "15213")
    assert contains("Is there anything else?", "anything else")
    assert not contains("Order 15214.", "15213")
