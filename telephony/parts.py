"""The parts of the chain, loaded once and shared by all calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dialogue.agent import Agent
from dialogue.llm.grounding import Speaker
from voice.asr import Asr
from voice.ears import Ears, Understands
from voice.end_of_turn import SoundsFinished
from voice.prosody import Measure
from voice.tts import PreparingTts
from voice.turns import TurnOptions, TurnTaker
from voice.vad import Vad


@dataclass(frozen=True, slots=True)
class Parts:
    """What a call is made of. `vad` and `agent` make a fresh one for each call."""

    vad: Callable[[], Vad]
    asr: Asr
    tts: PreparingTts
    agent: Callable[[], Agent]
    assistant: str  # its name, for the record
    models: Mapping[str, str]  # name → SHA-256 of each model that takes part
    turns: TurnOptions = field(default_factory=TurnOptions)  # with the VAD's own threshold
    sounds_finished: SoundsFinished | None = None  # whether a voice does, at a pause
    understands: Understands | None = None  # whether words are a request that it knows
    measure: Measure | None = None  # of how callers say things, where that is wanted
    voices: Mapping[str, PreparingTts] = field(default_factory=dict)  # of other languages
    speaker: Speaker | None = None  # the language model, where there is one

    def ears(self) -> Ears:
        """Make a call's ears."""
        turns = TurnTaker(self.turns)
        return Ears(
            self.vad(),
            self.asr,
            turns,
            self.measure,
            sounds_finished=self.sounds_finished,
            understands=self.understands,
        )
