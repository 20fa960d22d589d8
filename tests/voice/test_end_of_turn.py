"""Smart-turn, the real network, on a human caller: whole, and broken off within a sentence."""

from functools import partial

import anyio
import pytest

from tests.clips.script import scripts
from tests.voice.test_asr_engines import turns
from voice.audio import frames
from voice.end_of_turn import SoundsFinished, load_smart_turn

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sounds_finished() -> SoundsFinished:
    return load_smart_turn()


def test_whole_turns_sound_more_finished_than_broken_ones(sounds_finished: SoundsFinished) -> None:
    said = [list(frames([turn])) for script in scripts() for turn in turns(script)]
    long = [turn for turn in said if len(turn) > 75]
    whole = [anyio.run(sounds_finished, turn) for turn in long]
    broken = [anyio.run(sounds_finished, turn[: len(turn) * 6 // 10]) for turn in long]
    assert sum(whole) / len(whole) > sum(broken) / len(broken) + 0.2


def test_no_sound_is_a_probability_too(sounds_finished: SoundsFinished) -> None:
    assert 0 <= anyio.run(partial(sounds_finished, [])) <= 1
