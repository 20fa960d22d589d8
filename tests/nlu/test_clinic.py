"""The shipped clinic model on sentences it has never seen, and what it takes for an emergency."""

from datetime import date
from pathlib import Path

import pytest

from dialogue.assistant import load_assistant
from dialogue.endings import Endings
from dialogue.state import Heard, State
from dialogue.urgent import alarm
from models import ModelError
from models.registry import model_path
from nlu.dataset import Example, load_intents
from nlu.engine import BertNlu, NluOptions, is_stale, load_nlu
from nlu.understand import OUT_OF_SCOPE, Context
from tests.dialogue.caller import FRIDAY_AFTERNOON

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
CLINIC = HERE.parents[1] / "dialogue" / "assistants" / "clinic"
URGENT = "urgent_symptoms"
HELD_OUT = load_intents(HERE / "clinic_test.yaml").examples


@pytest.fixture(scope="module")
def nlu() -> BertNlu:
    try:
        model_path("minilm")
    except ModelError as error:
        pytest.skip(str(error))
    return load_nlu(CLINIC, NluOptions(today=lambda: date(2026, 11, 20)))


def right(nlu: BertNlu, examples: list[Example]) -> float:
    understood = [nlu.understand(e.text, Context()).intent == e.intent for e in examples]
    return sum(understood) / len(understood)


def test_the_shipped_model_was_trained_on_the_shipped_examples() -> None:
    assert not is_stale(CLINIC)


def test_the_held_out_sentences_were_not_taught() -> None:
    taught = {e.text.casefold() for e in load_intents(CLINIC / "intents.yaml").examples}
    assert len(HELD_OUT) >= 120
    assert not taught & {e.text.casefold() for e in HELD_OUT}


def test_intents(nlu: BertNlu) -> None:
    assert right(nlu, [e for e in HELD_OUT if e.intent != OUT_OF_SCOPE]) >= 0.93


def test_out_of_scope(nlu: BertNlu) -> None:
    assert right(nlu, [e for e in HELD_OUT if e.intent == OUT_OF_SCOPE]) >= 0.7


def test_emergencies_are_caught_and_little_else(nlu: BertNlu) -> None:
    endings = Endings(State(), load_assistant(CLINIC), FRIDAY_AFTERNOON)
    caught = {
        example: alarm(Heard(nlu.understand(example.text, Context())), endings) is not None
        for example in HELD_OUT
    }
    urgent = [alarmed for example, alarmed in caught.items() if example.intent == URGENT]
    others = [alarmed for example, alarmed in caught.items() if example.intent != URGENT]
    assert sum(urgent) / len(urgent) >= 0.95
    assert sum(others) / len(others) <= 0.03


def test_numbers_and_birth_dates(nlu: BertNlu) -> None:
    for slot, floor in (("patient_number", 0.9), ("birth_date", 0.8)):
        marked = [e for e in HELD_OUT if any(mark.name == slot for mark in e.marks)]
        found = [
            any(s.name == slot for s in nlu.understand(e.text, Context(slot)).slots) for e in marked
        ]
        assert sum(found) / len(found) >= floor
