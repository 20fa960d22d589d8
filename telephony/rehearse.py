"""Rehearse: what the product's own ears make of sentences, spoken over a telephone line.

`python -m telephony.rehearse ASSISTANT --out FILE` says an assistant's training sentences with the
shipped voices, degrades them as a line and a room do, transcribes them as in a call, and learns
from the mistakes (`nlu/confusions.py`). Transcripts are kept as they come: a run goes on where it
was cut off.
"""

import argparse
import hashlib
import json
import random
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import anyio
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dialogue.assistant import default_assistant
from models import ModelError
from models.device import yield_idle_cores
from models.registry import digest
from nlu import DataError
from nlu.confusions import learn, write_confusions
from nlu.dataset import load_intents
from telephony.compose import asr_options
from telephony.settings import load_settings
from voice import VoiceError
from voice.asr import (
    Asr,
    AsrOptions,
    Hypothesis,
    SecondLook,
    Transcript,
    load_asr,
    model_name,
    settled,
)
from voice.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ, Int16, SpokenFrame, frames
from voice.codec import decode_ulaw, encode_ulaw
from voice.ears import LEAD_IN_SECONDS
from voice.expectation import OPEN_SPEECH
from voice.resample import Resampler
from voice.tts import Tts, TtsOptions, load_tts, voice_id
from voice.turns import TurnOptions

Floats = npt.NDArray[np.float64]
Rng = np.random.Generator

LINE_HZ = 8_000
CALLER_DBFS = -26.0  # ITU-T P.56's usual level of active speech in a telephone network
LEVEL_SPREAD_DB = 4.0  # callers are so much louder or softer, at most
ACTIVE_DB = -30.0  # frames this far below the loudest are no speech
TALKERS = 5  # in a babble
REVISION = 1  # of how sentences are said here: raise it when that changes

VOICES = {
    "joe": TtsOptions(engine="coqui"),
    "heart": TtsOptions(engine="hibari"),
    "joe quickly": TtsOptions(engine="coqui", speed=1.2),
    "heart quickly": TtsOptions(engine="hibari", speed=1.2),
}


@dataclass(frozen=True, slots=True)
class Take:
    """One way to say a sentence. `noise` is a name in `NOISES`, "" for a quiet room."""

    said: str
    voice: str
    noise: str = ""
    snr_db: float = 0.0  # of active speech to noise
    level_db: float = 0.0  # against `CALLER_DBFS`
    seed: int = 0  # of the noise


@dataclass(frozen=True, slots=True)
class Heard:
    """What the ASR made of a take; "" and 0 where it heard no words. See `Transcript`.

    `alternatives` are what a second look finds, whether the understanding would ask for it or not.
    """

    said: str
    heard: str
    confidence: float
    take: Take
    alternatives: tuple[Hypothesis, ...] = ()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How sentences are said."""

    takes: int = 2  # of each sentence, each with the next voice
    noisy: float = 0.75  # share of takes with noise
    lowest_snr_db: float = 5.0
    highest_snr_db: float = 20.0
    seed: int = 0


def rehearse(
    sentences: Sequence[str],
    voices: Mapping[str, Tts],
    asr: Asr,
    options: Rehearsal = Rehearsal(),
    file: Path | None = None,
) -> Iterator[Heard]:
    """Say each sentence and hear it; one result a take, in order. Not from within an event loop.

    `file` gets a JSON line for each as it comes, and takes that it has already are not said again.
    """
    planned = takes(sentences, tuple(voices), options)
    return perform(planned, voices, asr, file=file)


def perform(
    planned: Sequence[Take],
    voices: Mapping[str, Tts],
    asr: Asr,
    *,
    file: Path | None = None,
    carry: Callable[[Int16, Take], Int16] | None = None,
) -> Iterator[Heard]:
    """Say and hear takes; see `rehearse`. `carry` is the line, `phone_line` unless given."""
    known = {heard.take: heard for heard in read_heard(file)} if file else {}
    for take in planned:
        if take not in known:
            transcript = anyio.run(
                _heard, take, voices[take.voice], asr, carry or phone_line, backend="trio"
            )
            heard = _kept(take, transcript)
            known[take] = heard
            if file:
                _append(file, heard)
        yield known[take]


def takes(
    sentences: Sequence[str], voices: Sequence[str], options: Rehearsal = Rehearsal()
) -> list[Take]:
    """Plan how each sentence is said: drawn from the sentence and the seed alone."""
    return [take for said in sentences for take in _takes_of(said, voices, options)]


def _takes_of(said: str, voices: Sequence[str], options: Rehearsal) -> Iterator[Take]:
    generator = random.Random(f"{options.seed} {said}")  # noqa: S311 - reproducible, not secret
    first = generator.randrange(len(voices))
    shift = generator.random()  # systematic sampling: of two takes one is noisy at a share of 0.5
    for number in range(options.takes):
        loud = generator.uniform(-LEVEL_SPREAD_DB, LEVEL_SPREAD_DB)
        take = Take(
            said, voices[(first + number) % len(voices)], level_db=round(loud, 1),
            seed=generator.randrange(2**31),
        )  # fmt: skip
        if int((number + 1) * options.noisy + shift) > int(number * options.noisy + shift):
            snr = generator.uniform(options.lowest_snr_db, options.highest_snr_db)
            noise = generator.choice(sorted(NOISES))
            take = replace(take, noise=noise, snr_db=round(snr, 1))
        yield take


def read_heard(file: Path) -> Iterator[Heard]:
    """Read what `rehearse` wrote; a last line that was cut off is passed over."""
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        others = tuple(Hypothesis(**other) for other in row.get("alternatives", ()))
        yield Heard(**row | {"take": Take(**row["take"]), "alternatives": others})


def _kept(take: Take, transcript: Transcript) -> Heard:
    found = transcript.look_again() if transcript.look_again else ()
    others = tuple(replace(other, confidence=round(other.confidence, 4)) for other in found)
    return Heard(take.said, transcript.text, round(transcript.confidence, 4), take, others)


def _append(file: Path, heard: Heard) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = not file.is_file() or file.read_bytes()[-1:] in {b"", b"\n"}
    with file.open("a", encoding="utf-8") as lines:
        lines.write("" if whole else "\n")
        lines.write(json.dumps(asdict(heard), ensure_ascii=False) + "\n")


async def _heard(
    take: Take,
    tts: Tts,
    asr: Asr,
    carry: Callable[[Int16, Take], Int16],
) -> Transcript:
    async with aclosing(tts.synthesize(take.said)) as spoken:
        sound = await _joined(spoken)
    stream = asr.open(OPEN_SPEECH)
    for frame in frames([carry(in_turn(sound), take)]):
        stream.feed(frame)
    return await stream.finish()


async def _joined(spoken: AsyncGenerator[SpokenFrame]) -> Int16:
    pieces = [frame.samples async for frame in spoken]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)


def in_turn(sound: Int16) -> Int16:
    """The sound with what is around it in a call when the ears first transcribe it."""
    lead = np.zeros(round(LEAD_IN_SECONDS * SAMPLE_RATE_HZ), np.int16)
    pause = np.zeros(round(TurnOptions().pause_seconds * SAMPLE_RATE_HZ), np.int16)
    return np.concatenate([lead, sound, pause])


def phone_line(sound: Int16, take: Take) -> Int16:
    """16 kHz at the take's level, in its noise, through 8 kHz µ-law and back."""
    level = 10 ** ((CALLER_DBFS + take.level_db) / 20) * 32768
    loud = sound.astype(np.float64) * (level / max(_active_rms(sound), 1e-9))
    if take.noise:
        noise = NOISES[take.noise](len(sound), np.random.default_rng(take.seed))
        loud += noise * (level * 10 ** (-take.snr_db / 20))
    return _coded(np.rint(np.clip(loud, -32768, 32767)).astype(np.int16))


def _coded(sound: Int16) -> Int16:
    down, up = Resampler(SAMPLE_RATE_HZ, LINE_HZ), Resampler(LINE_HZ, SAMPLE_RATE_HZ)
    narrow = np.concatenate([down.feed(sound), down.finish()])
    return np.concatenate([up.feed(decode_ulaw(encode_ulaw(narrow))), up.finish()])


def _active_rms(sound: Int16) -> float:
    """The level of what is spoken; 0 of silence."""
    whole = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES].astype(np.float64)
    whole = whole.reshape(-1, FRAME_SAMPLES)
    power = np.square(whole).mean(axis=1)
    active = power[power > power.max(initial=0.0) * 10 ** (ACTIVE_DB / 10)]
    return float(np.sqrt(active.mean())) if len(active) else 0.0


def pink(samples: int, rng: Rng) -> Floats:
    """Noise of equal power in each octave, as of fans and streets; of unit power."""
    return _shaped(rng.normal(size=samples), _pink_gain)


def babble(samples: int, rng: Rng) -> Floats:
    """Several talkers far off: noise with a voice's spectrum that swells with each syllable."""
    total = np.zeros(samples)
    for _ in range(TALKERS):
        syllables = _shaped(rng.normal(size=samples), _syllable_gain)
        centre = rng.uniform(350, 700)
        voice = _shaped(rng.normal(size=samples), partial(_voice_gain, centre_hz=centre))
        total += voice * np.maximum(0.2 + syllables, 0.0) * rng.uniform(0.5, 1.0)
    return _unit(total)


def _voice_gain(hz: Floats, centre_hz: float) -> Floats:
    """Flat up to a first formant, then 9 dB less an octave: the long-term spectrum of speech."""
    falling: Floats = np.minimum(1.0, (centre_hz / np.maximum(hz, 1.0)) ** 1.5) * (hz > 100)
    return falling


def _pink_gain(hz: Floats) -> Floats:
    falling: Floats = 1 / np.sqrt(np.maximum(hz, 30.0))
    return falling


def _syllable_gain(hz: Floats) -> Floats:
    between: Floats = np.where((hz > 1) & (hz < 6), 1.0, 0.0)
    return between


def _shaped(sound: Floats, gain: Callable[[Floats], Floats]) -> Floats:
    hz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE_HZ).astype(np.float64)
    return _unit(np.fft.irfft(np.fft.rfft(sound) * gain(hz), len(sound)).astype(np.float64))


def _unit(sound: Floats) -> Floats:
    unit: Floats = sound / max(float(np.sqrt(np.square(sound).mean())), 1e-12)
    return unit


NOISES: dict[str, Callable[[int, Rng], Floats]] = {"babble": babble, "pink": pink}


def cache_file(assistant: str, voices: Mapping[str, TtsOptions], asr: AsrOptions) -> Path:
    """Where transcripts are kept: named by all that they depend on beside their takes.

    Raises ModelError or EngineError where a model is missing.
    """
    parts = [str(REVISION), settled(asr).engine, asr.language, digest(model_name(asr))]
    parts += [f"{name} {voice_id(options)}" for name, options in sorted(voices.items())]
    recipe = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
    return Path("out/rehearsal") / f"{assistant}-{asr.model}-{recipe}.jsonl"


def chosen(sentences: Sequence[str], count: int, seed: int) -> list[str]:
    """Draw so many; when sentences are added, most of the draw stays, and so do its transcripts."""

    def rank(sentence: str) -> bytes:
        return hashlib.sha256(f"{seed} {sentence}".encode()).digest()

    return sorted(dict.fromkeys(sentences), key=rank)[:count]


def main() -> None:
    """Rehearse an assistant's training sentences and write the confusions."""
    options = _parser().parse_args()
    settings = load_settings()
    asked = asr_options(settings)
    asked = replace(asked, model=options.model or asked.model, second_look=SecondLook(hypotheses=1))
    console = Console(stderr=True)
    try:
        file = options.heard or cache_file(options.assistant.name, VOICES, asked)
        examples = load_intents(options.assistant / "intents.yaml").examples
        with console.status("loading the voices and the ears"):
            voices = {
                name: load_tts(replace(voice, device=settings.device))
                for name, voice in VOICES.items()
            }
            asr = load_asr(asked)
        sentences = chosen([each.text for each in examples], options.sentences, options.seed)
        rehearsal = Rehearsal(takes=options.takes, noisy=options.noisy, seed=options.seed)
        coming = rehearse(sentences, voices, asr, rehearsal, file)
        heard = list(_watched(coming, len(sentences) * options.takes, console))
    except (DataError, ModelError, VoiceError) as error:
        raise SystemExit(str(error)) from None
    write_confusions(learn((each.said, each.heard) for each in heard), options.out)
    console.print(f"{options.out}: learned from {len(heard)} takes; transcripts in {file}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m telephony.rehearse",
        description="Learn which words the speech recognition confuses: training sentences are"
        " spoken over a degraded telephone line and heard as in a call.",
    )
    usual, shipped = Rehearsal(), default_assistant()
    parser.add_argument("assistant", type=Path, nargs="?", default=shipped, help="its folder")
    parser.add_argument("--out", type=Path, required=True, help="where the confusions go (JSON)")
    parser.add_argument("--heard", type=Path, help="where transcripts go, and are taken up again")
    parser.add_argument("--sentences", type=int, default=500, help="drawn from the examples")
    parser.add_argument("--takes", type=int, default=usual.takes, help="of each sentence")
    parser.add_argument("--noisy", type=float, default=usual.noisy, help="share with noise")
    parser.add_argument("--model", help="Whisper size: base or tiny.en; as in a call unless given")
    parser.add_argument("--seed", type=int, default=usual.seed, help="of the draw and the noise")
    return parser


def _watched(coming: Iterator[Heard], total: int, console: Console) -> Iterator[Heard]:
    """What comes, with a progress bar."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        yield from progress.track(coming, total=total, description="saying and hearing")


if __name__ == "__main__":
    yield_idle_cores()
    main()
