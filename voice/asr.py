"""Speech to text: the protocol, and the engines by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from models.device import Device, place
from models.registry import digest, model_path
from voice import EngineError, UnknownEngine
from voice.audio import Frame
from voice.expectation import Expectation

if TYPE_CHECKING:
    from voice.asr_whisper import LanguageDecoder


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One way to hear an utterance; `confidence` as a transcript's."""

    text: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was understood of one utterance.

    `text` is empty when the engine or a guard found no words. `confidence` is 0 to 1 (the geometric
    mean of the token probabilities), `no_speech` the engine's probability that nobody spoke,
    `rejected` says which guard emptied the text, and is "" otherwise. `alternatives`, the text
    itself first, are all that were asked for. `look_again` searches for them where the engine
    doubts and none were asked for; else it is None. It blocks, so call it in a worker thread. It
    holds the encoded sound (1 MB of Whisper base) until it is called: do not keep it for long.

    `language` is what was spoken, and `language_confidence` how likely, among those that the engine
    was asked to tell apart; else "" and 0. It is told of a rejected text too: another language than
    the one listened for often comes out as no words.
    """

    text: str
    confidence: float
    no_speech: float = 0.0
    rejected: str = ""
    alternatives: tuple[Hypothesis, ...] = ()
    language: str = ""
    language_confidence: float = 0.0
    look_again: Callable[[], tuple[Hypothesis, ...]] | None = field(
        default=None, compare=False, repr=False
    )


class AsrStream(Protocol):
    """One utterance on its way to text."""

    def feed(self, frame: Frame) -> None:
        """Add 20 ms of the caller's voice. Cheap: no inference here."""
        ...

    async def finish(self) -> Transcript:
        """Transcribe all that was fed, in a worker thread; more may be fed and finished again."""
        ...


class RescoringStream(AsrStream, Protocol):
    """An utterance of which the engine can also judge what somebody else makes of it."""

    async def rescore(self, sentences: Sequence[str]) -> list[float]:
        """Log probability of each sentence, given all that was fed; best without a prompt."""
        ...


class Asr(Protocol):
    """An engine; safe to use from several calls at once."""

    def open(self, expectation: Expectation) -> AsrStream:
        """Begin an utterance of which the dialogue expects this much."""
        ...


class RescoringAsr(Protocol):
    """An engine that meets `Asr`, and gives and judges more than one way to hear an utterance."""

    def open(self, expectation: Expectation, hypotheses: int = 1) -> RescoringStream:
        """Begin an utterance, whose transcript has up to so many alternatives when above 1."""
        ...


@dataclass(frozen=True, slots=True)
class SecondLook:
    """When an utterance can be searched for what else it may have been, if somebody asks."""

    below: float = 0.9  # of the transcript's confidence; two in five utterances over a phone line
    hypotheses: int = 5  # searched with as many beams; 1 looks at none again

    def is_for(self, confidence: float) -> bool:
        """Whether a text with this confidence is worth it."""
        return self.hypotheses > 1 and confidence < self.below


SECOND_LOOK = SecondLook()


@dataclass(frozen=True, slots=True)
class AsrOptions:
    """Which speech recognition, and where it runs."""

    engine: str = "onnx-whisper"  # a name in ENGINES; on a GPU this one is openai-whisper
    model: str = "base"  # the Whisper size: base, or tiny.en where many calls share a small machine
    language: str = "en"  # of the callers, as Whisper abbreviates it: en, de, es, zh…
    device: str = "auto"  # auto, cpu or cuda
    threads: int = 0  # CPU threads of one utterance (CTranslate2 alone); 0 leaves it to the machine
    second_look: SecondLook = SECOND_LOOK
    languages: tuple[str, ...] = ()  # of callers, to be told apart; see `Expectation`


def load_asr(options: AsrOptions) -> RescoringAsr:
    """Load the engine and run it once, so that the first caller need not wait.

    Raises EngineError, or ModelMissing when the weights are not there.
    """
    from voice.asr_whisper import WhisperAsr

    options = settled(options)
    engine = ENGINES.get(options.engine)
    if engine is None:
        known = f"{', '.join([*ENGINES][:-1])} or {[*ENGINES][-1]}"
        raise UnknownEngine(f"there is no ASR engine {options.engine!r}: choose {known}")
    if options.model.endswith(".en") and options.language != "en":
        raise UnknownEngine(
            f"Whisper {options.model} knows English alone: choose base for {options.language!r}"
        )
    if options.model.endswith(".en") and options.languages:
        raise UnknownEngine(f"Whisper {options.model} cannot tell languages apart: choose base")
    device = place(options.device)
    if options.threads:
        device = replace(device, threads=options.threads)
    look = options.second_look
    if engine is _openai_whisper:  # it gives away the best hypothesis alone
        look = replace(look, hypotheses=1)
    try:
        decoder = engine(options, device)
        others = {one: decoder.writing(one) for one in options.languages}
        others.pop(options.language, None)
        asr = WhisperAsr(decoder, options.language, look, others)
        asr.warm_up()
    except ImportError as error:
        raise EngineError(
            f"{options.engine} is not installed ({error.name} is missing): "
            f"run `pip install {PACKAGES[options.engine]}`"
        ) from error
    except (ValueError, RuntimeError) as error:  # an unknown language, unusable weights, no cuBLAS
        reason = str(error).partition("\n")[0]
        raise EngineError(f"{options.engine} cannot load {options.model}: {reason}") from error
    return asr


def settled(options: AsrOptions) -> AsrOptions:
    """Name the engine that will run: ONNX Runtime's graphs of Whisper are a CPU's."""
    if options.engine == "onnx-whisper" and place(options.device).kind == "cuda":
        return replace(options, engine="openai-whisper")
    return options


def model_name(options: AsrOptions) -> str:
    """The manifest's name for the weights that these options load."""
    options = settled(options)
    return f"whisper-{options.model}{'-torch' if options.engine == 'openai-whisper' else ''}"


def _faster_whisper(options: AsrOptions, device: Device) -> "LanguageDecoder":
    from voice.asr_faster import FasterWhisperDecoder

    return FasterWhisperDecoder(
        model_path(model_name(options)), options.language, device, options.languages
    )


def _openai_whisper(options: AsrOptions, device: Device) -> "LanguageDecoder":
    from voice.asr_openai import OpenAiWhisperDecoder

    return OpenAiWhisperDecoder(
        model_path(model_name(options)), options.language, device, options.languages
    )


def _onnx_whisper(options: AsrOptions, device: Device) -> "LanguageDecoder":
    from voice.asr_onnx import OnnxWhisperDecoder

    name = model_name(options)
    return OnnxWhisperDecoder(
        model_path(name), digest(name), options.language, device, options.languages
    )


PACKAGES = {
    "onnx-whisper": "onnxruntime faster-whisper",
    "faster-whisper": "faster-whisper",
    "openai-whisper": "openai-whisper",
}
ENGINES: dict[str, Callable[[AsrOptions, Device], "LanguageDecoder"]] = {
    "onnx-whisper": _onnx_whisper,
    "faster-whisper": _faster_whisper,
    "openai-whisper": _openai_whisper,
}
