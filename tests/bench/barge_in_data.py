"""What callers put over the assistant's voice: go-ons, sounds without words, interruptions.

Each sound is as the telephone carries it, cut close, at its level in relation to a caller who
talks; half are for choosing (`dev`), half for the test. Where they come from:

- go-ons ("mhm", "okay"): cut out of real calls and meetings of the shared data folder, found with
  the VAD and written down here as two Whisper models heard them; callers of AN4 who say "yes"; the
  rest spoken by our voices, at three pitches.
- no words: murmurs of real meetings in which no Whisper finds a word, street and kitchen noises
  cut to a burst, sounds like "ahem" by our voices, and coughs, laughs, knocks that are synthetic
  (`tests/bench/coughs.py`): no recording of those was at hand.
- interruptions: real callers of AN4, of a coffee bar and of three telephone samples, and what
  people say to stop a machine, by our voices.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, partial
from hashlib import sha256
from itertools import product
from pathlib import Path

import anyio
import numpy as np

from models.cache import kept
from tests.bench.coughs import SOUNDS
from tests.bench.vad_data import line, read
from tests.conftest import SHARED_DATA
from voice.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ, Int16
from voice.resample import Resampler
from voice.tts import Tts, TtsOptions, load_tts, voice_id
from voice.wav import WavWriter

SEED = 20
CALLER_DBFS = -26.0  # active speech, as in `vad_data`
ROOM_SECONDS = 0.1  # kept around what is cut out by its loudness
QUIET_DB = -35.0  # below the loudest frame: not part of the sound


class Kind(StrEnum):
    """What the assistant should do about it."""

    GO_ON = "go_on"  # a backchannel: keep speaking
    NO_WORDS = "no_words"  # a cough, a knock: keep speaking
    INTERRUPTION = "interruption"  # stop and listen


@dataclass(frozen=True, slots=True)
class Overlap:
    """A sound that a caller makes over the assistant's voice, at 16 kHz.

    `words` is what is said, "" where nothing is; `source` a recording's name, a voice's, or
    "synthetic".
    """

    kind: Kind
    name: str
    words: str
    source: str
    sound: Int16
    split: str = ""


@dataclass(frozen=True, slots=True)
class _Cut:
    """A piece of a recording, in seconds; the words in it."""

    file: str
    start: float
    end: float
    words: str = ""


_CALL, _SHOP = (
    "phone-samples/aws_pca_Auto0_mono_8k.flac",
    "phone-samples/gcp_commercial_mono_8k.wav",
)
_GO_ONS = (
    _Cut(_CALL, 35.54, 35.96, "okay"),
    _Cut(_CALL, 39.92, 40.4, "okay"),
    _Cut(_CALL, 66.74, 67.26, "thanks"),
    _Cut(_CALL, 88.2, 88.96, "okay"),
    _Cut(_CALL, 96.46, 97.28, "okay"),
    _Cut(_CALL, 105.88, 106.42, "yes"),
    _Cut(_CALL, 107.16, 107.8, "okay"),
    _Cut(_CALL, 215.54, 216.22, "okay"),
    _Cut(_CALL, 240.88, 241.46, "okay"),
    _Cut(_CALL, 255.7, 256.32, "okay"),
    _Cut(_CALL, 270.2, 270.88, "okay"),
    _Cut(_CALL, 271.18, 271.92, "thank you"),
    _Cut(_CALL, 275.72, 276.16, "yep"),
    _Cut(_SHOP, 18.36, 19.28, "okay, great"),
    _Cut(_SHOP, 28.82, 29.62, "okay, sure"),
    _Cut("ami-vad13/dev00.flac", 5.58, 6.04, "right"),
    _Cut("ami-vad13/trn00.flac", 10.45, 11.0, "okay"),
    _Cut("ami-vad13/trn02.flac", 20.7, 21.39, "oh yeah"),
    _Cut("ami-vad13/trn04.flac", 15.88, 16.48, "mm-hmm"),
    _Cut("ami-vad13/trn04.flac", 21.16, 21.77, "yeah"),
    _Cut("ami-vad13/trn04.flac", 26.99, 27.27, "yeah"),
    _Cut("ami-vad13/trn05.flac", 5.94, 6.28, "okay"),
    _Cut("ami-vad13/trn05.flac", 8.14, 8.48, "okay"),
    _Cut("ami-vad13/trn06.flac", 21.8, 22.36, "mm-hmm"),
    _Cut("ami-vad13/trn07.flac", 20.28, 20.89, "right"),
)
_MURMURS = (
    _Cut("ami-vad13/trn00.flac", 3.17, 3.97),
    _Cut("ami-vad13/trn00.flac", 20.94, 21.39),
    _Cut("ami-vad13/trn00.flac", 22.93, 23.31),
    _Cut("ami-vad13/trn01.flac", 2.98, 3.37),
    _Cut("ami-vad13/trn01.flac", 18.7, 19.67),
    _Cut("ami-vad13/trn01.flac", 22.27, 22.73),
    _Cut("ami-vad13/trn04.flac", 25.2, 25.94),
    _Cut("ami-vad13/trn05.flac", 1.46, 2.11),
    _Cut("ami-vad13/trn06.flac", 10.54, 11.19),
    _Cut("ami-vad13/trn07.flac", 24.03, 24.51),
    _Cut("ami-vad13/trn08.flac", 17.16, 17.48),
    _Cut("ami-vad13/dev01.flac", 29.07, 29.54),
)
_REAL_INTERRUPTIONS = (
    _Cut(_CALL, 128.34, 129.4, "I'm not sure"),
    _Cut(_CALL, 216.64, 217.72, "what is their number?"),
    _Cut(_SHOP, 2.36, 3.22, "okay, I'm here"),
    _Cut(_SHOP, 33.88, 34.9, "express please"),
    _Cut("phone-samples/gcp_dialogflow_230pm.wav", 0, 9, "2:30 p.m."),
    _Cut("phone-samples/gcp_dialogflow_book_a_room.wav", 0, 9, "book a room"),
    _Cut("phone-samples/gcp_dialogflow_half_an_hour.wav", 0, 9, "half an hour"),
    _Cut("phone-samples/gcp_dialogflow_today.wav", 0, 9, "today"),
    _Cut("phone-samples/gcp_dialogflow_two_people.wav", 0, 9, "two people"),
)
_NOISES = (
    "burst_car_horn",
    "burst_dog_bark",
    "burst_engine_idling",
    "burst_ringing_phone",
    "burst_siren",
    "eva_baby_crying",
    *["kitchen"] * 3,
    "office_8k",
    "sb_noise1",
    "sb_noise3",
)
_SAID_GO_ONS = (
    "Mm-hmm.",
    "Uh-huh.",
    "Okay.",
    "Yeah.",
    "Right.",
    "Yes.",
    "I see.",
    "Got it.",
    "Sure.",
    "Alright.",
    "Okay, okay.",
    "Yeah, right.",
)
_SAID_INTERRUPTIONS = (
    "Stop.",
    "Wait a minute.",
    "No, that's wrong.",
    "Actually, I want to talk to a person.",
    "Hold on.",
    "Excuse me, I have a question.",
    "No.",
    "That's not what I asked.",
    "Can you repeat that?",
    "Cancel the order, please.",
    "What about the refund?",
    "Hang on, I need to find a pen.",
    "Yes, but it never arrived.",
    "Okay, but how much does it cost?",
    "I don't want that.",
    "Help.",
)
_SAID_SOUNDS = ("Ahem.", "Achoo!", "Ugh.", "Ha ha.", "Phew.", "Huh.", "Hmm.", "Ow!")
_PITCHES = (0.93, 1.0, 1.08)
VOICES = (TtsOptions(engine="coqui", device="cpu"), TtsOptions(engine="hibari"))
_LEVELS_DB = {Kind.GO_ON: -3.0, Kind.NO_WORDS: 0.0, Kind.INTERRUPTION: 0.0}
_LEVELS_BY_NAME_DB = {"cough": 4.0, "breath": -10.0, "laughter": 2.0, "murmur": -6.0}


def overlaps(data: Path = SHARED_DATA) -> list[Overlap]:
    """All of them, at their levels and through a telephone; the same on every machine and run."""
    raw = [*_go_ons(data), *_without_words(data), *_interruptions(data)]
    return [replace(one, sound=_heard(one), split=_split(one)) for one in raw]


def _go_ons(data: Path) -> Iterator[Overlap]:
    yield from (_cut(Kind.GO_ON, "go-on", cut, data) for cut in _GO_ONS)
    for file, words, speaker in _an4(data):
        if words == "YES":
            yield Overlap(Kind.GO_ON, "yes", "yes", speaker, trimmed(read(file)))
    yield from _said(Kind.GO_ON, _SAID_GO_ONS)


def _without_words(data: Path) -> Iterator[Overlap]:
    yield from (_cut(Kind.NO_WORDS, "murmur", cut, data) for cut in _MURMURS)
    rng = np.random.default_rng(SEED)
    for name, number in product(SOUNDS, range(10)):
        yield Overlap(Kind.NO_WORDS, name, "", f"synthetic {number}", SOUNDS[name](rng))
    for number, name in enumerate(_NOISES):
        noise = read(data / "noise-rir" / "noise" / f"{name}.flac")
        yield Overlap(Kind.NO_WORDS, name, "", f"{name} {number}", _burst(noise, rng))
    yield from _said(Kind.NO_WORDS, _SAID_SOUNDS)


def _interruptions(data: Path) -> Iterator[Overlap]:
    yield from (_cut(Kind.INTERRUPTION, "call", cut, data) for cut in _REAL_INTERRUPTIONS)
    others = [spoken for spoken in _an4(data) if spoken[1] != "YES"]
    commands = [spoken for spoken in others if len(spoken[1].split()) == 1]
    sentences = [spoken for spoken in others if len(spoken[1].split()) > 1]
    for file, words, speaker in commands + sentences[:: len(sentences) // 12][:12]:
        yield Overlap(Kind.INTERRUPTION, "an4", words.lower(), speaker, trimmed(read(file)))
    for file in sorted((data / "picovoice-barista" / "dev").glob("*.flac"))[::20][:14]:
        yield Overlap(Kind.INTERRUPTION, "barista", "(an order)", file.stem, trimmed(read(file)))
    yield from _said(Kind.INTERRUPTION, _SAID_INTERRUPTIONS)


def _cut(kind: Kind, name: str, cut: _Cut, data: Path) -> Overlap:
    sound = read(data / cut.file)[_samples(cut.start) : _samples(cut.end)]
    source = f"{Path(cut.file).stem} {cut.start:.2f}"
    return Overlap(kind, name, cut.words, source, trimmed(sound) if cut.end == 9 else sound)


def _an4(data: Path) -> Iterator[tuple[Path, str, str]]:
    lines = (data / "an4" / "manifest.jsonl").read_text("utf-8").splitlines()
    for row in map(json.loads, lines):
        yield data / "an4" / row["file"], row["text"], Path(row["file"]).stem


def _burst(noise: Int16, rng: np.random.Generator) -> Int16:
    """0.3 to 1.5 s of a recorded noise, from where it is loud."""
    length = _samples(rng.uniform(0.3, 1.5))
    whole = len(noise) // FRAME_SAMPLES * FRAME_SAMPLES
    power = np.square(noise[:whole].reshape(-1, FRAME_SAMPLES) / 1.0).mean(axis=1)
    loud = np.flatnonzero(power >= np.percentile(power, 98))
    start = min(int(rng.choice(loud)) * FRAME_SAMPLES, max(0, len(noise) - length))
    return noise[start : start + length]


def _said(kind: Kind, texts: tuple[str, ...]) -> Iterator[Overlap]:
    """Spoken by our voices, at pitches that change from one text to the next."""
    for voice, (index, text) in product(VOICES, enumerate(texts)):
        for pitch in (_PITCHES[index % 3], _PITCHES[(index + 1) % 3])[
            : 2 if kind is Kind.GO_ON else 1
        ]:
            words = re.sub(r"[.?!]$", "", text).lower()
            source = f"{voice.engine} {pitch}"
            yield Overlap(kind, "said", words, source, _pitched(spoken(voice, text), pitch))


def spoken(voice: TtsOptions, text: str) -> Int16:
    """The text in this voice, synthesised once and kept."""
    key = sha256(f"{voice_id(voice)}\0{text}".encode()).hexdigest()[:20]
    folder = kept("overlaps", key, partial(_synthesize, voice, text))
    return read(folder / "said.wav")


def _synthesize(voice: TtsOptions, text: str, folder: Path) -> None:
    async def speak() -> bytes:
        return b"".join([frame.pcm async for frame in _loaded(voice).synthesize(text)])

    with WavWriter(folder / "said.wav") as file:
        file.write(anyio.run(speak))


@cache
def _loaded(voice: TtsOptions) -> Tts:
    return load_tts(voice)


def _pitched(sound: Int16, factor: float) -> Int16:
    """Higher and faster, or lower and slower: as if of another speaker."""
    resampler = Resampler(round(SAMPLE_RATE_HZ * factor), SAMPLE_RATE_HZ)
    return np.concatenate([resampler.feed(sound), resampler.finish()])


def trimmed(sound: Int16) -> Int16:
    """Without the quiet before and after."""
    whole = len(sound) // FRAME_SAMPLES * FRAME_SAMPLES
    power = np.square(sound[:whole].reshape(-1, FRAME_SAMPLES) / 1.0).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (QUIET_DB / 10)) * FRAME_SAMPLES
    room = _samples(ROOM_SECONDS)
    return sound[max(0, loud[0] - room) : loud[-1] + FRAME_SAMPLES + room]


def _heard(one: Overlap) -> Int16:
    """At its level, through the telephone."""
    over = _LEVELS_BY_NAME_DB.get(one.name, _LEVELS_DB[one.kind])
    wanted = 10 ** ((CALLER_DBFS + over) / 20) * 32768
    loudest = np.sort(np.abs(one.sound / 1.0))[-len(one.sound) // 2 :]
    gain = wanted / np.sqrt(np.square(loudest).mean()) * np.sqrt(2)
    return line(np.clip(one.sound * gain, -32768, 32767).astype(np.int16))


def _split(one: Overlap) -> str:
    """Half by half, by a hash of where it comes from: adding one moves no other."""
    name = f"{SEED} {one.kind} {one.name} {one.words} {one.source}"
    return "dev" if sha256(name.encode()).digest()[0] % 2 else "test"


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE_HZ)
