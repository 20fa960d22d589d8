"""Voice activity: how likely a frame holds speech, and the engines by name.

The default is Silero at 16 kHz with a threshold of 0.45, chosen by `tests/bench/vad.py` without its
test part: the threshold as the best of those that call at most 1 % of speechless frames speech
(train part), the engine by its mean F1 on the development part (meetings, meetings and callers in
noise on a telephone): silero 0.85, silero-8k 0.83. On the test part, which chose nothing, they are
level (0.78, 0.79). At these thresholds no network tone is speech to either. WebRTC's keeps to no
such budget (music, sirens, DTMF and dial tone are speech to it): it is for hosts that cannot spare
Silero's quarter of a millisecond.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

from voice import UnknownEngine
from voice.audio import SAMPLE_RATE_HZ, Float32, Frame
from voice.onnx import open_network
from voice.resample import Resampler

if TYPE_CHECKING:
    from onnxruntime import InferenceSession


class Vad(Protocol):
    """Stateful over one call's frames; an adapter re-chunks them to what its engine wants."""

    def probability(self, frame: Frame) -> float:
        """Probability of speech, 0 to 1, given this frame and those before it."""
        ...


class WebRtcVad:
    """WebRTC's Gaussian mixture model: 0, .25, .5, .75 or 1.

    It says yes or no in four degrees of strictness; the probability is the share that says yes.
    """

    def __init__(self) -> None:
        import webrtcvad

        self._degrees = [webrtcvad.Vad(mode) for mode in range(4)]

    def probability(self, frame: Frame) -> float:
        """Share of the four degrees that call the frame speech."""
        votes: list[bool] = [vad.is_speech(frame.pcm, SAMPLE_RATE_HZ) for vad in self._degrees]
        return sum(votes) / len(votes)


class SileroVad:
    """Silero's recurrent network (https://github.com/snakers4/silero-vad, version 6).

    It looks at 32 ms at a time, each with the last 4 ms of the one before. Between two looks the
    last probability holds, and it is 0 before the first. `rate_hz` is 16,000, or 8,000 for its
    telephone half, which hears frames 15 ms late (resampling).
    """

    WINDOW_SECONDS = 0.032
    CONTEXT_SECONDS = 0.004

    def __init__(self, session: "InferenceSession", rate_hz: int = SAMPLE_RATE_HZ) -> None:
        self._session = session
        self._rate = np.array(rate_hz, dtype=np.int64)
        self._resampler = Resampler(SAMPLE_RATE_HZ, rate_hz)
        self._window = round(self.WINDOW_SECONDS * rate_hz)
        self._context = round(self.CONTEXT_SECONDS * rate_hz)
        self._sound: Float32 = np.zeros(self._context, np.float32)  # not looked at, after context
        self._state: Float32 = np.zeros((2, 1, 128), np.float32)
        self._probability = 0.0

    def probability(self, frame: Frame) -> float:
        """Probability of speech in the last whole 32 ms."""
        samples = self._resampler.feed(frame.samples).astype(np.float32) / 32768
        self._sound = np.concatenate([self._sound, samples])
        while len(self._sound) >= self._context + self._window:
            self._look(self._sound[: self._context + self._window])
            self._sound = self._sound[self._window :]
        return self._probability

    def _look(self, window: Float32) -> None:
        inputs = {"input": window[np.newaxis], "state": self._state, "sr": self._rate}
        output, self._state = self._session.run(["output", "stateN"], inputs)
        self._probability = float(output.item())


def load_vad(name: str) -> Callable[[], Vad]:
    """Load an engine once; what it returns makes a `Vad` for each call, cheaply."""
    if name not in ENGINES:
        raise UnknownEngine(f"no VAD is called {name!r}; choose one of: {', '.join(ENGINES)}")
    return ENGINES[name]()


def _load_webrtc() -> Callable[[], Vad]:
    return WebRtcVad


def _load_silero(rate_hz: int = SAMPLE_RATE_HZ) -> Callable[[], Vad]:
    session = open_network("silero-vad", "silero_vad.onnx")
    return lambda: SileroVad(session, rate_hz)


def _load_silero_8k() -> Callable[[], Vad]:
    return _load_silero(8_000)


ENGINES: dict[str, Callable[[], Callable[[], Vad]]] = {
    "silero": _load_silero,
    "silero-8k": _load_silero_8k,
    "webrtc": _load_webrtc,
}
DEFAULT_VAD = "silero"
SPEECH_PROBABILITY = {"silero": 0.45, "silero-8k": 0.65, "webrtc": 0.95}
"""By engine, the probability from which a frame is taken for speech."""
