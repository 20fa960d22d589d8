"""In a call the recogniser looks again only where it must, and nobody keeps the sound for it."""

import gc
import weakref
from collections.abc import Iterator
from dataclasses import replace

import pytest

from dialogue.assistant import default_assistant, load_assistant
from dialogue.conversation import FlowAgent
from dialogue.store import open_store
from telephony.call import Call, run_call
from telephony.record import Record
from telephony.wav import WavLine
from tests.dialogue.caller import FRIDAY_AFTERNOON, TODAY, WordsNlu
from tests.fakes import FakeAsr, FakeLook, FakeTts, FakeVad, is_speech, recording, said
from voice.asr import Hypothesis, Transcript
from voice.ears import Ears
from voice.turns import TurnTaker

pytestmark = pytest.mark.anyio

SURE, DOUBTFUL, LAST = "when are you open", "maybe a kettle in stock", "goodbye"


@pytest.fixture
def anyio_backend() -> str:
    return "trio"


@pytest.fixture
def agent() -> Iterator[FlowAgent]:
    retail = load_assistant(default_assistant())
    store = open_store(None, retail.seeds, TODAY)
    yield FlowAgent(retail, WordsNlu(), store, lambda: FRIDAY_AFTERNOON)
    store.close()


class Sounds(FakeAsr):
    """Doubts all it hears, and knows which sounds are still kept."""

    def __init__(self) -> None:
        super().__init__(doubts={each: [Hypothesis(each, 0.8)] for each in (SURE, DOUBTFUL, LAST)})
        self._sounds: list[weakref.ref[FakeLook]] = []

    def transcript(self, text: str) -> Transcript:
        transcript = replace(super().transcript(text), confidence=0.8)
        if isinstance(transcript.look_again, FakeLook):
            self._sounds.append(weakref.ref(transcript.look_again))
        return transcript

    @property
    def kept(self) -> int:
        gc.collect()
        return sum(sound() is not None for sound in self._sounds)


async def test_only_a_doubtful_meaning_is_looked_at_again_and_no_sound_is_kept(
    agent: FlowAgent,
) -> None:
    asr = Sounds()
    kept: list[int] = []
    record = Record(lambda turn: kept.append(asr.kept))
    parts = (said(0.5), said(1, SURE), said(2), said(1, DOUBTFUL), said(2), said(1, LAST), said(2))
    line = WavLine(recording(*parts), is_speech)
    await run_call(Call(line, Ears(FakeVad(), asr, TurnTaker()), agent, FakeTts(), record))
    assert [turn.text for turn in record.turns if turn.speaker == "caller"] == [
        SURE, DOUBTFUL, LAST,
    ]  # fmt: skip
    assert asr.looks == [DOUBTFUL]
    assert max(kept) == 1  # that of the turn being answered
    assert asr.kept == 0
    assert record.outcome == "resolved"
