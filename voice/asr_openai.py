"""Whisper in torch: OpenAI's own package, on weights converted from CTranslate2's.

Its decoding is used as it is; only the encoder is told to accept less than 30 s.
"""

import json
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import gelu
from whisper import DecodingOptions, ModelDimensions, Whisper, log_mel_spectrogram
from whisper.model import AudioEncoder
from whisper.tokenizer import get_tokenizer

from models.device import Device
from voice.asr_whisper import Decoded, Encoded
from voice.audio import Float32


class AnyLengthEncoder(AudioEncoder):  # type: ignore[misc] # whisper has no types
    """Whisper's encoder for up to 30 s: a shorter input takes the first positions.

    What is encoded already passes through: languages and words are then told by one encoding.
    """

    def forward(self, mel: Tensor) -> Tensor:
        """Encode (batch, mels, frames) as (batch, frames / 2, state)."""
        if mel.shape[1] != self.conv1.in_channels:
            return mel
        x = gelu(self.conv2(gelu(self.conv1(mel)))).permute(0, 2, 1)
        x = (x + self.positional_embedding[: x.shape[1]]).to(x.dtype)
        for block in self.blocks:
            x = block(x)
        encoded: Tensor = self.ln_post(x)
        return encoded


class OpenAiWhisperDecoder:
    """Meets `Decoder`; one utterance at a time, for the package hooks its cache into the model."""

    def __init__(
        self, folder: Path, language: str, device: Device, languages: Sequence[str] = ()
    ) -> None:
        self._model = load_whisper(folder).to(device.kind)
        self._language = language
        self._half = device.kind == "cuda"
        self._one_at_a_time = Lock()
        self._languages = tuple(languages)
        for one in (language, *languages):
            get_tokenizer(self._model.is_multilingual, language=one)  # refuses an unknown one

    def writing(self, language: str) -> "OpenAiWhisperDecoder":
        """Return one that writes this language; see `LanguageDecoder`."""
        other = copy(self)
        other._language = language
        return other

    def encode(self, samples: Float32) -> Encoded:
        """See `Decoder`. The package encodes anew at each decoding, for it refuses short states."""
        mel: Tensor = log_mel_spectrogram(
            samples, self._model.dims.n_mels, device=self._model.device
        )
        return _Encoded(self, mel)

    def decode(self, mel: Tensor, prompt: str, most_tokens: int, beams: int) -> Decoded:
        """Transcribe features of shape (mels, frames)."""
        options = DecodingOptions(
            language=self._language,
            sample_len=most_tokens,
            beam_size=beams if beams > 1 else None,
            prompt=prompt or None,
            without_timestamps=True,
            fp16=self._half,
        )
        with self._one_at_a_time:
            heard = self._encoded(mel) if self._languages else mel
            result = self._model.decode(heard, options)
            languages = self._spoken(heard) if self._languages else {}
        return Decoded(
            text=result.text,
            tokens=len(result.tokens),
            average_logprob=result.avg_logprob,
            no_speech=result.no_speech_prob,
            languages=languages,
        )

    @torch.inference_mode()
    def _encoded(self, mel: Tensor) -> Tensor:
        half = self._half and mel.device.type == "cuda"
        encoded: Tensor = self._model.encoder((mel.half() if half else mel)[None])[0]
        return encoded

    @torch.inference_mode()
    def _spoken(self, encoded: Tensor) -> dict[str, float]:
        """Tell the languages apart, by one step of the decoder."""
        tokenizer = get_tokenizer(self._model.is_multilingual)
        start = torch.tensor([[tokenizer.sot]], device=encoded.device)
        logits = self._model.decoder(start, encoded[None])[0, 0].float()
        tokens = [tokenizer.to_language_token(language) for language in self._languages]
        likely = logits[tokens].softmax(dim=-1).tolist()
        return dict(zip(self._languages, likely, strict=True))

    @torch.inference_mode()
    def rescore(self, mel: Tensor, sentences: Sequence[str]) -> list[float]:
        """Judge sentences. As faster-whisper's: among the words, without the end."""
        tokenizer = get_tokenizer(self._model.is_multilingual, language=self._language)
        start = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        with self._one_at_a_time:
            encoded = self._model.encoder(mel[None])
            return [
                self._logprob(encoded, start, tokenizer.encode(f" {sentence.strip()}"))
                for sentence in sentences
            ]

    def _logprob(self, encoded: Tensor, start: list[int], text: list[int]) -> float:
        tokens = torch.tensor([[*start, *text]], device=encoded.device)
        logits = self._model.decoder(tokens, encoded)[0, len(start) - 1 : -1]
        end_of_words = get_tokenizer(self._model.is_multilingual).eot
        logprobs = logits[:, :end_of_words].float().log_softmax(dim=-1)
        return float(logprobs.gather(1, torch.tensor(text, device=encoded.device)[:, None]).sum())


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Meets `Encoded`."""

    decoder: OpenAiWhisperDecoder
    mel: Tensor

    def decode(self, prompt: str, most_tokens: int, beams: int, hypotheses: int = 1) -> Decoded:
        """Transcribe; see `Encoded`. The package gives away the best hypothesis alone."""
        return self.decoder.decode(self.mel, prompt, most_tokens, beams)

    def rescore(self, seconds: float, sentences: Sequence[str]) -> list[float]:
        """Judge sentences; see `Encoded`."""
        return self.decoder.rescore(self.mel, sentences)


def load_whisper(folder: Path) -> Whisper:
    """Build the model in float32, with our encoder in the place of its own."""
    dims = ModelDimensions(**json.loads((folder / "dims.json").read_text(encoding="utf-8")))
    model = Whisper(dims)
    with torch.device("meta"):  # its weights are not drawn at random before they are loaded
        model.encoder = AnyLengthEncoder(
            dims.n_mels, dims.n_audio_ctx, dims.n_audio_state, dims.n_audio_head, dims.n_audio_layer
        )
    weights = load_file(folder / "model.safetensors")
    model.load_state_dict({name: tensor.float() for name, tensor in weights.items()}, assign=True)
    return model.eval()
