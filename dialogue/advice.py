"""What in an assistant's folder can be used, but should be better: remarks for `offhook check`."""

import re
from collections import Counter
from collections.abc import Iterator

from dialogue import Fault
from dialogue.actions import Change, LookUp
from dialogue.assistant import Folder
from dialogue.checks import spoken_texts
from dialogue.phrasing import sentences
from dialogue.reading import Document, read_yaml
from dialogue.verification import VERIFY
from nlu import NluError
from nlu.engine import is_stale
from nlu.files import model_folder
from nlu.understand import OUT_OF_SCOPE

LONG_WORDS = 25  # of a sentence: a listener forgets its beginning
FEW_EXAMPLES = 10  # of an intent


def advise(folder: Folder) -> Iterator[Fault]:
    """Yield remarks on a folder without faults, and on its variants in other languages."""
    yield from _of_actions(folder)
    for one in (folder, *folder.variants):
        flows = read_yaml(one.assistant.path / "flows.yaml")
        yield from one.remarks
        yield from _of_the_model(one)
        yield from _of_examples(one)
        yield from _of_slots(one, flows)
        yield from _of_sentences(one, flows)


def _of_the_model(folder: Folder) -> Iterator[Fault]:
    path = folder.assistant.path
    again = f"run `offhook train nlu {path}`"
    try:
        if is_stale(path):
            told = f"the examples have changed since the understanding was trained; {again}"
            yield Fault(path / "intents.yaml", 1, told)
    except NluError as error:
        place = str(model_folder(path))
        yield Fault(model_folder(path), 1, re.sub("^[^:]*: ", "", str(error).removeprefix(place)))


def _of_examples(folder: Folder) -> Iterator[Fault]:
    path, examples = folder.assistant.path / "intents.yaml", folder.intents.examples
    counts = Counter(example.intent for example in examples)
    for name in folder.intents.names:
        if counts[name] < FEW_EXAMPLES:
            line = min(example.line for example in examples if example.intent == name) - 1
            told = f"{name} has only {counts[name]} examples; add some, at least {FEW_EXAMPLES}"
            yield Fault(path, line, told)
    if OUT_OF_SCOPE not in folder.intents.names:
        told = "nothing shows what callers say beside the matter; add out_of_scope: with examples"
        yield Fault(path, 1, told)
    marked = {mark.name for example in examples for mark in example.marks}
    for flow in folder.assistant.flows.values():
        for slot in flow.needs:
            if slot not in marked:
                marked.add(slot)
                told = f"no example has a {slot}; mark some: [value]({slot})"
                yield Fault(path, 1, told)


def _of_slots(folder: Folder, flows: Document) -> Iterator[Fault]:
    for slot, texts in folder.assistant.slot_texts.items():
        if texts.ask in texts.again:
            told = f"the second question for {slot} is the first; say in again: how to answer it"
            yield flows.fault(("slots", slot, "again"), told)


def _of_actions(folder: Folder) -> Iterator[Fault]:
    assistant = folder.assistant
    cases = [case for flow in assistant.flows.values() for case in flow.cases.values()]
    used = {flow.look_up for flow in assistant.flows.values()} | {case.change for case in cases}
    named = {
        name
        for name, item in assistant.actions.items()
        if isinstance(item, LookUp | Change) and name != VERIFY
    }
    for name in sorted(named - used):
        path = assistant.path / "actions.py"
        told = f"no flow uses {name}; name it in flows.yaml, or remove it"
        yield Fault(path, _line_of(path.read_text(encoding="utf-8"), name), told)


def _line_of(code: str, function: str) -> int:
    lines = code.splitlines()
    return next((n for n, line in enumerate(lines, 1) if f"def {function}(" in line), 1)


def _of_sentences(folder: Folder, flows: Document) -> Iterator[Fault]:
    path = folder.assistant.path
    for spoken in spoken_texts(folder.assistant):
        for sentence in sentences(spoken.text):
            words = len(sentence.split())
            if words > LONG_WORDS:
                told = f"{words} words are long to listen to; make two sentences of them"
                told += f": “{' '.join(sentence.split()[:5])} …”"
                if spoken.file == flows.path.name:
                    yield flows.fault(spoken.where, told)
                elif spoken.file == "faq.md":
                    line = folder.assistant.faq[str(spoken.where[0])].line
                    yield Fault(path / spoken.file, line, told)
                else:
                    yield Fault(path / spoken.file, 1, told)
