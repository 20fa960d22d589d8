"""A folder that is broken says where, what, and how to mend it; one that is not, loads whole."""

import re
import shutil
from pathlib import Path

import pytest

from dialogue import AssistantError
from dialogue.assistant import (
    Assistant,
    default_assistant,
    fixed_sentences,
    load_assistant,
    read_folder,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ours = tmp_path / "shop"
    shutil.copytree(default_assistant(), ours, ignore=shutil.ignore_patterns("nlu", "__pycache__"))
    intents = (ours / "intents.yaml").read_text(encoding="utf-8")
    (ours / "intents.yaml").write_text(thinned(intents), encoding="utf-8")
    return ours


def thinned(intents: str, keep: int = 6) -> str:
    """Drop most of the examples: they take time to read, and no test here is about them."""
    lines, seen = [], 0
    for line in intents.splitlines():
        seen = 0 if line.endswith("|") else seen + 1
        if seen <= keep or not line.startswith("    "):
            lines.append(line)
    return "\n".join(lines)


def replaced(folder: Path, file: str, old: str, new: str) -> int:
    """Edit a file; return the line where it was edited."""
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def mistake(folder: Path) -> str:
    with pytest.raises(AssistantError) as error:
        load_assistant(folder)
    return str(error.value)


T, F = "assistant.toml", "flows.yaml"
BROKEN = [
    # file, what stands there, what somebody makes of it, how many lines from there, what is told
    (T, 'name = "Maplewood"\n', "", None, "'name' is missing; add it"),
    (T, "greeting =", "greting =", 0, "unknown key 'greting'; did you mean greeting?"),
    (T, "[voice]", "[voice", 0, "not TOML"),
    (T, '"9:00-18:00"', '"9 to 5"', 0, "'9 to 5' is no time span; write 9:00-18:00"),
    (T, '"11:00-16:00"', '"16:00-11:00"', 0, "is no time span"),
    (T, "America/Chicago", "Springfield", 0, "'Springfield' is no time zone; write one like"),
    (T, "2026-12-25", "2026-13-25", None, "write days like 2026-12-25"),
    (T, "wait_minutes = 2", 'wait_minutes = "two"', 0, "'wait_minutes': input should be a valid"),
    (T, "act = 0.55", "act = 55", 0, "'act': input should be less than or equal to 1"),
    (T, "How can I help you?", "I am {nobody}.", 0, "nothing here gives {nobody} a value"),
    (T, '"orders.csv"', '"order.csv"', None, "order.csv:1: there is no such file"),
    (T, 'kind = "cold"', 'kind = "col"', 0, "input should be 'cold', 'queue' or 'warm'"),
    (T, "+13125550100", "3125550100", 0, "'3125550100' cannot be dialled; write +1312"),
    (T, 'kind = "cold"', 'kind = "queue"', None, "kind is queue, but no queue is named"),
    (F, "    alone: order", "    private: true\n    alone: order", None, "this would be recorded"),
    (F, "    ask: What is", "   ask: What is", None, "not YAML"),
    (F, "  thanks: {", "  thanks: [", None, "not YAML"),
    (F, "    ask: Which", "    aks: Which", 0, "unknown key 'aks'; did you mean ask?"),
    (F, "  help:\n", "  greeting: {say: Hi.}\n  help:\n", None, "'greeting' is here twice"),
    (F, "  goodbye: Thank", "  bye: Thank", 0, "unknown key 'bye'; did you mean goodbye?"),
    (F, "  sorry: Sorry.\n", "", None, "'sorry' is missing; add it"),
    (F, "say: Hello.", "say: yes", 0, "'say': input should be a valid string"),
    (F, "say: Hello.", "say: ''", 0, "this text is empty"),
    (F, "needs: [product]", "needs: [produce]", 0, "'produce' is no slot of intents.yaml"),
    (F, "needs: [product]", "needs: [email]", 0, "nothing says how to ask for 'email'"),
    (F, "faq: returns", "faq: return", 0, "faq.md has no 'return'; did you mean returns?"),
    (F, "look_up: find_refund", "look_up: find_refnd", 0, "did you mean find_refund?"),
    (F, "look_up: find_refund", "look_up: cancel_order", 0, "no look-up 'cancel_order'"),
    (F, "change: cancel_order", "change: find_order", 0, "no change 'find_order'"),
    (F, "      sold_out:", "      soldout:", -5, "find_product may find 'sold_out'; add"),
    (F, "      unknown:", "      lost: Lost.\n      unknown:", 0, "never finds 'lost'"),
    (F, "{price}.\n      sold", "{prize}.\n      sold", 0, "did you mean price?"),
    (F, "arrive {expected}.", "arrive {expected.", 0, "write {name}, or {{ for a brace"),
    (F, "arrive {expected}.", "arrive {expected!r}.", 0, "is not a plain name"),
    (F, "arrive {expected}.", "arrive {__class__.x}.", 0, "is not a plain name"),
    (F, "ask_again: order_number", "ask_again: product", 0, "'product' is not in needs:"),
    (F, "        if_no: All right", "        # if_no:", -4, "add if_yes: and if_no:"),
    (F, "flow: return_order", "flow: return_ordr", 0, "there is no flow 'return_ordr'; did you"),
    (F, "Shall I start a return for you?", "A return, {nam}?", 0, "nothing here gives {nam}"),
    (F, "verify: [postcode, birth_date]", "verify: [postcod]", 0, "has no factor 'postcod'"),
    (F, "      kind: birth_date", "      kind: birthday", 0, "'kind': input should be"),
    (
        F,
        "      last: That is still not what I have here. Please key in the five",
        "      lst: That is still not what I have here. Please key in the five",
        0,
        "unknown key 'lst'; did you mean last?",
    ),
    (
        F,
        "    needs: [product]",
        "    verify: true\n    needs: [product]",
        0,
        "nothing tells who may be calling; add order_number or phone_number to needs:",
    ),
    (
        F,
        "{about: the warranty, faq: warranty}",
        "{faq: warranty, verify: true}",
        0,
        "there is nothing to verify a caller for; add look_up:",
    ),
    (
        "actions.py",
        "@callers(",
        "@callers(by=[])\ndef nobody(request): ...\n\n\n@callers(",
        None,
        "2 functions say who may be calling; one function of actions.py is to be marked @callers",
    ),
    (F, "speaking to a person\n", "a person\n    say: Hi.\n", -1, "exactly one of say,"),
    (F, "vocabulary_from: catalog.name", "vocabulary_from: catalog.nam", 0, "catalog.name?"),
    (F, "alone: order_status", "alone: orders", 0, "there is no flow 'orders'"),
    ("faq.md", "{#parking}", "{#store}", 0, "'store' is on line"),
    ("faq.md", "## Is there parking? {#parking}", "## {#parking}", 0, "this heading asks nothing"),
    ("faq.md", "Yes, behind the store. The first two hours are free.", "", -3, "has no answer"),
    ("faq.md", "{address}", "{adress}", -3, "did you mean address?"),
    ("orders.csv", "15206,processing,", "15206,", 0, "9 cells, not 10"),
    ("orders.csv", "15206,", "15213,", 0, "the number '15213' is empty or was there before"),
    ("orders.csv", "number,status", "number,number", 0, "two columns have the same name"),
    ("orders.csv", "number,status", "number,state", 0, "the table orders needs a column status"),
    ("orders.csv", "32.50", "a lot", 0, "total: 'a lot' is no amount; write 49.00"),
    ("customers.csv", "1984-03-05", "5 March", 0, "birth_date: '5 March' is no day; write"),
    ("catalog.csv", "49.00,24,", "49.00,,", 0, "stock is empty; every line needs one"),
    ("purchases.csv", "espresso machine", "expresso machine", 0, "did you mean espresso machine?"),
    ("descriptions.csv", "name,text", "name,words", 0, "there is no column 'text'"),
    (F, "  overdue: Are", "  overduly: Are", 0, "no reason to call; did you mean overdue?"),
    (T, 'products = "descriptions.csv"', "", None, "there is nothing to recommend; name products"),
    (T, "guess = false", 'guess = "no"', 0, "'guess': input should be a valid boolean"),
    ("catalog.csv", "name,price", "Name of it,price", 0, "the first line names the columns"),
    ("catalog.csv", "kettle", '"kettle" x', 0, "not CSV"),
    ("actions.py", "FEW = 3", "FEW = = 3", 0, "not Python: invalid syntax"),
    ("actions.py", "FEW = 3", "FEW = 3 / 0", 0, "ZeroDivisionError: division by zero"),
    ("actions.py", "from rapidfuzz", "from rapidfuz", 0, "No module named 'rapidfuz'"),
    ("intents.yaml", "intents:", "intent:", 0, "unknown key"),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken[0]}-{broken[-1]}")
def test_every_mistake_is_one_line_with_file_line_and_remedy(
    folder: Path, broken: tuple[str, str, str, int | None, str]
) -> None:
    file, old, new, offset, told = broken
    line = replaced(folder, file, old, new)
    said = mistake(folder)
    assert "\n" not in said
    assert re.search(r"[\w.]+:\d+: .+[;:] ", said)
    assert told in said
    if offset is not None:
        assert said.startswith(f"{folder / file}:{line + offset}: ")


def test_all_purchases_of_what_is_not_there_are_told(folder: Path) -> None:
    replaced(folder, "purchases.csv", "espresso machine", "expresso machine")
    line = replaced(folder, "purchases.csv", "earbuds", "airbuds")
    faults = [str(fault) for fault in read_folder(folder).faults]
    assert len(faults) == 2, faults
    assert faults[1].startswith(f"{folder / 'purchases.csv'}:{line}: descriptions.csv has no")


def test_products_that_cannot_be_read_bring_no_other_fault(folder: Path) -> None:
    replaced(folder, "descriptions.csv", "name,text", "name,words")
    assert len(read_folder(folder).faults) == 1


def test_a_folder_that_guesses_needs_questions_and_who_calls(folder: Path) -> None:
    line = replaced(folder, "assistant.toml", "guess = false", "guess = true")
    assert read_folder(folder).faults == ()
    replaced(folder, "actions.py", "@known_caller\n", "")
    (fault,) = read_folder(folder).faults
    assert str(fault).startswith(f"{folder / 'assistant.toml'}:{line}: nothing tells who calls")


@pytest.mark.parametrize(
    "file", ["assistant.toml", "intents.yaml", "flows.yaml", "faq.md", "actions.py", "orders.csv"]
)
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    said = mistake(folder)
    assert said.startswith(str(folder / file))
    assert "no such file" in said


@pytest.mark.parametrize("file", ["assistant.toml", "flows.yaml", "faq.md", "orders.csv"])
def test_a_file_that_is_not_text_is_named(folder: Path, file: str) -> None:
    (folder / file).write_bytes(b"name = 'M\xfcller'\n")
    assert mistake(folder) == f"{folder / file}:1: this is not UTF-8 text; save the file as UTF-8"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert mistake(tmp_path / "nowhere").startswith(f"{tmp_path / 'nowhere'}:1: there is no such")


@pytest.mark.parametrize("file", ["flows.yaml", "assistant.toml"])
def test_an_empty_file_lacks_something(folder: Path, file: str) -> None:
    (folder / file).write_text("")
    assert "is missing; add it" in mistake(folder)


def test_an_intent_without_a_flow_is_named(folder: Path) -> None:
    replaced(folder, "flows.yaml", "  warranty: {about: the warranty, faq: warranty}\n", "")
    assert "the intent 'warranty' of intents.yaml has no flow; add one" in mistake(folder)


def test_a_flow_without_an_intent_is_named(folder: Path) -> None:
    flow = "  warranty: {about"
    line = replaced(folder, "flows.yaml", flow, f"  waranty: {{say: Hi.}}\n{flow}")
    said = mistake(folder)
    assert said.startswith(f"{folder / 'flows.yaml'}:{line}: 'waranty' is no intent")
    assert said.endswith("did you mean warranty?")


def test_the_shipped_assistant_loads_whole(retail: Assistant) -> None:
    assert retail.path == default_assistant()
    assert retail.voice.model == "coqui-joe"
    assert retail.slots["order_number"].length == 5
    assert retail.faq["returns"].source == "faq.md#returns"
    assert {seed.table for seed in retail.seeds} == {
        "customers",
        "orders",
        "order_lines",
        "catalog",
    }
    numbers = next(seed for seed in retail.seeds if seed.table == "orders").column("number")
    assert {"15213", "15206", "15217", "94086", "44065"} <= set(numbers)


def test_fixed_sentences_are_those_without_a_callers_values(retail: Assistant) -> None:
    fixed = fixed_sentences(retail)
    assert len(set(fixed)) == len(fixed)
    assert {
        "This call may be recorded.",
        "Thank you for calling Maplewood.",
        "What is your order number?",
        "Is there anything else?",
        "The wait is about 2 minutes.",
        "Our store is at 12 Mill Street in Springfield, across from the train station.",
        "Sorry, something went wrong on my side.",
        "It goes to the card or account that you paid with.",  # documents/returns.md
        "Is this about returning something?",
    } <= set(fixed)
    assert not any(re.search("[{}]", sentence) for sentence in fixed)
