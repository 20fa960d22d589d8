"""All that is wrong in a folder is found in one go, each with file, line and remedy.

Every broken folder is the starter with one edit.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from dialogue.advice import advise
from dialogue.assistant import default_assistant, read_folder

STARTER = default_assistant().parent / "starter"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    ours = tmp_path / "shop"
    shutil.copytree(STARTER, ours, ignore=shutil.ignore_patterns("nlu", "__pycache__"))
    return ours


@dataclass(frozen=True)
class Edit:
    """Of a file; the fault is `offset` lines after the edit, or in `at` (file, line)."""

    file: str
    old: str
    new: str
    told: str
    offset: int = 0
    at: tuple[str, int] | None = None

    def make(self, folder: Path) -> str:
        """Edit, and return where the fault must be."""
        text = (folder / self.file).read_text(encoding="utf-8")
        assert self.old in text
        (folder / self.file).write_text(text.replace(self.old, self.new, 1), encoding="utf-8")
        line = text[: text.index(self.old)].count("\n") + 1 + self.offset
        file, line = self.at or (self.file, line)
        return f"{folder / file}:{line}: "


T, F, N, Q, A, C = (
    "assistant.toml", "flows.yaml", "intents.yaml", "faq.md", "actions.py", "repairs.csv",
)  # fmt: skip
FAULTS = {
    # files that cannot be read
    "TOML": Edit(T, "[hours]  ", "[hours  ", "not TOML"),
    "YAML": Edit(F, "    ask: What", "   ask: What", "not YAML: ", offset=1),
    "intents YAML": Edit(N, "intents:\n", "intents: [\n", "not valid YAML", offset=3),
    "CSV": Edit(C, "4835,a", '4835,"a" x', "not CSV: "),
    "Python": Edit(A, "done = request", "done = = request", "not Python: invalid syntax; correct"),
    "Python import": Edit(A, "from sqlalchemy", "from sqlalchmy", "No module named 'sqlalchmy'"),
    "Markdown": Edit(Q, "## Where is your shop? {#address}", "##", "this heading asks nothing"),
    # assistant.toml
    "hours": Edit(T, '"10:00-16:00"', '"10 to 4"', "'10 to 4' is no time span; write 9:00-18:00"),
    "hours turned round": Edit(T, '"10:00-16:00"', '"16:00-10:00"', "is no time span; write"),
    "day": Edit(T, "2026-12-25 =", "2026-12-52 =", "write days like 2026-12-25", offset=-2),
    "time zone": Edit(T, "America/Chicago", "Chicago", "'Chicago' is no time zone; write one like"),
    "hand-off number": Edit(T, "+13125550101", "555 0101", "cannot be dialled; write +1312555"),
    "key missing": Edit(T, 'name = "Brightside Bikes"\n', "", "'name' is missing; add it",
                        at=(T, 1)),
    "key mistyped": Edit(T, "greeting =", "greating =", "'greating'; did you mean greeting?"),
    "table missing": Edit(T, '"repairs.csv"', '"repair.csv"', "there is no such file; an",
                          at=("repair.csv", 1)),
    "fact missing": Edit(T, "week =", "weeks =", "nothing here gives {week} a value; did you mean",
                         at=(F, 50)),
    # flows.yaml
    "flow without intent": Edit(F, "  goodbye: {ends", "  godbye: {ends",
                                "'godbye' is no intent of intents.yaml; did you mean goodbye?"),
    "intent without flow": Edit(F, "  prices: {about", "  # prices: {about",
                                "the intent 'prices' of intents.yaml has no flow; add one",
                                at=(F, 18)),
    "slot": Edit(F, "needs: [ticket]", "needs: [tikcet]", "no slot of intents.yaml; did you mean"),
    "slot texts": Edit(F, "  ticket:\n    ask", "  tickets:\n    ask",
                       "'tickets' is no slot of intents.yaml"),
    "slot's flow": Edit(F, "alone: repair_status", "alone: repairs", "there is no flow 'repairs'"),
    "look-up": Edit(F, "look_up: find_repair", "look_up: find_rapair", "did you mean find_rep"),
    "look-up is a change": Edit(F, "look_up: find_repair", "look_up: cancel_repair",
                                "actions.py has no look-up 'cancel_repair'"),
    "change": Edit(F, "change: cancel_repair", "change: cancel_repairs", "no change 'cancel_re"),
    "case not handled": Edit(F, "      collected: Ticket", "      # collected: Ticket",
                             "find_repair may find 'collected'; add what is said then", offset=-4),
    "case never found": Edit(F, "      collected: Ticket", "      lost: Gone.\n      collected: T",
                             "find_repair never finds 'lost'; choose among"),
    "placeholder": Edit(F, "comes to {price}", "comes to {prize}", "{prize} a value; did you mean"),
    "other case's value": Edit(F, "is ready. It comes to {price}", "is ready {ready}",
                                  "nothing here gives {ready} a value"),
    "brace": Edit(F, "comes to {price}", "comes to {price", "write {name}, or {{ for a brace"),
    "anchor": Edit(F, "faq: prices", "faq: price", "faq.md has no 'price'; did you mean prices?"),
    "ask_again": Edit(F, "ask_again: ticket", "ask_again: bike", "'bike' is not in needs:"),
    "question without answer": Edit(F, "        if_no: All right", "        # if_no: All right",
                                    "add if_yes: and if_no:", offset=-4),
    "two kinds": Edit(F, "ends_call: true}", "ends_call: true, say: Bye.}", "exactly one of say"),
    "phrase missing": Edit(F, "  sorry: Sorry.\n", "", "'sorry' is missing; add it", offset=-8),
    "text empty": Edit(F, "all_right: All right.", "all_right: ''", "this text is empty; write"),
    "key twice": Edit(F, "  goodbye: {ends", "  prices: {say: Hi.}\n  goodbye: {ends",
                      "'prices' is here twice; remove one"),
    "action's slot": Edit(F, "    needs: [ticket]", "    takes: [ticket]",
                          "find_repair needs the slot 'ticket'; add it to needs:", offset=-2),
    # the others
    "anchor twice": Edit(Q, "{#address}", "{#prices}", "'prices' is on line 7 already; give one"),
    "faq brace": Edit(Q, "We are at {address}", "We are at {address", "write {name}, or {{", -3),
    "no answer": Edit(Q, "Yes, while yours is here you can have one of ours for $5 a day.", "",
                      "'Do you lend bikes?' has no answer; write it", offset=-3),
    "faq placeholder": Edit(Q, "We are at {address}", "We are at {adress}", "did you mean address?",
                            offset=-3),
    "cells": Edit(C, "4835,a mountain bike,", "4835,", "4 cells, not 5; add or remove commas"),
    "key of a row": Edit(C, "4847,", "4821,", "the ticket '4821' is empty or was there before"),
    "columns": Edit(C, "ticket,bike", "Ticket no.,bike", "the first line names the columns"),
    "slot of an example": Edit(N, "[4840](ticket)", "[4840](tiket)", "unknown slot 'tiket': use"),
    "mark": Edit(N, "[4840](ticket)", "[4840](ticket", "broken slot mark in"),
    "two meanings": Edit(N, "      nope\n", "      goodbye\n", "is under deny and, on line"),
    "few examples": Edit(N, "  prices:\n", "  zz:\n    examples: |\n      hi zz\n  prices:\n",
                         "zz has 1 examples: add some, at least 5", offset=1),
    "type of a slot": Edit(N, "type: digits", "type: digit", "unknown type 'digit': use digits"),
    "key of intents": Edit(N, "intents:\n", "intent:\n", "unknown key 'intent': use "),
}  # fmt: skip


@pytest.mark.parametrize("edit", FAULTS.values(), ids=FAULTS.keys())
def test_each_kind_of_fault_has_file_line_and_remedy(folder: Path, edit: Edit) -> None:
    place = edit.make(folder)
    faults = read_folder(folder).faults
    found = [str(fault) for fault in faults if edit.told in fault.what]
    assert len(found) == 1, [str(fault) for fault in faults]
    assert found[0].startswith(place)
    assert re.search(r"[;:] ", faults[0].what)


ALONE = set(FAULTS) - {"few examples", "columns", "key missing", "table missing", "slot texts",
                       "flow without intent", "fact missing"}  # fmt: skip


@pytest.mark.parametrize("kind", sorted(ALONE))
def test_one_mistake_brings_no_others_with_it(folder: Path, kind: str) -> None:
    FAULTS[kind].make(folder)
    assert len(read_folder(folder).faults) == 1


def test_all_faults_of_all_files_are_found_in_one_go(folder: Path) -> None:
    kinds = [
        "hours", "hand-off number", "key mistyped",
        "slot's flow", "change", "case never found", "placeholder", "anchor", "text empty",
        "two kinds", "phrase missing",
        "anchor twice", "no answer", "cells", "key of a row", "two meanings", "mark",
    ]  # fmt: skip
    edits = [FAULTS[kind] for kind in kinds]
    for edit in edits:
        edit.make(folder)
    faults = [str(fault) for fault in read_folder(folder).faults]
    for edit in edits:
        assert any(edit.told in fault for fault in faults), (edit.told, faults)


def test_what_another_file_lacks_is_no_fault_while_that_cannot_be_read(folder: Path) -> None:
    FAULTS["Python"].make(folder)
    FAULTS["TOML"].make(folder)
    FAULTS["anchor"].make(folder)
    whats = [fault.what for fault in read_folder(folder).faults]
    assert len(whats) == 3, whats


def test_the_starter_has_no_fault_and_only_lacks_its_training(folder: Path) -> None:
    read = read_folder(folder)
    assert read.faults == ()
    (warning,) = advise(read)
    assert str(warning).startswith(f"{folder / 'nlu'}:1: ")
    assert "nothing was trained: run `offhook train nlu" in warning.what


LONG = "word " * 20 + "and so on and so forth."
WARNINGS = {
    "long sentence": Edit(F, "Is there anything else?", LONG, "26 words are long to listen to"),
    "long answer": Edit(Q, "We are at {address}.", LONG.capitalize(), "26 words are long", -3),
    "again": Edit(F, "    again: It has four digits. Please say them one by one, or key them in. ",
                  "    again: What is the number on your ticket? ", "say in again: how to answer"),
    "few examples": Edit(N, "      no\n      No.\n      nope\n      no thanks\n"
                         "      no, that's wrong\n      that's not right\n", "",
                         "deny has only 9 examples; add some, at least 10", -1),
    "action not used": Edit(F, "        change: cancel_repair ", "        # change ",
                            "no flow uses cancel_repair; name it", at=(A, 45)),
}  # fmt: skip


@pytest.mark.parametrize("edit", WARNINGS.values(), ids=WARNINGS.keys())
def test_what_should_be_better_is_a_warning_with_its_place(folder: Path, edit: Edit) -> None:
    place = edit.make(folder)
    read = read_folder(folder)
    assert read.faults == ()
    found = [str(warning) for warning in advise(read) if edit.told in warning.what]
    assert len(found) == 1, [str(warning) for warning in advise(read)]
    assert found[0].startswith(place)


def test_examples_that_changed_since_the_training_are_a_warning(tmp_path: Path) -> None:
    retail = tmp_path / "shop"
    shutil.copytree(default_assistant(), retail, ignore=shutil.ignore_patterns("__pycache__"))
    before = set(map(str, advise(read_folder(retail))))
    Edit(N, "where is my order\n", "where is my own order\n", "").make(retail)
    (warning,) = set(map(str, advise(read_folder(retail)))) - before
    assert warning.startswith(f"{retail / N}:1: the examples have changed since")
