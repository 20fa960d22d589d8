"""The echo guard: the assistant's own voice goes, the caller's stays."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.bench.vad_data import line, read
from tests.clips.script import scripts
from voice.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ, SILENCE, Frame, Int16, frames
from voice.ears import for_vad
from voice.echo import LONGEST_ECHO_SECONDS, EchoGuard

ECHO = 10 ** (-10 / 20)
SECOND = SAMPLE_RATE_HZ


def test_what_comes_while_nothing_was_played_passes_untouched() -> None:
    guard = EchoGuard()
    for frame in frames([_speech(seed=1, seconds=3)]):
        assert guard.clean(frame, SILENCE) is frame


def test_what_comes_long_after_the_last_word_passes_untouched() -> None:
    guard, caller = EchoGuard(), _speech(seed=1, seconds=3)
    _cleaned(guard, _echo(_speech(seed=2, seconds=2), 0.3), _speech(seed=2, seconds=2))
    waited = round((LONGEST_ECHO_SECONDS + 0.02) * SECOND)
    _cleaned(guard, np.zeros(waited, np.int16), np.zeros(waited, np.int16))
    for frame in frames([caller]):
        assert guard.clean(frame, SILENCE).pcm == frame.pcm


@pytest.mark.parametrize("delay", [0.04, 0.1, 0.3, 0.6])
def test_an_echo_is_silenced_from_the_first_word_on(delay: float) -> None:
    played = _speech(seed=3, seconds=6)
    heard = _echo(played, delay)
    left = _cleaned(EchoGuard(), heard, played)
    assert _loudest(left) < _loudest(heard) / 10


def test_a_caller_who_speaks_over_the_echo_is_left_as_they_are() -> None:
    played, caller = _speech(seed=4, seconds=8), _speech(seed=5, seconds=8)
    caller[: 5 * SECOND] = 0
    left = _cleaned(EchoGuard(), _echo(played, 0.2, beside=caller), played)
    assert _loudest(left[: 5 * SECOND]) < 400
    talking = slice(round(5.2 * SECOND), 6 * SECOND)  # then the assistant has stopped long since
    error = (left[talking] - line(caller)[: len(left)][talking]) / 1.0
    assert np.square(error).mean() < 0.1 * np.square(caller[talking] / 1.0).mean()


def test_a_caller_on_a_handset_is_heard_while_the_assistant_speaks_its_first_sentence() -> None:
    played, caller = _speech(seed=6, seconds=3), _speech(seed=7, seconds=3)
    caller[: SECOND // 2] = 0
    left = _cleaned(EchoGuard(), line(caller), played)
    assert np.square(left / 1.0).sum() > 0.7 * np.square(caller / 1.0).sum()


def test_the_asr_hears_a_caller_unmuted() -> None:
    guard, caller = EchoGuard(), line(_speech(seed=7, seconds=3))
    heard = []
    for frame, out in zip(frames([caller]), frames([_speech(seed=6, seconds=3)]), strict=True):
        cleaned = guard.clean(frame, out.pcm)
        assert cleaned.at == frame.at
        heard.append(cleaned.samples)
    error = (np.concatenate(heard) - caller) / 1.0
    assert np.square(error).sum() < 0.1 * np.square(caller / 1.0).sum()


@pytest.mark.parametrize(("first", "then"), [(0.1, 0.4), (0.4, 0.1), (None, 0.2)])
def test_a_way_that_changes_is_learnt_anew(first: float | None, then: float) -> None:
    played = _speech(seed=8, seconds=18)
    before = np.zeros_like(played) if first is None else _echo(played, first)
    heard = np.concatenate([before[: 8 * SECOND], _echo(played, then)[8 * SECOND :]])
    left = _cleaned(EchoGuard(), heard, played)
    assert _loudest(left[15 * SECOND :]) < _loudest(heard[15 * SECOND :]) / 10


def test_a_second_playback_may_lie_some_ms_elsewhere() -> None:
    guard, played = EchoGuard(), _speech(seed=10, seconds=4)
    _cleaned(guard, _echo(played, 0.12), played)
    for _ in range(50):
        guard.clean(Frame(SILENCE, 0.0), None)
    heard = _echo(played, 0.1)
    assert _loudest(_cleaned(guard, heard, played)) < _loudest(heard) / 10


def test_what_is_made_up_for_lost_packets_does_not_pass_for_the_caller() -> None:
    played = _speech(seed=11, seconds=8)
    heard = _echo(played, 0.12)
    guard, left = EchoGuard(), []
    for index, (frame, out) in enumerate(zip(frames([heard]), frames([played]), strict=True)):
        lost = index % 20 == 0
        come = Frame(frame.pcm[::-1], frame.at) if lost else frame  # sound, but another
        left.append(for_vad(guard.clean(come, out.pcm, made_up=lost)).samples)
    assert _loudest(np.concatenate(left)[6 * SECOND :]) < _loudest(heard) / 10


def test_it_says_the_same_twice() -> None:
    played = _speech(seed=9, seconds=2)
    heard = _echo(played, 0.2)
    once, again = (_cleaned(EchoGuard(), heard, played) for _ in range(2))
    assert np.array_equal(once, again)


@pytest.mark.parametrize("loudest", [1, 32_767])
def test_noise_of_any_loudness_on_both_sides_is_survived(loudest: int) -> None:
    rng, guard = np.random.default_rng(seed=0), EchoGuard()
    for _ in range(200):
        heard, played = rng.integers(-loudest, loudest, (2, FRAME_SAMPLES), np.int16, endpoint=True)
        cleaned = guard.clean(Frame(heard.tobytes(), 0.0), played.tobytes())
        assert len(cleaned.pcm) == len(SILENCE)
    assert np.isfinite(np.frombuffer(cleaned.pcm, "<i2")).all()


def _speech(seed: int, seconds: float) -> Int16:
    """From the recorded callers, beginning anywhere, without their pauses."""
    sound = np.concatenate([read(script.wav) for script in scripts()])
    power = np.square(sound.reshape(-1, FRAME_SAMPLES) / 1.0).mean(axis=1)
    voiced = sound.reshape(-1, FRAME_SAMPLES)[power > 300**2].ravel()
    start = int(np.random.default_rng(seed).integers(len(voiced)))
    length = round(seconds * SECOND) // FRAME_SAMPLES * FRAME_SAMPLES
    return np.resize(np.roll(voiced, -start), length).copy()


def _echo(played: Int16, delay: float, beside: Int16 | None = None) -> Int16:
    """10 dB below, that much later, through the line there and back, and a caller beside it."""
    back = line(played) * ECHO
    late = np.concatenate([np.zeros(round(delay * SECOND)), back])[: len(played)]
    whole = late if beside is None else late + beside
    return line(np.clip(whole, -32768, 32767).astype(np.int16))


def _cleaned(guard: EchoGuard, heard: Int16, played: Int16) -> Int16:
    def clean() -> Iterator[Int16]:
        for frame, out in zip(frames([heard]), frames([played]), strict=False):
            yield for_vad(guard.clean(frame, out.pcm)).samples

    return np.concatenate(list(clean()))


def _loudest(sound: Int16) -> float:
    """Root mean square of the loudest fifth of a second."""
    whole = len(sound) // (SECOND // 5) * (SECOND // 5)
    powers = np.square(sound[:whole].reshape(-1, SECOND // 5) / 1.0).mean(axis=1)
    return float(np.sqrt(powers.max()))
