"""Call scripts: who says what and when, and what must be heard. A virtual clock: no waiting."""

from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing

import pytest
from trio.testing import MockClock

from dialogue.agent import Opening, Said, Silence, Trouble, Waiting
from nlu.understand import Alternative
from telephony.call import COMMIT_SECONDS, Call, look_again, run_call
from telephony.line import Line
from telephony.playout import REWIND_SECONDS
from telephony.record import Record
from telephony.wav import WavLine, WavOptions
from tests.fakes import FakeAgent, FakeAsr, FakeTts, FakeVad, KeypadLine, is_speech, recording, said
from voice import EngineError
from voice.asr import Hypothesis, Transcript
from voice.audio import FRAME_SECONDS, SILENCE, Digit, Frame
from voice.ears import Ears
from voice.expectation import Kind
from voice.turns import TurnTaker

pytestmark = pytest.mark.anyio

HOURS = "when are you open"
COUGH = "…"  # what the ASR makes of it
LONG = "We are open from nine to five on every day of the week but Sunday."  # 15 words, 4.5 s


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


def as_recorded(*parts: Iterable[bytes]) -> WavLine:
    """A caller who goes on at the recorded times, whatever the assistant does."""
    return line_of(recording(*parts), WavOptions(takes_turns=False, realtime=True))


def polite(*parts: Iterable[bytes]) -> WavLine:
    """A caller who waits in a pause while the assistant speaks."""
    return line_of(recording(*parts), WavOptions(takes_turns=True, realtime=True))


def line_of(frames: Iterator[Frame], options: WavOptions) -> WavLine:
    return WavLine(frames, is_speech, options)


async def call(
    line: Line, agent: FakeAgent, asr: FakeAsr | None = None, tts: FakeTts | None = None
) -> Record:
    record = Record()
    ears = Ears(FakeVad(), asr or FakeAsr(), TurnTaker())
    await run_call(Call(line, ears, agent, tts or FakeTts(), record))
    return record


def transcript(record: Record) -> list[str]:
    return [f"{turn.speaker}: {turn.heard}" for turn in record.turns]


async def test_the_caller_is_greeted_asks_and_hears_the_whole_reply() -> None:
    agent = FakeAgent({HOURS: ["We are open.", "From nine to five."]})
    record = await call(polite(said(0.5), said(1.2, HOURS), said(2)), agent)
    assert transcript(record) == [
        "assistant: Good morning.",
        f"caller: {HOURS}",
        "assistant: We are open. From nine to five.",
    ]
    assert agent.heard == agent.said
    assert record.outcome == "caller_hung_up"


async def test_a_reply_begins_after_the_caller_has_finished_and_times_are_media_time() -> None:
    agent = FakeAgent({HOURS: ["We are open."]})
    record = await call(polite(said(0.5), said(1.2, HOURS), said(2)), agent)
    greeting, question, reply = record.turns
    assert (greeting.start_s, greeting.end_s) == (0.02, 0.62)
    assert question.end_s - question.start_s == pytest.approx(1.2, abs=0.03)
    assert reply.start_s >= question.end_s
    assert reply.end_s - reply.start_s == pytest.approx(0.9, abs=0.02)


async def test_barge_in_stops_the_reply_and_only_what_was_heard_is_kept() -> None:
    agent = FakeAgent({HOURS: [LONG], "stop please": ["Of course."]})
    line = as_recorded(said(1), said(1, HOURS), said(2.5), said(1, "stop please"), said(2))
    record = await call(line, agent)
    cut = agent.heard[1]
    assert LONG.startswith(cut)
    assert (
        4 <= len(cut.split()) <= 7
    )  # 2.5 s, less the wait for the end of the turn, plus the onset
    assert agent.said[1] == LONG
    assert transcript(record)[-2:] == ["caller: stop please", "assistant: Of course."]


async def test_two_barge_ins_in_a_row() -> None:
    agent = FakeAgent({HOURS: [LONG], "wait": [LONG], "really stop": ["Of course."]})
    line = as_recorded(
        said(1),
        said(1, HOURS),
        said(2),
        said(0.5, "wait"),
        said(2),
        said(0.8, "really stop"),
        said(2),
    )
    await call(line, agent)
    assert [turn.text for turn in agent.turns if isinstance(turn, Said)] == [
        HOURS,
        "wait",
        "really stop",
    ]
    first, second = agent.heard[1:3]
    assert 0 < len(first) < len(LONG)
    assert 0 < len(second) < len(LONG)
    assert agent.heard[3] == "Of course."


async def test_the_greeting_can_be_interrupted_before_a_word_was_heard() -> None:
    agent = FakeAgent({HOURS: ["We are open."]})
    await call(as_recorded(said(1, HOURS), said(2)), agent, tts=FakeTts(latency=0.5))
    assert agent.heard[0] == ""
    assert agent.heard[1] == "We are open."


async def test_a_hang_up_in_mid_reply_commits_what_was_heard() -> None:
    agent = FakeAgent({HOURS: [LONG]})
    line = _HangsUp(as_recorded(said(1), said(1, HOURS), said(10)), seconds=4.0)
    record = await call(line, agent)
    assert 0 < len(agent.heard[1]) < len(LONG)
    assert LONG.startswith(agent.heard[1])
    assert record.turns[-1].heard == agent.heard[1]
    assert record.outcome == "caller_hung_up"


async def test_the_assistant_hangs_up_only_when_its_goodbye_was_heard() -> None:
    agent = FakeAgent({"bye": ["Goodbye."]})
    record = await call(polite(said(0.5), said(0.5, "bye"), said(60)), agent)
    assert agent.heard[-1] == "Goodbye."
    assert record.outcome == "resolved"
    assert record.seconds < 4


async def test_a_goodbye_that_is_interrupted_ends_nothing() -> None:
    goodbye = "Goodbye, and thank you for calling us."
    agent = FakeAgent({"bye": [goodbye], HOURS: ["We are open."]}, goodbye=goodbye)
    line = as_recorded(said(1), said(0.5, "bye"), said(1.6), said(1, HOURS), said(2))
    record = await call(line, agent)
    assert agent.heard[1] != goodbye
    assert transcript(record)[-1] == "assistant: We are open."
    assert record.outcome == "caller_hung_up"


async def test_a_long_turn_after_a_barge_in_is_not_taken_for_silence() -> None:
    agent = FakeAgent({"first of all": ["I see."]}, greeting=[LONG])
    line = as_recorded(said(1), said(12, "first of all"), said(3))
    await call(line, agent)
    assert agent.turns == [Opening(), Said("first of all", 0.9)]


async def test_a_long_turn_begun_while_the_reply_is_committed_is_not_taken_for_silence() -> None:
    agent = FakeAgent({"first of all": ["I see."]}, commit_seconds=0.5)
    line = as_recorded(said(0.75), said(12, "first of all"), said(3))
    await call(line, agent)
    assert agent.turns == [Opening(), Said("first of all", 0.9)]


async def test_a_long_answer_after_a_barge_in_is_not_cut_by_the_assistant_itself() -> None:
    story = " ".join([LONG] * 3)  # 13.5 s
    agent = FakeAgent({"tell me": [story]}, greeting=[LONG])
    await call(as_recorded(said(1), said(1, "tell me"), said(16)), agent)
    assert agent.heard[1] == story


async def test_the_ears_expect_what_the_interrupted_reply_was_about() -> None:
    asr = FakeAsr()
    agent = FakeAgent({}, greeting=[LONG], waiting=Waiting("order_number", "digits", 5))
    await call(as_recorded(said(2), said(1, "one five"), said(3)), agent, asr=asr)
    assert asr.expectations[0].kind is Kind.DIGITS


async def test_a_turn_beyond_whispers_window_is_answered_in_parts() -> None:
    agent = FakeAgent({"and then": ["I see."]})
    await call(as_recorded(said(1), said(40, "and then"), said(3)), agent)
    assert agent.turns[1:] == [Said("and then", 0.9), Said("and then", 0.9)]


async def test_replies_never_overlap_and_commit_in_order() -> None:
    agent = FakeAgent({HOURS: [LONG], "wait": ["Yes?"]}, commit_seconds=0.5)
    line = as_recorded(said(1), said(1, HOURS), said(2.5), said(0.5, "wait"), said(4))
    await call(line, agent)
    assert agent.said == ["Good morning.", LONG, "Yes?"]
    assert 0 < len(agent.heard[1]) < len(LONG)


async def test_a_commit_that_hangs_is_given_up_and_the_call_goes_on() -> None:
    agent = FakeAgent({HOURS: ["We are open."]}, commit_seconds=COMMIT_SECONDS + 1)
    await call(as_recorded(said(4), said(1, HOURS), said(12)), agent)
    assert agent.heard == []
    assert agent.turns[:2] == [Opening(), Said(HOURS, 0.9)]
    assert isinstance(agent.turns[2], Silence)


async def test_what_was_said_before_the_line_dropped_is_on_record() -> None:
    agent = FakeAgent({})
    line = _HangsUp(as_recorded(said(1), said(5, "and cancel it")), seconds=3.0)
    record = await call(line, agent)
    assert transcript(record)[-1] == "caller: and cancel it"


async def test_a_clause_without_a_sound_is_not_said() -> None:
    agent = FakeAgent({"bye": ["Goodbye.", ""]})
    record = await call(polite(said(0.5), said(0.5, "bye"), said(60)), agent)
    assert agent.said[-1] == "Goodbye."
    assert record.outcome == "resolved"


async def test_a_broken_asr_is_an_apology_and_the_call_goes_on() -> None:
    agent = FakeAgent({HOURS: ["We are open."]})
    line = polite(said(0.5), said(1, "mumble"), said(1.5), said(1, HOURS), said(2))
    record = await call(line, agent, asr=FakeAsr(breaks_on="mumble"))
    assert agent.turns == [Opening(), Trouble(), Said(HOURS, 0.9)]
    assert "assistant: Sorry, that went wrong." in transcript(record)
    assert transcript(record)[-1] == "assistant: We are open."


async def test_a_broken_understanding_is_an_apology_and_the_call_goes_on() -> None:
    agent = FakeAgent({HOURS: ["We are open."]}, breaks_on="nonsense")
    line = polite(said(0.5), said(1, "nonsense"), said(1.5), said(1, HOURS), said(2))
    record = await call(line, agent)
    assert transcript(record)[1:] == [
        "caller: nonsense",
        "assistant: Sorry, that went wrong.",
        f"caller: {HOURS}",
        "assistant: We are open.",
    ]


async def test_a_slow_apology_is_not_cut_by_the_assistant_itself() -> None:
    agent = FakeAgent({}, breaks_on="nonsense")
    line = as_recorded(said(10), said(1, "nonsense"), said(14))
    await call(line, agent, tts=FakeTts(latency=9))
    assert agent.turns[1:] == [Said("nonsense", 0.9), Trouble()]
    assert agent.heard[-1] == "Sorry, that went wrong."


async def test_a_voice_that_breaks_on_one_sentence_apologises() -> None:
    agent = FakeAgent({HOURS: ["Broken sentence."]})
    record = await call(
        polite(said(0.5), said(1, HOURS), said(2)), agent, tts=FakeTts(breaks_on="Broken")
    )
    assert transcript(record)[-1] == "assistant: Sorry, that went wrong."


async def test_a_voice_that_is_quite_broken_ends_the_call_and_no_exception_leaves_it() -> None:
    agent = FakeAgent({})
    record = await call(polite(said(60)), agent, tts=FakeTts(breaks_on=""))
    assert record.outcome == "failed"
    assert record.seconds < 1


async def test_a_silent_caller_is_asked_again() -> None:
    agent = FakeAgent({})
    await call(as_recorded(said(21)), agent)
    assert agent.turns == [Opening(), Silence(), Silence()]


async def test_keys_are_an_answer_at_their_expected_length() -> None:
    agent = FakeAgent({"15213": ["Order found."]}, waiting=Waiting("order_number", "digits", 5))
    keys = zip([2.0, 2.3, 2.6, 2.9, 3.2], "15213", strict=True)
    await call(KeypadLine(as_recorded(said(8)), keys), agent)
    assert agent.turns[1] == Said("15213", 1.0, keys=True)
    assert agent.heard[1] == "Order found."


async def test_a_hash_after_the_last_key_does_not_interrupt_the_answer() -> None:
    agent = FakeAgent({"15213": ["Order found."]}, waiting=Waiting("order_number", "digits", 5))
    keys = zip([2.0, 2.3, 2.6, 2.9, 3.2, 3.5], "15213#", strict=True)
    await call(KeypadLine(as_recorded(said(6)), keys), agent)
    assert agent.turns[1:] == [Said("15213", 1.0, keys=True)]
    assert agent.heard[1] == "Order found."


async def test_a_key_stops_the_reply_and_hash_ends_the_answer() -> None:
    agent = FakeAgent({"42": ["Thank you."]}, greeting=[LONG])
    line = KeypadLine(as_recorded(said(8)), [(1.0, "4"), (1.5, "2"), (1.9, "#")])
    await call(line, agent)
    assert 0 < len(agent.heard[0]) < len(LONG)
    assert agent.heard[1] == "Thank you."


async def test_words_said_before_the_keys_are_not_lost() -> None:
    agent = FakeAgent({}, waiting=Waiting("order_number", "digits", 2))
    line = as_recorded(said(1), said(1, "cancel my order"), said(8))
    await call(KeypadLine(line, [(2.3, "4"), (2.6, "2")]), agent)
    assert agent.turns[1:3] == [Said("cancel my order", 0.9), Said("42", 1.0, keys=True)]


async def test_a_number_is_typed_in_part_and_then_said() -> None:
    agent = FakeAgent({}, waiting=Waiting("order_number", "digits", 5))
    line = as_recorded(said(3), said(1, "one three"), said(5))
    await call(KeypadLine(line, [(2.0, "1"), (2.2, "5"), (2.4, "2")]), agent)
    assert agent.turns[1:3] == [Said("152", 1.0, keys=True), Said("one three", 0.9)]


async def test_after_keys_pressed_while_speaking_the_ears_still_hear() -> None:
    agent = FakeAgent({})
    line = as_recorded(said(1), said(3, "my order"), said(5), said(1, HOURS), said(3))
    await call(KeypadLine(line, [(2.0, "4"), (2.2, "#")]), agent)
    assert agent.turns[-1] == Said(HOURS, 0.9)


async def test_the_agent_learns_what_else_the_caller_may_have_said() -> None:
    agent = FakeAgent({})
    asr = FakeAsr(doubts={HOURS: [Hypothesis(HOURS, 0.9), Hypothesis("open ours", 0.4)]})
    await call(polite(said(0.5), said(1, HOURS), said(2)), agent, asr=asr)
    turn = agent.turns[1]
    assert turn == Said(HOURS, 0.9)
    assert isinstance(turn, Said)
    assert turn.look_again is not None
    assert asr.looks == []  # unless it asks
    assert turn.look_again() == (Alternative(HOURS, 0.9), Alternative("open ours", 0.4))


def test_when_a_second_look_fails_what_was_heard_first_stands() -> None:
    def broken() -> tuple[Hypothesis, ...]:
        raise EngineError("the ASR broke, as the test asked")

    again = look_again(Transcript(HOURS, 0.5, look_again=broken))
    assert again is not None
    assert again() == ()


async def test_the_ears_are_told_what_the_dialogue_waits_for() -> None:
    asr = FakeAsr()
    agent = FakeAgent({}, waiting=Waiting("order_number", "digits", 5, ("order",)))
    await call(polite(said(0.5), said(1, "one five"), said(3)), agent, asr=asr)
    assert asr.expectations[0].kind is Kind.DIGITS
    assert asr.expectations[0].length == 5
    assert asr.expectations[0].vocabulary == ("order",)


class _HangsUp:
    """A line that is dropped after so many seconds."""

    def __init__(self, line: Line, seconds: float) -> None:
        self._line, self._seconds = line, seconds
        self.play, self.drain, self.clear = line.play, line.drain, line.clear
        self.delay = line.delay

    @property
    def waiting_seconds(self) -> float:
        return self._line.waiting_seconds

    async def frames(self) -> AsyncGenerator[Frame | Digit]:
        async with aclosing(self._line.frames()) as frames:
            async for frame in frames:
                if frame.at >= self._seconds:
                    return
                yield frame


@pytest.mark.parametrize("words", ["mhm", "okay", COUGH], ids=["mhm", "okay", "a cough"])
async def test_a_reply_goes_on_after_what_takes_no_turn(words: str) -> None:
    agent = FakeAgent({HOURS: [LONG]})
    line = as_recorded(said(1), said(1, HOURS), said(2), said(0.3, words), said(7.5))
    record = await call(line, agent)
    assert transcript(record) == [
        "assistant: Good morning.",
        f"caller: {HOURS}",
        f"assistant: {LONG}",
    ]


async def test_a_held_reply_is_silent_at_once_and_repeats_the_cut_word() -> None:
    agent = FakeAgent({HOURS: [LONG]})
    ear: list[bool] = []
    recorded = recording(said(1), said(1, HOURS), said(2), said(0.3, "mhm"), said(7))
    options = WavOptions(takes_turns=False, realtime=True)
    line = WavLine(recorded, is_speech, options, lambda _, heard: ear.append(heard != SILENCE))
    await call(line, agent)
    began, mhm = round(4.0 / FRAME_SECONDS), round(0.3 / FRAME_SECONDS)
    falls_silent = ear.index(False, began)
    goes_on = ear.index(True, falls_silent)
    assert (falls_silent - began) * FRAME_SECONDS == pytest.approx(0.04, abs=0.03)
    assert 0.02 <= (goes_on - began - mhm) * FRAME_SECONDS <= 0.18  # the pause that tells
    twice = sum(ear[round(2.5 / FRAME_SECONDS) :]) * FRAME_SECONDS - 4.5
    assert 0 < twice <= REWIND_SECONDS


async def test_a_click_is_a_gap_of_a_moment_and_nothing_is_said_twice() -> None:
    agent = FakeAgent({HOURS: [LONG]})
    ear: list[bool] = []
    recorded = recording(said(1), said(1, HOURS), said(2), said(0.06, COUGH), said(6))
    options = WavOptions(takes_turns=False, realtime=True)
    line = WavLine(recorded, is_speech, options, lambda _, heard: ear.append(heard != SILENCE))
    record = await call(line, agent)
    assert transcript(record)[-1] == f"assistant: {LONG}"
    reply = ear[ear.index(True, round(2.5 / FRAME_SECONDS)) :]
    assert sum(reply) * FRAME_SECONDS == pytest.approx(4.5)
    gap = reply[: round(4.9 / FRAME_SECONDS)].count(False) * FRAME_SECONDS
    assert 0 < gap <= 0.1 + 0.3  # with what follows the reply


async def test_a_yes_into_the_question_is_its_answer() -> None:
    question = "Your order is one five two one three, is that right?"
    agent = FakeAgent(
        {HOURS: [question], "yes": ["Of course."]}, waiting=Waiting("order_number", "yes_no")
    )
    record = await call(
        as_recorded(said(1), said(1, HOURS), said(3), said(0.4, "yes"), said(4)), agent
    )
    assert transcript(record)[-2:] == ["caller: yes", "assistant: Of course."]


async def test_an_okay_before_the_question_is_no_answer_to_it() -> None:
    agent = FakeAgent({HOURS: [LONG, "Is that right?"]}, waiting=Waiting("order_number", "yes_no"))
    await call(as_recorded(said(1), said(1, HOURS), said(2), said(0.3, "okay"), said(8)), agent)
    assert agent.heard[1] == LONG + " Is that right?"


async def test_words_after_an_okay_are_an_interruption() -> None:
    agent = FakeAgent({HOURS: [LONG], "okay but on sunday": ["Closed."]})
    line = as_recorded(said(1), said(1, HOURS), said(2), said(0.9, "okay but on sunday"), said(4))
    record = await call(line, agent)
    assert transcript(record)[-2:] == ["caller: okay but on sunday", "assistant: Closed."]
    assert 0 < len(agent.heard[1]) < len(LONG)


async def test_a_cough_while_the_assistant_thinks_loses_nothing() -> None:
    agent = FakeAgent({HOURS: ["We are open."]}, latency=2.0)
    line = as_recorded(said(3), said(1, HOURS), said(1.2), said(0.2, COUGH), said(6))
    record = await call(line, agent)
    assert transcript(record)[1:] == [f"caller: {HOURS}", "assistant: We are open."]


async def test_an_mhm_after_the_reply_is_a_turn_like_any_other() -> None:
    agent = FakeAgent({"mhm": ["Pardon?"]})
    record = await call(as_recorded(said(2), said(0.3, "mhm"), said(3)), agent)
    assert transcript(record)[-2:] == ["caller: mhm", "assistant: Pardon?"]
