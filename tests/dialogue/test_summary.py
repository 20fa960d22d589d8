"""A summary is written; a model may add what was said, and nothing else."""

import pytest

from dialogue.llm.grounding import Speaker
from dialogue.llm.guard import SupportGuard
from dialogue.llm.summary import Line, summary
from tests.dialogue.speakers import ScriptedLlm, encode_words

pytestmark = pytest.mark.anyio

WRITTEN = "A caller of Maplewood wants the status of an order. Known: order number 15213."
TURNS = [
    Line("assistant", "How can I help you?"),
    Line("caller", "Where is my order 15213? The parcel was promised for my daughter's birthday."),
    Line("assistant", "Order 15213 is late, and I'm sorry."),
]


async def told(llm: ScriptedLlm | None) -> str:
    speaker = Speaker(llm, SupportGuard(encode_words)) if llm else None
    return await summary(WRITTEN, TURNS, speaker)


async def test_without_a_model_it_is_as_written() -> None:
    assert await told(None) == WRITTEN


async def test_what_was_said_is_added() -> None:
    more = "The caller said the parcel was promised for my daughter's birthday."
    llm = ScriptedLlm(f"{more} The caller wants $50 back. The caller is from Chicago.")
    assert await told(llm) == f"{WRITTEN} {more}"
    assert "They know already: A caller of Maplewood" in llm.asked[0][0].text
    assert "caller: Where is my order 15213?" in llm.asked[0][1].text


async def test_what_is_known_is_not_said_again() -> None:
    llm = ScriptedLlm("A caller of Maplewood wants the status of an order.")
    assert await told(llm) == WRITTEN


async def test_a_model_that_breaks() -> None:
    assert await told(ScriptedLlm("The caller said the", fails_after=2)) == WRITTEN
