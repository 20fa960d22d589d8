"""Whether a voice sounds as if it had finished: smart-turn, a small network over the last 8 s.

smart-turn v3.2 (https://github.com/pipecat-ai/smart-turn, BSD-2): Whisper tiny's encoder with a
head that says how likely the speaker is done. It hears tone, rhythm and breath, no words; alone it
is weak, so `voice.turns` weighs it with the words and with what the dialogue expects.
"""

from collections.abc import Awaitable, Callable, Sequence

import numpy as np
from anyio import to_thread

from voice.audio import FRAME_SECONDS, SAMPLE_RATE_HZ, Float32, Frame
from voice.onnx import open_network

WINDOW_SECONDS = 8
_VARIANCE_FLOOR = 1e-7

SoundsFinished = Callable[[Sequence[Frame]], Awaitable[float]]
"""What a caller said up to a pause → probability that their turn is over."""


def load_smart_turn() -> SoundsFinished:
    """Load it: one thread each, safe from several calls. Raises EngineError, or ModelMissing."""
    from faster_whisper.feature_extractor import FeatureExtractor

    session = open_network("smart-turn", "smart-turn.onnx")
    features = FeatureExtractor(chunk_length=WINDOW_SECONDS)

    def probability(frames: Sequence[Frame]) -> float:
        mel = features(_window(frames), padding=0)
        (found,) = session.run(None, {"input_features": mel[np.newaxis]})
        return float(found.item())

    async def sounds_finished(frames: Sequence[Frame]) -> float:
        return await to_thread.run_sync(probability, frames)

    probability([])
    return sounds_finished


def _window(frames: Sequence[Frame]) -> Float32:
    """The last 8 s, silence before what is shorter, with mean 0 and variance 1."""
    last = frames[-round(WINDOW_SECONDS / FRAME_SECONDS) :]
    samples = np.frombuffer(b"".join(frame.pcm for frame in last), "<i2").astype(np.float32) / 32768
    window = np.pad(samples, (WINDOW_SECONDS * SAMPLE_RATE_HZ - samples.size, 0))
    normal: Float32 = (window - window.mean()) / np.sqrt(window.var() + _VARIANCE_FLOOR)
    return normal
