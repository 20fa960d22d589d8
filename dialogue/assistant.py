"""An assistant is a folder: everything about one business, checked as a whole and frozen."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from dialogue import AssistantError, Fault
from dialogue.actions import Action, Callers, load_actions
from dialogue.checks import ACTIONS, FLOWS, IDENTITY, INTENTS, check, spoken_texts
from dialogue.controls import Control
from dialogue.flows import Factor, Flow, Flows, Phrases, SlotTexts, Urgent, Verification, Written
from dialogue.folder import Reading
from dialogue.hours import Hours
from dialogue.identity import (
    Confidence,
    HandOff,
    Identity,
    KnownCallers,
    LanguageModel,
    Mood,
    Voice,
    all_facts,
)
from dialogue.knowledge import Library, Passage
from dialogue.knowledge.checking import check_library
from dialogue.names import Names
from dialogue.phrasing import names, render, sentences
from dialogue.reading import Document, Tell, fail, read_toml, read_yaml, stand_in
from dialogue.recommendation.shelf import Shelf
from dialogue.seeds import Seed
from dialogue.variants import is_variant, merged, variant_folders
from dialogue.verification import VERIFY, Verifier, verifying
from nlu import NluError
from nlu.dataset import Intents, SlotType, load_intents
from nlu.dates import DEFAULT_REGION


@dataclass(frozen=True, slots=True)
class Assistant:
    """One business, ready to answer."""

    path: Path
    name: str
    language: str
    also: tuple[str, ...]  # other languages that callers may speak, to be told apart
    greeting: str
    consent: str | None
    voice: Voice
    hours: Hours
    handoff: HandOff
    confidence: Confidence
    mood: Mood
    llm: LanguageModel
    known_callers: KnownCallers
    recommend: Shelf | None
    facts: Mapping[str, str]  # with {business} and {wait}
    slots: Mapping[str, SlotType]
    slot_texts: Mapping[str, SlotTexts]
    flows: Mapping[str, Flow]  # by intent
    controls: Mapping[Control, tuple[str, ...]]
    urgent: Urgent | None
    guesses: Mapping[str, str]  # questions to known callers, by their reason
    phrases: Phrases
    written: Written  # instead of the phrases, in text messages
    library: Library
    purchases: str  # SQL, or nothing
    actions: Mapping[str, Action]
    seeds: tuple[Seed, ...]
    verification: Verification | None = None
    names: Names = field(default_factory=Names)
    variants: Mapping[str, "Assistant"] = field(default_factory=dict)  # by language

    @property
    def languages(self) -> tuple[str, ...]:
        """All that callers may speak, the assistant's own first."""
        return tuple(dict.fromkeys((self.language, *self.also, *self.variants)))

    def column(self, slot: str) -> tuple[str, ...]:
        """Return the values of the table that the slot's are from, if they are from one."""
        texts = self.slot_texts.get(slot)
        if texts is None or not texts.vocabulary_from:
            return ()
        table, column = texts.vocabulary_from.split(".")
        return next(seed for seed in self.seeds if seed.table == table).column(column)

    def spoken_in(self, language: str) -> "Assistant":
        """Return the assistant in this language; in its own, if it has no such one."""
        return self.variants.get(language, self)

    @property
    def faq(self) -> Mapping[str, Passage]:
        """The answers of faq.md by anchor."""
        return self.library.faq

    @property
    def factors(self) -> Mapping[str, Factor]:
        """By which callers show who they are."""
        return self.verification.factors if self.verification else {}

    @property
    def narrows(self) -> frozenset[str]:
        """Slots that tell who may be calling."""
        callers = [item for item in self.actions.values() if isinstance(item, Callers)]
        return callers[0].by if callers else frozenset()


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as far as it can be read; only without faults is the assistant of any use."""

    assistant: Assistant
    intents: Intents
    faults: tuple[Fault, ...]
    remarks: tuple[Fault, ...] = ()  # what is missing in a variant
    variants: tuple["Folder", ...] = ()


SHIPPED = Path(__file__).parent / "assistants"
MOST_ANSWERS = 200  # sentences spoken ahead: a quarter of an hour, half of what the cache holds


def default_assistant() -> Path:
    """Return the folder of the assistant that answers unless another one is named."""
    return SHIPPED / "retail"


def named_assistant(folder: Path) -> Path:
    """Return the folder; for the bare name of a shipped assistant, its folder."""
    shipped = SHIPPED / folder
    bare = len(folder.parts) == 1 and not folder.exists()
    return shipped if bare and (shipped / "assistant.toml").is_file() else folder


def load_assistant(folder: Path) -> Assistant:
    """Read and check an assistant's folder.

    Raises AssistantError: its text is the first mistake, file:line: what is wrong; how to mend it.
    """
    read = read_folder(folder)
    if read.faults:
        raise AssistantError(*read.faults)
    return read.assistant


def in_language(assistant: Assistant, language: str) -> Assistant:
    """Return the assistant as one that begins in this language and may change to its own."""
    own = replace(assistant, variants={})
    others = {name: one for name, one in assistant.variants.items() if name != language}
    return replace(assistant.variants[language], variants={assistant.language: own, **others})


def read_folder(folder: Path) -> Folder:
    """Read an assistant's folder with all its mistakes, and its variants in other languages.

    A variant's folder is that of the whole assistant, which then begins in its language.

    Raises AssistantError: there is no such folder.
    """
    if not folder.is_dir():
        fail(folder, 1, "there is no such folder; name one that holds an assistant.toml")
    if is_variant(folder):
        whole = read_folder(folder.parent)
        mine = [one for one in whole.variants if one.assistant.path == folder]
        if not mine:
            return whole
        assistant = in_language(whole.assistant, mine[0].assistant.language)
        return replace(whole, assistant=assistant)
    reading = Reading(folder)
    toml = reading.file(IDENTITY, read_toml) or Document(folder / IDENTITY, {}, {})
    yaml = reading.file(FLOWS, read_yaml) or Document(folder / FLOWS, {}, {})
    actions = reading.file(ACTIONS, load_actions) or {}
    tables = toml.salvage(Identity, lambda error: None) or stand_in(Identity)
    shared = Shared(actions, reading.tables(tables.store.tables), reading.shelf(tables.recommend))
    read = _read(folder, reading, toml, yaml, shared)
    if read.faults:
        return read
    variants = [_read_variant(path, toml, yaml, shared) for path in variant_folders(folder)]
    by_language = {variant.assistant.language: variant.assistant for variant in variants}
    faults = tuple(fault for variant in variants for fault in variant.faults)
    return replace(
        read,
        assistant=replace(read.assistant, variants=by_language),
        faults=faults,
        variants=tuple(variants),
    )


@dataclass(frozen=True, slots=True)
class Shared:
    """What all languages of an assistant have in common."""

    actions: Mapping[str, Action]
    seeds: tuple[Seed, ...]
    shelf: Shelf | None


def _read_variant(folder: Path, toml: Document, yaml: Document, shared: Shared) -> Folder:
    """Read the texts of another language; all that is no text is that of the whole assistant."""
    reading = Reading(folder)
    own_toml = reading.file(IDENTITY, read_toml) or Document(folder / IDENTITY, {}, {})
    own_yaml = reading.file(FLOWS, read_yaml) or Document(folder / FLOWS, {}, {})
    variant = merged(toml, yaml, own_toml, own_yaml)
    reading.add(variant.faults)
    read = _read(folder, reading, variant.toml, variant.yaml, shared, variant.dropped)
    return replace(read, remarks=variant.remarks)


def _read(  # noqa: PLR0913, PLR0917 - the files, and what is not in them
    folder: Path,
    reading: Reading,
    toml: Document,
    yaml: Document,
    shared: Shared,
    dropped: Collection[str] = (),
) -> Folder:
    """Read the rest of a folder; flows that were `dropped` need no intent's flow."""
    identity = reading.piece(IDENTITY, lambda tell: toml.salvage(Identity, tell))
    flows = reading.piece(FLOWS, lambda tell: yaml.salvage(Flows, tell))
    library = reading.library()
    identity, flows = identity or stand_in(Identity), flows or stand_in(Flows)
    intents = reading.piece(INTENTS, lambda tell: _intents(folder / INTENTS, tell))
    intents = intents or Intents("", (), (), ())
    assistant = _assembled(folder, identity, flows, {slot.name: slot for slot in intents.slots})
    assistant = replace(
        assistant,
        library=library,
        actions=shared.actions,
        seeds=shared.seeds,
        recommend=shared.shelf,
    )
    answered = [name for name in intents.names if name not in dropped]
    reading.add(check(assistant, answered, toml, yaml))
    reading.add(check_library(library, folder, assistant.facts))
    return Folder(_able_to_verify(assistant), intents, tuple(reading.faults))


def _intents(path: Path, tell: Tell) -> Intents:
    def pass_on(error: NluError) -> None:
        tell(AssistantError(_fault(path, error)))

    try:
        return load_intents(path, tell=pass_on)
    except NluError as error:
        raise AssistantError(_fault(path, error)) from error


def _fault(path: Path, error: NluError) -> Fault:
    """Take file and line off the text of an error."""
    place = re.fullmatch(r"(?s)(.*?)(?::(\d+))?: (.*)", str(error).removeprefix(str(path)))
    if place is None:
        return Fault(path, 1, str(error))
    return Fault(path, int(place[2] or 1), " ".join(place[3].split()))


def _assembled(
    folder: Path, identity: Identity, flows: Flows, slots: Mapping[str, SlotType]
) -> Assistant:
    return Assistant(
        path=folder,
        name=identity.name,
        language=identity.language,
        also=identity.also,
        greeting=identity.greeting,
        consent=identity.consent,
        voice=identity.voice,
        hours=identity.hours.hours(),
        handoff=identity.handoff,
        confidence=identity.confidence,
        mood=identity.mood,
        llm=identity.llm,
        known_callers=identity.known_callers,
        recommend=None,
        facts=all_facts(identity),
        slots=slots,
        slot_texts=flows.slots,
        flows=flows.flows,
        controls=flows.controls,
        urgent=flows.urgent,
        guesses=flows.guesses,
        phrases=flows.phrases,
        written=flows.written,
        library=Library(),
        purchases=identity.knowledge.purchases,
        actions={},
        seeds=(),
        verification=flows.verification,
        names=Names(identity.names),
    )


def _able_to_verify(assistant: Assistant) -> Assistant:
    """Give the assistant the look-up of who is calling, if its actions say who may be."""
    for item in assistant.actions.values():
        if isinstance(item, Callers):
            kinds = {name: factor.kind for name, factor in assistant.factors.items()}
            verify = verifying(item, Verifier(kinds, DEFAULT_REGION))
            return replace(assistant, actions={**assistant.actions, VERIFY: verify})
    return assistant


def fixed_sentences(assistant: Assistant) -> tuple[str, ...]:
    """Return every sentence that is always the same, as `reply` yields it: for a phrase cache.

    Those that answer questions come first and are not too many, so that the others stay in it;
    those about each of the requests are among them.
    """
    passages = assistant.library.passages
    answers = (each for passage in passages for each in sentences(passage.text))
    said = (each for spoken in spoken_texts(assistant) for each in sentences(spoken.text))
    requests = {flow.about: None for flow in assistant.flows.values() if flow.about}
    known = [assistant.facts, *({**assistant.facts, "about": about} for about in requests)]
    fixed = {
        clause: None
        for sentence in (*islice(answers, MOST_ANSWERS), *said)
        for values in known
        if names(sentence) <= values.keys()
        for clause in render(sentence, values)
    }
    return tuple(fixed)
