"""Whisper in CTranslate2, with the features and the tokenizer of faster-whisper.

faster-whisper's own `transcribe` always encodes 30 s; CTranslate2, below it, takes less.
"""

from collections.abc import Sequence
from copy import copy
from pathlib import Path

import ctranslate2
import numpy as np
from ctranslate2.models import Whisper
from faster_whisper.feature_extractor import FeatureExtractor

from models.device import Device, cores
from voice.asr_whisper import Decoded, Encoded
from voice.audio import Float32
from voice.whisper_text import TEXT_CONTEXT, WhisperText

_MEL_FRAMES_PER_SECOND = 100
_LEAST_PROBABILITY = 1e-9  # of a token, so that its logarithm is one


class FasterWhisperDecoder:
    """Meets `Decoder`; on the CPU as many utterances run side by side as there are cores for."""

    def __init__(
        self, folder: Path, language: str, device: Device, languages: Sequence[str] = ()
    ) -> None:
        self._model = Whisper(
            str(folder),
            device=device.kind,
            compute_type=device.compute_type,
            intra_threads=device.threads,
            inter_threads=side_by_side(device),
        )
        self._features = FeatureExtractor(feature_size=self._model.n_mels)
        self.text = WhisperText(folder, language, multilingual=self._model.is_multilingual)
        self._languages = tuple(languages)
        for name in languages:
            self.text.language(name)

    def writing(self, language: str) -> "FasterWhisperDecoder":
        """Return one that writes this language; see `LanguageDecoder`."""
        other = copy(self)
        other.text = self.text.writing(language)
        return other

    def features(self, samples: Float32) -> Float32:
        """Return what the encoder reads, (mels, frames): a hundred frames a second."""
        mel: Float32 = np.ascontiguousarray(self._features(samples, padding=0), np.float32)
        return mel

    def encode(self, samples: Float32) -> Encoded:
        """Run the encoder; see `Decoder`."""
        batch = ctranslate2.StorageView.from_array(self.features(samples)[None])
        return self.encoded(self._model.encode(batch))

    def encoded(self, states: ctranslate2.StorageView) -> Encoded:
        """Take the encoder's states, (1, positions, width), as if it had encoded them."""
        return _Encoded(self._model, self.text, states, self._languages)


class _Encoded:
    """Meets `Encoded`."""

    def __init__(
        self,
        model: Whisper,
        text: WhisperText,
        states: ctranslate2.StorageView,
        languages: tuple[str, ...],
    ) -> None:
        self._model = model
        self._text = text
        self._states = states  # (1, positions, width)
        self._languages = languages

    def decode(self, prompt: str, most_tokens: int, beams: int, hypotheses: int = 1) -> Decoded:
        """Transcribe; see `Encoded`."""
        start = self._text.start(prompt)
        result = self._model.generate(
            self._states,
            [start],
            beam_size=beams,
            num_hypotheses=hypotheses,
            # it generates half of max_length at most, and counts the start in the other half
            max_length=min(TEXT_CONTEXT, max(2 * most_tokens, most_tokens + len(start))),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        (text, average_logprob), *others = (
            # the score is a mean over the tokens; Whisper's own measure counts the end as well
            (self._text.read(tokens), score * len(tokens) / (len(tokens) + 1))
            for tokens, score in zip(result.sequences_ids, result.scores, strict=True)
        )
        return Decoded(
            text=text,
            tokens=len(result.sequences_ids[0]),
            average_logprob=average_logprob,
            no_speech=result.no_speech_prob,
            others=tuple(others),
            languages=self._spoken() if self._languages else {},
        )

    def rescore(self, seconds: float, sentences: Sequence[str]) -> list[float]:
        """Judge sentences, all in one batch; see `Encoded`."""
        states = np.array(self._states.to_device(ctranslate2.Device.cpu))
        found = self._model.align(
            ctranslate2.StorageView.from_array(np.repeat(states, len(sentences), axis=0)),
            self._text.begin,
            [self._text.write(sentence) for sentence in sentences],
            [round(seconds * _MEL_FRAMES_PER_SECOND)] * len(sentences),
        )
        probabilities = (np.maximum(each.text_token_probs, _LEAST_PROBABILITY) for each in found)
        return [float(np.log(each).sum()) for each in probabilities]

    def _spoken(self) -> dict[str, float]:
        """Tell the languages apart, by one step of the decoder."""
        (found,) = self._model.detect_language(self._states)
        of = {token.strip("<|>"): probability for token, probability in found}
        total = sum(of[language] for language in self._languages)
        return {language: of[language] / total for language in self._languages}


def side_by_side(device: Device) -> int:
    """How many utterances at once; their workers share the weights."""
    return 1 if device.kind == "cuda" else max(1, cores() // device.threads)
