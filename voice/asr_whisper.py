"""Whisper on the phone: what every Whisper engine shares, from samples to transcript.

An engine is a `Decoder`; it knows its library and nothing else. Here are the encoder's context, the
bound on the tokens, the windows of long speech, and the order in which speech is tried again.

Whisper pads every utterance to 30 s, and that padding is most of what a short turn costs. Given
7 or 10 s it is as accurate and more than three times as fast (AN4 on a telephone, 128 utterances,
base: 9.8 and 10.0 % word errors for 0.25 and 0.33 s of a core; 6 s gives 11.0 %), but a word by
itself needs the 10 s (FSDD, 100 digits: 60 and 46 %; in 7 s it says some of them twice). Once in a
while it repeats itself without end. The bound on the tokens notices; the utterance is then decoded
at the 30 s of the model's training.

What is decoded greedily and without doubt is done. Where a doubt stays, what the encoder has made
of the sound is kept with the transcript: whoever wants to know what else may have been said has
several hypotheses searched in it. The encoder is most of the work, but five beams take as long as
an answer may: only where the words leave in doubt what was meant are they worth it.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from typing import Protocol

import numpy as np
from anyio import to_thread

from voice import EngineError
from voice.asr import SECOND_LOOK, Hypothesis, SecondLook, Transcript
from voice.asr_guards import has_sound, is_unfounded, without_noises, without_repeats
from voice.audio import FRAME_SAMPLES, SAMPLE_RATE_HZ, Float32, Frame
from voice.expectation import Expectation, Kind

SHORT_CONTEXTS_SECONDS = (7.0, 10.0)
WORD_SECONDS = 1.5  # with what is around it: shorter is a word by itself
FULL_CONTEXT_SECONDS = 30.0
MARGIN_SECONDS = 0.5  # a context filled to the brim loses its last word

TOKENS_PER_SECOND = 6  # nobody speaks faster for long
TOKENS_SPARE = 12
LOOP_NO_SPEECH = 0.4  # above it, what was said in a loop is no speech cut short but a tone
SURE_LOGPROB = -0.5  # an average above it needs no second opinion on whether anybody spoke
MOST_TOKENS = 224  # half of Whisper's text context; the other half is the prompt's

EARLIEST_CUT_SECONDS = (
    20.0  # from here on, speech that exceeds the context is cut where it is quiet
)
QUIET_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the model wrote: `tokens` counts them, `average_logprob` is theirs and the end's.

    `others` are the next best hypotheses, as text and average log probability. `languages` are the
    probabilities of those that the decoder was told to tell apart, and sum up to 1.
    """

    text: str
    tokens: int
    average_logprob: float
    no_speech: float
    others: tuple[tuple[str, float], ...] = ()
    languages: Mapping[str, float] = field(default_factory=dict)


class Encoded(Protocol):
    """What a model's encoder made of some sound; to be decoded as often as wanted. Blocking."""

    def decode(self, prompt: str, most_tokens: int, beams: int, hypotheses: int = 1) -> Decoded:
        """Write it down; `hypotheses` is at most `beams`, and an engine may give fewer."""
        ...

    def rescore(self, seconds: float, sentences: Sequence[str]) -> list[float]:
        """Log probability of each sentence, without a prompt. `seconds` of the sound are speech."""
        ...


class Decoder(Protocol):
    """A Whisper model in some library; safe to use from several threads at once."""

    def encode(self, samples: Float32) -> Encoded:
        """Blocking. The samples (-1 to 1, 16 kHz) are as long as the encoder's context shall be."""
        ...


class LanguageDecoder(Decoder, Protocol):
    """A decoder that can write another language."""

    def writing(self, language: str) -> Decoder:
        """Return one with the same weights that writes this language."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to decode. `patience` multiplies the bound on the tokens."""

    context_seconds: float
    beams: int  # 1 is greedy
    patience: int


# Whisper's usual last resort, sampling at a temperature, would make the same call end differently
# each time it is replayed: beams widen the search as well, and are deterministic.
ATTEMPTS = (
    *(Attempt(seconds, beams=1, patience=1) for seconds in SHORT_CONTEXTS_SECONDS),
    Attempt(FULL_CONTEXT_SECONDS, beams=1, patience=2),
    Attempt(FULL_CONTEXT_SECONDS, beams=5, patience=2),
)


class WhisperAsr:
    """Meets `RescoringAsr` with any `Decoder`; `others` write other languages."""

    def __init__(
        self,
        decoder: Decoder,
        language: str = "en",
        second_look: SecondLook = SECOND_LOOK,
        others: Mapping[str, Decoder] | None = None,
    ) -> None:
        self._decoders = {language: decoder, **(others or {})}
        self._language = language
        self._second_look = second_look

    def open(self, expectation: Expectation, hypotheses: int = 1) -> "WhisperStream":
        """Begin an utterance; several `hypotheses` are searched at once, with as many beams."""
        language = expectation.language
        language = language if language in self._decoders else self._language
        prompt = prompt_for(expectation, language)
        return WhisperStream(self._decoders[language], prompt, hypotheses, self._second_look)

    def warm_up(self) -> None:
        """Decode once: the first caller shall not wait for what libraries do lazily."""
        silence = _padded(np.zeros(0, np.float32), SHORT_CONTEXTS_SECONDS[0])
        self._decoders[self._language].encode(silence).decode(prompt="", most_tokens=1, beams=1)


class WhisperStream:
    """Meets `RescoringStream`: keeps the frames; all of them are transcribed at each `finish`."""

    def __init__(
        self,
        decoder: Decoder,
        prompt: str,
        hypotheses: int = 1,
        second_look: SecondLook = SECOND_LOOK,
    ) -> None:
        self._decoder = decoder
        self._prompt = prompt
        self._hypotheses = hypotheses
        self._second_look = second_look
        self._pcm: list[bytes] = []

    def feed(self, frame: Frame) -> None:
        """Add 20 ms."""
        self._pcm.append(frame.pcm)

    async def finish(self) -> Transcript:
        """Transcribe what was fed so far."""
        with _engine_errors():
            return await to_thread.run_sync(
                transcribe,
                self._decoder,
                self._samples(),
                self._prompt,
                self._hypotheses,
                self._second_look,
            )

    async def rescore(self, sentences: Sequence[str]) -> list[float]:
        """Judge sentences by what was fed so far, up to 30 s of it."""
        with _engine_errors():
            return await to_thread.run_sync(rescore, self._decoder, self._samples(), sentences)

    def _samples(self) -> Float32:
        pcm = np.frombuffer(b"".join(self._pcm), dtype="<i2")
        samples: Float32 = pcm.astype(np.float32) / np.float32(32_768)
        return samples


@contextmanager
def _engine_errors() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # what both libraries raise, out of memory included
        reason = str(error).partition("\n")[0]
        raise EngineError(f"speech recognition failed: {reason}") from error


def transcribe(
    decoder: Decoder,
    samples: Float32,
    prompt: str,
    hypotheses: int = 1,
    second_look: SecondLook = SECOND_LOOK,
) -> Transcript:
    """Turn an utterance of any length into text. Blocking.

    One that is cut into windows is not looked at again: there would be too many ways to hear it.
    """
    if not has_sound(samples):
        return Transcript("", confidence=0.0, no_speech=1.0, rejected="silence")
    pieces = list(windows(samples))
    if len(pieces) > 1:
        second_look = replace(second_look, hypotheses=1)
    return _joined([_hear(decoder, piece, prompt, hypotheses, second_look) for piece in pieces])


def rescore(decoder: Decoder, samples: Float32, sentences: Sequence[str]) -> list[float]:
    """Judge how well each sentence fits the first 30 s of the sound. Blocking."""
    first = next(windows(samples))
    context = _padded(first, _attempts(first)[0].context_seconds)
    return decoder.encode(context).rescore(first.size / SAMPLE_RATE_HZ, sentences)


def prompt_for(expectation: Expectation, language: str) -> str:
    """The text that the model is told came before, where that was found to help; else "".

    Telephone quality, base / tiny.en, on recordings that did not choose the wording: the number's
    sentence takes single digits (60 of FSDD) from 33 / 30 to 15 / 18 % word error rate and neither
    helps nor harms longer numbers and other words (73 of AN4 dev). Naming the drinks finds 103 / 99
    of 108 details of coffee orders instead of 96 / 88 (30 recordings of the barista set, of
    which half of it is not known). A spelled example did not help spelling, and came back as the
    text of noise.
    """
    if expectation.vocabulary:
        return f"{', '.join(expectation.vocabulary)}."
    if language == "en" and expectation.kind is Kind.DIGITS:
        return "My number is 86049."
    return ""


def windows(samples: Float32) -> Iterator[Float32]:
    """Cut long speech at quiet places into pieces that fit Whisper's context."""
    most = round((FULL_CONTEXT_SECONDS - MARGIN_SECONDS) * SAMPLE_RATE_HZ)
    while samples.size > most:
        cut = _quietest(samples, round(EARLIEST_CUT_SECONDS * SAMPLE_RATE_HZ), most)
        yield samples[:cut]
        samples = samples[cut:]
    yield samples


def _quietest(samples: Float32, start: int, end: int) -> int:
    """The middle of the `QUIET_SECONDS` with the least power between two positions."""
    power = np.square(samples[start:end]).reshape(-1, FRAME_SAMPLES).sum(axis=1)
    frames = round(QUIET_SECONDS * SAMPLE_RATE_HZ / FRAME_SAMPLES)
    sums = np.convolve(power, np.ones(frames), mode="valid")
    return start + (int(sums.argmin()) + frames // 2) * FRAME_SAMPLES


def _hear(
    decoder: Decoder, samples: Float32, prompt: str, hypotheses: int, second_look: SecondLook
) -> Transcript:
    """Transcribe a piece that fits the context, and doubt the result."""
    encoded, decoded, runaway = _decode(decoder, samples, prompt, hypotheses)
    if prompt and decoded.average_logprob < SURE_LOGPROB:
        decoded = replace(decoded, no_speech=_no_speech(encoded))
    confidence = min(1.0, math.exp(decoded.average_logprob))
    text = without_repeats(decoded.text)
    looped = text != decoded.text
    if (runaway and not looped) or (looped and decoded.no_speech > LOOP_NO_SPEECH):
        rejected = "repetition"
    elif not (spoken := without_noises(text)):
        rejected = "noise"
    elif is_unfounded(spoken, decoded.no_speech, decoded.average_logprob):
        rejected = "no speech"
    else:
        # the repeats were certain of themselves: what is left deserves only its share of that
        kept = len(text) / len(decoded.text)
        sure = confidence * kept
        best = Hypothesis(spoken, sure)
        others = _alternatives(best, decoded.others) if hypotheses > 1 else ()
        look_again = None
        if hypotheses == 1 and not looped and second_look.is_for(sure):
            bound = min(_most_tokens(samples), MOST_TOKENS)
            search = partial(_search, best, encoded, prompt, bound, second_look.hypotheses)
            look_again = LookAgain(search)
        return Transcript(
            spoken, sure, decoded.no_speech, "", others, *_language(decoded), look_again
        )
    # another language than the one it listens for often comes out as no words at all
    return Transcript("", 0.0, decoded.no_speech, rejected, (), *_language(decoded))


def _language(decoded: Decoded) -> tuple[str, float]:
    """Give the likeliest language and its probability; "" and 0 where none were told apart."""
    return max(decoded.languages.items(), key=lambda item: item[1], default=("", 0.0))


class LookAgain:
    """A search that is made at the first call and then lets go of the sound; from any thread.

    A reply that is given up may still be searching when the next one asks for the same.
    """

    def __init__(self, search: Callable[[], tuple[Hypothesis, ...]]) -> None:
        self._search: Callable[[], tuple[Hypothesis, ...]] | None = search
        self._found: tuple[Hypothesis, ...] = ()
        self._once = Lock()

    def __call__(self) -> tuple[Hypothesis, ...]:
        """See `Transcript.look_again`. Raises EngineError."""
        with self._once, _engine_errors():
            if self._search:
                self._found, self._search = self._search(), None
            return self._found


def _search(
    best: Hypothesis, encoded: Encoded, prompt: str, most_tokens: int, hypotheses: int
) -> tuple[Hypothesis, ...]:
    """Search several hypotheses in what is encoded already."""
    first = encoded.decode(prompt, most_tokens, hypotheses, hypotheses)
    return _alternatives(best, [(first.text, first.average_logprob), *first.others])


def _alternatives(best: Hypothesis, others: Sequence[tuple[str, float]]) -> tuple[Hypothesis, ...]:
    """The best and the others, each text once and none without words."""
    found = {best.text: best}
    for text, average_logprob in others:
        if spoken := without_noises(without_repeats(text)):
            found.setdefault(spoken, Hypothesis(spoken, min(1.0, math.exp(average_logprob))))
    return tuple(found.values())


def _decode(
    decoder: Decoder, samples: Float32, prompt: str, hypotheses: int
) -> tuple[Encoded, Decoded, bool]:
    """The first attempt that does not run away, else the last one and True."""
    context_seconds = 0.0
    for attempt in _attempts(samples):
        if attempt.context_seconds != context_seconds:
            context_seconds = attempt.context_seconds
            encoded = decoder.encode(_padded(samples, context_seconds))
        bound = min(_most_tokens(samples) * attempt.patience, MOST_TOKENS)
        beams = max(attempt.beams, hypotheses)
        decoded = encoded.decode(prompt, bound, beams, hypotheses)
        capped = decoded.tokens >= bound
        if not capped and without_repeats(decoded.text) == decoded.text:
            return encoded, decoded, False
    return encoded, decoded, capped


def _most_tokens(samples: Float32) -> int:
    return math.ceil(TOKENS_PER_SECOND * samples.size / SAMPLE_RATE_HZ + TOKENS_SPARE)


def _no_speech(encoded: Encoded) -> float:
    """What the model thinks without a prompt; with one it takes any noise for an answer."""
    return encoded.decode(prompt="", most_tokens=1, beams=1).no_speech


def _attempts(samples: Float32) -> list[Attempt]:
    """The shortest context that does for the samples, and the full one."""
    seconds = samples.size / SAMPLE_RATE_HZ
    least = SHORT_CONTEXTS_SECONDS[-1] if seconds < WORD_SECONDS else seconds + MARGIN_SECONDS
    fitting = [attempt for attempt in ATTEMPTS if least <= attempt.context_seconds]
    contexts = {fitting[0].context_seconds, FULL_CONTEXT_SECONDS}
    return [attempt for attempt in fitting if attempt.context_seconds in contexts]


def _joined(parts: Sequence[Transcript]) -> Transcript:
    """One transcript of several windows; those without words do not count."""
    heard = [part for part in parts if part.text]
    if not heard or len(parts) == 1:
        return parts[0]
    lengths = [len(part.text) for part in heard]
    longest = max(heard, key=lambda part: len(part.text))
    logprobs = [math.log(max(part.confidence, 1e-9)) for part in heard]
    return Transcript(
        " ".join(part.text for part in heard),
        confidence=math.exp(float(np.average(logprobs, weights=lengths))),
        no_speech=min(part.no_speech for part in heard),
        language=longest.language,
        language_confidence=longest.language_confidence,
    )


def _padded(samples: Float32, seconds: float) -> Float32:
    """The samples with silence after them, up to so many seconds."""
    return np.pad(samples, (0, round(seconds * SAMPLE_RATE_HZ) - samples.size))
