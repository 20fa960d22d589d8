import numpy as np
import pytest

from voice.audio import Int16
from voice.resample import Resampler


def tone(frequency: float, rate_hz: int, seconds: float = 1.0) -> Int16:
    at = np.arange(round(rate_hz * seconds)) / rate_hz
    return (10_000 * np.sin(2 * np.pi * frequency * at)).astype(np.int16)


def resampled(sound: Int16, from_hz: int, to_hz: int, piece: int = 160) -> Int16:
    resampler = Resampler(from_hz, to_hz)
    pieces = [resampler.feed(sound[at : at + piece]) for at in range(0, len(sound), piece)]
    return np.concatenate([*pieces, resampler.finish()])


def level_db(sound: Int16, reference: Int16) -> float:
    """Without the edges, where a filter has not swung in."""
    inner = sound[len(sound) // 4 : -len(sound) // 4] / 1.0
    return float(20 * np.log10(np.std(inner) / np.std(reference) + 1e-9))


RATES = [
    (8_000, 16_000),
    (16_000, 8_000),
    (11_025, 16_000),
    (22_050, 16_000),
    (24_000, 16_000),
    (44_100, 16_000),
    (48_000, 16_000),
    (192_000, 16_000),
    (16_000, 16_000),
]


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_keeps_duration_pitch_level_and_place(from_hz: int, to_hz: int) -> None:
    out = resampled(tone(200, from_hz), from_hz, to_hz)
    assert len(out) == to_hz
    at = np.arange(to_hz) / to_hz
    inner = slice(to_hz // 4, -to_hz // 4)
    found = 2j * np.mean(out[inner] * np.exp(-2j * np.pi * 200 * at[inner]))
    assert abs(found) == pytest.approx(10_000, abs=10)
    assert abs(np.angle(found)) / (2 * np.pi * 200) < 0.000_25


def test_the_output_does_not_depend_on_how_the_input_is_cut() -> None:
    sound = np.random.default_rng(seed=1).integers(-9_000, 9_000, 8_000).astype(np.int16)
    whole = resampled(sound, 8_000, 16_000, piece=8_000)
    for piece in (1, 33, 160, 1_024):
        assert np.array_equal(resampled(sound, 8_000, 16_000, piece), whole)


def test_nothing_above_the_new_band_folds_back() -> None:
    sound = tone(5_000, 16_000)
    assert level_db(resampled(sound, 16_000, 8_000), sound) < -70


def test_no_mirror_image_of_the_telephone_band() -> None:
    out = resampled(tone(3_400, 8_000), 8_000, 16_000)[4_000:-4_000]
    spectrum = np.abs(np.fft.rfft(out * np.blackman(len(out))))
    image = spectrum[len(spectrum) * 9 // 16 :].max()  # 4.5 kHz and above
    assert 20 * np.log10(image / spectrum.max()) < -70


def test_silence_stays_silence_and_clipping_does_not_wrap() -> None:
    assert not resampled(np.zeros(8_000, np.int16), 8_000, 16_000).any()
    square = np.repeat(np.tile(np.array([32767, -32768], np.int16), 50), 80)
    out = resampled(square, 8_000, 16_000)
    assert (np.sign(out[200:-200].astype(int)).reshape(-1, 1) != 0).mean() > 0.9
    assert out.max() == 32767
    assert out.min() == -32768


@pytest.mark.parametrize(
    ("from_hz", "to_hz", "most"), [(8_000, 16_000, 0.03), (16_000, 8_000, 0.015)]
)
def test_waits_no_longer_than_documented(from_hz: int, to_hz: int, most: float) -> None:
    resampler = Resampler(from_hz, to_hz)
    fed = came = 0
    for _ in range(100):
        came += len(resampler.feed(np.zeros(from_hz // 50, np.int16)))
        fed += from_hz // 50
        assert fed / from_hz - came / to_hz <= most + 1e-9


@pytest.mark.parametrize("forget", [Resampler.clear, Resampler.finish])
def test_nothing_leaks_into_what_comes_after(forget: object) -> None:
    resampler = Resampler(8_000, 16_000)
    fresh = Resampler(8_000, 16_000)
    resampler.feed(np.full(1_234, 30_000, np.int16))
    assert callable(forget)
    forget(resampler)
    sound = tone(440, 8_000, seconds=0.2)
    assert np.array_equal(resampler.feed(sound), fresh.feed(sound))
    assert np.array_equal(resampler.finish(), fresh.finish())


def test_empty_pieces_are_welcome() -> None:
    resampler = Resampler(8_000, 16_000)
    assert len(resampler.feed(np.empty(0, np.int16))) == 0
    assert len(resampler.finish()) == 0
