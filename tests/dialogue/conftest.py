"""An assistant, its database and a caller on the line."""

from collections.abc import Iterator

import pytest

from dialogue.assistant import Assistant, default_assistant, load_assistant
from dialogue.conversation import FlowAgent
from dialogue.store import Store, open_store
from tests.dialogue.caller import FRIDAY_AFTERNOON, TODAY, Caller, WordsNlu


@pytest.fixture(scope="session")
def retail() -> Assistant:
    return load_assistant(default_assistant())


@pytest.fixture
def store(retail: Assistant) -> Iterator[Store]:
    opened = open_store(None, retail.seeds, TODAY)
    yield opened
    opened.close()


@pytest.fixture
def nlu() -> WordsNlu:
    return WordsNlu()


@pytest.fixture
def agent(retail: Assistant, nlu: WordsNlu, store: Store) -> FlowAgent:
    return FlowAgent(retail, nlu, store, lambda: FRIDAY_AFTERNOON, call="call-1")


@pytest.fixture
def caller(agent: FlowAgent) -> Caller:
    return Caller(agent)
