"""Between the telephone's packets, µ-law at 8 kHz, and Offhook's frames."""

from collections import deque
from dataclasses import dataclass

from telephony.media_stream import CODEC_RATE_HZ, PACKET_BYTES
from voice.audio import SAMPLE_RATE_HZ, SILENCE, Frame, Framer
from voice.codec import decode_ulaw, encode_ulaw
from voice.resample import Resampler

ULAW_SILENCE = b"\xff"


@dataclass(frozen=True, slots=True)
class Packet:
    """20 ms for the far end, and the same as in `Frame.pcm`."""

    payload: bytes
    pcm: bytes


class Decoder:
    """The caller's sound, as it comes, to frames."""

    def __init__(self) -> None:
        self._resampler = Resampler(CODEC_RATE_HZ, SAMPLE_RATE_HZ)
        self._framer = Framer()

    def feed(self, payload: bytes) -> list[Frame]:
        """Take µ-law of any length; return the frames that are whole now."""
        return self._framer.feed(self._resampler.feed(decode_ulaw(payload)))


class Encoder:
    """The assistant's frames to whole packets; a rest waits for the next frame."""

    def __init__(self) -> None:
        self._resampler = Resampler(SAMPLE_RATE_HZ, CODEC_RATE_HZ)
        self._rest = b""
        self._frames: deque[bytes] = deque()  # whose packets are not whole yet

    def feed(self, frame: Frame) -> list[Packet]:
        """Take a frame; return the packets that are whole now."""
        self._frames.append(frame.pcm)
        return self._whole(encode_ulaw(self._resampler.feed(frame.samples)))

    def finish(self) -> list[Packet]:
        """Return the rest, padded with silence; the next frame begins anew."""
        last = encode_ulaw(self._resampler.finish())
        missing = -(len(self._rest) + len(last)) % PACKET_BYTES
        return self._whole(last + ULAW_SILENCE * missing)

    def clear(self) -> None:
        """Forget the rest, so that nothing of it sounds in what comes next."""
        self._resampler.clear()
        self._rest = b""
        self._frames.clear()

    def _whole(self, codes: bytes) -> list[Packet]:
        codes = self._rest + codes
        whole = len(codes) // PACKET_BYTES * PACKET_BYTES
        self._rest = codes[whole:]
        return [
            Packet(
                codes[at : at + PACKET_BYTES], self._frames.popleft() if self._frames else SILENCE
            )
            for at in range(0, whole, PACKET_BYTES)
        ]
