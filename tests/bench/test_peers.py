"""What the peers' benchmark reads off a call, on calls that were made up block by block."""

from collections.abc import Iterator

import numpy as np
from fastapi.testclient import TestClient

from telephony.emulator import CallResult
from telephony.far_end.caller import Act
from telephony.far_end.hearing import Hearing
from telephony.far_end.measure import measure
from telephony.far_end.media import StreamLog
from telephony.far_end.phone import Tape
from telephony.far_end.protocol import PACKET_SAMPLES
from telephony.far_end.sound import SILENT
from tests.bench import peer_tables
from tests.bench.peers.callers import Question
from tests.bench.peers.ear import Heard, summary
from tests.bench.peers.stub import ANSWERS, GREETING, Stub
from voice.audio import Int16

LOUD: Int16 = np.tile(np.array([3000, -3000], np.int16), PACKET_SAMPLES // 2)


def speech(seconds: float) -> Int16:
    return np.tile(LOUD, round(seconds / 0.02))


WITH_A_STOP = np.concatenate([speech(1.0), np.tile(SILENT, 30), speech(1.0)])


def a_call(question: Question, answer_at: float, answer_seconds: float = 2.0) -> Heard:
    """Hold a call: a second of greeting, and an answer at this second after the question began."""
    tape, hearing = Tape(), Hearing()
    asked_at = 0.0
    for act in _within(question, hearing, 20.0):
        now = len(tape.ear) * 0.02
        asked_at = asked_at or (now if act.cue == 0 else 0.0)
        since = now - asked_at - answer_at
        talks = now < 1.0 or (asked_at > 0 and 0 <= since < answer_seconds)
        tape.ear.append(LOUD if talks else SILENT)
        hearing.hear(tape.ear[-1])
        tape.voice.append(SILENT if act.voice is None else act.voice)
        tape.cues.append(act.cue)
    log = StreamLog("MZ")
    result = CallResult("CA", "+1", tape.seconds, measure(tape), (), (log,), (), (), 0.0, tape)
    return Heard(question, result)


def _within(question: Question, hearing: Hearing, seconds: float) -> Iterator[Act]:
    for _, act in zip(range(round(seconds / 0.02)), question.caller(hearing), strict=False):
        yield act


def test_an_answer_after_the_question_is_timed_from_its_end() -> None:
    heard = a_call(Question("", WITH_A_STOP, stops=True), answer_at=3.0)
    assert not heard.cut_off
    assert heard.replies_ms == [400]


def test_an_answer_into_a_stop_is_a_cut_off_and_no_answer() -> None:
    heard = a_call(Question("", WITH_A_STOP, stops=True), answer_at=1.3)
    assert heard.cut_off
    assert heard.replies_ms == []
    assert summary([heard], cpu_seconds=1.0)["cut_off"] == 1


def test_a_question_without_an_answer_is_counted() -> None:
    heard = a_call(Question("", speech(1.0), stops=False), answer_at=100.0)
    assert summary([heard], cpu_seconds=1.0)["unanswered"] == 1


def test_an_interruption_is_timed_to_silence() -> None:
    question = Question("", speech(1.0), stops=False, interruption=speech(2.0))
    heard = a_call(question, answer_at=1.5, answer_seconds=1.6)
    assert heard.interrupted is not None
    assert heard.interrupted.silence_ms is not None
    assert 500 < heard.interrupted.silence_ms < 700  # it began a second into 1.6 s


def test_a_declined_call_asks_nothing() -> None:
    heard = a_call(Question("", speech(1.0), stops=False), answer_at=1.5)
    declined = Heard(heard.question, CallResult("CA", "+1", 5, (), (), (), (), (), 0.0, Tape()))
    found = summary([heard, declined], cpu_seconds=1.0)
    assert (found["calls"], found["turned_away"], found["questions"]) == (2, 1, 1)


def test_the_stub_greets_answers_and_counts_as_a_model_would() -> None:
    stub = Stub()
    client = TestClient(stub.app())
    said = {"role": "user", "content": "hello"}
    begun = client.post("/v1/chat/completions", json={"messages": [], "stream": True})
    asked = client.post("/v1/chat/completions", json={"messages": [said], "stream": True})
    assert GREETING.split()[-1] in begun.text
    assert ANSWERS[0].split()[-1] in asked.text
    assert asked.text.endswith("data: [DONE]\n\n")
    assert stub.answered == 1


def test_the_table_leaves_out_rounds_that_had_not_the_machine_alone() -> None:
    heard = a_call(Question("", WITH_A_STOP, stops=True), answer_at=3.0)
    found = summary([heard], cpu_seconds=1.0) | {"turns_heard": 1, "peak_rss_mb": 2}
    rounds = {"1": found | {"taken_by_others": 0.02}, "8": found | {"taken_by_others": 0.8}}
    report = {
        "language_model": {"first_token_ms": 50},
        "peers": {"other": {"about": "another", "calls_at_once": rounds}},
    }
    drawn = peer_tables.peers(report)
    assert "| other | 1 |" in drawn
    assert "| other | 8 |" not in drawn
    assert "1 of 2 rounds are not shown" in drawn
