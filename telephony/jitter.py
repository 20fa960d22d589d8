"""Puts a media stream's packets in order and fills its gaps, so that media time has none.

A WebSocket keeps order, so on most calls every packet passes through at once. Yet sound can be lost
or late before it came to the WebSocket, and bridges in between need not be as careful as Twilio.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from telephony.media_stream import CODEC_RATE_HZ, PACKET_BYTES, Dtmf, MarkEcho, Media
from voice.codec import decode_ulaw, encode_ulaw

SAMPLES_PER_MS = CODEC_RATE_HZ // 1000
HOLD_SAMPLES = (
    100 * SAMPLES_PER_MS
)  # 100 ms: so much later sound gives up what is missing; jitter is less
HOLD_PACKETS = 50  # … or so many later messages of any kind: bounds the memory
FILL_SAMPLES = CODEC_RATE_HZ  # 1 s: a longer gap is a jump of the far end's clock, and not filled
WINDOW = 500  # a sequence number further off than this (10 s) is an error, or a new beginning
FADE_SAMPLES = 60 * SAMPLES_PER_MS  # a concealed gap falls silent within 60 ms

Sequenced = Media | Dtmf | MarkEcho
Heard = bytes | Dtmf
"""µ-law sound of any length, or a key."""


@dataclass(slots=True)
class JitterCounts:
    """What was wrong with the messages so far; `concealed` is in samples made up."""

    late: int = 0
    duplicate: int = 0
    strange: int = 0  # its sequence number was far off
    jumps: int = 0  # of the timestamps
    concealed: int = 0


class Jitter:
    """One stream's order. `after` is the sequence number of the message before the first."""

    def __init__(self, after: int) -> None:
        self.counts = JitterCounts()
        self._next = after + 1
        self._strange = -2  # the last sequence number that was far off
        self._waiting: dict[int, Sequenced] = {}
        self._missed: deque[int] = deque(maxlen=WINDOW)
        self._at: int | None = None  # in samples: where the sound that was passed on ends
        self._last = b""

    def feed(self, message: Sequenced) -> list[Heard]:
        """Take the message that came next; return what is in order now."""
        offset = message.sequence - self._next
        if abs(offset) > WINDOW and not self._begins_anew(message.sequence):
            self.counts.strange += 1
            return []
        if message.sequence < self._next:
            self._count_old(message.sequence)
            return []
        if message.sequence in self._waiting:
            self.counts.duplicate += 1
            return []
        self._waiting[message.sequence] = message
        heard = self._in_order()
        while self._waited_enough():
            self._skip()
            heard += self._in_order()
        return heard

    def finish(self) -> list[Heard]:
        """Return what still waits for something missing: nothing comes any more."""
        heard: list[Heard] = []
        while self._waiting:
            self._skip()
            heard += self._in_order()
        return heard

    def _begins_anew(self, sequence: int) -> bool:
        """Two in a row from far off are a new beginning, as in RFC 3550, appendix A.1."""
        again = sequence == self._strange + 1
        self._strange = sequence
        if again:
            self._waiting.clear()
            self._missed.clear()
            self._next = sequence
        return again

    def _count_old(self, sequence: int) -> None:
        if sequence in self._missed:
            self._missed.remove(sequence)
            self.counts.late += 1
        else:
            self.counts.duplicate += 1

    def _in_order(self) -> list[Heard]:
        heard: list[Heard] = []
        while (message := self._waiting.pop(self._next, None)) is not None:
            self._next += 1
            match message:
                case Media():
                    heard += self._sound(message)
                case Dtmf():
                    heard.append(message)
        return heard

    def _waited_enough(self) -> bool:
        if len(self._waiting) > HOLD_PACKETS:
            return True
        sound = [waits for waits in self._waiting.values() if isinstance(waits, Media)]
        if not sound:
            return False
        begin = min(map(_begin, sound)) if self._at is None else self._at
        return max(_begin(packet) + len(packet.payload) for packet in sound) - begin > HOLD_SAMPLES

    def _skip(self) -> None:
        """Give up what is missing before the first that waits."""
        first = min(self._waiting)
        self._missed.extend(range(self._next, first))
        self._next = first

    def _sound(self, packet: Media) -> list[Heard]:
        """Return the packet, after what fills the gap before it.

        Timestamps tell what is missing, not sequence numbers: those also count marks and keys.
        """
        gap = 0 if self._at is None else _begin(packet) - self._at
        filling: list[Heard] = []
        if PACKET_BYTES <= gap <= FILL_SAMPLES:
            filling = [Concealed(conceal(self._last, gap))]
            self.counts.concealed += gap
        elif abs(gap) >= PACKET_BYTES:
            self.counts.jumps += 1
        if self._at is None or abs(gap) >= PACKET_BYTES:
            self._at = _begin(packet)
        self._at += len(packet.payload)
        self._last = packet.payload[-PACKET_BYTES:]
        return [*filling, packet.payload]


class Concealed(bytes):
    """Sound that was made up for a gap."""


def conceal(before: bytes, samples: int) -> bytes:
    """Return µ-law sound for a gap: what was before it, repeated, and soon faded into silence.

    G.711's own concealment (Appendix I) also repeats whole periods of the pitch, for human
    listeners. A VAD and an ASR, which average over 20 ms and more, need only that a word does not
    seem to end, and begin again, where a packet is missing.
    """
    repeated = np.resize(decode_ulaw(before), samples)
    fade = np.clip(1 - np.arange(samples) / FADE_SAMPLES, 0, 1)
    return encode_ulaw((repeated * fade).astype(np.int16))


def _begin(packet: Media) -> int:
    return packet.timestamp * SAMPLES_PER_MS
