"""Scripted dialogues: what a script may say, and that a wrong reply is told for what it is."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from dialogue import AssistantError
from dialogue.assistant import Assistant
from dialogue.practice import Clock, Players, Result, play
from dialogue.scripted import dialogue_files, load_dialogues
from telephony.rehearsing import as_data, show
from tests.dialogue.caller import FRIDAY_AFTERNOON, WordsNlu

pytestmark = pytest.mark.anyio

STATUS = "SELECT status FROM orders WHERE number = '15206'"
GOOD = """\
now: 2026-11-20 14:00
skill: cancelling
dialogues:
  - name: a yes cancels
    turns:
      - {caller: I want to cancel, flow: cancel_order, asks: order_number, calls: []}
      - {keys: "15206", confirms: order_number, slots: {order_number: "15206"}}
      - {caller: yes, asks: postcode}
      - {caller: six two seven one one, asks: birth_date}
      - caller: November 22nd 1971
        says: [not been sent, "shall I|may"]
        asks: yes_no
        calls: find_cancellable
      - caller: yes
        calls: cancel_order
        says_not: stays
        store: {"SELECT status FROM orders WHERE number = '15206'": cancelled}
      - {silence: true, says: still there, asks: anything, flow: none, outcome: none}
      - {caller: goodbye, outcome: resolved}
    store: {"SELECT count(*) FROM orders WHERE status = 'cancelled'": 2}
"""


@pytest.fixture
def players(retail: Assistant) -> Players:
    return Players(retail, WordsNlu(), None, Clock(FRIDAY_AFTERNOON))


async def played(tmp_path: Path, text: str, players: Players) -> list[Result]:
    path = tmp_path / "cancel.yaml"
    path.write_text(text, encoding="utf-8")
    return [await play(one, players) for one in load_dialogues(path, players.assistant)]


async def test_a_dialogue_that_goes_as_it_should_passes(tmp_path: Path, players: Players) -> None:
    (result,) = await played(tmp_path, GOOD, players)
    assert [turn.differences for turn in result.turns] == [()] * 8
    assert result.passed
    assert sum(turn.checks for turn in result.turns) == 19


@pytest.mark.parametrize(
    ("right", "wrong", "what", "expected", "got"),
    [
        ("flow: cancel_order", "flow: refund_status", "flow", "refund_status", "cancel_order"),
        ("asks: order_number", "asks: yes_no", "asks", "yes_no", "order_number"),
        ("confirms: order_number", "confirms: product", "confirms", "confirms product",
         "confirms order_number"),
        ('order_number: "15206"', 'order_number: "15207"', "order_number", "15207", "15206"),
        ("calls: cancel_order", "calls: []", "calls", "none", "cancel_order"),
        ("calls: []", "calls: cancel_order", "calls", "cancel_order", "none"),
        ("says: still there", "says: hello", "says", "hello", "Are you still there?"),
        ("says_not: stays", "says_not: cancelling", "says not", "cancelling", "All right, I'm"),
        ("says_not: stays", "source: faq.md#returns", "source", "faq.md#returns", "none"),
        ("outcome: resolved", "outcome: handed_over", "outcome", "handed_over", "resolved"),
        ('": cancelled', '": shipped', STATUS, "shipped", "cancelled"),
    ],
)  # fmt: skip
async def test_what_differs_is_told_with_the_turn(  # noqa: PLR0917
    tmp_path: Path, players: Players, right: str, wrong: str, what: str, expected: str, got: str
) -> None:
    assert right in GOOD
    (result,) = await played(tmp_path, GOOD.replace(right, wrong, 1), players)
    assert not result.passed
    (difference,) = [one for turn in result.turns for one in turn.differences]
    assert (difference.what, difference.expected) == (what, expected)
    assert difference.got.startswith(got)


async def test_what_the_database_should_hold_afterwards(tmp_path: Path, players: Players) -> None:
    (result,) = await played(tmp_path, GOOD.replace('": 2', '": 3'), players)
    assert not result.passed
    assert [(one.expected, one.got) for one in result.after] == [("3", "2")]


async def test_each_dialogue_has_a_fresh_database(tmp_path: Path, players: Players) -> None:
    again = GOOD.partition("dialogues:\n")[2].replace("a yes cancels", "and another")
    first, second = await played(tmp_path, GOOD + again, players)
    assert first.passed
    assert second.passed


async def test_turns_after_the_end_of_the_call_are_a_difference(
    tmp_path: Path, players: Players
) -> None:
    more = GOOD.replace("outcome: resolved}", "outcome: resolved}\n      - {caller: hello}")
    (result,) = await played(tmp_path, more, players)
    assert result.turns[-1].differences[0].got == "the call was over: resolved"


async def test_a_part_that_breaks_fails_its_dialogue_alone(
    tmp_path: Path, players: Players, retail: Assistant
) -> None:
    class Deaf:
        def understand(self, text: str, context: object) -> object:
            raise RuntimeError("the model is gone")

    deaf = Players(retail, Deaf(), None, players.clock)  # type: ignore[arg-type]  # it breaks
    (result,) = await played(tmp_path, GOOD, deaf)
    assert result.turns[-1].differences[0].got == "RuntimeError: the model is gone"
    assert len(result.turns) == 1


async def test_the_clock_is_the_dialogues(tmp_path: Path, players: Players) -> None:
    night = """\
now: 2026-11-20 14:00
dialogues:
  - name: at night
    now: 2026-11-21 23:00
    turns: [{caller: are you open, says: "tomorrow at 11 AM"}]
"""
    (result,) = await played(tmp_path, night, players)
    assert result.passed
    assert result.dialogue.skill == "cancel"  # the file's name, where nothing names one


async def test_the_table_counts_what_is_not_yet_there_as_failed(
    tmp_path: Path, players: Players
) -> None:
    fails = GOOD.replace("outcome: resolved", "outcome: handed_over")
    fails = fails.replace("    turns:", '    not_yet: "it hangs up"\n    turns:')
    results = await played(tmp_path, fails, players)
    console = Console(file=io.StringIO(), width=120)
    show(results, console)
    assert isinstance(console.file, io.StringIO)
    screen = console.file.getvalue()
    assert f"{tmp_path / 'cancel.yaml'}:4: a yes cancels" in screen
    assert "not yet: it hangs up" in screen
    assert "caller  goodbye  goodbye 90%" in screen
    assert "outcome: expected handed_over, got resolved" in screen
    row = next(line for line in screen.splitlines() if line.startswith("│ cancelling"))
    assert row.replace("│", " ").split() == ["cancelling", "0", "1", "0%"]
    data = json.loads(json.dumps(as_data(results)))
    assert (data["passed"], data["of"]) == (0, 1)
    assert data["skills"] == {"cancelling": {"passed": 0, "of": 1}}
    assert data["dialogues"][0]["turns"][-1]["differences"][0]["got"] == "resolved"


async def test_a_dialogue_that_got_better_is_told(tmp_path: Path, players: Players) -> None:
    marked = GOOD.replace("    turns:", '    not_yet: "it hangs up"\n    turns:')
    console = Console(file=io.StringIO(), width=120)
    show(await played(tmp_path, marked, players), console)
    assert isinstance(console.file, io.StringIO)
    assert "a yes cancels: passes now: remove its not_yet" in console.file.getvalue()


@pytest.mark.parametrize(
    ("right", "wrong", "line", "told"),
    [
        ("now: 2026-11-20 14:00", "now: tomorrow", 1, "'tomorrow' is no local time; write 2026"),
        ("now: 2026-11-20 14:00\n", "", 1, "'now' is missing; add it"),
        (
            "asks: order_number",
            "asks: order_nubmer",
            6,
            "'order_nubmer'; did you mean order_number",
        ),
        (
            "flow: cancel_order",
            "flow: cancel",
            6,
            "there is no 'cancel'; did you mean cancel_order",
        ),
        ("calls: cancel_order", "calls: cancel", 15, "there is no 'cancel'; did you mean"),
        ("outcome: resolved", "outcome: solved", 19, "there is no 'solved'; did you mean resolved"),
        ("silence: true", "silent: true", 18, "unknown key 'silent'; did you mean silence"),
        ("silence: true, ", "", 18, "a turn has exactly one of caller, keys"),
        ("confirms: order_number", "asks: product, confirms: product", 7, "asks or confirms; rem"),
        ("    turns:", "    tunrs:", 5, "unknown key 'tunrs'; did you mean turns"),
    ],
)
def test_a_mistake_in_a_script_is_one_line_with_place_and_remedy(  # noqa: PLR0917
    tmp_path: Path, retail: Assistant, right: str, wrong: str, line: int, told: str
) -> None:
    path = tmp_path / "cancel.yaml"
    path.write_text(GOOD.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(AssistantError) as error:
        load_dialogues(path, retail)
    assert str(error.value).startswith(f"{path}:{line}: ")
    assert told in str(error.value)


def test_two_dialogues_of_one_name_are_refused(tmp_path: Path, retail: Assistant) -> None:
    path = tmp_path / "cancel.yaml"
    path.write_text(GOOD + GOOD.partition("dialogues:\n")[2], encoding="utf-8")
    with pytest.raises(AssistantError, match=r"cancel\.yaml:21: a second 'a yes cancels'"):
        load_dialogues(path, retail)


def test_a_folder_without_dialogues_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssistantError, match="has no dialogues"):
        dialogue_files([tmp_path])
