"""What callers put over the assistant's voice: enough of each kind, in both halves, every time."""

from collections import Counter

import numpy as np
import pytest

from tests.bench.barge_in_data import Kind, overlaps
from tests.bench.coughs import SOUNDS
from tests.conftest import SHARED_DATA


@pytest.mark.parametrize("name", SOUNDS)
def test_a_synthetic_sound_is_short_loud_and_the_same_each_time(name: str) -> None:
    sound, again = (SOUNDS[name](np.random.default_rng(seed=1)) for _ in range(2))
    assert np.array_equal(sound, again)
    assert 0.1 < len(sound) / 16_000 < 2
    assert np.abs(sound / 1.0).max() > 10_000


@pytest.mark.slow
@pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="the recordings are not here")
def test_each_kind_has_forty_sounds_in_two_halves() -> None:
    sounds = overlaps()
    kinds = Counter(one.kind for one in sounds)
    halves = Counter((one.kind, one.split) for one in sounds)
    assert all(kinds[kind] >= 40 for kind in Kind)
    assert min(halves[kind, split] for kind in Kind for split in ("dev", "test")) >= 20
    assert len({(one.kind, one.name, one.words, one.source) for one in sounds}) == len(sounds)
    assert all(np.abs(one.sound / 1.0).max() > 500 for one in sounds)
