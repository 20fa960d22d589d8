"""Whisper in CTranslate2, with the features and the tokenizer of faster-whisper.

faster-whisper's own `transcribe` always encodes 30 s; CTranslate2, below it, takes less.
"""

from pathlib import Path

import ctranslate2
import numpy as np
import tokenizers
from ctranslate2.models import Whisper
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.tokenizer import Tokenizer

from models.device import Device, cores
from voice.asr_whisper import Decoded
from voice.audio import Float32

_TEXT_CONTEXT = 448  # tokens, of which the prompt may take half
_MOST_PROMPT_TOKENS = _TEXT_CONTEXT // 2 - 1


class FasterWhisperDecoder:
    """Meets `Decoder`; on the CPU as many utterances run side by side as there are cores for."""

    def __init__(self, folder: Path, language: str, device: Device) -> None:
        self._model = Whisper(
            str(folder),
            device=device.kind,
            compute_type=device.compute_type,
            intra_threads=device.threads,
            inter_threads=_side_by_side(device),
        )
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        self._tokenizer = Tokenizer(
            tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json")),
            self._model.is_multilingual,
            task="transcribe",
            language=language,
        )

    def decode(self, samples: Float32, prompt: str, most_tokens: int, beams: int) -> Decoded:
        """Transcribe; see `Decoder`."""
        mel = self._features(samples, padding=0)
        start = self._start_tokens(prompt)
        result = self._model.generate(
            ctranslate2.StorageView.from_array(np.ascontiguousarray(mel[None])),
            [start],
            beam_size=beams,
            # it generates half of max_length at most, and counts the start in the other half
            max_length=min(_TEXT_CONTEXT, max(2 * most_tokens, most_tokens + len(start))),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = result.sequences_ids[0]
        return Decoded(
            text=self._tokenizer.decode(tokens).strip(),
            tokens=len(tokens),
            # the score is a mean over the tokens; Whisper's own measure counts the end as well
            average_logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),
            no_speech=result.no_speech_prob,
        )

    def _start_tokens(self, prompt: str) -> list[int]:
        tokenizer = self._tokenizer
        start = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        if not prompt:
            return start
        before = tokenizer.encode(f" {prompt.strip()}")[-_MOST_PROMPT_TOKENS:]
        return [tokenizer.sot_prev, *before, *start]


def _side_by_side(device: Device) -> int:
    """How many utterances at once; their workers share the weights."""
    return 1 if device.kind == "cuda" else max(1, cores() // device.threads)
