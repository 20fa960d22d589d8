"""Reply times and silences, read off tapes that the test draws."""

import numpy as np
import pytest

from telephony.far_end.caller import recorded
from telephony.far_end.hearing import Hearing
from telephony.far_end.measure import measure
from telephony.far_end.phone import Tape
from telephony.far_end.protocol import PACKET_SAMPLES
from telephony.far_end.sound import (
    SILENT,
    Microphone,
    loudness,
    speech_level,
    speech_threshold,
)
from tests.telephony.far_end.server import LOUD
from voice.audio import Int16
from voice.codec import decode_ulaw

SOUND = decode_ulaw(LOUD)


def tape(mouth: str, ear: str, cues: bool = True) -> Tape:
    """Draw a call: a letter is 0.1 s, a blank is silence; each of the mouth's is its own cue."""
    drawn = Tape()
    for said, heard in zip(mouth.ljust(len(ear)), ear.ljust(len(mouth)), strict=True):
        for _ in range(5):
            drawn.voice.append(SILENT if said == " " else SOUND)
            drawn.ear.append(SILENT if heard == " " else SOUND)
            drawn.cues.append(ord(said) - ord("a") if cues and said != " " else -1)
    drawn.mouth = drawn.voice
    return drawn


def test_a_reply_is_measured_from_the_last_sound_to_the_first() -> None:
    greeting, turn = measure(tape("           aaaaaaaaaa", " xxxxx                     xxxxxxx"))
    assert greeting.reply_ms == 100
    assert (turn.start, turn.end, turn.reply_ms) == (1.1, 2.1, 600)
    assert (turn.interrupts, turn.silence_ms) == (False, None)
    assert (greeting.reply_from, greeting.reply_to) == (0.0, 1.1)
    assert (turn.reply_from, turn.reply_to) == (1.1, 3.4)


def test_an_interruption_is_measured_to_silence_and_divides_the_replies() -> None:
    greeting, turn = measure(tape("          aaaaaaaaaa", "xxxxxxxxxxxx             xxxxx"))
    assert turn.interrupts
    assert turn.silence_ms == 200
    assert turn.reply_ms == 500
    assert greeting.reply_to == turn.reply_from == 1.2


def test_who_speaks_on_has_not_been_silenced() -> None:
    _, turn = measure(tape("          aaa", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"))
    assert (turn.interrupts, turn.silence_ms, turn.reply_ms) == (True, None, 0)


def test_no_reply_before_the_next_turn_is_none() -> None:
    _, first, second = measure(tape("aaaa          bbbb", "                          xxxx"))
    assert (first.reply_ms, second.reply_ms) == (None, 800)


def test_a_caller_without_a_script_has_turns_where_they_pause() -> None:
    drawn = tape("  aaaa    aaaa            aaaa", " " * 40, cues=False)
    spans = [(turn.start, turn.end) for turn in measure(drawn)[1:]]
    assert spans == [(0.2, 1.4), (2.6, 3.0)]


def test_keys_are_a_turn() -> None:
    drawn = tape(" " * 40, " " * 30 + "xxxxx", cues=False)
    drawn.keys = [(1.02, "1"), (1.22, "5"), (1.42, "#")]
    turn = measure(drawn)[1]
    assert (turn.keys, turn.start, turn.reply_ms) == ("15#", 1.0, 1580)


def test_a_call_without_a_sound_has_a_greeting_that_never_came() -> None:
    assert [turn.reply_ms for turn in measure(Tape())] == [None]


def test_a_recorded_caller_waits_for_the_greeting_and_pauses_while_spoken_to() -> None:
    hearing = Hearing()
    sound = np.concatenate([SOUND] * 25 + [SILENT] * 50 + [SOUND] * 25)
    acts = recorded(sound)(hearing)
    spoke = []
    for index in range(500):
        talks = 50 <= index < 100 or 210 <= index < 300
        hearing.hear(SOUND if talks else SILENT)
        act = next(acts)
        if act.voice is not None and loudness(act.voice) > -40:
            spoke.append(index)
    assert spoke[0] == pytest.approx(100 + 60, abs=2)  # 1.2 s after the greeting
    assert spoke[25] > 300  # held while the other side spoke


def test_echo_comes_late_and_noise_is_as_loud_as_asked() -> None:
    microphone = Microphone(echo_db=-10.0)
    heard = [microphone.pick_up(SILENT, SOUND) for _ in range(10)]
    assert not heard[4].any()
    assert loudness(heard[5]) == pytest.approx(loudness(SOUND) - 10, abs=0.1)
    noisy = Microphone(noise_db=20.0, speech_db=-26.0, seed=1)
    noise = np.concatenate([noisy.pick_up(SILENT, SILENT) for _ in range(100)])
    assert loudness(noise) == pytest.approx(-46, abs=0.5)


def test_speech_is_told_from_the_noise_of_a_recording() -> None:
    rng = np.random.default_rng(0)
    noise: Int16 = (rng.standard_normal(200 * PACKET_SAMPLES) * 130).astype(np.int16)
    speech = noise.copy()
    speech[: 100 * PACKET_SAMPLES] += np.tile(SOUND, 100)
    assert loudness(noise) < speech_threshold(speech) + 10
    assert speech_level(speech) == pytest.approx(loudness(SOUND), abs=4)
    assert speech_level(np.zeros(800, np.int16)) == -26
