"""Sample rates: a streaming resampler, and 20 ms frames out of sound that comes in any sizes.

The engine is soxr's time-domain one (`vr=True`), which soxr calls variable-rate but which runs here
at a fixed ratio. soxr's usual one filters by FFT and gives its output in bursts. What the caller of
`feed` waits for, measured with 20 ms chunks (longest wait in ms), and the worst of alias and image:

    ==============  =====  =====  =====  =====  =================
    rates           HQ     MQ     LQ     QQ     time-domain (used)
    ==============  =====  =====  =====  =====  =================
    8 → 16 kHz      115    118    61     0.3    30
    16 → 8 kHz      115    118    61     0.1    15
    22.05 → 16 kHz  40     41     22     0.1    11
    24 → 16 kHz     37     38     20     0.1    10
    spurious        -80 dB -79 dB -72 dB -6 dB  -79 dB (int16's own noise)
    ==============  =====  =====  =====  =====  =================

100 ms is what a telephone line cannot give away at each end; QQ interpolates, and 3.4 kHz comes
with its mirror image. It computes in float32 without dither: silence stays digital silence, and the
output does not depend on how the input is cut.
"""

import numpy as np
import soxr

from voice.audio import Float32, Int16


class Resampler:
    """Mono int16 from one rate in Hz to another, as it streams; in place to a quarter of a ms."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._same = from_hz == to_hz
        self._soxr = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32", vr=True)

    def feed(self, samples: Int16) -> Int16:
        """What is ready after these samples: any number of them, none at first."""
        return samples if self._same else self._run(samples, last=False)

    def finish(self) -> Int16:
        """The rest; with it as much time has come out as went in. The next `feed` begins anew."""
        rest = np.empty(0, np.int16)
        if not self._same:
            rest = self._run(rest, last=True)
            self.clear()
        return rest

    def clear(self) -> None:
        """Forget all that was fed."""
        self._soxr.clear()

    def _run(self, samples: Int16, last: bool) -> Int16:
        resampled: Float32 = self._soxr.resample_chunk(samples.astype(np.float32), last=last)
        resampled.clip(-32768, 32767, out=resampled)
        return np.rint(resampled, out=resampled).astype(np.int16)
