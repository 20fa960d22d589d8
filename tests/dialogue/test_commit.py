"""Only what was heard happened: history, state, and changes in the database."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from anyio import move_on_after
from sqlalchemy import text

from dialogue import DialogueError
from dialogue.agent import Said, Waiting
from dialogue.assistant import Assistant
from dialogue.conversation import FlowAgent
from dialogue.state import Outcome
from dialogue.store import Store, open_store
from nlu.understand import Context, Understanding
from tests.dialogue.caller import FRIDAY_AFTERNOON, PROOFS, TODAY, Caller, DeafNlu, WordsNlu

pytestmark = pytest.mark.anyio

SUNDAY_NIGHT = FRIDAY_AFTERNOON.replace(day=22, hour=22)


def status(store: Store, number: str) -> str:
    with store.reading() as connection:
        query = text("SELECT status FROM orders WHERE number = :number")
        return str(connection.execute(query, {"number": number}).scalar_one())


def history(store: Store) -> list[tuple[str, str]]:
    return [(turn.speaker, turn.text) for turn in store.history("call-1")]


async def test_a_cancellation_is_written_when_its_answer_was_heard(
    caller: Caller, store: Store
) -> None:
    await caller.rings()
    await caller.says("cancel order 15206")
    await caller.says("yes")
    await caller.proves()
    assert status(store, "15206") == "processing"
    await caller.hears_nothing_of_the_answer_to("yes")
    assert status(store, "15206") == "processing"
    assert await caller.says("yes please") == (
        "All right, I'm cancelling order 1 5 2 0 6. Nothing will be sent, "
        "and $32.50 goes back to your card. Is there anything else?"
    )
    assert status(store, "15206") == "cancelled"


async def test_a_yes_to_a_question_that_was_not_heard_changes_nothing(
    caller: Caller, store: Store
) -> None:
    await caller.rings()
    await caller.says("cancel order 15206")
    await caller.says("yes")
    await caller.says("six two seven one one")
    await caller.hears(1, "November 22nd 1971")
    assert "Shall I cancel it?" in await caller.says("yes")
    assert status(store, "15206") == "processing"


async def test_a_change_whose_announcement_was_interrupted_is_not_made(
    caller: Caller, store: Store
) -> None:
    await caller.rings()
    await caller.says("cancel order 15206")
    await caller.says("yes")
    await caller.proves()
    await caller.hears(1, "yes")
    assert status(store, "15206") == "processing"
    assert history(store)[-1] == ("assistant", "All")


async def test_a_cancellation_is_not_written_after_a_no_or_a_doubtful_yes(
    caller: Caller, store: Store
) -> None:
    await caller.rings()
    await caller.says("cancel order 15206")
    await caller.says("yes")
    await caller.proves()
    assert (await caller.says("yes", confidence=0.2)).startswith("Sorry, I didn't catch that.")
    assert (await caller.says("no")).startswith("All right, the order stays as it is.")
    assert status(store, "15206") == "processing"


async def test_what_has_been_sent_is_not_cancelled(caller: Caller, store: Store) -> None:
    await caller.rings()
    await caller.says("cancel order 15213")
    await caller.says("yes")
    assert "has been sent already, so I can't cancel it" in await caller.proves("15213")
    assert status(store, "15213") == "shipped"


async def test_a_cancellation_that_failed_is_owned_up_to(caller: Caller, store: Store) -> None:
    await caller.rings()
    await caller.says("cancel order 15206")
    await caller.says("yes")
    await caller.proves()
    with store.writing() as connection:
        connection.execute(text("UPDATE orders SET status = 'shipped' WHERE number = '15206'"))
    await caller.says("yes")
    assert await caller.says("no, that's all") == (
        "I'm sorry, that did not go through. Nothing was changed. "
        "Would you like to speak to a person?"
    )
    assert caller.agent.outcome is None
    await caller.says("yes")
    assert caller.agent.outcome == Outcome.HANDED_OVER


async def test_history_holds_only_what_was_heard(caller: Caller, store: Store) -> None:
    await caller.rings()
    await caller.hears(4, "what is shipping")
    assert history(store) == [
        (
            "assistant",
            "This call may be recorded. Thank you for calling Maplewood. How can I help you?",
        ),
        ("caller", "what is shipping"),
        ("assistant", "Shipping is $4.95, and"),
    ]


async def test_an_answer_that_nobody_heard_never_was(caller: Caller, store: Store) -> None:
    await caller.rings()
    await caller.hears_nothing_of_the_answer_to("where is my order")
    assert caller.agent.waiting == Waiting()
    assert len(history(store)) == 1
    assert await caller.says("15213") == "I heard order 1 5 2 1 3, is that right?"
    exchange = caller.agent.exchange
    assert exchange is not None
    assert exchange.caller == Said("where is my order 15213", 0.9)
    assert ("caller", "where is my order 15213") in history(store)


async def test_words_that_went_unanswered_are_not_lost_to_a_cough(caller: Caller) -> None:
    await caller.rings()
    await caller.hears_nothing_of_the_answer_to("where is my order")
    assert await caller.says("") == "What is your order number?"


async def test_words_that_went_unanswered_are_answered_after_silence(caller: Caller) -> None:
    await caller.rings()
    await caller.hears_nothing_of_the_answer_to("where is my order")
    assert await caller.keeps_silent() == "What is your order number?"


async def test_a_reply_half_heard_counts(caller: Caller) -> None:
    await caller.rings()
    await caller.hears(3, "where is my order 15213")
    assert "on its way" in await caller.says("yes")


async def test_a_goodbye_cut_short_ends_nothing(caller: Caller) -> None:
    await caller.rings()
    await caller.says("what is shipping")
    await caller.hears(2, "no")
    assert caller.agent.outcome is None
    assert await caller.says("where is my order") == "What is your order number?"


async def test_a_goodbye_cut_short_is_said_again(caller: Caller) -> None:
    await caller.rings()
    await caller.says("what is shipping")
    await caller.hears(2, "no")
    assert (await caller.says("thank you")).endswith("Goodbye.")
    assert caller.agent.outcome == Outcome.RESOLVED


async def test_who_speaks_before_the_greeting_hears_of_the_recording(caller: Caller) -> None:
    await caller.interrupts_the_greeting()
    assert await caller.says("where is my order") == (
        "This call may be recorded. What is your order number?"
    )


async def test_a_cough_before_the_greeting_brings_it_back(caller: Caller) -> None:
    await caller.interrupts_the_greeting()
    assert (await caller.says("")).startswith("This call may be recorded. Thank you for calling")


async def test_a_broken_understanding_is_trouble_and_the_words_are_asked_for_again(
    retail: Assistant, store: Store
) -> None:
    caller = Caller(FlowAgent(retail, DeafNlu(), store, lambda: FRIDAY_AFTERNOON))
    await caller.rings()
    with pytest.raises(RuntimeError):
        await caller.says("where is my order")
    assert await caller.meets_trouble() == (
        "Sorry, something went wrong on my side. What can I do for you?"
    )


async def test_at_night_nobody_can_be_put_through(retail: Assistant, store: Store) -> None:
    caller = Caller(FlowAgent(retail, WordsNlu(), store, lambda: SUNDAY_NIGHT))
    await caller.rings()
    assert await caller.says("I want a person") == (
        "Nobody is in right now. My colleagues are back tomorrow at 9 AM. What can I do for you?"
    )
    assert await caller.says("are you open now") == (
        "We open tomorrow at 9 AM. Is there anything else?"
    )
    await caller.meets_trouble()
    assert (await caller.meets_trouble()).endswith("Please call again tomorrow at 9 AM. Goodbye.")
    assert caller.agent.outcome == Outcome.UNRESOLVED


async def test_the_same_call_twice_is_the_same_call(retail: Assistant) -> None:
    async def talk() -> list[str]:
        store = open_store(None, retail.seeds, TODAY)
        caller = Caller(FlowAgent(retail, WordsNlu(), store, lambda: FRIDAY_AFTERNOON))
        said = [await caller.rings()]
        for words in (
            "cancel 15206",
            "yes",
            *PROOFS["15206"],
            "yes",
            "where is my order",
            "yes",
            "no",
        ):
            said.append(await caller.says(words))
        store.close()
        return said

    assert await talk() == await talk()


@pytest.fixture
def on_disk(retail: Assistant, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path / "data" / "shop.sqlite", retail.seeds, TODAY, lock_seconds=0.05)
    yield opened
    opened.close()


@pytest.fixture
def caller_on_disk(retail: Assistant, on_disk: Store) -> Caller:
    return Caller(FlowAgent(retail, WordsNlu(), on_disk, lambda: FRIDAY_AFTERNOON, call="call-1"))


async def test_a_database_on_disk_keeps_its_data(
    retail: Assistant, caller_on_disk: Caller, on_disk: Store, tmp_path: Path
) -> None:
    await caller_on_disk.rings()
    await caller_on_disk.says("cancel 15206")
    await caller_on_disk.says("yes")
    await caller_on_disk.proves()
    await caller_on_disk.says("yes")
    on_disk.close()
    again = open_store(tmp_path / "data" / "shop.sqlite", retail.seeds, TODAY)
    assert status(again, "15206") == "cancelled"
    assert len(again.history("call-1")) == 11
    again.close()


async def test_a_locked_database_is_apologised_for(
    caller_on_disk: Caller, on_disk: Store, tmp_path: Path
) -> None:
    await caller_on_disk.rings()
    await caller_on_disk.says("cancel 15206")
    await caller_on_disk.says("yes")
    await caller_on_disk.proves()
    other = sqlite3.connect(tmp_path / "data" / "shop.sqlite")
    other.execute("BEGIN EXCLUSIVE")
    await caller_on_disk.says("yes")
    other.close()
    assert (await caller_on_disk.says("no")).startswith("I'm sorry, that did not go through.")
    assert status(on_disk, "15206") == "processing"


async def test_a_database_that_is_gone_is_apologised_for(
    caller_on_disk: Caller, on_disk: Store, tmp_path: Path
) -> None:
    await caller_on_disk.rings()
    await caller_on_disk.says("15213")
    on_disk.close()
    for file in (tmp_path / "data").iterdir():
        file.unlink()
    assert await caller_on_disk.says("yes") == (
        "I'm sorry, I can't reach our order system right now. Would you like to speak to a person?"
    )
    assert not list((tmp_path / "data").iterdir())
    await caller_on_disk.says("yes")
    assert caller_on_disk.agent.outcome == Outcome.HANDED_OVER


def test_a_look_up_cannot_write(store: Store) -> None:
    with pytest.raises(DialogueError, match="readonly"), store.reading() as connection:
        connection.execute(text("UPDATE orders SET status = 'lost'"))
    assert status(store, "15213") == "shipped"


@pytest.mark.parametrize("content", ["a folder", "no database"])
def test_a_database_that_is_none_is_one_line(
    retail: Assistant, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "shop.sqlite"
    path.mkdir() if content == "a folder" else path.write_text("a letter to my aunt " * 100)
    with pytest.raises(DialogueError) as error:
        open_store(path, retail.seeds, TODAY)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)


async def test_a_look_up_that_hangs_fails_and_its_words_are_kept(
    retail: Assistant, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dialogue.conversation.THINK_SECONDS", 0.05)
    with hanging() as nlu:
        caller = Caller(FlowAgent(retail, nlu, store, lambda: FRIDAY_AFTERNOON))
        with pytest.raises(TimeoutError):
            await caller.says("where is order 15213")
        nlu.hangs.set()
        assert "15213" in (await caller.keeps_silent()).replace(" ", "")


async def test_a_look_up_that_hangs_does_not_hold_up_who_speaks_on(
    retail: Assistant, store: Store
) -> None:
    with hanging() as nlu:
        with move_on_after(0.05):
            await Caller(FlowAgent(retail, nlu, store, lambda: FRIDAY_AFTERNOON)).says("hello")
        assert not nlu.answered


class HangingNlu(WordsNlu):
    """Gives no answer until `hangs` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.hangs = threading.Event()
        self.answered = False

    def understand(self, text: str, context: Context) -> Understanding:
        self.hangs.wait(2)
        self.answered = True
        return super().understand(text, context)


@contextmanager
def hanging() -> Iterator[HangingNlu]:
    nlu = HangingNlu()
    try:
        yield nlu
    finally:
        nlu.hangs.set()
