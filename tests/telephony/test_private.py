"""The record of a call holds no private value, whatever becomes of the turn."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest
from trio.testing import MockClock

from dialogue.agent import CallerTurn, Exchange, Said, Waiting
from telephony.call import Call, run_call
from telephony.record import Record
from telephony.wav import WavLine
from tests.fakes import FakeAgent, FakeAsr, FakeTts, FakeVad, is_speech, recording, said
from voice.ears import Ears
from voice.turns import TurnTaker

pytestmark = pytest.mark.anyio

CARD = Waiting("card", "digits", 16, private=True)
NUMBER = "4242 4242 4242 4242"
ANSWERS = {f"it is {NUMBER}": [f"I heard {NUMBER}.", "Is that right?"]}


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, object]]:
    return "trio", {"clock": MockClock(autojump_threshold=0)}


@dataclass
class Cashier(FakeAgent):
    """Waits for a card number, and knows it when it hears it."""

    waiting: Waiting = field(default_factory=lambda: CARD)

    async def reply(self, turn: CallerTurn) -> AsyncGenerator[str]:
        async with aclosing(super().reply(turn)) as clauses:
            async for clause in clauses:
                if isinstance(turn, Said):
                    self.exchange = Exchange(turn, secrets=(NUMBER,))
                yield clause


async def turns_of(agent: FakeAgent, *caller: list[bytes]) -> list[tuple[str, str]]:
    line = WavLine(recording(*caller), is_speech)
    record = Record()
    await run_call(Call(line, Ears(FakeVad(), FakeAsr(), TurnTaker()), agent, FakeTts(), record))
    return [(turn.text, turn.heard) for turn in record.turns][1:]


async def test_the_card_number_is_masked_on_both_sides() -> None:
    turns = await turns_of(Cashier(ANSWERS), said(0.5), said(2, f"it is {NUMBER}"), said(2))
    card = "•••• •••• •••• 4242"
    reply = f"I heard {card}. Is that right?"
    assert turns == [(f"it is {card}", f"it is {card}"), (reply, reply)]


async def test_a_turn_that_came_to_nothing_is_masked_whole() -> None:
    agent = Cashier(ANSWERS, breaks_on="4242")
    turns = await turns_of(agent, said(0.5), said(2, "it is 4242"), said(8))
    assert turns[0] == ("•• •• ••••", "•• •• ••••")
    assert turns[1][0] == "Sorry, that went wrong."
