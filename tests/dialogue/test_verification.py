"""Nothing personal before it is known who is calling: three tries, then a person."""

from collections.abc import Mapping
from datetime import date

import pytest

from dialogue.actions import Callers, Claim, Found, Profile, Request
from dialogue.agent import Brief, Exchange, Said, Waiting
from dialogue.assistant import Assistant
from dialogue.privacy import masked
from dialogue.state import Outcome
from dialogue.store import Store
from dialogue.verification import TRIES, Verifier, matches
from nlu.understand import Alternative
from tests.dialogue.caller import FRIDAY_AFTERNOON, TODAY, Caller

dialogue = pytest.mark.anyio

ZIP = "So that I know it's you, what is the ZIP code of your address?"
ZIP_AGAIN = "That is not what I have here. Please say the ZIP code digit by digit."
ZIP_LAST = "That is still not what I have here. Please key in the five digits of your ZIP code."
BORN = "Thank you. And what is your date of birth?"
MAY_CANCEL = "Order 1 5 2 0 6 has not been sent yet. Shall I cancel it?"


@pytest.fixture
async def asked(caller: Caller) -> Caller:
    """A caller who wants order 15206 cancelled, and is asked for the ZIP code."""
    await caller.rings()
    await caller.says("cancel order 15206")
    assert await caller.says("yes") == ZIP
    return caller


@dialogue
async def test_who_shows_who_they_are_is_served(asked: Caller) -> None:
    assert await asked.says("six two seven one one") == BORN
    assert await asked.says("the 22nd of November 71") == MAY_CANCEL
    assert (await asked.says("yes")).startswith("All right, I'm cancelling order 1 5 2 0 6.")
    assert asked.agent.brief.slots["verified_customer"] == "C1002"


@dialogue
async def test_it_is_asked_for_again_more_clearly_and_then_to_be_keyed_in(asked: Caller) -> None:
    assert await asked.says("six two seven one two") == ZIP_AGAIN
    assert await asked.says("number six on the corner of Elm Street") == ZIP_LAST
    assert await asked.presses("62711#") == BORN
    assert "such as March 5th" in await asked.says("November 1971")
    assert "key in two digits" in await asked.says("the 22nd of November 1917")
    assert await asked.presses("11221971#") == MAY_CANCEL


@dialogue
async def test_a_question_is_no_try(asked: Caller) -> None:
    await asked.says("six two seven one two")
    await asked.says("six two seven one nine")
    assert ZIP_LAST in await asked.says("why on earth does this matter")
    assert await asked.says("six two seven one one") == BORN


@dialogue
@pytest.mark.parametrize(
    "said",
    [
        "sorry, six two seven one one",
        "fine, it's six two seven one one",
        "six two seven one one I said",
    ],
)
async def test_the_words_beside_a_code_do_not_count_against_it(asked: Caller, said: str) -> None:
    assert await asked.says(said) == BORN


@dialogue
@pytest.mark.parametrize(
    "said",
    [
        "it's six two seven one one and my birthday is November 22nd 1971",
        "born the 22nd of November 1971, and the zip is six two seven one one",
    ],
)
async def test_who_says_both_at_once_is_not_asked_again(asked: Caller, said: str) -> None:
    assert await asked.says(said) == MAY_CANCEL


@dialogue
async def test_of_two_at_once_the_wrong_one_is_asked_for(asked: Caller) -> None:
    said = "six two seven one one, November 23rd 1971"
    assert "such as March 5th" in await asked.says(said)


@dialogue
async def test_after_three_tries_they_are_put_through_and_stay_locked_out(asked: Caller) -> None:
    for _ in range(2):
        await asked.says("six two seven oh four")
    assert (await asked.says("six two seven one nine")).startswith(
        "I'm sorry, I can't be sure that it's you, so I must leave this to a colleague. "
        "I'm putting you through"
    )
    assert asked.agent.outcome == Outcome.HANDED_OVER
    assert asked.agent.brief == Brief("not_verified", {"order_number": "15206"})
    await asked.comes_back()
    await asked.says("cancel order 30765")
    assert (await asked.says("yes")).startswith("I'm sorry, I can't be sure that it's you")
    assert asked.agent.outcome == Outcome.HANDED_OVER


@dialogue
async def test_who_they_are_is_asked_once_in_a_call(asked: Caller) -> None:
    await asked.proves()
    await asked.says("no")
    await asked.says("cancel order 90274")  # theirs, too
    assert (await asked.says("yes")).startswith("Order 9 0 2 7 4 has been sent already")


@dialogue
async def test_anothers_order_needs_that_customers_proof(asked: Caller) -> None:
    await asked.proves()
    await asked.says("no")
    await asked.says("cancel order 30765")
    assert await asked.says("yes") == ZIP
    assert await asked.says("six two seven one one") == ZIP_AGAIN


@dialogue
async def test_nothing_is_told_of_an_order_that_nobody_has(caller: Caller) -> None:
    await caller.rings()
    await caller.says("cancel order 99999")
    assert await caller.says("yes") == (
        "I can't find whose order that is. What is your order number?"
    )
    await caller.says("88888")
    assert await caller.says("yes") == (
        "I can't find whose order that is. Would you like to speak to a person?"
    )


@dialogue
async def test_other_requests_and_refusals_are_no_tries(asked: Caller) -> None:
    assert "within 30 days" in await asked.says("what about returns, can I return it")
    assert await asked.says("please cancel it") == ZIP
    assert await asked.says("can you help") == ZIP
    assert await asked.says("no I don't have it") == (
        "All right. Would you like to speak to a person?"
    )


@dialogue
@pytest.mark.parametrize("words", ["15213", "it's one five two", "six two seven one one status"])
async def test_a_number_is_a_try_whatever_else_it_could_mean(asked: Caller, words: str) -> None:
    assert await asked.says(words) in {ZIP_AGAIN, BORN}


@dialogue
async def test_an_order_that_anybody_may_ask_about_needs_no_proof(caller: Caller) -> None:
    await caller.rings()
    await caller.says("where is my order 15206")
    assert "We are packing order" in await caller.says("yes")


@dialogue
async def test_what_shows_who_they_are_is_private(asked: Caller, store: Store) -> None:
    assert asked.agent.waiting == Waiting("postcode", "code", private=True)
    await asked.says("my zip is six two seven one one")
    exchange = asked.agent.exchange
    assert isinstance(exchange, Exchange)
    assert masked("my zip is six two seven one one", exchange.secrets) == (
        "•• ••• •• ••• ••• ••••• ••• •••"
    )
    assert asked.agent.waiting == Waiting("birth_date", "date", private=True)
    await asked.says("November 22nd 1971")
    written = " ".join(turn.text for turn in store.history("call-1"))
    assert not any(piece in written for piece in ("seven", "62711", "1971", "22"))


@dialogue
async def test_all_that_the_recogniser_may_have_heard_counts(asked: Caller) -> None:
    ways = ("six to heaven one one", "6 2 7 1 1")
    heard = Said(ways[0], 0.9, look_again=lambda: tuple(map(Alternative, ways)))
    said = [clause async for clause in asked.agent.reply(heard)]
    assert " ".join(said) == BORN


@dialogue
async def test_a_database_that_is_away_verifies_nobody(
    retail: Assistant, asked: Caller, store: Store
) -> None:
    store.close()
    assert "I can't reach our order system" in await asked.says("six two seven one one")


# judged without a call

GRACE = Profile("C1", {"name": "Grace Hall", "postcode": "62704", "birth_date": "1984-03-05"})
TOM = Profile("C8", {"name": "Tom Hall", "postcode": "62704", "birth_date": "1981-10-27"})
UNKNOWN_AGE = Profile("C9", {"name": "Ann Lee", "postcode": "60302", "birth_date": ""})
VERIFIER = Verifier(
    {"postcode": "postcode", "name": "name", "birth_date": "birth_date"}, region="US"
)


def claim(**said: str | tuple[str, ...]) -> Claim:
    """What was said for each factor; a tuple holds several tries."""
    attempts = {
        factor: tuple(
            (Alternative(text),) for text in ((words,) if isinstance(words, str) else words)
        )
        for factor, words in said.items()
    }
    return Claim(required=("postcode",), attempts=tuple(attempts.items()))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({}, Found("ask", {"factor": "postcode"})),
        ({"postcode": "62704"}, Found("ask", {"factor": "name"})),
        ({"postcode": "62704", "name": "Tom Hall"}, "C8"),
        ({"postcode": "62704", "name": "it's grace hall"}, "C1"),
        ({"postcode": "62704", "name": "H A L L"}, Found("ask", {"factor": "birth_date"})),
        ({"postcode": "62704", "name": "H A L L", "birth_date": "March 5th 1984"}, "C1"),
        ({"postcode": "62704", "name": ("Ann", "Bea", "Cleo")}, Found("failed")),
        ({"postcode": ("62701", "62702", "62704")}, Found("ask", {"factor": "name"})),
    ],
)
def test_a_household_of_one_telephone_is_told_apart(
    said: Mapping[str, str | tuple[str, ...]], found: Found | str
) -> None:
    judged = VERIFIER.judge([GRACE, TOM], claim(**said), TODAY)
    if isinstance(found, str):
        found = Found("verified", {"customer": found}, f"customers/{found}")
    assert judged == found


def test_what_is_not_known_of_a_customer_proves_nothing() -> None:
    dates = claim(postcode="60302", birth_date=("1971", "", "March 5th 1984"))
    judged = VERIFIER.judge([UNKNOWN_AGE], Claim("", (), ("birth_date",), dates.attempts), TODAY)
    assert judged == Found("failed")


@pytest.mark.parametrize(
    ("kind", "said", "value", "passes"),
    [
        ("postcode", "six two seven oh four", "62704", True),
        ("postcode", "six two seven five four", "62794", True),  # five and nine sound alike
        ("postcode", "six two seven oh six", "62704", False),
        ("postcode", "S W one A one A A", "SW1A 1AA", True),
        ("postcode", "S W one A one A K", "SW1A 1AA", True),
        ("postcode", "S W two B one A A", "SW1A 1AA", False),
        ("birth_date", "March 5th 1984", "1984-03-05", True),
        ("birth_date", "March 6th 1984", "1984-03-05", False),
        ("birth_date", "March 5th 1989", "1985-03-05", False),
        ("birth_date", "March 5th", "1984-03-05", False),
        ("name", "Marcus Reid", "Marcus Reed", True),
        ("name", "Joan Smith", "John Smith", False),
        ("name", "S M Y T H", "John Smyth", True),
    ],
)
def test_near_enough_is_not_generous(kind: str, said: str, value: str, passes: bool) -> None:
    day = date(2026, 11, 20)
    assert matches(kind, [(Alternative(said),)], value, day, "US") is passes


def test_of_many_tries_one_must_be_near() -> None:
    tries = [(Alternative("6 2 9 9 9"),)] * (TRIES - 1)
    assert not matches("postcode", tries, "62704", TODAY, "US")
    assert matches("postcode", [*tries, (Alternative("62704"),)], "62704", TODAY, "US")


def test_the_shop_knows_who_may_be_calling(retail: Assistant, store: Store) -> None:
    customers = retail.actions["customers"]
    assert isinstance(customers, Callers)
    with store.reading() as connection:

        def keys(**slots: str) -> list[str]:
            request = Request(slots, FRIDAY_AFTERNOON, retail.hours, connection)
            return [profile.key for profile in customers.run(request)]

        assert keys(order_number="15206") == ["C1002"]
        assert keys(phone_number="+12175550101") == ["C1001", "C1008"]
        assert keys(order_number="99999") == []
