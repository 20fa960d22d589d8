import io

import numpy as np
import pytest
import soundfile

from voice.codec import decode_ulaw, encode_ulaw

EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)
EVERY_CODE = bytes(range(256))


def test_encodes_every_sample_as_libsndfile_does() -> None:
    file = io.BytesIO()
    soundfile.write(file, EVERY_SAMPLE, 8_000, format="RAW", subtype="ULAW")
    assert encode_ulaw(EVERY_SAMPLE) == file.getvalue()


def test_decodes_every_code_as_libsndfile_does() -> None:
    samples, _ = soundfile.read(
        io.BytesIO(EVERY_CODE),
        dtype="int16",
        format="RAW",
        subtype="ULAW",
        samplerate=8_000,
        channels=1,
    )
    assert np.array_equal(decode_ulaw(EVERY_CODE), samples)


@pytest.mark.parametrize(
    ("code", "sample"),
    [  # G.711, tables 2a and 2b: the ends of the scale, the segments' edges; 14 bits times 4
        (0x80, 8031 * 4),
        (0x8F, 4191 * 4),
        (0x9F, 2079 * 4),
        (0xEF, 33 * 4),
        (0xFE, 2 * 4),
        (0xFF, 0),
        (0x7F, 0),
        (0x7E, -2 * 4),
        (0x00, -8031 * 4),
    ],
)
def test_known_values(code: int, sample: int) -> None:
    assert decode_ulaw(bytes([code]))[0] == sample


def test_what_was_decoded_encodes_to_itself() -> None:
    again = encode_ulaw(decode_ulaw(EVERY_CODE))
    assert again == EVERY_CODE.replace(b"\x7f", b"\xff")  # the two zeros are one sample


def test_error_stays_within_half_a_step() -> None:
    error = np.abs(decode_ulaw(encode_ulaw(EVERY_SAMPLE)).astype(int) - EVERY_SAMPLE)
    steps = 1 << np.maximum(3, np.frexp(np.abs(EVERY_SAMPLE.astype(int)) + 132)[1] - 5)
    unclipped = np.abs(EVERY_SAMPLE.astype(int)) <= 32_635
    assert (error[unclipped] <= steps[unclipped] // 2).all()


def test_nothing_is_nothing() -> None:
    assert encode_ulaw(np.empty(0, np.int16)) == b""
    assert len(decode_ulaw(b"")) == 0
