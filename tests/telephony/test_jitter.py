"""What comes late, twice, in disorder or not at all, and what the ears hear of it."""

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.jitter import FADE_SAMPLES, HOLD_PACKETS, WINDOW, Heard, Jitter, conceal
from telephony.media_stream import NUMBER_LIMIT, PACKET_BYTES, Dtmf, MarkEcho, Media
from voice.codec import decode_ulaw

LOUD = 0x80  # µ-law of the loudest sample


def packet(number: int, sequence: int | None = None) -> Media:
    """Return the packet with this number, from 0; its payload tells which it is."""
    payload = bytes([LOUD + number % 100]) * PACKET_BYTES
    return Media("MZ1", 2 + number if sequence is None else sequence, number * 20, payload)


def sound(*numbers: int) -> list[Heard]:
    return [packet(number).payload for number in numbers]


def feed(jitter: Jitter, messages: Iterable[Media | Dtmf | MarkEcho]) -> list[Heard]:
    return [heard for message in messages for heard in jitter.feed(message)]


def seconds(heard: Sequence[Heard]) -> float:
    return sum(len(each) for each in heard if isinstance(each, bytes)) / 8000


def test_what_is_in_order_passes_at_once() -> None:
    jitter = Jitter(after=1)
    for number in range(20):
        assert jitter.feed(packet(number)) == sound(number)


def test_two_that_changed_places_are_put_in_order() -> None:
    jitter = Jitter(after=1)
    assert jitter.feed(packet(0)) == sound(0)
    assert jitter.feed(packet(2)) == []
    assert jitter.feed(packet(1)) == sound(1, 2)
    assert jitter.counts.late == jitter.counts.duplicate == jitter.counts.concealed == 0


def test_the_very_first_two_may_change_places_too() -> None:
    jitter = Jitter(after=1)
    assert feed(jitter, [packet(1), packet(0)]) == sound(0, 1)


def test_what_comes_twice_is_heard_once() -> None:
    jitter = Jitter(after=1)
    twice = [packet(number) for number in (0, 0, 2, 2, 1, 1, 2, 3)]
    assert feed(jitter, twice) == sound(0, 1, 2, 3)
    assert jitter.counts.duplicate == 4


def test_a_lost_packet_is_given_up_after_100_ms_and_its_gap_filled() -> None:
    jitter = Jitter(after=1)
    came = [jitter.feed(packet(number)) for number in (0, 2, 3, 4, 5, 6, 7)]
    assert came[1:5] == [[], [], [], []]
    filling, *rest = came[5]
    assert rest == sound(2, 3, 4, 5, 6)
    assert isinstance(filling, bytes)
    assert len(filling) == PACKET_BYTES
    assert came[6] == sound(7)
    assert jitter.counts.concealed == PACKET_BYTES


def test_after_a_loss_there_is_no_delay_left() -> None:
    jitter = Jitter(after=1)
    feed(jitter, [packet(number) for number in (0, 2, 3, 4, 5, 6)])
    assert jitter.feed(packet(7)) == sound(7)


def test_what_comes_after_its_gap_was_filled_is_dropped_and_counted() -> None:
    jitter = Jitter(after=1)
    feed(jitter, [packet(number) for number in (0, 2, 3, 4, 5, 6)])
    assert jitter.feed(packet(1)) == []
    assert jitter.feed(packet(1)) == []
    assert (jitter.counts.late, jitter.counts.duplicate) == (1, 1)


def test_a_lost_mark_is_no_gap_in_the_sound() -> None:
    jitter = Jitter(after=1)
    later = [packet(number, number + 3) for number in range(2, 9)]
    heard = feed(jitter, [packet(0, 2), packet(1, 3), *later]) + jitter.finish()
    assert heard == sound(*range(9))
    assert jitter.counts.concealed == 0


def test_a_mark_takes_its_number_and_makes_no_sound() -> None:
    jitter = Jitter(after=1)
    assert feed(jitter, [packet(0, 2), MarkEcho("MZ1", 3, "0.1"), packet(1, 4)]) == sound(0, 1)


def test_a_gap_that_the_far_end_itself_has_is_filled_at_once() -> None:
    jitter = Jitter(after=1)
    heard = feed(jitter, [packet(0, 2), packet(4, 3)])
    assert [seconds([each]) for each in heard] == [0.02, 0.06, 0.02]


def test_a_key_keeps_its_place() -> None:
    jitter = Jitter(after=1)
    key = Dtmf("MZ1", 4, "5")
    assert feed(jitter, [packet(0, 2), key, packet(1, 3), packet(2, 5)]) == [
        *sound(0, 1),
        key,
        *sound(2),
    ]


def test_what_still_waits_at_the_end_is_heard() -> None:
    jitter = Jitter(after=1)
    feed(jitter, [packet(0), packet(2), packet(3)])
    heard = jitter.finish()
    assert seconds(heard) == pytest.approx(0.06)
    assert heard[1:] == sound(2, 3)


def test_a_concealed_gap_goes_on_as_before_and_fades_into_silence() -> None:
    filling = decode_ulaw(conceal(packet(0).payload, 2 * FADE_SAMPLES)).astype(int)
    before = int(decode_ulaw(packet(0).payload)[0])
    assert filling[0] == pytest.approx(before, rel=0.05)
    assert (np.diff(filling) <= 0).all()
    assert (filling[FADE_SAMPLES:] == 0).all()


def test_one_wild_sequence_number_deafens_nobody() -> None:
    jitter = Jitter(after=1)
    wild = packet(1, sequence=NUMBER_LIMIT - 1)
    assert feed(jitter, [packet(0), wild, packet(1), packet(2)]) == sound(0, 1, 2)
    assert jitter.counts.strange == 1


@pytest.mark.parametrize("anew", [WINDOW + 3, 10_000_000])
def test_two_in_a_row_from_far_off_are_a_new_beginning(anew: int) -> None:
    jitter = Jitter(after=1)
    moved = [packet(number, anew + number) for number in range(1, 5)]
    assert feed(jitter, [packet(0), *moved])[:3] != []
    assert jitter.feed(packet(5, anew + 5)) == sound(5)


def test_a_stream_that_counts_from_one_again_is_heard() -> None:
    jitter = Jitter(after=1)
    feed(jitter, [packet(number) for number in range(WINDOW + 10)])
    again = [packet(number, 1 + number) for number in range(10)]
    assert sound(9)[0] in feed(jitter, again)


@pytest.mark.parametrize("jump", [NUMBER_LIMIT - 1, 3_600_000, 0])
def test_a_jump_of_the_clock_is_not_filled(jump: int) -> None:
    jitter = Jitter(after=1)
    feed(jitter, [packet(number) for number in range(100)])
    there = [Media("MZ1", 102 + number, jump, packet(0).payload) for number in range(3)]
    assert seconds(feed(jitter, there)) == pytest.approx(0.06)
    back = feed(jitter, [packet(number, 5 + number) for number in range(100, 110)])
    assert seconds(back) == pytest.approx(0.2)
    assert jitter.counts.concealed == 0
    assert jitter.counts.jumps > 0


def test_five_percent_loss_60_ms_jitter_disorder_and_duplicates() -> None:
    """Two minutes over a bad network: no time is lost, and all that came in time is heard."""
    dice = np.random.default_rng(3)
    sent = [packet(number) for number in range(6000)]
    arrivals = [
        (index * 20 + float(dice.uniform(0, 60)), message)
        for index, message in enumerate(sent)
        for _ in range(2 if dice.random() < 0.03 else 1)
        if dice.random() >= 0.05
    ]
    arrivals.sort(key=lambda arrival: arrival[0])
    jitter = Jitter(after=1)
    heard = feed(jitter, [message for _, message in arrivals]) + jitter.finish()
    came = {message.sequence for _, message in arrivals}
    first, last = min(came), max(came)
    assert seconds(heard) == pytest.approx((last - first + 1) * 0.02)
    assert [each for each in heard if each in set(sound(*range(100)))] == [
        message.payload for message in sent if message.sequence in came
    ]
    assert jitter.counts.late == jitter.counts.strange == jitter.counts.jumps == 0
    assert jitter.counts.duplicate == len(arrivals) - len(came)
    assert jitter.counts.concealed == ((last - first + 1) - len(came)) * PACKET_BYTES


numbers = st.integers(0, NUMBER_LIMIT - 1) | st.integers(0, 100)
messages = st.builds(
    Media, st.just("MZ1"), numbers, numbers, st.binary(min_size=1, max_size=300)
) | st.builds(Dtmf, st.just("MZ1"), numbers, st.just("1"))


@given(st.lists(messages, max_size=200))
def test_hostile_numbers_are_survived_and_memory_stays_small(hostile: list[Media | Dtmf]) -> None:
    jitter = Jitter(after=1)
    for message in hostile:
        assert seconds(jitter.feed(message)) <= 1.1 * (HOLD_PACKETS + 1)
        assert len(jitter._waiting) <= HOLD_PACKETS
    jitter.finish()
    assert not jitter._waiting


@given(st.permutations(range(5)), st.integers(1, 50))
def test_any_disorder_within_100_ms_is_put_right(order: list[int], offset: int) -> None:
    jitter = Jitter(after=1)
    before = feed(jitter, [packet(number) for number in range(offset)])
    mixed = feed(jitter, [packet(offset + number) for number in order])
    assert before + mixed == sound(*range(offset + 5))
