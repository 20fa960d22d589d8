"""An assistant is a folder: everything about one business, checked as a whole and frozen."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dialogue import AssistantError
from dialogue.actions import Action, load_actions
from dialogue.checks import check, spoken_texts
from dialogue.flows import Flow, Flows, Phrases, SlotTexts, Written
from dialogue.hours import Hours
from dialogue.identity import Confidence, HandOff, Identity, Voice, all_facts
from dialogue.knowledge import Library, Passage, read_library
from dialogue.phrasing import names, render, sentences
from dialogue.reading import fail, read_toml, read_yaml
from dialogue.seeds import Seed, read_seed
from nlu import NluError
from nlu.dataset import SlotType, load_intents


@dataclass(frozen=True, slots=True)
class Assistant:
    """One business, ready to answer."""

    path: Path
    name: str
    language: str
    greeting: str
    consent: str | None
    voice: Voice
    hours: Hours
    handoff: HandOff
    confidence: Confidence
    facts: Mapping[str, str]  # with {business} and {wait}
    slots: Mapping[str, SlotType]
    slot_texts: Mapping[str, SlotTexts]
    flows: Mapping[str, Flow]  # by intent
    phrases: Phrases
    written: Written  # instead of the phrases, in text messages
    library: Library
    purchases: str  # SQL, or nothing
    actions: Mapping[str, Action]
    seeds: tuple[Seed, ...]

    @property
    def faq(self) -> Mapping[str, Passage]:
        """The answers of faq.md by anchor."""
        return self.library.faq


def default_assistant() -> Path:
    """Return the folder of the assistant that ships."""
    return Path(__file__).parent / "assistants" / "retail"


def load_assistant(folder: Path) -> Assistant:
    """Read and check an assistant's folder.

    Raises AssistantError: the first mistake, as one line: file:line: what is wrong; how to mend it.
    """
    if not folder.is_dir():
        fail(folder, 1, "there is no such folder; name one that holds an assistant.toml")
    toml = read_toml(folder / "assistant.toml")
    identity = toml.validate(Identity)
    yaml = read_yaml(folder / "flows.yaml")
    flows = yaml.validate(Flows)
    library = read_library(folder)
    actions = load_actions(folder / "actions.py")
    seeds = tuple(read_seed(folder / table) for table in identity.store.tables)
    try:
        intents = load_intents(folder / "intents.yaml")
    except NluError as error:
        raise AssistantError(str(error)) from error
    assistant = Assistant(
        path=folder,
        name=identity.name,
        language=identity.language,
        greeting=identity.greeting,
        consent=identity.consent,
        voice=identity.voice,
        hours=identity.hours.hours(),
        handoff=identity.handoff,
        confidence=identity.confidence,
        facts=all_facts(identity),
        slots={slot.name: slot for slot in intents.slots},
        slot_texts=flows.slots,
        flows=flows.flows,
        phrases=flows.phrases,
        written=flows.written,
        library=library,
        purchases=identity.knowledge.purchases,
        actions=actions,
        seeds=seeds,
    )
    check(assistant, intents.names, toml, yaml)
    return assistant


def fixed_sentences(assistant: Assistant) -> tuple[str, ...]:
    """Return every sentence that is always the same, as `reply` yields it: for a phrase cache."""
    fixed = {
        clause: None
        for spoken in spoken_texts(assistant)
        for sentence in sentences(spoken.text)
        if names(sentence) <= assistant.facts.keys()
        for clause in render(sentence, assistant.facts)
    }
    return tuple(fixed)
