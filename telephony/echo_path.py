"""What played at the caller's ear while they said what we hear now: an echo guard's reference."""

from collections import deque

from telephony.playback import Playback
from voice.audio import FRAME_BYTES, FRAME_SAMPLES, FRAME_SECONDS, SAMPLE_RATE_HZ, SILENCE

KEPT_PACKETS = 200  # 4 s: what the far end buffers, and the round trip
ARRIVALS = 250  # frames, 5 s: the soonest of them came without jitter
STEADY_SECONDS = 0.01  # the reference moves only when it is further off: a filter learns its place


class EchoPath:
    """One call's. Times are seconds of the same clock as the playback's."""

    def __init__(self, playback: Playback) -> None:
        self._playback = playback
        self._packets: deque[bytes] = deque(maxlen=KEPT_PACKETS)
        self._sent = 0  # packets, those forgotten too
        self._frames = 0
        self._arrivals: deque[float] = deque(maxlen=ARRIVALS)
        self._began = float("-inf")  # when the ear heard what played at media time 0

    def send(self, pcm: bytes) -> None:
        """Note 20 ms, 16 kHz as in `Frame.pcm`, that leave for the ear."""
        self._packets.append(pcm)
        self._sent += 1

    def playing(self, now: float) -> bytes | None:
        """Return what played during the caller's next frame, which came now; 16 kHz as above.

        None while nothing played.
        """
        at = self._frames * FRAME_SECONDS
        self._frames += 1
        self._arrivals.append(now - FRAME_SECONDS - at)
        began = min(self._arrivals) - self._playback.round_trip
        if abs(began - self._began) > STEADY_SECONDS:
            self._began = began
        position = self._playback.position(self._began + at)
        return None if position is None else self._sound(position)

    def _sound(self, position: float) -> bytes:
        packet, sample = divmod(round(position * SAMPLE_RATE_HZ), FRAME_SAMPLES)
        first = packet - (self._sent - len(self._packets))
        if first < 0:
            return SILENCE
        pcm = b"".join(
            self._packets[index] for index in range(first, min(first + 2, len(self._packets)))
        )
        return pcm[sample * 2 :][:FRAME_BYTES].ljust(FRAME_BYTES, b"\0")
