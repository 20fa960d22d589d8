"""`offhook chat` as somebody at the terminal sees it."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from dialogue.assistant import default_assistant, load_assistant
from dialogue.conversation import FlowAgent
from dialogue.store import open_store
from telephony.chatting import Chat, script_lines
from tests.dialogue.caller import FRIDAY_AFTERNOON, TODAY, WordsNlu

Talk = Callable[..., list[str]]


@pytest.fixture
def talk() -> Iterator[Talk]:
    """Say the lines; returns what stands on the screen."""
    retail = load_assistant(default_assistant())
    store = open_store(None, retail.seeds, TODAY)

    def run(*lines: str, verbose: bool = False) -> list[str]:
        agent = FlowAgent(retail, WordsNlu(), store, lambda: FRIDAY_AFTERNOON)
        console = Console(file=io.StringIO(), width=200)
        chat = Chat(agent, console, verbose)
        chat.run(chat.echoed(lines))
        assert isinstance(console.file, io.StringIO)
        return [line.strip() for line in console.file.getvalue().splitlines()]

    yield run
    store.close()


def test_it_greets_answers_and_tells_how_the_call_ended(talk: Talk) -> None:
    assert talk("where is my order", "one five two one three", "yes", "goodbye", "too late") == [
        "This call may be recorded. Thank you for calling Maplewood. How can I help you?",
        "you  where is my order",
        "What is your order number?",
        "you  one five two one three",
        "I heard order 1 5 2 1 3, is that right?",
        "you  yes",
        "Order 1 5 2 1 3 is on its way. It should arrive on Sunday, November 22nd."
        " Is there anything else?",
        "you  goodbye",
        "Thank you for calling Maplewood. Goodbye.",
        "the call is over: resolved",
    ]


def test_an_empty_line_is_a_caller_who_says_nothing(talk: Talk) -> None:
    screen = talk("where is my order", "", "  ")
    assert screen[3:] == [
        "you  (nothing)",
        "Are you still there? What is your order number?",
        "you  (nothing)",
        "I can't hear you, so I'll end the call now. Goodbye.",
        "the call is over: silent caller",
    ]


def test_keys_are_pressed_and_the_last_reply_can_be_read_again(talk: Talk) -> None:
    screen = talk("where is my order", "/press 152 13", "/repeat", "/press 1")
    read_back = "I heard order 1 5 2 1 3, is that right?"
    assert (screen[4], screen[6]) == (read_back, read_back)
    assert screen[8].startswith("Order 1 5 2 1 3 is on its way.")


def test_who_leaves_hangs_up_and_nothing_is_said_any_more(talk: Talk) -> None:
    assert talk("/quit", "where is my order")[1:] == ["you  /quit", "you hung up"]
    assert talk()[1:] == ["you hung up"]


def test_ctrl_c_hangs_up(talk: Talk) -> None:
    retail = load_assistant(default_assistant())
    store = open_store(None, retail.seeds, TODAY)
    console = Console(file=io.StringIO(), width=200)
    chat = Chat(FlowAgent(retail, WordsNlu(), store, lambda: FRIDAY_AFTERNOON), console, False)

    def interrupted() -> Iterator[str]:
        yield "where is my order"
        raise KeyboardInterrupt

    chat.run(interrupted())
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().endswith("you hung up\n")
    store.close()


def test_an_unknown_command_tells_which_there_are(talk: Talk) -> None:
    screen = talk("/staet")
    assert "/staet is not known here: /press KEYS, /state, /repeat, /quit" in screen


def test_the_trace_tells_what_was_understood_where_it_stands_and_what_the_ears_expect(
    talk: Talk,
) -> None:
    screen = talk("where is order 15213", "yes", verbose=True)
    heard = screen.index("you  where is order 15213")
    assert screen[heard + 2] == "order_status 90% · order_number = 15213 · neutral +0.00"
    assert screen[heard + 3].startswith("because intent order_status 0.90")
    assert "understood in " in screen[heard + 4]
    assert "decided in " in screen[heard + 4]
    assert screen[heard + 5] == "at order_status · ConfirmSlot slot order_number value 15213"
    assert screen[heard + 6] == "expects yes_no for order_number"
    answered = screen[screen.index("you  yes") :]
    assert "from orders/15213" in answered
    assert answered[-3:-1] == ["at no flow · order_number = 15213", "expects more"]


def test_the_state_can_be_asked_for_without_the_trace(talk: Talk) -> None:
    screen = talk("where is my order", "/state")
    assert screen[4:6] == [
        "at order_status · AskSlot slot order_number",
        "expects digits for order_number, 5 long",
    ]


def test_a_script_has_comments_and_silences(tmp_path: Path) -> None:
    script = tmp_path / "caller.txt"
    script.write_text("# a caller\nhello\n\nbye\n", encoding="utf-8")
    assert script_lines(script) == ["hello", "", "bye"]
