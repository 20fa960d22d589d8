"""The scripted dialogues of tests/dialogues, with the real understanding and the retail assistant.

Those that are marked `not_yet` must fail: one that passes has earned its mark's removal.
"""

from pathlib import Path

import pytest

from dialogue.assistant import default_assistant, load_assistant
from dialogue.knowledge import load_knowledge
from dialogue.practice import Clock, Players, play
from dialogue.scripted import Dialogue, dialogue_files, load_dialogues
from nlu.engine import NluOptions, load_nlu
from tests.dialogue.caller import FRIDAY_AFTERNOON

pytestmark = [pytest.mark.slow, pytest.mark.anyio]

FOLDER = Path(__file__).parents[1] / "dialogues"
RETAIL = load_assistant(default_assistant())
ALL = [one for file in dialogue_files([FOLDER]) for one in load_dialogues(file, RETAIL)]


@pytest.fixture(scope="module")
def players() -> Players:
    clock = Clock(FRIDAY_AFTERNOON)
    nlu = load_nlu(RETAIL.path, NluOptions(today=clock.today))
    return Players(RETAIL, nlu, load_knowledge(RETAIL.library), clock)


@pytest.mark.parametrize(
    "dialogue",
    [
        pytest.param(
            one,
            id=f"{one.path.stem}-{one.script.name}",
            marks=[pytest.mark.xfail(reason=one.script.not_yet)] if one.script.not_yet else [],
        )
        for one in ALL
    ],
)
async def test_a_dialogue_goes_as_it_should(players: Players, dialogue: Dialogue) -> None:
    result = await play(dialogue, players)
    wrong = [(turn.caller, turn.differences) for turn in result.turns if turn.differences]
    assert not wrong
    assert not result.after


def test_there_are_enough_of_each_skill() -> None:
    skills = {one.skill for one in ALL}
    assert len(ALL) >= 60
    assert all(sum(one.skill == skill for one in ALL) >= 5 for skill in skills)
