"""Does an assistant's folder fit together? Every name in one file must exist where it points."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dialogue import Fault
from dialogue.actions import CallerLookUp, Callers, Change, LookUp
from dialogue.flows import BUILT_IN, Case, Flow, Phrases, Verification, Written
from dialogue.phrasing import names
from dialogue.reading import Document, Where, did_you_mean
from nlu.understand import OUT_OF_SCOPE

if TYPE_CHECKING:  # the assistant is checked before anybody gets it
    from dialogue.assistant import Assistant

IDENTITY, INTENTS, FLOWS = "assistant.toml", "intents.yaml", "flows.yaml"
FAQ, ACTIONS, TABLES = "faq.md", "actions.py", "*.csv"

PHRASE_VALUES = {
    "is_this_about": {"about"},
    "which_of_two": {"first", "second"},
    "next_request": {"about"},
    "back_to": {"about"},
    "closed": {"opens"},
    "give_up": {"opens"},
    "picture_confirm": {"value"},
    "picture_which": {"values"},
    "also_bought": {"product", "suggestion", "price"},
    "also_like": {"product", "suggestion", "price"},
}
REASONS = frozenset(
    {"overdue", "on_its_way", "delayed", "being_packed", "arrived", "refund_open", "refund_sent"}
    | {"warranty_ends"}
)  # of `dialogue.next_need`


@dataclass(frozen=True, slots=True)
class SpokenText:
    """A text that callers hear, the file and place it stands in, and the {names} it may use."""

    text: str
    file: str
    where: Where
    values: frozenset[str] = frozenset()


def check(
    assistant: "Assistant", intents: Iterable[str], identity: Document, flows: Document
) -> Iterator[Fault]:
    """Yield the mistakes that concern more than one file or entry."""
    known = [name for name in intents if name != OUT_OF_SCOPE]
    there = flows.names(("flows",))
    for intent in known:
        if intent not in there and intent not in BUILT_IN:
            told = f"the intent '{intent}' of intents.yaml has no flow; add one"
            yield flows.fault(("flows",), told, INTENTS)
    offered = {flow.offers.flow for flow in assistant.flows.values() if flow.offers}
    yield from _check_slots(assistant, flows)
    yield from _check_verification(assistant, flows)
    yield from _check_guesses(assistant, flows)
    yield from _check_known_callers(assistant, identity)
    for intent, flow in assistant.flows.items():
        where: Where = ("flows", intent)
        if flow.offers and flow.offers.flow not in there:
            mend = did_you_mean(flow.offers.flow, list(there))
            told = f"there is no flow '{flow.offers.flow}'{mend}"
            yield flows.fault((*where, "offers", "flow"), told)
        if intent not in known and intent not in offered:
            mend = did_you_mean(intent, known)
            yield flows.fault(where, f"'{intent}' is no intent of intents.yaml{mend}", INTENTS)
        yield from _check_flow(assistant, flow, flows, where)
    if assistant.urgent and assistant.urgent.intent not in known:
        mend = did_you_mean(assistant.urgent.intent, known)
        told = f"'{assistant.urgent.intent}' is no intent of intents.yaml{mend}"
        yield flows.fault(("urgent", "intent"), told, INTENTS)
    documents = {IDENTITY: identity, FLOWS: flows}
    for spoken in (*spoken_texts(assistant), *written_texts(assistant)):
        if _values_are_known(assistant, spoken):
            yield from _check_values(assistant, spoken, documents)


def spoken_texts(assistant: "Assistant") -> Iterator[SpokenText]:
    """Yield every text that callers hear."""
    yield SpokenText(assistant.greeting, "assistant.toml", ("greeting",))
    if assistant.consent:
        yield SpokenText(assistant.consent, "assistant.toml", ("consent",))
    for slot, texts in assistant.slot_texts.items():
        for key in ("ask", "short", "again", "confirm", "invalid"):
            values = frozenset({slot}) if key in {"confirm", "invalid"} else frozenset[str]()
            for text in _each(getattr(texts, key)):
                yield SpokenText(text, "flows.yaml", ("slots", slot, key), values)
    if assistant.verification:
        yield from _texts_of_verification(assistant, assistant.verification)
    for intent, flow in assistant.flows.items():
        yield from _texts_of_flow(assistant, intent, flow)
    for key in ("say", "put_through", "nobody") if assistant.urgent else ():
        yield SpokenText(getattr(assistant.urgent, key), FLOWS, ("urgent", key))
    for key in Phrases.model_fields:
        values = frozenset(PHRASE_VALUES.get(key, ()))
        for text in _each(getattr(assistant.phrases, key)):
            yield SpokenText(text, "flows.yaml", ("phrases", key), values)
    for reason, text in assistant.guesses.items():
        yield SpokenText(text, "flows.yaml", ("guesses", reason), frozenset({"order_number"}))
    for answer in assistant.faq.values():
        yield SpokenText(answer.text, "faq.md", (answer.anchor,))


def written_texts(assistant: "Assistant") -> Iterator[SpokenText]:
    """Yield every text that only messages have."""
    for key in Written.model_fields:
        if text := getattr(assistant.written, key):
            values = frozenset(PHRASE_VALUES.get(key, ()))
            yield SpokenText(text, "flows.yaml", ("written", key), values)


def _texts_of_verification(assistant: "Assistant", said: Verification) -> Iterator[SpokenText]:
    where: Where = ("verification",)
    for key in ("unknown", "locked"):
        yield SpokenText(getattr(said, key), FLOWS, (*where, key))
    for name, factor in assistant.factors.items():
        for key in ("ask", "again", "last"):
            yield SpokenText(getattr(factor, key), FLOWS, (*where, "factors", name, key))


def _each(texts: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else texts or ()


def _texts_of_flow(assistant: "Assistant", intent: str, flow: Flow) -> Iterator[SpokenText]:
    slots = _needed(assistant, flow)
    for key in ("say", "then"):
        if text := getattr(flow, key):
            yield SpokenText(text, FLOWS, ("flows", intent, key), slots)
    if flow.offers:
        for key in ("ask", "if_no"):
            offer = getattr(flow.offers, key)
            yield SpokenText(offer, FLOWS, ("flows", intent, "offers", key))
    action = assistant.actions.get(flow.look_up or "")
    for name, case in flow.cases.items():
        values = slots
        if isinstance(action, LookUp):
            values = slots | action.cases.get(name, frozenset())
        for key in ("say", "ask", "if_yes", "if_no"):
            if text := getattr(case, key):
                where = ("flows", intent, "cases", name, key)
                yield SpokenText(text, FLOWS, where, values)


def _needed(assistant: "Assistant", flow: Flow) -> frozenset[str]:
    """Return the slots that the flow needs, or will need when the mistakes in needs: are mended."""
    action = assistant.actions.get(flow.look_up or "")
    slots = frozenset(flow.needs) | (action.needs if isinstance(action, LookUp) else frozenset())
    return slots if slots <= assistant.slots.keys() else slots | assistant.slots.keys()


def _check_slots(assistant: "Assistant", flows: Document) -> Iterator[Fault]:
    there = sorted(flows.names(("flows",)))
    for slot, texts in assistant.slot_texts.items():
        where = ("slots", slot)
        if slot not in assistant.slots:
            mend = did_you_mean(slot, list(assistant.slots))
            yield flows.fault(where, f"'{slot}' is no slot of intents.yaml{mend}", INTENTS)
        if texts.alone and texts.alone not in there:
            mend = did_you_mean(texts.alone, there)
            yield flows.fault((*where, "alone"), f"there is no flow '{texts.alone}'{mend}")
        columns = [f"{seed.table}.{name}" for seed in assistant.seeds for name in seed.columns]
        if texts.vocabulary_from and texts.vocabulary_from not in columns:
            told = f"no table has '{texts.vocabulary_from}'"
            told += did_you_mean(texts.vocabulary_from, columns)
            yield flows.fault((*where, "vocabulary_from"), told, TABLES)


def _check_verification(assistant: "Assistant", flows: Document) -> Iterator[Fault]:
    if assistant.verification:
        known = sum(isinstance(item, Callers) for item in assistant.actions.values())
        if known != 1:
            mend = "one function of actions.py is to be marked @callers"
            told = f"{known} functions say who may be calling; {mend}"
            yield flows.fault(("verification",), told, ACTIONS)
    for intent, flow in assistant.flows.items():
        where = ("flows", intent, "verify")
        for factor in flow.required(assistant.factors) if flow.verify else ():
            if factor not in assistant.factors:
                mend = did_you_mean(factor, list(assistant.factors))
                yield flows.fault(where, f"verification: has no factor '{factor}'{mend}")
        if flow.verify and not assistant.verification:
            yield flows.fault(where, "nothing says how callers are verified; add verification:")
        if flow.verify and not assistant.narrows.intersection(flow.needs):
            slots = " or ".join(sorted(assistant.narrows))
            told = f"nothing tells who may be calling; add {slots} to needs:"
            yield flows.fault(where, told, ACTIONS)


def _check_guesses(assistant: "Assistant", flows: Document) -> Iterator[Fault]:
    for reason in assistant.guesses:
        if reason not in REASONS:
            mend = did_you_mean(reason, list(REASONS))
            yield flows.fault(("guesses", reason), f"'{reason}' is no reason to call{mend}")


def _check_known_callers(assistant: "Assistant", identity: Document) -> Iterator[Fault]:
    where = ("known_callers", "guess")
    if not assistant.known_callers.guess:
        return
    if not any(isinstance(item, CallerLookUp) for item in assistant.actions.values()):
        mend = "mark a function of actions.py @known_caller"
        yield identity.fault(where, f"nothing tells who calls from a number; {mend}", ACTIONS)
    if not assistant.guesses:
        told = "nothing says what known callers are asked; add guesses: to flows.yaml"
        yield identity.fault(where, told, FLOWS)


def _check_flow(
    assistant: "Assistant", flow: Flow, flows: Document, where: Where
) -> Iterator[Fault]:
    for key in ("needs", "takes"):
        for index, slot in enumerate(getattr(flow, key)):
            place = (*where, key, index)
            if slot not in assistant.slots:
                mend = did_you_mean(slot, list(assistant.slots))
                yield flows.fault(place, f"'{slot}' is no slot of intents.yaml{mend}", INTENTS)
            elif slot not in flows.names(("slots",)) and key == "needs":
                mend = "add it under slots: with ask: and again:"
                yield flows.fault(place, f"nothing says how to ask for '{slot}'; {mend}")
    if flow.faq and flow.faq not in assistant.faq:
        mend = did_you_mean(flow.faq, list(assistant.faq))
        yield flows.fault((*where, "faq"), f"faq.md has no '{flow.faq}'{mend}", FAQ)
    if flow.look_up:
        yield from _check_look_up(assistant, flow, flows, where)


def _check_look_up(
    assistant: "Assistant", flow: Flow, flows: Document, where: Where
) -> Iterator[Fault]:
    look_ups = [name for name, item in assistant.actions.items() if isinstance(item, LookUp)]
    action = assistant.actions.get(flow.look_up or "")
    if not isinstance(action, LookUp):
        told = f"actions.py has no look-up '{flow.look_up}'"
        told += did_you_mean(flow.look_up or "", look_ups)
        yield flows.fault((*where, "look_up"), told, ACTIONS)
    else:
        mistyped = set(flow.needs) - assistant.slots.keys()
        for slot in sorted(action.needs - set(flow.needs)) if not mistyped else ():
            told = f"{flow.look_up} needs the slot '{slot}'; add it to needs:"
            yield flows.fault(where, told, ACTIONS)
        there = (*where, "cases")
        for name in sorted(action.cases.keys() - flows.names(there)):
            told = f"{flow.look_up} may find '{name}'; add what is said then"
            yield flows.fault(there, told, ACTIONS)
    for name, case in flow.cases.items():
        place = (*where, "cases", name)
        if isinstance(action, LookUp) and name not in action.cases:
            mend = did_you_mean(name, list(action.cases))
            yield flows.fault(place, f"{flow.look_up} never finds '{name}'{mend}", ACTIONS)
        yield from _check_case(assistant, flow, case, flows, place)


def _check_case(
    assistant: "Assistant", flow: Flow, case: Case, flows: Document, where: Where
) -> Iterator[Fault]:
    if case.recommend and assistant.recommend is None:
        mend = "name products = below [recommend] of assistant.toml"
        yield flows.fault((*where, "recommend"), f"there is nothing to recommend; {mend}", TABLES)
    if case.recommend and not assistant.phrases.also_bought:
        told = "nothing says how to recommend; add also_bought: to phrases:"
        yield flows.fault((*where, "recommend"), told)
    needed = _needed(assistant, flow)
    asked = needed | (set(flow.takes) & assistant.slot_texts.keys())
    if case.ask_again and case.ask_again not in asked:
        mend = did_you_mean(case.ask_again, sorted(asked))
        yield flows.fault((*where, "ask_again"), f"'{case.ask_again}' is not in needs:{mend}")
    if not case.change:
        return
    changes = [name for name, item in assistant.actions.items() if isinstance(item, Change)]
    change = assistant.actions.get(case.change)
    place = (*where, "change")
    if not isinstance(change, Change):
        mend = did_you_mean(case.change, changes)
        yield flows.fault(place, f"actions.py has no change '{case.change}'{mend}", ACTIONS)
        return
    for slot in sorted(change.needs - needed):
        told = f"{case.change} needs the slot '{slot}'; add it to needs:"
        yield flows.fault(place, told, ACTIONS)


def _values_are_known(assistant: "Assistant", spoken: SpokenText) -> bool:
    """Say whether the function that gives a text its values is there."""
    if spoken.where[2:3] != ("cases",):
        return True
    look_up = assistant.flows[str(spoken.where[1])].look_up
    return isinstance(assistant.actions.get(look_up or ""), LookUp)


def _check_values(
    assistant: "Assistant", spoken: SpokenText, documents: dict[str, Document]
) -> Iterator[Fault]:
    allowed = spoken.values | assistant.facts.keys()
    for slot in sorted(names(spoken.text) & assistant.slot_texts.keys()):
        own = spoken.where[:2] == ("slots", slot)  # while it is read back the recording pauses
        if assistant.slot_texts[slot].private and not own and spoken.file in documents:
            told = f"this would be recorded; remove {{{slot}}}, or its private: true"
            yield documents[spoken.file].fault(spoken.where, told)
    for name in sorted(names(spoken.text) - allowed):
        told = f"nothing here gives {{{name}}} a value{did_you_mean(name, sorted(allowed))}"
        if document := documents.get(spoken.file):
            about = ACTIONS if "cases" in spoken.where else IDENTITY
            yield document.fault(spoken.where, told, about)
        else:
            line = assistant.faq[str(spoken.where[0])].line
            yield Fault(assistant.path / spoken.file, line, told, IDENTITY)
