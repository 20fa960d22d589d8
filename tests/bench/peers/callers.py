"""Who calls: one question a call, with a stop in it or without, and sometimes an interruption.

A caller hears the greeting out, asks, and hangs up when the answer has begun. An interrupting one
breaks into the answer and waits for the next one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import anyio

from telephony.far_end.caller import NOTHING, REPLY_OVER_SECONDS, Act, Caller
from telephony.far_end.hearing import Hearing
from telephony.far_end.script import read_sound
from tests.bench.endpoint_data import ASKED, spoken_by, stops
from tests.bench.phone_line import says
from tests.bench.vad_data import telephone, write_wav
from voice.audio import Int16
from voice.tts import TtsOptions, load_tts

QUESTIONS = (
    "Can I return a lamp without the box?",
    "How much is shipping to Alaska?",
    "Tell me about your return policy.",
    "Can I pay with a gift card?",
    "Which payment methods do you take?",
    "Do you ship to Canada?",
    "What is your address?",
    "How long does delivery usually take?",
)
"""Each has an answer of three seconds or more at Offhook, too: there is something to interrupt."""
INTERRUPTION = "Wait, I have another question, where is my order?"
INTERRUPTS_AFTER_SECONDS = 1.0  # of the answer
GREETING_SECONDS = 30.0  # whoever has heard nothing by then hangs up
ANSWER_SECONDS = 10.0  # likewise
HEARD_SECONDS = 0.3  # of an answer: then it was one

ASKS, INTERRUPTS = 0, 1  # cues on the tape


@dataclass(frozen=True, slots=True)
class Question:
    """What a caller asks, 8 kHz, and whether there is a stop in it; or they interrupt."""

    words: str
    sound: Int16
    stops: bool
    interruption: Int16 | None = None

    @property
    def caller(self) -> Caller:
        """The caller who asks it."""
        return partial(_acts, self)


def questions(folder: Path, with_stop: int, fluent: int) -> list[Question]:
    """So many of each, in turn, from recordings in the folder; those are made once."""
    if not (folder / "interruption.wav").is_file():
        _speak_all(folder)
    interruption = read_sound(folder / "interruption.wav")
    stopped = [
        Question(words, read_sound(folder / f"stop{index}.wav"), stops=True)
        for index, words in enumerate(ASKED[:with_stop])
    ]
    others = [
        Question(words, read_sound(folder / f"fluent{index}.wav"), False, interruption)
        for index, words in enumerate(QUESTIONS[:fluent])
    ]
    return [one for _, one in sorted([*_spread(stopped), *_spread(others)], key=lambda at: at[0])]


def _spread(some: list[Question]) -> Iterator[tuple[float, Question]]:
    return (((index + 0.5) / len(some), one) for index, one in enumerate(some))


def _acts(question: Question, hearing: Hearing) -> Iterator[Act]:
    yield from _until_answer(hearing, 0, GREETING_SECONDS)
    while hearing.replies and hearing.quiet_seconds < REPLY_OVER_SECONDS:
        yield NOTHING
    if not hearing.replies:
        return
    before = hearing.replies
    yield from says(question.sound, ASKS)
    yield from _until_answer(hearing, before, ANSWER_SECONDS)
    if question.interruption is None:
        return
    while hearing.speaking and hearing.spoken_seconds < INTERRUPTS_AFTER_SECONDS:
        yield NOTHING
    if not hearing.speaking:
        return
    before = hearing.replies
    yield from says(question.interruption, INTERRUPTS)
    yield from _until_answer(hearing, before, ANSWER_SECONDS)


def _until_answer(hearing: Hearing, before: int, patience: float) -> Iterator[Act]:
    """Wait until the other side begins to speak anew, and a moment more."""
    began = hearing.now
    while hearing.now - began < patience and (
        hearing.replies <= before or hearing.spoken_seconds < HEARD_SECONDS
    ):
        yield NOTHING


def _speak_all(folder: Path) -> None:
    """Record the sentences of the endpointing benchmark, and ours, said by the same voices."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, turn in enumerate(islice(stops(), len(ASKED))):
        assert turn.name == ASKED[index]
        write_wav(folder / f"stop{index}.wav", turn.sound)
    voices = [load_tts(TtsOptions(engine=engine)) for engine in ("hibari", "coqui")]
    names = [f"fluent{index}" for index in range(len(QUESTIONS))] + ["interruption"]
    for index, (name, words) in enumerate(zip(names, (*QUESTIONS, INTERRUPTION), strict=True)):
        spoken = anyio.run(spoken_by, voices[index % 2], words)
        write_wav(folder / f"{name}.wav", telephone(spoken))
