"""A Coqui VITS checkpoint, and its inference in pieces.

VITS (Kim et al. 2021, https://arxiv.org/abs/2106.06103) reads the whole sentence once, for the
prior and the durations; after that every layer is a convolution of limited reach. So the flow and
the HiFi-GAN decoder run piece by piece, each with as many frames of context as they reach, and the
pieces join exactly into what one pass would give.

Only the four networks that inference uses are built, out of Coqui's own layers. Coqui's `Vits`
class would add the training half, and seconds of imports for it. Exported to ONNX Runtime the flow
and the decoder take 0.6 to 0.8 of the CPU time and give the same to 1e-5, but the export takes 3 s
and would have to be kept beside every voice: torch stays.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voice import EngineError
from voice.audio import Float32
from voice.coqui_imports import prepare_coqui
from voice.tts_voice import Piece

FIRST_FRAMES = 24  # of a sentence: 0.28 s at the usual 11.6 ms a frame
MOST_FRAMES = 96  # a piece that is under way cannot be cancelled: keep it near 0.1 s of computing


@dataclass(frozen=True, slots=True)
class Noise:
    """How freely a voice varies: 0 is flat, and the same for every seed."""

    prior: float  # of timbre and intonation
    durations: float  # of rhythm


class Vits:
    """The networks of one voice. Calls share nothing but the weights: safe to use from threads."""

    def __init__(self, config: Any, weights: Mapping[str, Any], speaker: str, device: str) -> None:
        _refuse_unsupported(config)
        self.config = config
        self.sample_rate_hz: int = config.audio.sample_rate
        self.noise = Noise(
            config.model_args.inference_noise_scale, config.model_args.inference_noise_scale_dp
        )
        self.length_scale: float = config.model_args.length_scale
        self._device = device
        self._speaker, self._language = _conditions(config, weights, speaker, device)
        self._net = _networks(config, weights).to(device)
        self._hop = math.prod(config.model_args.upsample_rates_decoder)
        self._flow_reach, self._decoder_reach = _reaches(config.model_args)

    def pieces(
        self, ids: list[int], seed: int, noise: Noise | None = None, speed: float = 1.0
    ) -> Iterator[Piece]:
        """The sound of these symbols: a short piece first, then longer ones.

        Each step computes for up to about a tenth of a second on two cores.
        """
        prior, symbols = self._prior(ids, seed, noise or self.noise, speed)
        length = prior.shape[2]
        latent = prior.new_empty((1, prior.shape[1], 0))
        begin = 0
        for end in piece_ends(length):
            latent = self._flow(prior, latent, min(end + self._decoder_reach, length))
            yield Piece(self._decode(latent, begin, end), (symbols[end - 1] + 1) / len(ids))
            begin = end

    def _prior(
        self, ids: list[int], seed: int, noise: Noise, speed: float
    ) -> tuple[Any, list[int]]:
        """The prior's sample for every frame, [1, channels, frames], and which symbol each says."""
        import torch

        net = self._net
        generator = torch.Generator().manual_seed(seed)  # on the CPU: the same noise on any device
        with torch.inference_mode():
            symbols = torch.tensor([ids], device=self._device)
            lengths = torch.tensor([len(ids)], device=self._device)
            hidden, mean, log_scale, mask = net.text_encoder(
                symbols, lengths, lang_emb=self._language
            )
            speaker = self._speaker if self.config.model_args.condition_dp_on_speaker else None
            if self.config.model_args.use_sdp:
                draw = torch.randn((1, 2, len(ids)), generator=generator).to(self._device)
                log_durations = _stochastic_durations(
                    net.duration_predictor,
                    hidden,
                    mask,
                    (speaker, self._language),
                    draw * noise.durations,
                )
            else:
                log_durations = net.duration_predictor(
                    hidden, mask, g=speaker, lang_emb=self._language
                )
            stretch = self.length_scale / speed
            durations = torch.ceil(torch.exp(log_durations) * stretch)[0, 0].long()
            symbol_of_frame = torch.repeat_interleave(durations)
            mean, log_scale = mean[:, :, symbol_of_frame], log_scale[:, :, symbol_of_frame]
            draw = torch.randn(mean.shape, generator=generator).to(self._device)
            prior = mean + draw * torch.exp(log_scale) * noise.prior
            return prior, symbol_of_frame.tolist()

    def _flow(self, prior: Any, latent: Any, until: int) -> Any:
        """The latent, known up to some frame, made known until this one."""
        import torch

        known = latent.shape[2]
        if until <= known:
            return latent
        first = max(known - self._flow_reach, 0)
        with torch.inference_mode():
            window = prior[:, :, first : until + self._flow_reach]
            mask = window.new_ones((1, 1, window.shape[2]))
            more = self._net.flow(window, mask, g=self._speaker, reverse=True)
            return torch.cat((latent, more[:, :, known - first : until - first]), dim=2)

    def _decode(self, latent: Any, begin: int, end: int) -> Float32:
        import torch

        first = max(begin - self._decoder_reach, 0)
        with torch.inference_mode():
            window = latent[:, :, first : end + self._decoder_reach]
            wave = self._net.waveform_decoder(window, g=self._speaker)[0, 0]
            piece = wave[(begin - first) * self._hop : (end - first) * self._hop]
            sound: Float32 = piece.cpu().numpy()
            return sound


def piece_ends(length: int) -> Iterator[int]:
    """Where pieces of this many frames end: each at most twice the one before, so none is late."""
    begin, size = 0, FIRST_FRAMES
    while begin < length:
        end = begin + size
        if length - end < FIRST_FRAMES:  # no crumbs: the context of a piece costs more than that
            end = length
        yield end
        begin, size = end, min(2 * size, MOST_FRAMES)


def load_vits(folder: Path, *, speaker: str = "", device: str = "cpu") -> Vits:
    """Load a Coqui VITS folder: `config.json`, and weights as `.safetensors` or `.pth`.

    Coqui itself writes `.pth`, a pickle; of it only tensors are read, never code. `speaker` is the
    name or number of one of several speakers, "" the first. Raises EngineError.
    """
    path = folder / "config.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise EngineError(f"{folder} is not a Coqui voice: it has no config.json") from None
    except ValueError as error:
        raise EngineError(f"{path} is not JSON: {error}") from None
    if raw.get("model") != "vits":
        raise EngineError(f"{path} is a {raw.get('model')} voice; only Coqui's vits can be used")
    prepare_coqui()
    from TTS.tts.configs.vits_config import VitsConfig

    config = VitsConfig()
    try:
        config.from_dict(raw)
        for name in ("speakers_file", "language_ids_file"):  # they name the trainer's own disk
            if config.model_args[name]:
                config.model_args[name] = str(folder / Path(config.model_args[name]).name)
        return Vits(config, _weights(folder), speaker, device)
    except (KeyError, TypeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise EngineError(f"{folder} does not hold a whole VITS voice: {reason}") from error


def _weights(folder: Path) -> dict[str, Any]:
    import torch
    from safetensors.torch import load_file

    files = [*folder.glob("*.safetensors"), *folder.glob("*.pth")]
    files = [f for f in files if f.name not in {"speakers.pth", "language_ids.pth"}]
    if not files:
        raise EngineError(f"{folder} has no weights (.safetensors or .pth): fetch the voice again")
    best = [f for f in files if f.stem in {"model", "model_file", "best_model"}] or files
    try:
        if best[0].suffix == ".safetensors":
            return dict(load_file(best[0]))
        state = torch.load(best[0], map_location="cpu", weights_only=True)
    except Exception as error:  # each format raises its own kinds
        reason = str(error).strip().splitlines()[0]
        raise EngineError(f"{best[0]} cannot be read as weights: {reason}") from error
    return dict(state.get("model", state))


def _refuse_unsupported(config: Any) -> None:
    args = config.model_args
    for option in ("use_d_vector_file", "encoder_sample_rate"):
        if args[option]:
            raise EngineError(f"a VITS voice with {option} cannot be used: choose another voice")


def _networks(config: Any, weights: Mapping[str, Any]) -> Any:
    """The four networks with their weights, weight norm folded in."""
    from torch import nn
    from torch.nn.utils import parametrize
    from TTS.tts.layers.glow_tts.duration_predictor import DurationPredictor
    from TTS.tts.layers.vits.networks import ResidualCouplingBlocks, TextEncoder
    from TTS.tts.layers.vits.stochastic_duration_predictor import (
        StochasticDurationPredictor,
    )
    from TTS.vocoder.models.hifigan_generator import HifiganGenerator

    args = config.model_args
    hidden = args.hidden_channels
    speaker = weights["emb_g.weight"].shape[1] if "emb_g.weight" in weights else 0
    language = weights["emb_l.weight"].shape[1] if "emb_l.weight" in weights else 0
    predictor_speaker = speaker if args.condition_dp_on_speaker else 0
    net = nn.Module()
    net.text_encoder = TextEncoder(
        weights["text_encoder.emb.weight"].shape[0],
        hidden,
        hidden,
        args.hidden_channels_ffn_text_encoder,
        args.num_heads_text_encoder,
        args.num_layers_text_encoder,
        args.kernel_size_text_encoder,
        0.0,
        language_emb_dim=language,
    )
    net.flow = ResidualCouplingBlocks(
        hidden,
        hidden,
        kernel_size=args.kernel_size_flow,
        dilation_rate=args.dilation_rate_flow,
        num_layers=args.num_layers_flow,
        cond_channels=speaker,
    )
    if args.use_sdp:
        net.duration_predictor = StochasticDurationPredictor(
            hidden, 192, 3, 0.0, 4, cond_channels=predictor_speaker, language_emb_dim=language
        )
    else:
        net.duration_predictor = DurationPredictor(
            hidden, 256, 3, 0.0, cond_channels=speaker, language_emb_dim=language
        )
    net.waveform_decoder = HifiganGenerator(
        hidden,
        1,
        args.resblock_type_decoder,
        args.resblock_dilation_sizes_decoder,
        args.resblock_kernel_sizes_decoder,
        args.upsample_kernel_sizes_decoder,
        args.upsample_initial_channel_decoder,
        args.upsample_rates_decoder,
        inference_padding=0,
        cond_channels=speaker,
        conv_pre_weight_norm=False,
        conv_post_weight_norm=False,
        conv_post_bias=False,
    )
    for name, part in net.named_children():
        own = {
            k.removeprefix(f"{name}."): v for k, v in weights.items() if k.startswith(f"{name}.")
        }
        part.load_state_dict(own)
    for module in list(net.modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")
    return net.eval().requires_grad_(requires_grad=False)


def _conditions(
    config: Any, weights: Mapping[str, Any], speaker: str, device: str
) -> tuple[Any, Any]:
    """The embeddings of speaker and language, [1, channels, 1]; None where there is one only."""
    found = []
    for table, names in (
        ("emb_g.weight", config.model_args.speakers_file),
        ("emb_l.weight", config.model_args.language_ids_file),
    ):
        row = None
        if table in weights:
            wanted = speaker if table == "emb_g.weight" else ""
            index = _index(wanted, names)
            if not 0 <= index < len(weights[table]):
                raise EngineError(
                    f"the voice has {len(weights[table])} speakers, no number {index}"
                )
            row = weights[table][index].reshape(1, -1, 1).to(device)
        found.append(row)
    return found[0], found[1]


def _index(name: str, table: str | None) -> int:
    import torch

    if not name or name.isdecimal():
        return int(name or 0)
    if not table or not Path(table).is_file():
        raise EngineError(f"the voice does not name its speakers: give a number, not {name!r}")
    if table.endswith(".json"):
        ids = json.loads(Path(table).read_text(encoding="utf-8"))
    else:
        ids = torch.load(table, weights_only=True)
    if name not in ids:
        raise EngineError(f"the voice has no speaker {name!r}; it has {', '.join(sorted(ids))}")
    return int(ids[name])


def _stochastic_durations(
    predictor: Any, hidden: Any, mask: Any, conditions: tuple[Any, Any], draw: Any
) -> Any:
    """Log durations [1, 1, symbols]: Coqui's reverse pass, but with the noise given."""
    import torch

    speaker, language = conditions
    h = predictor.pre(hidden)
    if speaker is not None:
        h = h + predictor.cond(speaker)
    if language is not None:
        h = h + predictor.cond_lang(language)
    h = predictor.proj(predictor.convs(h, mask)) * mask
    flows = list(predictor.flows)
    for flow in [*reversed(flows[2:]), flows[0]]:  # the second is of use in training only
        draw = flow(torch.flip(draw, [1]), mask, g=h, reverse=True)
    return draw[:, :1]


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
