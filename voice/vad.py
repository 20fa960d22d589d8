"""Voice activity: how likely a frame holds speech, and the engines by name.

The default is Silero at 16 kHz with a threshold of 0.45, chosen by `tests/bench/vad.py` without its
test part: the threshold as the best of those that call at most 1 % of speechless frames speech
(train part), the engine by its mean F1 on the development part (meetings, meetings and callers in
noise on a telephone): silero 0.85, silero-8k 0.83. On the test part, which chose nothing, they are
level (0.78, 0.79). At these thresholds no network tone is speech to either. WebRTC's keeps to no
such budget (music, sirens, DTMF and dial tone are speech to it): it is for hosts that cannot spare
Silero's 0.15 ms for each frame.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from voice import UnknownEngine
from voice.audio import SAMPLE_RATE_HZ, Float32, Frame
from voice.onnx import open_network
from voice.resample import Resampler

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, IOBinding

_FROM_INT16 = np.float32(1 / 32768)


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
    STATE = (2, 1, 128)

    def __init__(self, session: "InferenceSession", rate_hz: int = SAMPLE_RATE_HZ) -> None:
        self._session = session
        self._resampler = Resampler(SAMPLE_RATE_HZ, rate_hz)
        self._context = round(self.CONTEXT_SECONDS * rate_hz)
        self._sound: Float32 = np.zeros(self.samples(rate_hz), np.float32)
        self._filled = self._context
        self._probability: Float32 = np.zeros((1, 1), np.float32)
        states = [np.zeros(self.STATE, np.float32) for _ in range(2)]
        self._looks = [self._bound(*states), self._bound(*reversed(states))]  # in turns

    @classmethod
    def samples(cls, rate_hz: int) -> int:
        """What it looks at, the context before it included."""
        return round((cls.CONTEXT_SECONDS + cls.WINDOW_SECONDS) * rate_hz)

    def probability(self, frame: Frame) -> float:
        """Probability of speech in the last whole 32 ms."""
        samples = self._resampler.feed(frame.samples)
        while len(samples):
            space = self._sound[self._filled :]
            taken = samples[: len(space)]
            np.multiply(taken, _FROM_INT16, out=space[: len(taken)])
            self._filled += len(taken)
            if self._filled == len(self._sound):
                self._look()
            samples = samples[len(taken) :]
        return float(self._probability[0, 0])

    def _look(self) -> None:
        self._session.run_with_iobinding(self._looks[0])
        self._looks.reverse()
        self._sound[: self._context] = self._sound[-self._context :]
        self._filled = self._context

    def _bound(self, state: Float32, after: Float32) -> "IOBinding":
        """Bind a look to our arrays, which it reads and writes in place: a sixth of its time."""
        from onnxruntime import OrtValue

        look = self._session.io_binding()
        for name, array in (("input", self._sound[np.newaxis]), ("state", state)):
            look.bind_ortvalue_input(name, OrtValue.ortvalue_from_numpy(array))
        for name, array in (("output", self._probability), ("stateN", after)):
            look.bind_ortvalue_output(name, OrtValue.ortvalue_from_numpy(array))
        return look


def load_vad(name: str) -> Callable[[], Vad]:
    """Load an engine once; what it returns makes a `Vad` for each call, cheaply."""
    if name not in ENGINES:
        raise UnknownEngine(f"no VAD is called {name!r}; choose one of: {', '.join(ENGINES)}")
    return ENGINES[name]()


def _load_webrtc() -> Callable[[], Vad]:
    return WebRtcVad


def _load_silero(rate_hz: int = SAMPLE_RATE_HZ) -> Callable[[], Vad]:
    session = open_network("silero-vad", "silero_vad.onnx", lambda path: _half(path, rate_hz))
    return lambda: SileroVad(session, rate_hz)


def _half(graph: Path, rate_hz: int) -> bytes:
    """The half of Silero's graph that hears this rate, for windows of one size.

    The whole asks of every window what its rate and its shape are. What ONNX Runtime makes of the
    half gives the same probabilities in three quarters of the time.
    """
    import onnx
    from onnx import TensorProto
    from onnx.helper import make_graph, make_model, make_node, make_tensor_value_info

    whole = onnx.load(graph)
    choice = next(node for node in whole.graph.node if node.op_type == "If")
    halves = {attribute.name: attribute.g for attribute in choice.attribute}
    half = halves["then_branch" if rate_hz == SAMPLE_RATE_HZ else "else_branch"]
    names = zip(half.output, whole.graph.output, strict=True)
    nodes = [make_node("Identity", [inner.name], [outer.name]) for inner, outer in names]
    window, state = (1, SileroVad.samples(rate_hz)), SileroVad.STATE
    inputs, outputs = (
        [make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]
        for shapes in ({"input": window, "state": state}, {"output": (1, 1), "stateN": state})
    )
    alone = make_graph([*half.node, *nodes], half.name, inputs, outputs, half.initializer)
    imports = whole.opset_import
    model = make_model(alone, opset_imports=imports, ir_version=whole.ir_version)
    return bytes(model.SerializeToString())


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
