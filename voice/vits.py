"""A Coqui VITS voice, and its inference in pieces.

VITS (Kim et al. 2021, https://arxiv.org/abs/2106.06103) reads the whole sentence once, for the
prior and the durations; after that every layer is a convolution of limited reach. So the flow and
the HiFi-GAN decoder run piece by piece, each with as many frames of context as they reach, and the
pieces join exactly into what one pass would give.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from voice.audio import Float32
from voice.tts_voice import Piece

FIRST_FRAMES = 24  # of a sentence: 0.28 s at the usual 11.6 ms a frame
MOST_FRAMES = 96  # a piece that is under way cannot be cancelled: keep it near 0.1 s of computing


@dataclass(frozen=True, slots=True)
class Noise:
    """How freely a voice varies: 0 is flat, and the same for every seed."""

    prior: float  # of timbre and intonation
    durations: float  # of rhythm


class Networks(Protocol):
    """What inference runs of a voice; arrays are of one sentence, (channels, symbols or frames)."""

    def read(self, ids: list[int], draw: Float32) -> tuple[Float32, Float32, Float32]:
        """Give each symbol's mean, log scale and, (symbols,), log duration.

        `draw` is the rhythm's noise, (2, symbols).
        """
        ...

    def flow(self, prior: Float32) -> Float32:
        """Give the latent frames of the prior's."""
        ...

    def wave(self, latent: Float32) -> Float32:
        """Give the samples of latent frames."""
        ...


class Vits:
    """One voice. Calls share nothing but the weights: safe to use from several threads."""

    def __init__(self, config: Any, networks: Networks) -> None:
        self.config = config
        self.sample_rate_hz: int = config.audio.sample_rate
        self.noise = Noise(
            config.model_args.inference_noise_scale, config.model_args.inference_noise_scale_dp
        )
        self.length_scale: float = config.model_args.length_scale
        self._networks = networks
        self._hop = math.prod(config.model_args.upsample_rates_decoder)
        self._flow_reach, self._decoder_reach = _reaches(config.model_args)

    def pieces(
        self, ids: list[int], seed: int, noise: Noise | None = None, speed: float = 1.0
    ) -> Iterator[Piece]:
        """The sound of these symbols: a short piece first, then longer ones.

        Each step computes for up to about a tenth of a second on two cores.
        """
        prior, symbols = self._prior(ids, seed, noise or self.noise, speed)
        length = prior.shape[1]
        latent = np.empty((prior.shape[0], 0), np.float32)
        begin = 0
        for end in piece_ends(length):
            latent = self._flow(prior, latent, min(end + self._decoder_reach, length))
            yield Piece(self._decode(latent, begin, end), (symbols[end - 1] + 1) / len(ids))
            begin = end

    def _prior(
        self, ids: list[int], seed: int, noise: Noise, speed: float
    ) -> tuple[Float32, list[int]]:
        """The prior's sample for every frame, (channels, frames), and which symbol each says."""
        import torch

        generator = torch.Generator().manual_seed(seed)

        def draw(*shape: int) -> Float32:
            drawn: Float32 = torch.randn(shape, generator=generator).numpy()
            return drawn

        rhythm = draw(2, len(ids)) if self.config.model_args.use_sdp else np.zeros((2, len(ids)))
        mean, log_scale, log_durations = self._networks.read(
            ids, np.float32(noise.durations) * rhythm.astype(np.float32)
        )
        stretch = self.length_scale / speed
        durations = np.ceil(np.exp(log_durations) * np.float32(stretch)).astype(int)
        symbol_of_frame = np.repeat(np.arange(len(ids)), durations)
        mean, log_scale = mean[:, symbol_of_frame], log_scale[:, symbol_of_frame]
        prior = mean + draw(*mean.shape) * np.exp(log_scale) * np.float32(noise.prior)
        return prior, symbol_of_frame.tolist()

    def _flow(self, prior: Float32, latent: Float32, until: int) -> Float32:
        """The latent, known up to some frame, made known until this one."""
        known = latent.shape[1]
        if until <= known:
            return latent
        first = max(known - self._flow_reach, 0)
        more = self._networks.flow(prior[:, first : until + self._flow_reach])
        return np.concatenate((latent, more[:, known - first : until - first]), axis=1)

    def _decode(self, latent: Float32, begin: int, end: int) -> Float32:
        first = max(begin - self._decoder_reach, 0)
        wave = self._networks.wave(latent[:, first : end + self._decoder_reach])
        return wave[(begin - first) * self._hop : (end - first) * self._hop]


def piece_ends(length: int) -> Iterator[int]:
    """Where pieces of this many frames end: each at most twice the one before, so none is late."""
    begin, size = 0, FIRST_FRAMES
    while begin < length:
        end = begin + size
        if length - end < FIRST_FRAMES:  # no crumbs: the context of a piece costs more than that
            end = length
        yield end
        begin, size = end, min(2 * size, MOST_FRAMES)


def _reaches(args: Any) -> tuple[int, int]:
    """Frames of context on each side that the flow and the decoder see."""
    layers = range(args.num_layers_flow)
    wavenet = sum(args.dilation_rate_flow**i * (args.kernel_size_flow - 1) // 2 for i in layers)
    couplings = 4  # Coqui has no option for it
    return couplings * wavenet, _decoder_reach(args)


def _decoder_reach(args: Any) -> int:
    second = (
        args.resblock_type_decoder == "1"
    )  # type 1 follows each dilated convolution by a plain one
    block = max(
        sum((kernel - 1) // 2 * (dilation + second) for dilation in dilations)
        for kernel, dilations in zip(
            args.resblock_kernel_sizes_decoder, args.resblock_dilation_sizes_decoder, strict=True
        )
    )
    reach, rate = 3.0, 1  # conv_pre's kernel is 7
    for factor, kernel in zip(
        args.upsample_rates_decoder, args.upsample_kernel_sizes_decoder, strict=True
    ):
        reach += math.ceil((kernel - 1) / factor / 2) / rate
        rate *= factor
        reach += block / rate
    return math.ceil(reach + 3 / rate)  # conv_post's kernel is 7
