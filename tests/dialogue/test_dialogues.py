"""The scripted dialogues of the shipped assistants, with the real understanding.

Those that are marked `not_yet` must fail: one that passes has earned its mark's removal.
"""

from functools import cache
from pathlib import Path

import pytest

from dialogue.assistant import SHIPPED, load_assistant
from dialogue.knowledge import load_knowledge
from dialogue.practice import Clock, Players, play
from dialogue.scripted import Dialogue, dialogue_files, load_dialogues
from nlu.engine import NluOptions, load_nlu
from telephony.tongues import load_tongues
from tests.dialogue.caller import FRIDAY_AFTERNOON

pytestmark = [pytest.mark.slow, pytest.mark.anyio]

FOLDERS = {  # of an assistant's dialogues
    "retail": Path(__file__).parents[1] / "dialogues",
    "retail/zh": Path(__file__).parents[1] / "dialogues_zh",
    "clinic": SHIPPED / "clinic" / "dialogues",
}
ASSISTANTS = {name: load_assistant(SHIPPED / name) for name in FOLDERS}
ALL = {
    name: [
        one
        for file in dialogue_files([FOLDERS[name]])
        for one in load_dialogues(file, ASSISTANTS[name])
    ]
    for name in FOLDERS
}


@cache
def players(name: str) -> Players:
    assistant, clock = ASSISTANTS[name], Clock(FRIDAY_AFTERNOON)
    options = NluOptions(today=clock.today)
    nlu = load_nlu(assistant.path, options)
    knowledge = load_knowledge(assistant.library, language=assistant.language)
    return Players(assistant, nlu, knowledge, clock, load_tongues(assistant, options))


@pytest.mark.parametrize(
    ("assistant", "dialogue"),
    [
        pytest.param(
            name,
            one,
            id=f"{name}-{one.path.stem}-{one.script.name}",
            marks=[pytest.mark.xfail(reason=one.script.not_yet)] if one.script.not_yet else [],
        )
        for name, some in ALL.items()
        for one in some
    ],
)
async def test_a_dialogue_goes_as_it_should(assistant: str, dialogue: Dialogue) -> None:
    result = await play(dialogue, players(assistant))
    wrong = [(turn.caller, turn.differences) for turn in result.turns if turn.differences]
    assert not wrong
    assert not result.after


@pytest.mark.parametrize(
    ("assistant", "at_least"), [("retail", 5), ("retail/zh", 1), ("clinic", 1)]
)
def test_there_are_enough_of_each_skill(assistant: str, at_least: int) -> None:
    skills = {one.skill for one in ALL[assistant]}
    assert len(ALL[assistant]) >= (30 if assistant == "retail/zh" else 60)
    assert all(sum(one.skill == skill for one in ALL[assistant]) >= at_least for skill in skills)
