"""The networks of a Coqui VITS voice in torch, out of Coqui's own layers.

Only the four that inference uses are built. Coqui's `Vits` class would add the training half, and
seconds of imports for it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from voice import EngineError
from voice.audio import Float32


class TorchNetworks:
    """Meets `Networks`, on a CPU or a GPU."""

    def __init__(self, config: Any, weights: Mapping[str, Any], speaker: str, device: str) -> None:
        _refuse_unsupported(config)
        self.args = config.model_args
        self._device = device
        self.speaker, self.language = _conditions(config, weights, speaker, device)
        self.net = _networks(config, weights).to(device)

    def read(self, ids: list[int], draw: Float32) -> tuple[Float32, Float32, Float32]:
        """See `Networks`."""
        import torch

        with torch.inference_mode():
            symbols = torch.tensor([ids], device=self._device)
            drawn = torch.from_numpy(draw)[None].to(self._device)
            mean, log_scale, log_durations = self.read_tensors(symbols, drawn)
        return _array(mean[0]), _array(log_scale[0]), _array(log_durations[0, 0])

    def read_tensors(self, symbols: Any, draw: Any) -> tuple[Any, Any, Any]:
        """Read (1, symbols) with noise (1, 2, symbols) as tensors with a batch of one."""
        lengths = (symbols >= 0).sum(1)  # no constant, for who traces this
        hidden, mean, log_scale, mask = self.net.text_encoder(
            symbols, lengths, lang_emb=self.language
        )
        speaker = self.speaker if self.args.condition_dp_on_speaker else None
        predictor = self.net.duration_predictor
        if self.args.use_sdp:
            conditions = (speaker, self.language)
            return mean, log_scale, _stochastic_durations(predictor, hidden, mask, conditions, draw)
        return mean, log_scale, predictor(hidden, mask, g=speaker, lang_emb=self.language)

    def flow(self, prior: Float32) -> Float32:
        """See `Networks`."""
        import torch

        with torch.inference_mode():
            return _array(self.flow_tensor(torch.from_numpy(prior)[None].to(self._device))[0])

    def flow_tensor(self, prior: Any) -> Any:
        """The same for (1, channels, frames) as a tensor."""
        mask = (prior[:, :1] == prior[:, :1]).to(prior.dtype)
        return self.net.flow(prior, mask, g=self.speaker, reverse=True)

    def wave(self, latent: Float32) -> Float32:
        """See `Networks`."""
        import torch

        with torch.inference_mode():
            return _array(self.wave_tensor(torch.from_numpy(latent)[None].to(self._device))[0, 0])

    def wave_tensor(self, latent: Any) -> Any:
        """The same for (1, channels, frames) as a tensor: (1, 1, samples)."""
        return self.net.waveform_decoder(latent, g=self.speaker)


def _array(tensor: Any) -> Float32:
    array: Float32 = tensor.cpu().numpy()
    return array


def weights_file(folder: Path) -> Path:
    """The file with a voice's weights. Raises EngineError."""
    files = [*folder.glob("*.safetensors"), *folder.glob("*.pth")]
    files = [f for f in files if f.name not in {"speakers.pth", "language_ids.pth"}]
    if not files:
        raise EngineError(f"{folder} has no weights (.safetensors or .pth): fetch the voice again")
    best = [f for f in files if f.stem in {"model", "model_file", "best_model"}] or files
    return best[0]


def load_weights(path: Path) -> dict[str, Any]:
    """Read a file of weights; of a `.pth`, a pickle, only tensors, never code."""
    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # each format raises its own kinds
        reason = str(error).strip().splitlines()[0]
        raise EngineError(f"{path} cannot be read as weights: {reason}") from error
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
    from TTS.tts.layers.vits.networks import ResidualCouplingBlocks, TextEncoder
    from TTS.vocoder.models.hifigan_generator import HifiganGenerator

    args = config.model_args
    hidden = args.hidden_channels
    speaker = weights["emb_g.weight"].shape[1] if "emb_g.weight" in weights else 0
    language = weights["emb_l.weight"].shape[1] if "emb_l.weight" in weights else 0
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
    net.duration_predictor = _duration_predictor(args, speaker, language)
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


def _duration_predictor(args: Any, speaker: int, language: int) -> Any:
    """Coqui's, for embeddings of speaker and language so wide; 0 for none."""
    from TTS.tts.layers.glow_tts.duration_predictor import DurationPredictor
    from TTS.tts.layers.vits.stochastic_duration_predictor import (
        StochasticDurationPredictor,
    )

    hidden = args.hidden_channels
    if not args.use_sdp:
        return DurationPredictor(
            hidden, 256, 3, 0.0, cond_channels=speaker, language_emb_dim=language
        )
    told = speaker if args.condition_dp_on_speaker else 0
    return StochasticDurationPredictor(
        hidden, 192, 3, 0.0, 4, cond_channels=told, language_emb_dim=language
    )


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
