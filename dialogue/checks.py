"""Does an assistant's folder fit together? Every name in one file must exist where it points."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialogue.actions import Change, LookUp
from dialogue.flows import BUILT_IN, Case, Flow, Phrases, Written
from dialogue.knowledge.shapes import QUESTIONS, unknown_names
from dialogue.phrasing import names
from dialogue.reading import Document, Where, did_you_mean, fail, read_yaml
from nlu.understand import OUT_OF_SCOPE

if TYPE_CHECKING:  # the assistant is checked before anybody gets it
    from dialogue.assistant import Assistant

PHRASE_VALUES = {
    "is_this_about": {"about"},
    "closed": {"opens"},
    "give_up": {"opens"},
    "picture_confirm": {"value"},
    "picture_which": {"values"},
}


@dataclass(frozen=True, slots=True)
class SpokenText:
    """A text that callers hear, the file and place it stands in, and the {names} it may use."""

    text: str
    file: str
    where: Where
    values: frozenset[str] = frozenset()


def check(
    assistant: "Assistant", intents: Iterable[str], identity: Document, flows: Document
) -> None:
    """Raise the first mistake that concerns more than one file or entry."""
    known = [name for name in intents if name != OUT_OF_SCOPE]
    for intent in known:
        if intent not in assistant.flows and intent not in BUILT_IN:
            flows.fail(("flows",), f"the intent '{intent}' of intents.yaml has no flow; add one")
    _check_slots(assistant, flows)
    for intent, flow in assistant.flows.items():
        where = ("flows", intent)
        if intent not in known:
            flows.fail(
                where, f"'{intent}' is no intent of intents.yaml{did_you_mean(intent, known)}"
            )
        _check_flow(assistant, flow, flows, where)
    documents = {"assistant.toml": identity, "flows.yaml": flows}
    for spoken in (*spoken_texts(assistant), *written_texts(assistant)):
        _check_values(assistant, spoken, documents)
    if assistant.library.shapes:
        for place, mistake in unknown_names(assistant.library.shapes, assistant.facts):
            read_yaml(assistant.path / QUESTIONS).fail(place, mistake)
    for passage in assistant.library.documents:
        for name in sorted(names(passage.text) - assistant.facts.keys()):
            mend = did_you_mean(name, sorted(assistant.facts))
            mistake = f"nothing here gives {{{name}}} a value{mend}"
            fail(assistant.path / passage.file, passage.line, mistake)


def spoken_texts(assistant: "Assistant") -> Iterator[SpokenText]:
    """Yield every text that callers hear."""
    yield SpokenText(assistant.greeting, "assistant.toml", ("greeting",))
    if assistant.consent:
        yield SpokenText(assistant.consent, "assistant.toml", ("consent",))
    for slot, texts in assistant.slot_texts.items():
        for key in ("ask", "again", "confirm", "invalid"):
            if text := getattr(texts, key):
                values = frozenset({slot}) if key in {"confirm", "invalid"} else frozenset[str]()
                yield SpokenText(text, "flows.yaml", ("slots", slot, key), values)
    for intent, flow in assistant.flows.items():
        yield from _texts_of_flow(assistant, intent, flow)
    for key in Phrases.model_fields:
        values = frozenset(PHRASE_VALUES.get(key, ()))
        yield SpokenText(getattr(assistant.phrases, key), "flows.yaml", ("phrases", key), values)
    for answer in assistant.faq.values():
        yield SpokenText(answer.text, "faq.md", (answer.anchor,))


def written_texts(assistant: "Assistant") -> Iterator[SpokenText]:
    """Yield every text that only messages have."""
    for key in Written.model_fields:
        if text := getattr(assistant.written, key):
            values = frozenset(PHRASE_VALUES.get(key, ()))
            yield SpokenText(text, "flows.yaml", ("written", key), values)


def _texts_of_flow(assistant: "Assistant", intent: str, flow: Flow) -> Iterator[SpokenText]:
    slots = frozenset(flow.needs)
    for key in ("say", "then"):
        if text := getattr(flow, key):
            yield SpokenText(text, "flows.yaml", ("flows", intent, key), slots)
    action = assistant.actions.get(flow.look_up or "")
    for name, case in flow.cases.items():
        values = slots | (action.cases[name] if isinstance(action, LookUp) else frozenset())
        for key in ("say", "ask", "if_yes", "if_no"):
            if text := getattr(case, key):
                where = ("flows", intent, "cases", name, key)
                yield SpokenText(text, "flows.yaml", where, values)


def _check_slots(assistant: "Assistant", flows: Document) -> None:
    for slot, texts in assistant.slot_texts.items():
        where = ("slots", slot)
        if slot not in assistant.slots:
            mend = did_you_mean(slot, list(assistant.slots))
            flows.fail(where, f"'{slot}' is no slot of intents.yaml{mend}")
        if texts.alone and texts.alone not in assistant.flows:
            mend = did_you_mean(texts.alone, list(assistant.flows))
            flows.fail((*where, "alone"), f"there is no flow '{texts.alone}'{mend}")
        if texts.vocabulary_from:
            columns = [f"{seed.table}.{name}" for seed in assistant.seeds for name in seed.columns]
            if texts.vocabulary_from not in columns:
                mend = did_you_mean(texts.vocabulary_from, columns)
                flows.fail(
                    (*where, "vocabulary_from"), f"no table has '{texts.vocabulary_from}'{mend}"
                )


def _check_flow(assistant: "Assistant", flow: Flow, flows: Document, where: Where) -> None:
    for key in ("needs", "takes"):
        for index, slot in enumerate(getattr(flow, key)):
            if slot not in assistant.slots:
                mend = did_you_mean(slot, list(assistant.slots))
                flows.fail((*where, key, index), f"'{slot}' is no slot of intents.yaml{mend}")
            if slot not in assistant.slot_texts and key == "needs":
                mend = "add it under slots: with ask: and again:"
                flows.fail((*where, key, index), f"nothing says how to ask for '{slot}'; {mend}")
    if flow.faq and flow.faq not in assistant.faq:
        mend = did_you_mean(flow.faq, list(assistant.faq))
        flows.fail((*where, "faq"), f"faq.md has no '{flow.faq}'{mend}")
    if flow.look_up:
        _check_look_up(assistant, flow, flows, where)


def _check_look_up(assistant: "Assistant", flow: Flow, flows: Document, where: Where) -> None:
    look_ups = [name for name, item in assistant.actions.items() if isinstance(item, LookUp)]
    action = assistant.actions.get(flow.look_up or "")
    if not isinstance(action, LookUp):
        mend = did_you_mean(flow.look_up or "", look_ups)
        flows.fail((*where, "look_up"), f"actions.py has no look-up '{flow.look_up}'{mend}")
    for slot in sorted(action.needs - set(flow.needs)):
        flows.fail(where, f"{flow.look_up} needs the slot '{slot}'; add it to needs:")
    for name in action.cases:
        if name not in flow.cases:
            flows.fail(
                (*where, "cases"), f"{flow.look_up} may find '{name}'; add what is said then"
            )
    for name, case in flow.cases.items():
        place = (*where, "cases", name)
        if name not in action.cases:
            mend = did_you_mean(name, list(action.cases))
            flows.fail(place, f"{flow.look_up} never finds '{name}'{mend}")
        _check_case(assistant, flow, case, flows, place)


def _check_case(
    assistant: "Assistant", flow: Flow, case: Case, flows: Document, where: Where
) -> None:
    if case.ask_again and case.ask_again not in flow.needs:
        mend = did_you_mean(case.ask_again, list(flow.needs))
        flows.fail((*where, "ask_again"), f"'{case.ask_again}' is not in needs:{mend}")
    if not case.change:
        return
    changes = [name for name, item in assistant.actions.items() if isinstance(item, Change)]
    change = assistant.actions.get(case.change)
    if not isinstance(change, Change):
        mend = did_you_mean(case.change, changes)
        flows.fail((*where, "change"), f"actions.py has no change '{case.change}'{mend}")
    for slot in sorted(change.needs - set(flow.needs)):
        flows.fail((*where, "change"), f"{case.change} needs the slot '{slot}'; add it to needs:")


def _check_values(
    assistant: "Assistant", spoken: SpokenText, documents: dict[str, Document]
) -> None:
    allowed = spoken.values | assistant.facts.keys()
    for slot in sorted(names(spoken.text) & assistant.slot_texts.keys()):
        own = spoken.where[:2] == ("slots", slot)  # while it is read back the recording pauses
        if assistant.slot_texts[slot].private and not own and spoken.file in documents:
            mend = f"remove {{{slot}}}, or its private: true"
            documents[spoken.file].fail(spoken.where, f"this would be recorded; {mend}")
    for name in sorted(names(spoken.text) - allowed):
        mistake = f"nothing here gives {{{name}}} a value{did_you_mean(name, sorted(allowed))}"
        if document := documents.get(spoken.file):
            document.fail(spoken.where, mistake)
        fail(assistant.path / spoken.file, assistant.faq[str(spoken.where[0])].line, mistake)
