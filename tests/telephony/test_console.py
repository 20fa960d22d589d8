"""What a person sees of a call."""

from io import StringIO

from rich.console import Console

from telephony.console import Conversation
from telephony.record import CallRecord, TurnRecord
from telephony.timings import TurnTimings

GREETING = TurnRecord("assistant", 0.04, 2.2, "Good morning.", "Good morning.")
QUESTION = TurnRecord(
    "caller",
    63.0,
    64.5,
    "where is one five two one three",
    "where is one five two one three",
    intent="order_status",
    confidence=0.976,
    slots={"order_number": "15213"},
    sentiment="negative",
    timings_ms=TurnTimings(endpoint=420.0, asr=190.0, nlu=8.0),
)
ANSWER = TurnRecord(
    "assistant",
    65.3,
    66.1,
    "It left us on Monday and arrives today.",
    "It left us",
    sources=("orders/15213",),
    timings_ms=TurnTimings(420.0, 190.0, 8.0, 3.0, 180.0, 801.2),
)


def shown(*turns: TurnRecord, width: int = 100) -> str:
    output = StringIO()
    conversation = Conversation(Console(file=output, width=width))
    for turn in turns:
        conversation.show(turn)
    return output.getvalue()


def test_a_conversation_reads_as_a_script_with_what_was_understood_beneath() -> None:
    lines = [line.rstrip() for line in shown(GREETING, QUESTION, ANSWER).splitlines()]
    assert lines == [
        " 0:00.0  assistant  Good morning.",
        " 1:03.0  caller     where is one five two one three",
        "                    order_status 98% · order_number = 15213 · negative",
        " 1:05.3  assistant  It left us on Monday and arrives today. (interrupted)",
        "                    from orders/15213",
        "                    801 ms after the caller: endpoint 420, asr 190, nlu 8, dialogue 3,"
        " tts first",
        "                    audio 180",
    ]


def test_long_words_wrap_under_themselves() -> None:
    lines = shown(ANSWER, width=40).splitlines()
    assert lines[0].startswith(" 1:05.3  assistant  It left us")
    assert all(line.startswith(" " * 20) for line in lines[1:])


def test_a_voice_without_words_is_said_to_be_one() -> None:
    assert "(a voice, but no words)" in shown(TurnRecord("caller", 1.0, 1.5, "", ""))


def test_square_brackets_in_what_was_said_are_words_not_markup() -> None:
    assert "[red] [/]" in shown(TurnRecord("caller", 1.0, 1.5, "[red] [/]", "[red] [/]"))


def test_the_summary_says_how_it_ended_and_how_long_the_caller_waited() -> None:
    output = StringIO()
    call = CallRecord("a", "b", "wav", 66.1, "caller_hung_up", (GREETING, QUESTION, ANSWER), {})
    Conversation(Console(file=output, width=60)).summarise(call)
    assert output.getvalue() == (
        "caller hung up after 1:06.1; answers came after 0.80 s in the median, 0.80 s at worst\n"
    )
