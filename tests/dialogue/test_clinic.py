"""The doctors' practice: an assistant that is nothing but a folder. Its calls as scripts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from dialogue.assistant import Assistant, default_assistant, load_assistant
from dialogue.conversation import FlowAgent
from dialogue.state import Outcome
from dialogue.store import Store, open_store
from nlu.understand import Context, Sentiment, Understanding
from tests.dialogue.caller import FRIDAY_AFTERNOON, TODAY, Caller, Words, WordsNlu

pytestmark = pytest.mark.anyio

SATURDAY = datetime(2026, 11, 21, 10, 0)
ASK_DAY = "Which day would suit you?"
ASK_NUMBER = "What is your patient number?"
ASK_BIRTH = "And your date of birth?"
ANYTHING_ELSE = "Is there anything else?"
CALL_NOW = "This may be an emergency. Please call 9 1 1 right away."
PUT_THROUGH = "I'm also putting you through to my colleagues."
CHANGE_FAILED = "I'm sorry, that did not go through. Nothing was changed."
OFFER = "Doctor Okafor is free on Monday, November 23rd at 8:30 AM. Shall I book that?"

MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
WORDS = Words(
    intents={
        "speak_to_person": r"person|nurse",
        "move_appointment": r"\bmove\b|reschedule",
        "cancel_appointment": r"cancel",
        "my_appointment": r"when.*appointment",
        "repeat_prescription": r"prescription|refill",
        "test_results": r"results",
        "opening_hours": r"\bopen\b|hours",
        "parking": r"\bpark",
        "deny": r"^no\b|don't have one",
        "affirm": r"^yes\b|right",
        "book_appointment": r"appointment|see doctor",
        "goodbye": r"bye",
        "greeting": r"^(hello|hi)\b",
    },
    number=("patient_number", 6),
    slots={
        "birth_date": ("birth_date", rf"(?:{MONTHS}) \d+\w* \d{{4}}"),
        "date": (
            "date",
            rf"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|(?:{MONTHS}) \d+\w*(?! \d))",
        ),
        "time": ("time", r"at (?:half past )?(?:nine|ten|eleven|three|eight)(?: am| pm)?"),
        "time_of_day": ("", r"morning|afternoon|evening"),
        "doctor": ("", r"(?<=doctor )\w+"),
        "medicine": ("", r"amlodipine|blood pressure|atorvastatin|metformin|insulin"),
    },
    bare="details",
)


@pytest.fixture(scope="module")
def clinic() -> Assistant:
    return load_assistant(default_assistant().parent / "clinic")


@pytest.fixture
def store(clinic: Assistant) -> Iterator[Store]:
    opened = open_store(None, clinic.seeds, TODAY)
    yield opened
    opened.close()


@pytest.fixture
def at(clinic: Assistant, store: Store) -> Callable[[datetime], Caller]:
    def calling(now: datetime) -> Caller:
        return Caller(FlowAgent(clinic, WordsNlu(WORDS), store, lambda: now, call="call-1"))

    return calling


@pytest.fixture
def caller(at: Callable[[datetime], Caller]) -> Caller:
    return at(FRIDAY_AFTERNOON)


def rows(store: Store, query: str) -> list[tuple[str, ...]]:
    with store.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def read_back(number: str) -> str:
    return f"I heard patient number {' '.join(number)}, is that right?"


async def identify(caller: Caller, number: str = "204518", born: str = "March 3rd 1985") -> str:
    """Give number and date of birth; return what is said then."""
    assert await caller.says(number) == read_back(number)
    assert await caller.says("yes") == ASK_BIRTH
    return await caller.says(born)


async def test_an_appointment_is_booked(caller: Caller, store: Store) -> None:
    assert await caller.rings() == (
        "This call may be recorded. Thank you for calling the Riverside Practice. "
        "How can I help you?"
    )
    assert await caller.says("I need an appointment") == ASK_DAY
    assert await caller.says("Monday") == ASK_NUMBER
    assert await identify(caller) == OFFER
    assert await caller.says("yes") == (
        "I'm booking Doctor Okafor for you, on Monday, November 23rd at 8:30 AM. "
        f"Please bring your insurance card. {ANYTHING_ELSE}"
    )
    booked = rows(store, "SELECT doctor, day, at FROM appointments WHERE patient = '204518'")
    assert ("Okafor", "2026-11-23", "08:30") in booked


@pytest.mark.parametrize(
    ("wish", "offer"),
    [
        ("on Monday at half past nine", "Doctor Lee is free on Monday, November 23rd at 9:30 AM."),
        ("with doctor Novak on Monday", "Doctor Novak is free on Monday, November 23rd at 10 AM."),
        ("on Monday afternoon", "Doctor Lee is free on Monday, November 23rd at noon."),
        (
            "on Sunday",
            "On Sunday, November 22nd nothing is free. "
            "The nearest is Doctor Okafor, on Monday, November 23rd at 8:30 AM.",
        ),
        (
            "with doctor Novak on Tuesday",
            "On Tuesday, November 24th nothing is free. "
            "The nearest is Doctor Novak, on Wednesday, November 25th at 10 AM.",
        ),
        (
            "on November 26th",
            "On Thursday, November 26th nothing is free. "
            "The nearest is Doctor Okafor, on Friday, November 27th at 8 AM.",
        ),
        ("with doctor anybody today", "Doctor Novak is free today at 2:30 PM."),
        ("on Monday at eight pm", "Doctor Novak is free on Monday, November 23rd at 3:30 PM."),
    ],
)
async def test_the_nearest_that_is_free_is_offered(caller: Caller, wish: str, offer: str) -> None:
    await caller.rings()
    assert await caller.says(f"an appointment {wish}") == ASK_NUMBER
    assert await identify(caller) == f"{offer} Shall I book that?"


async def test_what_is_said_at_once_is_not_asked(caller: Caller) -> None:
    await caller.rings()
    await caller.says("I need an appointment")
    assert await caller.says("Monday at ten with doctor Lee") == ASK_NUMBER
    assert await caller.says("204518 born March 3rd 1985") == read_back("204518")
    assert await caller.says("yes") == (
        "Doctor Lee is free on Monday, November 23rd at 10 AM. Shall I book that?"
    )


async def test_another_time_than_the_offered_is_looked_up_anew(
    caller: Caller, store: Store
) -> None:
    await caller.rings()
    await caller.says("an appointment on Monday")
    await identify(caller)
    assert await caller.says("no, at ten") == (
        "Doctor Lee is free on Monday, November 23rd at 10 AM. Shall I book that?"
    )
    assert await caller.says("yes but on Wednesday") == (
        "Doctor Lee is free on Wednesday, November 25th at 10 AM. Shall I book that?"
    )
    assert (await caller.says("yes Wednesday is right")).startswith("I'm booking Doctor Lee")
    booked = rows(store, "SELECT doctor, day, at FROM appointments WHERE id LIKE '2026%'")
    assert booked == [("Lee", "2026-11-25", "10:00")]


async def test_a_no_to_the_offer_asks_for_another_day(caller: Caller, store: Store) -> None:
    await caller.rings()
    await caller.says("an appointment on Monday")
    await identify(caller)
    assert await caller.says("no") == f"All right, that one stays free. {ASK_DAY}"
    assert await caller.says("never mind") == "All right. What can I do for you?"
    assert not rows(store, "SELECT * FROM appointments WHERE id LIKE '2026%'")


async def test_a_half_hour_that_was_taken_in_between_is_not_booked(
    caller: Caller, at: Callable[[datetime], Caller], store: Store
) -> None:
    faster = at(FRIDAY_AFTERNOON)
    for each, number, born in (
        (caller, "204518", "March 3rd 1985"),
        (faster, "331907", "May 5th 1972"),
    ):
        await each.rings()
        await each.says("an appointment on Monday")
        assert await identify(each, number, born) == OFFER
    await faster.says("yes")
    await caller.says("yes")
    assert (await caller.says("no")).startswith(CHANGE_FAILED)
    query = "SELECT patient FROM appointments WHERE day = '2026-11-23' AND at = '08:30'"
    assert rows(store, query) == [("331907",)]


async def test_nothing_is_told_before_number_and_birth_date_agree(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("when is my appointment") == ASK_NUMBER
    wrong = "That date of birth does not go with patient number 2 0 4 5 1 8."
    assert await identify(caller, born="March 4th 1985") == f"{wrong} {ASK_BIRTH}"
    assert await caller.says("March 5th 1985") == (
        f"{wrong} I'm putting you through to a colleague. The wait is about 2 minutes."
    )
    assert caller.agent.outcome == Outcome.HANDED_OVER
    await caller.comes_back()
    await caller.says("when is my appointment")
    assert (await caller.says("March 6th 1985")).startswith(f"{wrong} I'm putting you through")


async def test_a_number_that_nobody_has_is_asked_again(caller: Caller) -> None:
    await caller.rings()
    await caller.says("when is my appointment")
    assert await identify(caller, "999999") == (
        f"I can't find patient number 9 9 9 9 9 9. {ASK_NUMBER}"
    )
    await caller.says("204518")
    assert (await caller.says("yes")).startswith("You see Doctor Lee on Monday")


async def test_who_calls_is_asked_once(caller: Caller) -> None:
    await caller.rings()
    await caller.says("when is my appointment")
    assert await identify(caller) == (
        f"You see Doctor Lee on Monday, November 23rd at 9 AM. {ANYTHING_ELSE}"
    )
    await caller.says("an appointment on Wednesday")
    await caller.says("yes")
    assert await caller.says("another appointment") == ASK_DAY
    assert (await caller.says("Thursday")).endswith("Shall I book that?")


async def test_the_birth_date_is_masked_in_the_history(caller: Caller, store: Store) -> None:
    await caller.rings()
    await caller.says("when is my appointment")
    await identify(caller)
    said = " ".join(turn.text for turn in store.history("call-1"))
    assert "1985" not in said
    assert "•••• " in said


async def test_an_appointment_is_moved(caller: Caller, store: Store) -> None:
    await caller.rings()
    await caller.says("I'd like to move my appointment")
    assert await caller.says("Wednesday at nine") == ASK_NUMBER
    assert await identify(caller) == (
        "Your appointment is on Monday, November 23rd at 9 AM. "
        "Doctor Lee is free on Wednesday, November 25th at 9 AM. Shall I move it there?"
    )
    await caller.says("yes")
    kept = rows(store, "SELECT doctor, day, at FROM appointments WHERE patient = '204518'")
    assert kept == [("Lee", "2026-11-25", "09:00")]


async def test_the_day_it_is_on_is_not_where_to_move_it(caller: Caller) -> None:
    await caller.rings()
    await caller.says("move my appointment on Monday")
    assert await identify(caller) == (
        f"Your appointment is on Monday, November 23rd at 9 AM. {ASK_DAY}"
    )


async def test_an_appointment_is_cancelled(caller: Caller, store: Store) -> None:
    await caller.rings()
    await caller.says("cancel my appointment on Tuesday")
    assert await identify(caller) == (
        "On Tuesday, November 24th you have no appointment. "
        "You have one with Doctor Lee, on Monday, November 23rd at 9 AM. Shall I cancel that one?"
    )
    assert (await caller.says("yes")).startswith("I'm cancelling your appointment on Monday")
    assert not rows(store, "SELECT * FROM appointments WHERE patient = '204518'")


async def test_who_has_no_appointment_is_told(caller: Caller) -> None:
    await caller.rings()
    await caller.says("cancel my appointment")
    assert await identify(caller, "672004", "July 4th 1990") == (
        f"I see no appointment under your number. {ANYTHING_ELSE}"
    )


async def test_a_prescription_is_repeated_once(caller: Caller, store: Store) -> None:
    await caller.rings()
    assert await caller.says("I need a refill") == "Which medicine is it?"
    await caller.says("the ones for blood pressure")
    assert await identify(caller, "331907", "May 5th 1972") == (
        "I can order amlodipine again. Shall I?"
    )
    assert (await caller.says("yes")).startswith("I'm ordering amlodipine. It will be at the")
    assert rows(store, "SELECT repeats, ordered FROM prescriptions WHERE id = 'P2'") == [
        ("1", "2026-11-20")
    ]
    assert await caller.says("a prescription for amlodipine") == (
        "A repeat of amlodipine was ordered today. "
        f"You can ask for the next one three weeks after that. {ANYTHING_ELSE}"
    )


@pytest.mark.parametrize(
    ("number", "born", "medicine", "answer"),
    [
        ("331907", "May 5th 1972", "atorvastatin", "A repeat of atorvastatin was ordered"),
        ("118290", "December 8th 1961", "metformin", "There are no repeats left for metformin."),
        ("331907", "May 5th 1972", "insulin", "I can't find that among your prescriptions."),
    ],
)
async def test_a_prescription_that_cannot_be_repeated(
    caller: Caller, number: str, born: str, medicine: str, answer: str
) -> None:
    await caller.rings()
    await caller.says(f"I need a prescription for {medicine}")
    assert (await identify(caller, number, born)).startswith(answer)


async def test_results_are_never_told(caller: Caller) -> None:
    await caller.rings()
    assert await caller.says("are my results in") == (
        "I may not tell test results. A nurse goes through them with you. "
        "Would you like to speak to a person?"
    )
    assert (await caller.says("yes")).startswith("I'm putting you through to a colleague.")


URGENT = [
    "I have chest pain",
    "there's a pain right here in my chest",
    "My chest hurts.",
    "I can\u2019t breathe",
    "an appointment today please I can't breathe so well",
    "he passed out",
    "I feel suicidal",
    "never mind she's having a seizure",
    "no no chest pains",
]


@pytest.mark.parametrize("said", URGENT)
async def test_what_may_be_an_emergency_wins_over_everything(caller: Caller, said: str) -> None:
    await caller.rings()
    await caller.says("an appointment on Monday")
    answer = await caller.says(said, confidence=0.1)
    assert answer == f"{CALL_NOW} {PUT_THROUGH} If nobody answers at once, hang up and call 9 1 1."
    assert caller.agent.outcome == Outcome.HANDED_OVER
    assert caller.agent.brief.reason == "urgent"


@pytest.mark.parametrize("before", [(), ("an appointment on Monday", "204518")])
async def test_it_is_caught_at_every_step(caller: Caller, before: tuple[str, ...]) -> None:
    for said in before:
        await caller.says(said)
    assert (await caller.says("my chest hurts")).startswith(CALL_NOW)


async def test_nobody_there_in_an_emergency(
    at: Callable[[datetime], Caller], caller: Caller
) -> None:
    weekend = at(SATURDAY)
    await weekend.rings()
    assert await weekend.says("I have chest pain") == (
        f"{CALL_NOW} Nobody is in here right now, so please do not wait for us."
    )
    assert weekend.agent.outcome is None
    assert (await weekend.says("when do you open")).startswith("We open on Monday")
    await caller.rings()
    await caller.says("I have chest pain")
    assert (await caller.comes_back()).startswith(CALL_NOW)


@pytest.mark.parametrize(
    "said",
    ["my passport runs out on Monday", "I have a pain in my knee", "I'm breathless with joy"],
)
async def test_what_is_no_emergency(caller: Caller, said: str) -> None:
    await caller.rings()
    assert CALL_NOW not in await caller.says(said)


async def test_no_apology_comes_before_it(clinic: Assistant, store: Store) -> None:
    class AngryNlu(WordsNlu):
        def understand(self, text: str, context: Context) -> Understanding:
            return replace(super().understand(text, context), sentiment=Sentiment("negative", -1.0))

    caller = Caller(FlowAgent(clinic, AngryNlu(WORDS), store, lambda: FRIDAY_AFTERNOON))
    await caller.rings()
    assert (await caller.says("my chest hurts, do something")).startswith(CALL_NOW)


class UnsureNlu(WordsNlu):
    """Finds an emergency in "I feel so strange", and hardly."""

    likely = 0.25

    def understand(self, text: str, context: Context) -> Understanding:
        """See `nlu.understand.Nlu`."""
        ranking = (("greeting", 1 - self.likely), ("urgent_symptoms", self.likely))
        return Understanding(text, "greeting", 0.75, (), Sentiment("neutral", 0.0), ranking)


@pytest.mark.parametrize(("likely", "caught"), [(0.25, True), (0.1, False)])
async def test_a_suspicion_is_enough(
    clinic: Assistant, store: Store, likely: float, caught: bool
) -> None:
    nlu = UnsureNlu()
    nlu.likely = likely
    caller = Caller(FlowAgent(clinic, nlu, store, lambda: FRIDAY_AFTERNOON))
    await caller.rings()
    assert (await caller.says("I feel so strange")).startswith(CALL_NOW) == caught


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("where can I park", "Yes, behind the house, and patients park free of charge."),
        ("are you open on Saturday", "Tomorrow we are closed."),
    ],
)
async def test_a_question_in_the_middle(caller: Caller, said: str, answer: str) -> None:
    await caller.rings()
    await caller.says("an appointment on Monday")
    answered = await caller.says(said)
    assert answered.startswith(answer)
    assert answered.endswith(ASK_NUMBER)
    assert (await identify(caller)) == OFFER


async def test_another_request_in_the_middle_and_back(caller: Caller) -> None:
    await caller.rings()
    await caller.says("an appointment on Wednesday at ten")
    assert await caller.says("wait, when is my appointment") == ASK_NUMBER
    assert await identify(caller) == (
        "You see Doctor Lee on Monday, November 23rd at 9 AM. Back to booking an appointment. "
        "Doctor Lee is free on Wednesday, November 25th at 10 AM. Shall I book that?"
    )


async def test_a_doctor_whom_we_do_not_have(caller: Caller) -> None:
    await caller.rings()
    await caller.says("I want to see doctor Smith on Monday")
    assert await identify(caller) == (
        "We have no Doctor smith. Our doctors are Lee, Novak, Ramirez and Okafor. "
        "Which doctor would you like to see?"
    )
    assert await caller.says("anybody") == OFFER


async def test_a_caller_without_a_number_is_offered_a_person(caller: Caller) -> None:
    await caller.rings()
    await caller.says("when is my appointment")
    assert await caller.says("I don't have one") == (
        "All right. Would you like to speak to a person?"
    )


def test_the_folder_holds_all_there_is_to_it(clinic: Assistant) -> None:
    files = {path.name for path in Path(clinic.path).iterdir() if path.is_file()}
    assert {path for path in files if path.endswith(".py")} == {"actions.py"}
