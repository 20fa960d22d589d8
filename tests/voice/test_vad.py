"""Voice activity on the recorded callers, whose scripts say when they speak."""

from pathlib import Path

import numpy as np
import pytest

from models import ModelMissing
from models.registry import model_path
from tests.bench.tones import TONES
from tests.clips.script import Script, scripts
from voice import EngineError
from voice.audio import SILENCE, Float32, Frame, frame_time, frames
from voice.vad import DEFAULT_VAD, ENGINES, SPEECH_PROBABILITY, Vad, WebRtcVad, load_vad
from voice.wav import open_recording

SILERO = ["silero", "silero-8k"]


def listen(vad: Vad, sound: list[Frame]) -> list[float]:
    return [vad.probability(frame) for frame in sound]


def recorded(script: Script) -> list[Frame]:
    return list(open_recording(script.wav).frames())


def test_every_engine_has_its_threshold() -> None:
    assert SPEECH_PROBABILITY.keys() == ENGINES.keys()
    assert DEFAULT_VAD in ENGINES


def test_an_unknown_engine_is_refused_with_the_known_ones() -> None:
    with pytest.raises(EngineError, match="no VAD is called 'sileo'; choose one of: silero, "):
        load_vad("sileo")


def test_a_missing_model_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFHOOK_MODELS", str(tmp_path))
    with pytest.raises(ModelMissing, match="offhook models pull silero-vad"):
        load_vad("silero")


def test_webrtc_hears_the_caller_and_not_the_silence() -> None:
    sound = recorded(next(s for s in scripts() if s.name == "order_status"))
    heard = np.array(listen(load_vad("webrtc")(), sound))
    assert set(heard) <= {0.0, 0.25, 0.5, 0.75, 1.0}
    assert heard[round(2.0 / 0.02) : round(3.5 / 0.02)].mean() > 0.9
    assert listen(WebRtcVad(), [Frame(SILENCE, 0.0)] * 100)[-50:] == [0.0] * 50


@pytest.mark.slow
@pytest.mark.parametrize("engine", SILERO)
@pytest.mark.parametrize("script", scripts(), ids=lambda script: script.name)
def test_silero_hears_every_turn_of_the_recorded_callers(engine: str, script: Script) -> None:
    heard = np.array(listen(load_vad(engine)(), recorded(script))) >= SPEECH_PROBABILITY[engine]
    at = np.array([frame_time(index) for index in range(len(heard))])
    silent = np.ones(len(heard), bool)
    for turn in script.turns:
        assert heard[(at >= turn.start) & (at < turn.end)].mean() > 0.6, turn.says
        silent &= (at < turn.start) | (at > turn.end + 0.1)
    assert heard[silent].mean() < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("engine", SILERO)
@pytest.mark.parametrize("tone", TONES)
def test_silero_takes_no_network_tone_for_speech(engine: str, tone: str) -> None:
    heard = listen(load_vad(engine)(), list(frames([TONES[tone]()])))
    assert np.mean(np.array(heard) >= SPEECH_PROBABILITY[engine]) < 0.01


@pytest.mark.slow
@pytest.mark.parametrize("engine", SILERO)
def test_calls_share_the_model_and_nothing_else(engine: str) -> None:
    make = load_vad(engine)
    first, second = (recorded(script)[:200] for script in scripts()[:2])
    alone = listen(make(), first), listen(make(), second)
    one, other = make(), make()
    together = [
        (one.probability(a), other.probability(b)) for a, b in zip(first, second, strict=True)
    ]
    assert together == list(zip(*alone, strict=True))


@pytest.mark.slow
def test_silero_sees_what_the_model_is_shown_window_by_window() -> None:
    from onnxruntime import InferenceSession

    session = InferenceSession(model_path("silero-vad") / "silero_vad.onnx")
    sound = recorded(scripts()[0])[:160]
    pcm = np.concatenate([frame.samples for frame in sound])
    samples: Float32 = pcm.astype(np.float32) / np.float32(32768)
    state = np.zeros((2, 1, 128), np.float32)
    context: Float32 = np.zeros(64, np.float32)
    expected = []
    for start in range(0, len(samples) - 511, 512):
        window = samples[start : start + 512]
        inputs = {
            "input": np.concatenate([context, window])[None],
            "state": state,
            "sr": np.array(16_000, np.int64),
        }
        probability, state = session.run(None, inputs)
        context = window[-64:]
        expected.append(float(probability.item()))
    heard = listen(load_vad("silero")(), sound)
    ends = [(index + 1) * 512 for index in range(len(expected))]
    seen = [heard[-(-end // 320) - 1] for end in ends]
    assert seen == pytest.approx(expected, abs=1e-5)
    assert heard[0] == 0.0  # no window is whole yet
    assert heard[2] == heard[1]  # held until the second is
