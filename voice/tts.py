"""Text to speech: the protocol, and the engines by name."""

from collections.abc import AsyncGenerator, Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from models import ModelError
from models.device import place
from models.manifest import combined_sha256
from models.registry import digest, file_sha256, model_path
from voice import EngineError, UnknownEngine
from voice.audio import SpokenFrame
from voice.speakable import speakable
from voice.tts_espeak import as_written, load_espeak
from voice.tts_voice import Voice, VoiceTts

REVISION = 3  # of the sound that our code makes of the weights: raise it when that changes


class Tts(Protocol):
    """A voice; safe to use from several calls at once."""

    def synthesize(self, text: str, speed: float = 1.0) -> AsyncGenerator[SpokenFrame]:
        """Speak the text: 20 ms frames, `at` counted from the text's beginning.

        `speed` is against the voice's own: at 0.8 the same takes a quarter longer. The first frames
        come before the sentence is done. Each frame tells which share of the text has been said by
        its end (from the engine's own durations; of several sentences each counts by its letters),
        so that an interrupted reply's transcript holds only what was heard; the last frame says
        1.0. Inference runs in a worker thread. Text without a speakable character gives no frames.
        """
        ...


class PreparingTts(Tts, Protocol):
    """A voice that keeps what it has spoken."""

    async def prepare(self, text: str, speed: float = 1.0) -> None:
        """Speak it ahead, for a `synthesize` that may come; cancel to give it up.

        A voice that is busy with another such text does not begin.
        """
        ...


@dataclass(frozen=True, slots=True)
class TtsOptions:
    """Which voice speaks, and how."""

    engine: str = "coqui"  # a name of `ENGINES`
    model: str = ""  # a model's name, or the path of its folder; "" is the engine's own default
    speaker: str = ""  # name or number, of a Coqui voice with several speakers; "" is the first
    speed: float = 1.0  # 1.2 speaks 20 % faster; 0.5 to 2
    device: str = "auto"  # auto, cpu or cuda; hibari runs on the CPU


@dataclass(frozen=True, slots=True)
class Engine:
    """How to load an engine's voice from a folder, and the model it speaks with by default."""

    load: Callable[[Path, TtsOptions], Voice]
    default_model: str
    weights: bool = True  # else the model is the name of a voice that comes with the package
    speakable: Callable[[str], str] = speakable  # what it is given to say of a text


def _coqui(folder: Path, options: TtsOptions) -> Voice:
    from voice.tts_coqui import load_coqui

    device = place(options.device)
    return load_coqui(
        folder,
        speaker=options.speaker,
        speed=options.speed,
        device=device.kind,
        threads=device.threads,
    )


def _hibari(folder: Path, options: TtsOptions) -> Voice:
    from voice.tts_hibari import load_hibari

    return load_hibari(folder, speed=options.speed)


def _espeak(name: Path, options: TtsOptions) -> Voice:
    return load_espeak(str(name), speed=options.speed)


ENGINES = {
    "coqui": Engine(_coqui, default_model="coqui-joe"),
    "hibari": Engine(_hibari, default_model="hibari-heart"),
    "espeak": Engine(_espeak, "en-us", weights=False, speakable=as_written),
}


def load_tts(options: TtsOptions = TtsOptions()) -> Tts:
    """Load a voice: seconds, so once at start. Raises EngineError in one line."""
    engine, model = _choice(options)
    if not 0.5 <= options.speed <= 2:
        raise UnknownEngine(f"a speed of {options.speed} is not speech: choose 0.5 to 2")
    try:
        local = not engine.weights or Path(model).is_dir()
        folder = Path(model) if local else model_path(model)
        voice = engine.load(folder, options)
    except ModelError as error:
        raise EngineError(str(error)) from error
    moment = engine.speakable("1 moment.")
    for _ in voice.pieces(moment):  # what comes late at first use comes late now
        pass
    return VoiceTts(voice, engine.speakable)


def voice_id(options: TtsOptions) -> str:
    """Name all that the sound of a voice depends on: engine, weights, options, and our code."""
    engine, model = _choice(options)
    folder = Path(model)
    try:
        if not engine.weights:
            sha256 = f"{model} {version('espeakng-loader')}"
        elif folder.is_dir():
            files = sorted(file for file in folder.iterdir() if file.is_file())
            sha256 = combined_sha256({file.name: file_sha256(file) for file in files})
        else:
            sha256 = digest(model)
    except ModelError as error:
        raise EngineError(str(error)) from error
    options_said = f"speaker={options.speaker} speed={options.speed}"
    return f"{options.engine} {sha256} {options_said} revision={REVISION}"


def _choice(options: TtsOptions) -> tuple[Engine, str]:
    """The engine, and the name or path of the model it is to speak with."""
    if options.engine not in ENGINES:
        raise UnknownEngine(f"no TTS engine {options.engine!r}: choose {_either(ENGINES)}")
    engine = ENGINES[options.engine]
    return engine, options.model or engine.default_model


def _either(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}"
