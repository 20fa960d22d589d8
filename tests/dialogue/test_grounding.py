"""Whatever a model does, callers hear what is in the passages, in time, and nothing twice."""

from contextlib import aclosing

import pytest
import trio

from dialogue.llm.grounding import UNKNOWN, Speaker, answer_from
from dialogue.llm.model import Llm, LlmLimits, LlmOptions, load_llm
from tests.dialogue.llm_server import endpoint
from tests.dialogue.speakers import LiteralGuard, ScriptedLlm

PASSAGES = [
    "We ship to Canada. We ship to Mexico. It takes ten days.",
    "Shipping is free from $50.",
]
AS_WRITTEN = ["We ship to Canada.", "We ship to Mexico.", "It takes ten days."]

IN_TIME = 3.0  # seconds, on a busy machine; what hangs would take ten times as long

pytestmark = pytest.mark.anyio


async def heard(llm: Llm, limit: float = 20.0) -> list[str]:
    """Return the clauses, and how they came about as the last."""
    how: list[str] = []
    speaker = Speaker(llm, LiteralGuard(), limit)
    answer = answer_from(PASSAGES, "Do you ship?", speaker, how.append)
    async with aclosing(answer) as clauses:
        said = [clause async for clause in clauses]
    return [*said, how[-1]]


async def test_the_models_own_words_are_said() -> None:
    assert await heard(ScriptedLlm("Shipping is free from $50. It takes ten days.")) == [
        "Shipping is free from $50.",
        "It takes ten days.",
        "reworded",
    ]


async def test_the_model_gets_the_passages_and_the_question() -> None:
    llm = ScriptedLlm("It takes ten days.")
    await heard(llm)
    system, user = llm.asked[0]
    assert "- Shipping is free from $50." in system.text
    assert user.text == "Do you ship?"


async def test_markup_pleasantries_and_questions_are_left_out() -> None:
    llm = ScriptedLlm("Sure! **It takes ten days.** Would you like to order now?")
    assert await heard(llm) == ["It takes ten days.", "reworded"]


async def test_what_is_not_in_the_passages_is_not_said() -> None:
    *said, how = await heard(ScriptedLlm("We ship to Germany. It takes ten days."))
    assert said == AS_WRITTEN
    assert how == "as written: not in the passages (meaning: not written): We ship to Germany."


async def test_after_a_good_beginning_only_the_rest_is_read() -> None:
    *said, how = await heard(ScriptedLlm("We ship to Mexico. It takes three days."))
    assert said == ["We ship to Mexico.", "We ship to Canada.", "It takes ten days."]
    assert how.startswith("as written: not in the passages")


@pytest.mark.parametrize("says", ["", UNKNOWN, "Sure! Yes.", "<think>Hm. Canada"])
async def test_a_model_that_says_nothing(says: str) -> None:
    *said, how = await heard(ScriptedLlm(says))
    assert said == AS_WRITTEN
    assert how.startswith("as written: the model")


async def test_a_model_that_breaks_in_the_middle() -> None:
    *said, how = await heard(ScriptedLlm("It takes ten days. We ship to Mexico.", fails_after=5))
    assert said == ["It takes ten days.", "We ship to Canada.", "We ship to Mexico."]
    assert how == "as written: the model broke, as the test asked"


async def test_a_model_that_talks_on_is_stopped() -> None:
    *said, _ = await heard(ScriptedLlm("It takes ten days. " * 50))
    assert len(said) == 4


@pytest.mark.parametrize("words", [0, 5])
async def test_a_model_that_hangs_costs_the_caller_the_limit(words: int) -> None:
    began = trio.current_time()
    *said, how = await heard(ScriptedLlm("It takes ten days. We ship.", hangs_after=words), 0.2)
    assert sorted(said) == sorted(AS_WRITTEN)
    assert how == "as written: the model took longer than 0.2 s"
    assert trio.current_time() - began < IN_TIME


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("silent", "took longer than"),
        ("hangs", "took longer than"),
        ("drops", "broke off"),
        ("nonsense", "sent nonsense"),
        ("html", "correct the url"),
        ("http-500", "HTTP 500"),
        ("empty", "said nothing"),
    ],
)
async def test_each_fault_of_an_endpoint_ends_in_the_answer_as_written(
    fault: str, why: str
) -> None:
    limits = LlmLimits(first_token=20.0, whole=20.0)
    impatient = 0.2 if fault in {"silent", "hangs"} else 20.0
    with endpoint("" if fault == "empty" else "It takes a while to say so.", fault) as server:
        llm = load_llm(LlmOptions("endpoint", "tiny", server.url, limits=limits))
        began = trio.current_time()
        *said, how = await heard(llm, impatient)
        assert trio.current_time() - began < IN_TIME
    assert said == AS_WRITTEN
    assert why in how
