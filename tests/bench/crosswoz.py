"""CrossWOZ's validation part: what its callers say, parted by dialogue, labelled as the field does.

As in the authors' BERTNLU, a dialogue act whose value stands in the sentence is a slot, tagged
there ("Inform+景点+名称"); any other act is an intent ("Request+酒店+电话+").
"""

import json
import random
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nlu.dataset import Example, Mark

TAUGHT, DEVELOPMENT = 350, 50  # of 500 dialogues; the rest is tested
SEED = 7

_FACILITY = "酒店设施"  # of a hotel; its value is yes or no, which is said in other words

Dialogue = Mapping[str, Any]


def dialogues(folder: Path) -> tuple[Sequence[Dialogue], Sequence[Dialogue], Sequence[Dialogue]]:
    """Give the training, development and test dialogues; always the same ones."""
    with zipfile.ZipFile(folder / "val.json.zip") as archive:
        found = json.loads(archive.read("val.json"))
    ordered = [found[name] for name in sorted(found)]
    random.Random(SEED).shuffle(ordered)  # noqa: S311 - reproducible, not secret
    cut = TAUGHT + DEVELOPMENT
    return ordered[:TAUGHT], ordered[TAUGHT:cut], ordered[cut:]


def utterances(of: Sequence[Dialogue]) -> list[Example]:
    """Give what the callers say in these dialogues."""
    return [
        _example(message["content"].strip(), message["dialog_act"])
        for dialogue in of
        for message in dialogue["messages"]
        if message["role"] == "usr"
    ]


def _example(text: str, acts: Sequence[Sequence[str]]) -> Example:
    marks: list[Mark] = []
    intents: dict[str, None] = {}
    # the longest first: "北京饭店" before a "北京" that may stand inside it
    for intent, domain, slot, value in sorted(acts, key=lambda act: -len(act[3])):
        tagged = intent == "Inform" and not slot.startswith(_FACILITY)
        start = _free(text, value, marks) if tagged else -1
        if start >= 0:
            marks.append(Mark(f"{intent}+{domain}+{slot}", start, start + len(value)))
        else:
            intents[f"{intent}+{domain}+{slot}+{value}"] = None
    first, *more = intents or ("",)
    marks.sort(key=lambda mark: mark.start)
    return Example(text, first, tuple(marks), more=tuple(more))


def _free(text: str, value: str, marks: Sequence[Mark]) -> int:
    """Find where a value stands that no other mark covers; -1 where nowhere."""
    start = text.find(value) if value else -1
    while start >= 0 and any(m.start < start + len(value) and start < m.end for m in marks):
        start = text.find(value, start + 1)
    return start
