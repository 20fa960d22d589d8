"""Whisper as two ONNX graphs, in eight bits: made once on a machine, from the weights that it has.

The encoder gives, besides its states, what every decoder layer attends to in them, so that it is
computed once an utterance. The decoder takes any number of tokens at once and what it has kept of
those before.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn
from whisper import Whisper
from whisper.model import MultiHeadAttention

from models import whisper
from models.onnx import quantise, trace
from voice.asr_onnx import DECODER, ENCODER, heard_name
from voice.asr_openai import load_whisper

_EXAMPLE = (200, 4, 3)  # mel frames, tokens, tokens before: they vary


def export_whisper(ctranslate2: Path, target: Path) -> None:
    """Write both graphs of a CTranslate2 folder into `target`; takes half a minute."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        whisper.convert(ctranslate2, folder)
        model = load_whisper(folder)
        _export_encoder(model, folder / ENCODER)
        _export_decoder(model, folder / DECODER)
        for name in (ENCODER, DECODER):
            # a convolution in eight bits takes longer than in floats
            quantise(folder / name, target / name, operators=["MatMul"])


class _Encoder(nn.Module):
    """Features to states, and the keys and values that each layer of the decoder attends to."""

    def __init__(self, model: Whisper) -> None:
        super().__init__()
        self.encoder = model.encoder
        self.decoder = model.decoder

    def forward(self, mel: Tensor) -> tuple[Tensor, ...]:
        """(1, mels, frames) to (1, positions, width), and a layer two (1, heads, positions, each).

        In one tensor for all layers they would be taken apart, and so copied, at every step.
        """
        states = self.encoder(mel)
        attentions = [block.cross_attn for block in self.decoder.blocks]
        heard = [
            _by_head(of, projected)
            for of in attentions
            for projected in (of.key(states), of.value(states))
        ]
        return states, *heard


class _Decoder(nn.Module):
    """Tokens to the next one's logits, at the positions asked for."""

    def __init__(self, model: Whisper) -> None:
        super().__init__()
        self.decoder = model.decoder

    def forward(
        self,
        tokens: Tensor,
        at: Tensor,
        before: tuple[Tensor, Tensor],
        heard: tuple[Tensor, ...],
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(1, tokens) to (1, at, vocabulary), and `before` with these tokens.

        `before` are keys and values, each (layers, heads, positions, each); `heard` is the
        encoder's.
        """
        decoder = self.decoder
        done, new = before[0].shape[2], tokens.shape[1]
        x = decoder.token_embedding(tokens) + decoder.positional_embedding[done : done + new]
        future = torch.full((new, new), float("-inf")).triu(1)
        mask = torch.cat((torch.zeros(new, done), future), 1)
        keys, values = [], []
        for layer, block in enumerate(decoder.blocks):
            normed = block.attn_ln(x)
            key = _by_head(block.attn, block.attn.key(normed))
            value = _by_head(block.attn, block.attn.value(normed))
            keys.append(torch.cat((before[0][layer : layer + 1], key), 2))
            values.append(torch.cat((before[1][layer : layer + 1], value), 2))
            x = x + _attend(block.attn, normed, keys[-1], values[-1], mask)
            normed = block.cross_attn_ln(x)
            x = x + _attend(block.cross_attn, normed, *heard[2 * layer : 2 * layer + 2])
            x = x + block.mlp(block.mlp_ln(x))
        logits = decoder.ln(x)[:, at] @ decoder.token_embedding.weight.T
        return logits, torch.cat(keys), torch.cat(values)


def _by_head(attention: MultiHeadAttention, projected: Tensor) -> Tensor:
    """(1, positions, width) to (1, heads, positions, each)."""
    each = projected.shape[2] // attention.n_head
    return projected.view(1, -1, attention.n_head, each).transpose(1, 2)


def _attend(
    attention: MultiHeadAttention,
    x: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: Tensor | None = None,
) -> Tensor:
    queries = _by_head(attention, attention.query(x)) * keys.shape[3] ** -0.5
    scores = queries @ keys.transpose(2, 3)
    if mask is not None:
        scores = scores + mask
    mixed: Tensor = attention.out((scores.softmax(-1) @ values).transpose(1, 2).flatten(2))
    return mixed


def _export_encoder(model: Whisper, path: Path) -> None:
    mel = torch.zeros(1, model.dims.n_mels, _EXAMPLE[0])
    trace(_Encoder(model), (mel,), path, {"mel": [2]}, {"states": [1]} | _heard(model))


def _export_decoder(model: Whisper, path: Path) -> None:
    dims = model.dims
    heads, each = dims.n_text_head, dims.n_text_state // dims.n_text_head
    heard = tuple(torch.zeros(1, heads, _EXAMPLE[0] // 2, each) for _ in _heard(model))
    before = torch.zeros(dims.n_text_layer, heads, _EXAMPLE[2], each)
    tokens = torch.zeros(1, _EXAMPLE[1], dtype=torch.long)
    at = torch.tensor([0, _EXAMPLE[1] - 1])
    takes = {"tokens": [1], "at": [0], "keys": [2], "values": [2]} | _heard(model)
    gives = {"logits": [1], "all_keys": [2], "all_values": [2]}
    trace(_Decoder(model), (tokens, at, (before, before), heard), path, takes, gives)


def _heard(model: Whisper) -> dict[str, list[int]]:
    return {heard_name(index): [2] for index in range(2 * model.dims.n_text_layer)}
