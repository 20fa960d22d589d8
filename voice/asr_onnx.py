"""Whisper in ONNX Runtime, where a first transcript is wanted soon; beams in CTranslate2.

On a CPU without VNNI a step of the decoder takes ONNX Runtime a third of CTranslate2's time, and
its encoder gains from a second thread, while beams are searched sooner by one. Both work on the
same weights, in eight bits. AN4 on a telephone (128 utterances, base): 8.9 % word errors for 0.20 s
of a core, CTranslate2 9.9 % for 0.28 s; with two threads half of the utterances take less than 0.16
s instead of 0.23 s.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore

import ctranslate2
import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession, RunOptions

from models.cache import kept, key_of
from models.device import Device
from models.onnx import open_graph
from voice.asr_faster import FasterWhisperDecoder, side_by_side
from voice.asr_whisper import SHORT_CONTEXTS_SECONDS, Decoded, Encoded
from voice.audio import Float32

_USUAL_FRAMES = round(SHORT_CONTEXTS_SECONDS[-1] * 100)
_FRUGAL = RunOptions()  # else the 200 MB that the full context takes would never be given back
_FRUGAL.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

# a step is too short for two: five beams take two threads 1.2 to 1.7 times as long
_BEAM_THREADS = 1

ENCODER, DECODER = "encoder.onnx", "decoder.onnx"
REVISION = 3  # of what voice.asr_export makes; part of its name in the cache

Floats = NDArray[np.float32]
KeysAndValues = tuple[Floats, Floats]  # each (layers, heads, positions, width of a head)
Heard = Sequence[Floats]  # keys and values of each layer, each (1, heads, positions, width)


class OnnxWhisperDecoder:
    """Meets `LanguageDecoder`, on the CPU; as many utterances side by side as cores allow."""

    def __init__(
        self,
        folder: Path,
        weights: str,
        language: str,
        device: Device,
        languages: Sequence[str] = (),
    ) -> None:
        """`weights` is the digest of what is in the CTranslate2 `folder`."""
        alone = replace(device, threads=_BEAM_THREADS)
        self._beams = FasterWhisperDecoder(folder, language, alone, languages)
        self._networks = _open(folder, weights, device)
        self._languages = tuple(languages)

    def writing(self, language: str) -> "OnnxWhisperDecoder":
        """Return one that writes this language; see `LanguageDecoder`."""
        other = copy(self)
        other._beams = self._beams.writing(language)
        return other

    def encode(self, samples: Float32) -> Encoded:
        """Run the encoder; see `Decoder`."""
        states, heard = self._networks.encode(self._beams.features(samples)[None])
        return _Encoded(self._networks, self._beams, states, heard, self._languages)


@dataclass(frozen=True, slots=True)
class _Networks:
    """Both graphs; `turns` bounds how many utterances compute at once."""

    encoder: InferenceSession
    decoder: InferenceSession
    turns: BoundedSemaphore

    def encode(self, mel: Floats) -> tuple[Floats, Heard]:
        frugally = mel.shape[-1] > _USUAL_FRAMES
        with self.turns:
            states, *heard = self.encoder.run(None, {"mel": mel}, _FRUGAL if frugally else None)
        return states, heard

    def step(
        self, tokens: Sequence[int], at: Sequence[int], before: KeysAndValues, heard: Heard
    ) -> tuple[Floats, KeysAndValues]:
        """Logits (at, vocabulary) at some of the tokens, and `before` with all of them."""
        logits, keys, values = self.decoder.run(
            None,
            {
                "tokens": np.array([tokens]),
                "at": np.array(at),
                "keys": before[0],
                "values": before[1],
            }
            | {heard_name(index): each for index, each in enumerate(heard)},
        )
        return logits[0], (keys, values)


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Meets `Encoded`."""

    networks: _Networks
    beams: FasterWhisperDecoder
    states: Floats  # (1, positions, width)
    heard: Heard
    languages: tuple[str, ...]

    def decode(self, prompt: str, most_tokens: int, beams: int, hypotheses: int = 1) -> Decoded:
        """Transcribe; see `Encoded`."""
        if beams > 1 or hypotheses > 1:
            return self._searching.decode(prompt, most_tokens, beams, hypotheses)
        with self.networks.turns:
            return self._greedy(prompt, most_tokens)

    def rescore(self, seconds: float, sentences: Sequence[str]) -> list[float]:
        """Judge sentences; see `Encoded`."""
        return self._searching.rescore(seconds, sentences)

    @property
    def _searching(self) -> Encoded:
        return self.beams.encoded(ctranslate2.StorageView.from_array(self.states))

    def _greedy(self, prompt: str, most_tokens: int) -> Decoded:
        text = self.beams.text
        start = text.start(prompt)
        at = start.index(text.begin[0]), len(start) - 1
        logits, past = self.networks.step(start, at, self._nothing, self.heard)
        no_speech = float(np.exp(logits[0][text.no_speech] - _log_sum(logits[0])))
        scores = logits[1]
        scores[text.suppressed_first] = -np.inf
        written: list[int] = []
        total = 0.0
        while len(written) < most_tokens:
            scores[text.suppressed] = -np.inf
            token = int(scores.argmax())
            total += float(scores[token] - _log_sum(scores))
            if token == text.end:
                break
            written.append(token)
            logits, past = self.networks.step([token], (0,), past, self.heard)
            scores = logits[0]
        return Decoded(
            text=text.read(written),
            tokens=len(written),
            average_logprob=total / (len(written) + 1),
            no_speech=no_speech,
            languages=self._spoken() if self.languages else {},
        )

    def _spoken(self) -> dict[str, float]:
        """Tell the languages apart, by one step of the decoder."""
        text = self.beams.text
        logits, _ = self.networks.step(text.begin[:1], (0,), self._nothing, self.heard)
        of = [text.language(name) for name in self.languages]
        likely = np.exp(logits[0][of] - _log_sum(logits[0][of]))
        return dict(zip(self.languages, map(float, likely), strict=True))

    @property
    def _nothing(self) -> KeysAndValues:
        _, heads, _, each = self.heard[0].shape
        nothing = np.zeros((len(self.heard) // 2, heads, 0, each), np.float32)
        return nothing, nothing


def _log_sum(logits: Floats) -> float:
    """The logarithm of the sum of their exponentials."""
    most = logits.max()
    return float(most + np.log(np.exp(logits - most).sum()))


def heard_name(index: int) -> str:
    """Name an output of the encoder which is an input of the decoder; see `Heard`."""
    return f"heard_{index}"


def graphs_of(folder: Path, weights: str) -> Path:
    """Make the graphs of a CTranslate2 folder, half a minute's work, unless they are made."""
    return kept("whisper", key_of(weights, REVISION), partial(_export, folder))


def _open(folder: Path, weights: str, device: Device) -> _Networks:
    graphs = graphs_of(folder, weights)
    return _Networks(
        open_graph(graphs / ENCODER, device.threads),
        open_graph(graphs / DECODER),  # a step is too short for two threads
        BoundedSemaphore(side_by_side(device)),
    )


def _export(folder: Path, target: Path) -> None:
    from voice.asr_export import export_whisper  # torch takes seconds to import

    export_whisper(folder, target)
