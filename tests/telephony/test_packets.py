"""From frames to packets and back: nothing is lost, moved or left over."""

import numpy as np
import pytest

from telephony.media_stream import CODEC_RATE_HZ, PACKET_BYTES
from telephony.packets import Decoder, Encoder, Packet
from voice.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ, Frame, Int16, frame_time
from voice.codec import decode_ulaw, encode_ulaw

RESAMPLER_SECONDS = 0.00025  # from 16 to 8 kHz it is so much late


def tone(seconds: float, rate_hz: int, offset: float = 0.0) -> Int16:
    times = np.arange(round(seconds * rate_hz)) / rate_hz + offset
    return (9000 * np.sin(2 * np.pi * 440 * times)).astype(np.int16)


def frames(samples: Int16) -> list[Frame]:
    blocks = samples.astype("<i2").reshape(-1, FRAME_SAMPLES)
    return [Frame(block.tobytes(), frame_time(index)) for index, block in enumerate(blocks)]


def encoded(encoder: Encoder, said: list[Frame]) -> list[Packet]:
    packets = [packet for frame in said for packet in encoder.feed(frame)]
    return packets + encoder.finish()


def test_each_packet_is_whole_and_is_its_frame() -> None:
    said = frames(tone(1.0, SAMPLE_RATE_HZ))
    packets = encoded(Encoder(), said)
    assert {len(packet.payload) for packet in packets} == {PACKET_BYTES}
    assert [packet.pcm for packet in packets[:50]] == [frame.pcm for frame in said]
    sent = decode_ulaw(b"".join(packet.payload for packet in packets)).astype(int)
    assert len(sent) == CODEC_RATE_HZ
    meant = tone(1.0, CODEC_RATE_HZ, offset=-RESAMPLER_SECONDS)
    assert np.abs(sent - meant)[100:-100].max() < 600  # µ-law's step up here is 512


@pytest.mark.parametrize("length", [1, 7, 160, 333, 8000])
def test_the_callers_sound_stays_in_place_however_it_is_cut(length: int) -> None:
    codes = encode_ulaw(tone(1.0, CODEC_RATE_HZ))
    decoder = Decoder()
    heard = [
        frame
        for at in range(0, len(codes), length)
        for frame in decoder.feed(codes[at : at + length])
    ]
    assert len(heard) >= 48
    samples = np.concatenate([frame.samples for frame in heard]).astype(int)
    meant = tone(1.0, SAMPLE_RATE_HZ).astype(int)[: len(samples)]
    assert np.abs(samples - meant)[200:].max() < 600


def test_after_a_clear_nothing_of_before_is_left() -> None:
    encoder = Encoder()
    for frame in frames(tone(0.1, SAMPLE_RATE_HZ)):
        encoder.feed(frame)
    encoder.clear()
    silence = frames(np.zeros(FRAME_SAMPLES * 5, np.int16))
    after = encoded(encoder, silence)
    assert {packet.payload for packet in after} == {b"\xff" * PACKET_BYTES}
    assert after[0].pcm == silence[0].pcm
