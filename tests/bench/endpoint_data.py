"""Recorded turns, and the pauses in them: what was known at each, and whether it was the end.

- AN4: people spelling and saying numbers; half of the speakers teach, the others test.
- barista: coffee orders; the halves of `barista_data`. (Whose voice is whose is not known.)
- AMI: meetings, which teach nothing: people there do not talk to a machine. A pause is the end of a
  turn where somebody else speaks next, and none where the same person goes on; where both speak, or
  nobody does, it does not count.
- stops: sentences with a stop of 0.5 to 0.7 s at their comma, said by our voices; at once: requests
  in a single sentence. Those that teach are of the retail assistant's examples that its model held
  back; those that test are below.
"""

import json
import random
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import anyio
import numpy as np

from dialogue.assistant import default_assistant, load_assistant
from dialogue.languages import Tongue
from nlu.course import TrainOptions
from nlu.dataset import load_intents, sentiment_of, split
from nlu.engine import load_nlu
from nlu.files import intents_file
from tests.bench.barista_data import read_orders
from tests.bench.report import REPO
from tests.bench.turns import KINDS
from tests.bench.vad_data import SPLITS, read, telephone
from voice.audio import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    SAMPLE_RATE_HZ,
    SILENCE,
    Digit,
    Frame,
    Int16,
    frame_time,
    frames,
)
from voice.endpointing import Evidence, is_worth_listening, is_worth_understanding
from voice.expectation import OPEN_SPEECH, Expectation, Kind
from voice.tts import Tts, TtsOptions, load_tts

SHARED = REPO.parent / "shared" / "data"
TEACH, TEST = "teach", "test"
SILENT_FRAMES = 150  # after each recording: 3 s
STOP_SECONDS = (0.5, 0.7)
STOPS = 140  # sentences that teach, with a stop, and as many without
LEAD_IN = np.zeros(SAMPLE_RATE_HZ // 2, np.int16)
SPELLED = Expectation(Kind.NAME)
QUIET = 0.04  # of a sentence's loudest frame: what is below may be a stop
NEAR_SECONDS = 0.35  # RTTM marks are not much more exact

ASKED = (
    "I bought a pair of shoes, what do I do?",
    "My parcel has not come yet, where is it?",
    "I ordered a lamp last week, can I still cancel it?",
    "The kettle you sent me is broken, who do I talk to?",
    "I have a question about my bill, can you help me?",
    "I moved to a new place last month, can you change my address?",
    "My sister gave me a gift card, how do I use it?",
    "I am calling about a toaster, do you have it in blue?",
    "I was at your store this morning, nobody was there.",
    "I would like to send something back, how long do I have?",
    "I paid with the wrong card, what happens now?",
    "It is about order one five two one three, is it on its way?",
    "I sent the chair back in March, where is my money?",
    "I live in Ohio, do you ship there?",
    "The package was open when it came, I want a refund.",
    "I need a present for my mother, what can you recommend?",
)

AT_ONCE = (
    "Where is my order?",
    "I want to cancel my order.",
    "When do you close tonight?",
    "Can I return a lamp without the box?",
    "I need to speak to a person.",
    "How much is shipping to Alaska?",
    "Do you have the blue kettle in stock?",
    "My order never came.",
    "Is there a warranty on the toaster?",
    "I'd like to know when my parcel arrives.",
    "Please cancel order one five two oh six.",
    "The chair I got is broken.",
    "What is your address?",
    "I still have not got my money back.",
    "Can I pay with a gift card?",
    "Tell me about your return policy.",
)


@dataclass(frozen=True, slots=True)
class Turn:
    """A recording: of which set and part, by whom, and what a dialogue would expect there."""

    of: str
    part: str
    name: str
    sound: Int16
    expected: Expectation = OPEN_SPEECH
    speakers: tuple[tuple[float, float, str], ...] = ()  # of a conversation: from, to, who


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of a turn, from `end` on; it lasted `seconds`, None: it was the end.

    `expected` are kind and length of the expectation, `understood` is how sure a request is. It
    `counts` where somebody can say whether it was the end.
    """

    of: str
    part: str
    turn: str
    end: float
    words: str
    confidence: float
    sounds_finished: float
    expected: tuple[str, int | None]
    seconds: float | None
    counts: bool = True
    understood: float | None = None

    def evidence(self, *, known: bool = True) -> Evidence:
        """What the ears knew; with `known` false, without what the dialogue expects."""
        kind, length = self.expected
        expected = Expectation(Kind(kind), length) if known else OPEN_SPEECH
        without = Evidence(
            self.words, self.confidence, expected=expected, understood=self.understood
        )
        if not is_worth_listening(without):
            return without
        return replace(without, sounds_finished=self.sounds_finished)


def turns() -> Iterator[Turn]:
    """All recordings of the shared data, and the sentences with a stop."""
    yield from _an4(SHARED / "an4")
    for order in read_orders(SHARED / "picovoice-barista"):
        part = TEACH if order.half == "tuning" else TEST
        yield Turn("barista", part, order.file.stem, telephone(read(order.file)))
    yield from _ami(SHARED / "ami-vad13")
    yield from stops()


def stops() -> Iterator[Turn]:
    """Sentences with a stop, those that test first, then requests without one."""
    voices = [load_tts(TtsOptions(engine=engine)) for engine in ("hibari", "coqui")]
    draw = random.Random(3)  # noqa: S311 - reproducible, not secret
    parted, whole = _held_back()
    listed = [(text, TEST) for text in ASKED] + [(text, TEACH) for text in parted]
    for index, (text, part) in enumerate(listed):
        spoken = anyio.run(partial(spoken_by, voices[index % 2], text))
        if (sound := _with_stop(spoken, draw.uniform(*STOP_SECONDS))) is not None:
            yield Turn("stops", part, text, telephone(sound))
    listed = [(text, TEST) for text in AT_ONCE] + [(text, TEACH) for text in whole]
    for index, (text, part) in enumerate(listed):
        spoken = anyio.run(partial(spoken_by, voices[index % 2], text))
        yield Turn("at once", part, text, telephone(np.concatenate([LEAD_IN, spoken])))


async def spoken_by(tts: Tts, text: str) -> Int16:
    """Say a text."""
    return np.concatenate([frame.samples async for frame in tts.synthesize(text)])


def heard(turn: Turn) -> list[Frame]:
    """The recording's frames, and silence after it; a conversation goes on by itself."""
    sound = list(frames([turn.sound]))
    after = 0 if turn.speakers else SILENT_FRAMES
    return sound + [Frame(SILENCE, frame_time(len(sound) + i)) for i in range(after)]


def as_line(found: Sequence[Frame]) -> AsyncGenerator[Frame | Digit]:
    """The frames as a line gives them."""

    async def line() -> AsyncGenerator[Frame | Digit]:
        for frame in found:
            yield frame

    return line()


def marked(pause: Pause, turn: Turn) -> Pause:
    """Say by who speaks next whether a pause in a conversation is the end of a turn."""
    if not turn.speakers:
        return pause
    before = {who for start, end, who in turn.speakers if _near(end, pause.end) or (
        start < pause.end - NEAR_SECONDS and end > pause.end + NEAR_SECONDS)}  # fmt: skip
    after = sorted(each for each in turn.speakers if each[0] > pause.end - NEAR_SECONDS / 2)
    through = {who for start, end, who in turn.speakers
               if start < pause.end - NEAR_SECONDS and end > pause.end + NEAR_SECONDS}  # fmt: skip
    if len(before) != 1 or (not after and not through):
        return replace(pause, counts=False)
    (speaker,) = before
    if speaker in through or (after and after[0][2] == speaker):
        return replace(pause, counts=pause.seconds is not None)
    return replace(pause, seconds=None)


def understood(pauses: Sequence[Pause]) -> list[Pause]:
    """Add what the retail assistant makes of the words; coffee orders are not its business."""
    assistant = load_assistant(default_assistant())
    tongue = Tongue(assistant, load_nlu(assistant.path))
    return [
        replace(pause, understood=tongue.sure_of_request(pause.words))
        if pause.of != "barista" and is_worth_understanding(pause.evidence())
        else pause
        for pause in pauses
    ]


def keep(file: Path, pauses: Sequence[Pause]) -> None:
    """Write pauses as JSON lines."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(asdict(each)) + "\n" for each in pauses), encoding="utf-8")


def kept(file: Path) -> list[Pause]:
    """Read what was written."""
    rows = (json.loads(line) for line in file.read_text("utf-8").splitlines())
    return [Pause(**row | {"expected": tuple(row["expected"])}) for row in rows]


def _near(end: float, pause: float) -> bool:
    return abs(end - pause) <= NEAR_SECONDS


def _an4(folder: Path) -> Iterator[Turn]:
    rows = [
        json.loads(line) for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines()
    ]
    speakers = sorted({row["spk"] for row in rows})
    for row in rows:
        part = TEACH if speakers.index(row["spk"]) % 2 == 0 else TEST
        expected = KINDS.get(row.get("field", ""), SPELLED)
        yield Turn("an4", part, row["file"], telephone(read(folder / row["file"])), expected)


def _ami(folder: Path) -> Iterator[Turn]:
    for name in SPLITS:
        lines = [row.split() for row in (folder / f"{name}.rttm").read_text("utf-8").splitlines()]
        for file in sorted({fields[1] for fields in lines}):
            said = tuple(
                (float(f[3]), float(f[3]) + float(f[4]), f[7]) for f in lines if f[1] == file
            )
            sound = telephone(read(folder / f"{file}.flac"))
            yield Turn("ami", TEST, file, sound, speakers=said)


def _held_back() -> tuple[list[str], list[str]]:
    """What the retail assistant's model has not learned from: with a comma, and without."""
    assistant, options = default_assistant(), TrainOptions()
    examples = (*load_intents(intents_file(assistant)).examples, *sentiment_of("en"))
    _, held = split(examples, options.development, options.seed)
    texts = [example.text for example in held if example.says]
    commas = [text for text in texts if 1 <= text.count(",") <= 2]
    parted = [text for text in commas if all(len(p.split()) > 1 for p in text.split(","))]
    whole = [text for text in texts if "," not in text and 3 <= len(text.split()) <= 14]
    draw = random.Random(4)  # noqa: S311 - of all intents: the file has them one after the other
    return draw.sample(parted, STOPS), draw.sample(whole, STOPS)


def _with_stop(sound: Int16, seconds: float) -> Int16 | None:
    """Lengthen the longest stop within the sentence; None where there is none."""
    count = len(sound) // FRAME_SAMPLES
    pieces = sound[: count * FRAME_SAMPLES].reshape(count, -1).astype(float)
    power = np.sqrt((pieces**2).mean(1))
    quiet = power < QUIET * power.max()
    quiet[: count // 7] = quiet[-count // 10 :] = False
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet, [0]])))
    runs = [(int(end - start), int(start)) for start, end in edges.reshape(-1, 2)]
    length, start = max(runs, default=(0, 0))
    if length * FRAME_SECONDS < 0.06:
        return None
    missing = max(0.0, seconds - length * FRAME_SECONDS)  # some stop so long of their own accord
    silence = np.zeros(round(missing * SAMPLE_RATE_HZ), np.int16)
    cut = (start + length // 2) * FRAME_SAMPLES
    return np.concatenate([LEAD_IN, sound[:cut], silence, sound[cut:]])
