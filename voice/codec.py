"""G.711 µ-law, the codec of North American and Japanese telephone lines (ITU-T G.711, 1988)."""

import numpy as np
import numpy.typing as npt

from voice.audio import Int16

_BIAS = (
    33 << 2
)  # G.711's bias of 33 at 14 bits, in 16-bit units: makes every segment a power of two
_LARGEST = 0x7FFF - _BIAS


def decode_ulaw(codes: bytes) -> Int16:
    """One int16 sample for each byte."""
    return _DECODED[np.frombuffer(codes, dtype=np.uint8)]


def encode_ulaw(samples: Int16) -> bytes:
    """One byte for each int16 sample; louder than the codec's ±32,124 is clipped to that."""
    return _ENCODED[samples.view(np.uint16)].tobytes()


def _decoding_table() -> Int16:
    """The 256 values: inverted bits are sign, 3 bits of segment, 4 bits of step in the segment."""
    bits = ~np.arange(256, dtype=np.uint8)
    segment = (bits >> 4 & 0x07).astype(np.int32)
    step = (bits & 0x0F).astype(np.int32)
    magnitude = (((step << 3) + _BIAS) << segment) - _BIAS
    return np.where(bits & 0x80, -magnitude, magnitude).astype(np.int16)


def _encoding_table() -> npt.NDArray[np.uint8]:
    """The code of each int16, at the index of its bits read as uint16."""
    sample = np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.minimum(np.abs(sample), _LARGEST) + _BIAS
    segment = np.frexp(magnitude)[1] - 8  # the position of the leading one; 0 for 132 to 255
    step = magnitude >> (segment + 3) & 0x0F
    sign = np.where(sample < 0, 0x80, 0)
    code: npt.NDArray[np.uint8] = (~(sign | segment << 4 | step)).astype(np.uint8)
    return code


_DECODED = _decoding_table()
_ENCODED = _encoding_table()
