"""Whether what must be heard was heard, however an ASR writes it."""

import numpy as np
import pytest

from telephony.far_end.protocol import PACKET_SECONDS
from telephony.far_end.transcript import LONGEST_SECONDS, contains, pieces
from tests.telephony.far_end.server import LOUD
from voice.audio import Int16
from voice.codec import decode_ulaw

SOUND = decode_ulaw(LOUD)
QUIET: Int16 = np.zeros_like(SOUND)


@pytest.mark.parametrize(
    ("heard", "wanted"),
    [
        ("Your order is one five two one three.", "15213"),
        ("Order 1-5-2-1-3, is that right?", "15213"),
        ("It costs $42.50.", "42.50"),
        ("Thank you for calling Maple would.", "thank you for calling Maplewood"),
        ("Good bye!", "goodbye"),
    ],
)
def test_the_same_words_are_found_in_any_writing(heard: str, wanted: str) -> None:
    assert contains(heard, wanted)


@pytest.mark.parametrize(
    ("heard", "wanted"),
    [
        ("Order 15214, is that right?", "15213"),
        ("We are open from nine to five.", "your order is on its way"),
        ("", "goodbye"),
    ],
)
def test_other_words_are_not(heard: str, wanted: str) -> None:
    assert not contains(heard, wanted)


def blocks(*parts: tuple[float, Int16]) -> list[Int16]:
    return [sound for seconds, sound in parts for _ in range(round(seconds / PACKET_SECONDS))]


def lengths(sound: list[Int16]) -> list[float]:
    return [round(len(piece) / 8000, 1) for piece in pieces(sound)]


def test_silence_has_no_pieces_and_speech_is_trimmed() -> None:
    assert lengths(blocks((3.0, QUIET))) == []
    assert lengths(blocks((3.0, QUIET), (2.0, SOUND), (0.5, QUIET), (1.0, SOUND))) == [3.5]


def test_long_speech_is_cut_in_a_pause_or_where_it_must_be() -> None:
    assert lengths(blocks((20.0, SOUND), (0.5, QUIET), (10.0, SOUND))) == [20.0, 10.0]
    assert lengths(blocks((60.0, SOUND))) == [LONGEST_SECONDS, LONGEST_SECONDS, 10.0]
