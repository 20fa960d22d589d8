"""Call scripts: what they may say, and the one line that a mistake gets."""

from pathlib import Path

import numpy as np
import pytest

from telephony.emulator import missing, people_of, plan_of
from telephony.far_end import ScriptError
from telephony.far_end.caller import WORD_SECONDS, Cue
from telephony.far_end.measure import Turn
from telephony.far_end.script import cues, load_script
from voice.audio import Int16

pytestmark = pytest.mark.anyio

CLIPS = Path(__file__).parents[2] / "clips"


async def speak(text: str) -> Int16:
    """Say a word in 0.1 s."""
    return np.full(len(text.split()) * 800, 1000, np.int16)


def script(folder: Path, text: str) -> Path:
    path = folder / "call.yaml"
    path.write_text(text, encoding="utf-8")
    return path


async def test_a_script_says_what_the_caller_does(tmp_path: Path) -> None:
    path = script(
        tmp_path,
        f"""
about: an order
turns:
  - hear: how can I help
  - say: where is my order
    hear: [order, number]
  - press: "15213#"
    wait: 2.5
  - play: {CLIPS / "correction.wav"}
    interrupt_after: 4 words
  - say: stop
    interrupt_after: 1.5
  - hang_up
""",
    )
    loaded = load_script(path)
    listens, says, presses, plays, stops, ends = await cues(loaded.turns, tmp_path, speak)
    assert (listens.hear, listens.acts) == (("how can I help",), False)
    assert says.voice is not None
    assert len(says.voice) == 3200
    assert says.hear == ("order", "number")
    assert (presses.keys, presses.wait_seconds) == ("15213#", 2.5)
    assert plays.interrupt_seconds == 4 * WORD_SECONDS
    assert plays.voice is not None
    assert stops.interrupt_seconds == 1.5
    assert ends.hangs_up
    plan = await plan_of(loaded, tmp_path, speak)
    assert len(plan.cues) == 6


@pytest.mark.parametrize(
    ("text", "line", "mistake"),
    [
        ("turns:\n  - says: hello\n", 2, "did you mean say"),
        ("turns:\n  - say: hello\n    press: '1'\n", 2, "two turns"),
        ("turns:\n  - say: hello\n  - {}\n", 3, "needs one of"),
        ("turns:\n  - press: 15x\n", 2, "press"),
        ("turns:\n  - press: 15213\n", 2, "press"),
        ("turns:\n  - say: x\n    wait: 1.0\n    interrupt_after: 1.0\n", 2, "exclude each other"),
        ("turns:\n  - say: x\n    interrupt_after: soon\n", 3, "4 words"),
        ("turns:\n  - play: nowhere.wav\n", 0, "no such file"),
        ("people:\n  '+1555': {answers: maybe}\n", 2, "human"),
        ("turns: [\n", 0, "not YAML"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(
    tmp_path: Path, text: str, line: int, mistake: str
) -> None:
    with pytest.raises(ScriptError) as error:
        load_script(script(tmp_path, text))
    said = str(error.value)
    assert "\n" not in said
    assert mistake in said
    assert said.startswith(f"{tmp_path}/call.yaml:{line or ''}")


def test_a_script_that_is_not_there_or_another_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match="no such file"):
        load_script(tmp_path / "nowhere.yaml")
    with pytest.raises(ScriptError, match=r"order_status\.yaml:"):
        load_script(CLIPS / "order_status.yaml")


async def test_people_take_calls_as_the_script_says(tmp_path: Path) -> None:
    text = """
people:
  "+15550100": {answers: machine}
  "+15550101": {after: 5, turns: [{say: hello}]}
  "queue:support": {answers: busy}
"""
    people = await people_of(load_script(script(tmp_path, text)), tmp_path, speak)
    assert [callee.answers for callee in people.values()] == ["machine", "human", "busy"]
    assert people["+15550101"].after == 5


def test_what_was_not_heard_is_named_and_what_only_listens_asks_the_reply_before() -> None:
    turns = [Turn(0, 0), Turn(2, 3, cue=1), Turn(6, 7, cue=3)]
    wants = [
        Cue(hear=("welcome",)),
        Cue(keys="1", hear=("one",)),
        Cue(hear=("and two",)),
        Cue(keys="3", hear=("goodbye",)),
    ]
    assert missing(wants, turns, ["Welcome!", "One, and 2.", "What?"]) == ("goodbye",)
    assert missing(wants, turns[:2], ["Welcome!", "One."]) == ("and two", "goodbye")
