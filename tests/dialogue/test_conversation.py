"""Calls as scripts: what the caller says, and what must be answered."""

import pytest

from dialogue.agent import Waiting
from dialogue.conversation import FlowAgent
from dialogue.state import Outcome
from nlu.understand import YES_NO
from tests.dialogue.caller import Caller, WordsNlu

pytestmark = pytest.mark.anyio

ANYTHING_ELSE = "Is there anything else?"
ASK_NUMBER = "What is your order number?"
ONE_BY_ONE = "Please say the five digits one by one, or key them in."
IN_THE_MAIL = "The number is in the subject of our e-mail to you. Please key in its five digits."
GREETING = "This call may be recorded. Thank you for calling Maplewood. How can I help you?"


def read_back(number: str) -> str:
    return f"I heard order {' '.join(number)}, is that right?"


async def test_a_bare_order_number_is_a_whole_call(caller: Caller) -> None:
    assert await caller.rings() == GREETING
    assert await caller.says("one five two one three") == read_back("15213")
    assert await caller.says("yes") == (
        "Order 1 5 2 1 3 is on its way. It should arrive on Sunday, November 22nd. " + ANYTHING_ELSE
    )
    exchange = caller.agent.exchange
    assert exchange is not None
    assert exchange.sources == ("orders/15213",)
    assert caller.agent.outcome is None
    assert await caller.says("no") == "Thank you for calling Maplewood. Goodbye."
    assert caller.agent.outcome == Outcome.RESOLVED


async def test_the_number_is_asked_for_and_the_ears_know_it(caller: Caller, nlu: WordsNlu) -> None:
    await caller.rings()
    assert caller.agent.waiting == Waiting()
    assert await caller.says("where is my order") == ASK_NUMBER
    assert caller.agent.waiting == Waiting("order_number", "digits", 5)
    await caller.says("15213")
    assert caller.agent.waiting == Waiting("order_number", "yes_no")
    await caller.says("yes")
    assert caller.agent.waiting == Waiting("", "more")
    assert [context.waiting_for for context in nlu.contexts] == ["", "order_number", "yes_no"]


async def test_what_was_said_up_front_is_not_asked(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("where is my order 15213") == read_back("15213")


@pytest.mark.parametrize("correction", ["No, it's 15206", "15206", "no, one five two oh six"])
async def test_a_correction_takes_one_turn(caller: Caller, correction: str) -> None:
    await caller.rings()
    await caller.says("where is my order 15213")
    assert await caller.says(correction) == read_back("15206")
    assert (await caller.says("yes")).startswith("We are packing order 1 5 2 0 6.")


async def test_a_read_back_is_denied(caller: Caller) -> None:
    await caller.rings()
    await caller.says("15213")
    assert await caller.says("no") == f"Sorry. {ONE_BY_ONE}"
    await caller.says("15216")
    assert await caller.says("no") == (f"Sorry. {IN_THE_MAIL}")
    assert await caller.presses("15206#") == read_back("15206")
    assert (await caller.presses("1")).startswith("We are packing order 1 5 2 0 6.")


async def test_the_third_wrong_read_back_brings_a_person(caller: Caller) -> None:
    await caller.rings()
    await caller.says("15213")
    await caller.says("no 15216")
    await caller.says("no 15217")
    assert (await caller.says("no 15218")).startswith("Sorry. I'm putting you through")
    assert caller.agent.outcome == Outcome.HANDED_OVER


async def test_a_number_of_the_wrong_length_is_asked_again(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    assert await caller.says("1521") == (
        f"I heard 1 5 2 1, but an order number has five digits. {ONE_BY_ONE}"
    )
    assert await caller.says("15213") == read_back("15213")


async def test_an_unknown_order_is_asked_again_and_then_a_person_offered(caller: Caller) -> None:
    await caller.rings()
    await caller.says("99999")
    assert await caller.says("yes") == f"I can't find an order 9 9 9 9 9. {ASK_NUMBER}"
    await caller.says("99998")
    assert await caller.says("yes") == (
        "I can't find an order 9 9 9 9 8. Would you like to speak to a person?"
    )
    assert await caller.says("no") == "All right. What can I do for you?"
    await caller.says("15213")
    assert "on its way" in await caller.says("yes")


async def test_a_caller_without_a_number_is_offered_a_person(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    assert await caller.says("I don't have it") == (
        "All right. Would you like to speak to a person?"
    )
    assert (await caller.says("yes")).startswith("I'm putting you through to a colleague.")


@pytest.mark.parametrize(
    ("said", "answer", "source"),
    [
        (
            "what is shipping",
            "Shipping is $4.95, and free from $50. Express is $12.95.",
            "faq.md#shipping-cost",
        ),
        ("when do you close", "We are open now, until 8 PM.", "assistant.toml#hours"),
        ("do you have the kettle", "Yes, we have the kettle in stock, for $49.", "catalog/kettle"),
    ],
)
async def test_a_question_in_the_middle_is_answered_and_the_open_one_asked_again(
    caller: Caller, said: str, answer: str, source: str
) -> None:
    await caller.rings()
    await caller.says("where is my order")
    assert await caller.says(said) == f"{answer} {ASK_NUMBER}"
    assert caller.agent.exchange is not None
    assert caller.agent.exchange.sources == (source,)
    assert caller.agent.waiting == Waiting("order_number", "digits", 5)
    await caller.says("15213")
    assert "on its way" in await caller.says("yes")


async def test_the_topic_can_change_in_the_middle(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    assert await caller.says("actually I want to cancel order 15206") == read_back("15206")
    await caller.says("yes")
    assert (await caller.proves()).endswith("Shall I cancel it?")


async def test_a_number_serves_the_next_request_too_but_not_the_same_one(caller: Caller) -> None:
    await caller.rings()
    await caller.says("15206")
    await caller.says("yes")
    await caller.says("please cancel it")
    assert (await caller.proves()).endswith("Shall I cancel it?")
    await caller.says("no")
    await caller.says("where is my order")
    await caller.says("yes")
    assert await caller.says("and where is my other order") == ASK_NUMBER


async def test_silence_is_asked_about_and_then_the_call_ends(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    assert await caller.keeps_silent() == f"Are you still there? {ASK_NUMBER}"
    assert (await caller.keeps_silent()).endswith("Goodbye.")
    assert caller.agent.outcome == Outcome.SILENT_CALLER


async def test_silences_apart_do_not_add_up(caller: Caller) -> None:
    await caller.rings()
    await caller.keeps_silent()
    await caller.says("where is my order")
    assert await caller.keeps_silent() == f"Are you still there? {ASK_NUMBER}"


async def test_trouble_is_apologised_for_and_then_a_person_comes(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    assert await caller.meets_trouble() == f"Sorry, something went wrong on my side. {ASK_NUMBER}"
    assert (await caller.meets_trouble()).startswith(
        "Sorry, something went wrong on my side. I'm putting you through"
    )
    assert caller.agent.outcome == Outcome.HANDED_OVER


async def test_a_voice_without_words(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    assert await caller.says("") == f"Sorry, I didn't catch that. {ONE_BY_ONE}"
    assert await caller.says("...") == (f"I still couldn't hear that. {IN_THE_MAIL}")
    assert (await caller.says("")).startswith("I still couldn't hear that. I'm putting you")


async def test_a_yes_or_no_that_is_not_heard(caller: Caller) -> None:
    await caller.rings()
    await caller.says("15213")
    assert await caller.says("") == f"Sorry, I didn't catch that. {read_back('15213')}"
    assert (await caller.says("")).endswith("or press 1 for yes and 2 for no.")
    assert "on its way" in await caller.presses("1")


async def test_beyond_its_scope_it_says_what_it_can_do_and_then_offers_a_person(
    caller: Caller,
) -> None:
    await caller.rings()
    assert (await caller.says("sing me a song")).startswith(
        "I can't help with that. I can check an order or a refund,"
    )
    assert await caller.says("dance") == (
        "I can't help with that. Would you like to speak to a person?"
    )
    await caller.says("yes")
    assert caller.agent.outcome == Outcome.HANDED_OVER


async def test_an_unsure_guess_is_asked_about(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("maybe my order 15213, the status") == (
        "Is this about the status of an order?"
    )
    assert caller.agent.waiting == Waiting("", "yes_no")
    assert await caller.says("yes") == read_back("15213")


async def test_a_wrong_guess_costs_one_turn(caller: Caller) -> None:
    await caller.rings()
    await caller.says("maybe the status")
    assert await caller.says("no") == "Sorry. What can I do for you?"


async def test_words_in_doubt_are_asked_about_too(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("refund", confidence=0.2) == "Is this about a refund?"


async def test_a_hopeless_guess_is_not_made(caller: Caller) -> None:
    await caller.rings()
    assert (await caller.says("perhaps the status")).startswith("Sorry, I didn't understand that.")


async def test_a_person_is_a_word_away(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("I want to speak to a person") == (
        "I'm putting you through to a colleague. The wait is about 2 minutes."
    )
    assert caller.agent.outcome == Outcome.HANDED_OVER


async def test_key_zero_brings_a_person(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order")
    assert (await caller.presses("0")).startswith("I'm putting you through")


async def test_a_complaint_is_met_with_an_apology_and_a_person(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("my lamp is broken") == (
        "I'm sorry about that. Shall I open a ticket, so that a colleague looks into it?"
    )
    assert await caller.says("no") == "All right. Would you like to speak to a person?"
    assert await caller.says("no") == f"All right. {ANYTHING_ELSE}"


async def test_repeat_says_it_again(caller: Caller) -> None:
    await caller.rings()
    answer = await caller.says("what is shipping")
    assert await caller.says("can you repeat that") == answer
    assert await caller.says("pardon") == answer


async def test_small_talk(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("hello") == "Hello. What can I do for you?"
    assert (await caller.says("help")).endswith("What would you like to do?")
    await caller.says("what is shipping")
    assert await caller.says("thank you") == f"You're welcome. {ANYTHING_ELSE}"
    assert await caller.says("yes") == "What can I do for you?"


async def test_a_goodbye_before_any_request(caller: Caller) -> None:
    await caller.rings()
    await caller.says("goodbye")
    assert caller.agent.outcome == Outcome.NO_REQUEST


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("are you open on sunday", "On Sunday, November 22nd we are open from 11 AM to 4 PM."),
        ("are you open tomorrow", "Tomorrow we are open from 10 AM to 6 PM."),
        (
            "are you open on november 26th",
            "On Thursday, November 26th we are closed. "
            "We open again on Friday, November 27th at 9 AM.",
        ),
        (
            "are you open on thanksgiving",
            "On Thursday, November 26th we are closed. "
            "We open again on Friday, November 27th at 9 AM.",
        ),
        ("are you open on founders day", "For which day?"),
    ],
)
async def test_opening_hours_know_the_calendar(caller: Caller, question: str, answer: str) -> None:
    await caller.rings()
    assert (await caller.says(question)).removesuffix(f" {ANYTHING_ELSE}") == answer


@pytest.mark.parametrize(
    ("number", "answer"),
    [
        ("15206", "We are packing order 1 5 2 0 6. It should arrive on Tuesday, November 24th."),
        ("15217", "Order 1 5 2 1 7 was delivered on Monday, November 16th."),
        (
            "94086",
            "We have had order 9 4 0 8 6 back. "
            "Your refund of $89 was sent on Saturday, November 14th.",
        ),
        (
            "44065",
            "Order 4 4 0 6 5 is delayed, and I'm sorry. "
            "It should now arrive on Thursday, November 26th.",
        ),
        ("20418", "Order 2 0 4 1 8 is cancelled. Nothing will be sent."),
        (
            "71446",
            "Order 7 1 4 4 6 was delivered on Friday, November 6th. "
            "We have had part of it back, and refunded $35.95.",
        ),
        ("61128", "Order 6 1 1 2 8 is on its way. It should arrive today."),
        (
            "84332",
            "Order 8 4 3 3 2 is late, and I'm sorry. "
            "It was due on Wednesday, November 18th, and it is still on its way.",
        ),
    ],
)
async def test_every_state_of_an_order(caller: Caller, number: str, answer: str) -> None:
    await caller.rings()
    await caller.says(number)
    assert await caller.says("yes") == f"{answer} {ANYTHING_ELSE}"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("do you have the espresso machine", "We expect more on Sunday, November 29th."),
        ("is the mountain bike in stock", "only 2 left. The mountain bike is $749."),
        ("do you have a trampoline", "I can't find a trampoline in our range."),
        ("do you have any", "Which product is it?"),
    ],
)
async def test_products(caller: Caller, question: str, answer: str) -> None:
    await caller.rings()
    assert answer in await caller.says(question)


async def test_a_product_is_asked_for_with_the_catalogue_in_mind(caller: Caller) -> None:
    await caller.rings()
    await caller.says("do you have it")
    assert caller.agent.waiting.slot == "product"
    assert "desk lamp" in caller.agent.waiting.vocabulary
    assert "Yes, we have the desk lamp" in await caller.says("desk lamps")


async def test_an_agent_that_only_replied_has_done_nothing(agent: FlowAgent) -> None:
    assert (agent.outcome, agent.waiting, agent.exchange) == (None, Waiting(), None)


async def test_after_a_yes_no_question_the_understanding_knows_it(
    caller: Caller, nlu: WordsNlu
) -> None:
    await caller.rings()
    await caller.says("my kettle is broken")
    await caller.says("no")
    assert nlu.contexts[-1].waiting_for == YES_NO
