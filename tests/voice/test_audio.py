import numpy as np
import pytest

from voice.audio import FRAME_BYTES, FRAME_SAMPLES, Framer, frames


@pytest.mark.parametrize("piece", [1, 7, 319, 320, 321, 5_000])
def test_frames_do_not_depend_on_how_the_sound_is_cut(piece: int) -> None:
    sound = np.arange(2_000).astype(np.int16)
    cut = frames(sound[start : start + piece] for start in range(0, len(sound), piece))
    assert list(cut) == list(frames([sound]))


def test_the_last_frame_is_padded_with_silence() -> None:
    *whole, last = frames([np.ones(FRAME_SAMPLES * 2 + 5, np.int16)])
    assert len(whole) == 2
    assert len(last.pcm) == FRAME_BYTES
    assert last.samples[:5].all()
    assert not last.samples[5:].any()


def test_frames_carry_their_time() -> None:
    times = [frame.at for frame in frames([np.zeros(16_000, np.int16)])]
    assert times == [round(index * 0.02, 2) for index in range(50)]


def test_no_sound_gives_no_frame() -> None:
    assert list(frames([])) == []
    assert list(frames([np.empty(0, np.int16)])) == []


def test_a_framer_begins_anew_after_its_end() -> None:
    framer = Framer()
    framer.feed(np.ones(400, np.int16))
    framer.finish()
    first = framer.feed(np.full(FRAME_SAMPLES, 2, np.int16))[0]
    assert first.at == 0
    assert (first.samples == 2).all()
