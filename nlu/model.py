"""Joint BERT: one encoder, and on it heads for intent, several intents, slots and sentiment.

After Chen, Zhuo, Wang 2019, "BERT for Joint Intent Classification and Slot Filling"
(arXiv:1902.10909), with three differences: the sentence is the mean of its word pieces, as the
MiniLM sentence encoder was trained, not the [CLS] piece; the tagger sees that sentence beside each
piece; and a CRF ties neighbouring slot labels. The encoder learns whole, or stays frozen and learns
through LoRA (arXiv:2106.09685).
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from nlu import DataError
from nlu.crf import Crf
from nlu.encoders import check_folder

if TYPE_CHECKING:
    from nlu.files import Trained

LORA_MODULES = ("query", "key", "value", "dense")


@dataclass(frozen=True, slots=True)
class Shape:
    """How many of each the heads tell apart; `rank` 0 trains the encoder itself, without LoRA."""

    intents: int
    slot_labels: int
    sentiments: int
    rank: int
    dropout: float = 0.1
    standardise: bool = False  # what the encoder gives is centred and scaled, see `Standard`


class Standard(nn.Module):
    """Centres and scales each dimension, by what the encoder gives for the examples.

    The vectors of encoders trained with a low temperature, as E5 was, lie close together and are
    small; heads that learn at the rates of MiniLM's would take long to tell them apart.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.center = nn.Parameter(torch.zeros(hidden), requires_grad=False)
        self.scale = nn.Parameter(torch.ones(hidden), requires_grad=False)

    def settle(self, pieces: Tensor) -> None:
        """Take the mean and the spread of (pieces, hidden)."""
        self.center.copy_(pieces.mean(0))
        self.scale.copy_(1 / pieces.std(0).clamp_min(1e-3))

    def forward(self, pieces: Tensor) -> Tensor:
        """Map (batch, pieces, hidden) to the same."""
        return (pieces - self.center) * self.scale


class JointBert(nn.Module):
    """Word pieces to the logits of four heads: intent, intents, slots, sentiment."""

    def __init__(self, encoder: nn.Module, hidden: int, shape: Shape) -> None:
        super().__init__()
        self.encoder = encoder
        self.standard = Standard(hidden) if shape.standardise else nn.Identity()
        self.dropout = nn.Dropout(shape.dropout)
        self.intent = nn.Linear(hidden, shape.intents)
        self.intents = nn.Linear(hidden, shape.intents)
        self.tagger = nn.Sequential(nn.Linear(2 * hidden, hidden), nn.GELU())
        self.slots = nn.Linear(hidden, shape.slot_labels)
        self.crf = Crf(shape.slot_labels)
        self.sentiment = nn.Linear(hidden, shape.sentiments)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Give one intent and any intents, both (batch, intents), slots and sentiment.

        Slots are (batch, pieces, labels), the sentiment (batch, sentiments).
        `ids` and `mask` are (batch, pieces); the mask is 1 on word pieces and 0 on padding.
        """
        pieces, sentence = self.encode(ids, mask)
        return self.heads(pieces, sentence)

    def encode(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Give the pieces (batch, pieces, hidden) and their mean (batch, hidden)."""
        given = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        pieces: Tensor = self.standard(given)
        weight = mask.unsqueeze(-1).to(pieces.dtype)
        return pieces, (pieces * weight).sum(1) / weight.sum(1)

    def heads(self, pieces: Tensor, sentence: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Give the four heads' logits."""
        whole = self.dropout(sentence)
        around = whole.unsqueeze(1).expand_as(pieces)
        tagged = self.tagger(torch.cat((self.dropout(pieces), around), -1))
        return (
            self.intent(whole),
            self.intents(whole),
            self.slots(self.dropout(tagged)),
            self.sentiment(whole),
        )


def build(encoder_folder: Path, shape: Shape) -> JointBert:
    """Put fresh heads (and a fresh adapter) on the pretrained encoder.

    The word embeddings stay as they are: they are half of the encoder and their training gains
    nothing on sets of this size.
    """
    encoder = load_encoder(encoder_folder)
    hidden = encoder.config.hidden_size
    encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    if shape.rank:
        from peft import LoraConfig, get_peft_model

        config = LoraConfig(
            r=shape.rank,
            lora_alpha=2 * shape.rank,
            lora_dropout=shape.dropout,
            target_modules=list(LORA_MODULES),
        )
        with warnings.catch_warnings():
            # peft asks transformers for an attribute by its old name
            warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
            encoder = get_peft_model(encoder, config)
    return JointBert(encoder, hidden, shape)


def freeze(model: JointBert, layers: int) -> None:
    """Keep the lowest layers of the encoder, and what lies below them, as they are."""
    if not layers:
        return
    for name, weight in model.encoder.named_parameters():
        layer = layer_of(name)
        if layer is None or layer < layers:
            weight.requires_grad_(False)


def layer_of(name: str) -> int | None:
    """Read the number of the encoder's layer off a parameter's name; None where it is in none."""
    parts = name.split(".")
    return int(parts[parts.index("layer") + 1]) if "layer" in parts else None


def load_encoder(folder: Path) -> Any:
    """Load a BertModel without its pooler; attention spelled out, which exports and fuses best.

    Weights in 16 bits become 32. Raises DataError where the folder is no BERT encoder's.
    """
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

    check_folder(folder)
    config = BertConfig.from_pretrained(folder, attn_implementation="eager")
    encoder = BertModel(config, add_pooling_layer=False)
    weights = load_file(folder / "model.safetensors")
    try:
        missing = encoder.load_state_dict(
            {name.removeprefix("bert."): weight for name, weight in weights.items()}, strict=False
        ).missing_keys
    except RuntimeError:  # shapes unlike the configuration's
        missing = ["the shapes in config.json"]
    if missing:
        raise DataError(f"{folder}: no weights for {missing[0]}: give a BERT encoder's folder")
    return encoder


def trained_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return what training changed: the adapter's (or the encoder's) and the heads' tensors."""
    learned = {
        name
        for name, weight in model.named_parameters()
        if weight.requires_grad or name.startswith("standard.")
    }
    return {
        name: weight.detach().cpu().contiguous().clone()
        for name, weight in model.state_dict().items()
        if name in learned
    }


def merge_adapter(model: JointBert) -> JointBert:
    """Fold the adapter into the encoder's own weights."""
    from peft import PeftModel

    if isinstance(model.encoder, PeftModel):
        model.encoder = model.encoder.merge_and_unload()
    return model


def load_trained(encoder_folder: Path, trained: "Trained", weights: Path) -> JointBert:
    """Put a trained adapter and heads on the pretrained encoder."""
    from safetensors.torch import load_file

    labels = trained.labels
    shape = Shape(
        len(labels.intents), len(labels.slot_labels), len(labels.sentiments), trained.rank,
        standardise=trained.standardise,
    )  # fmt: skip
    model = build(encoder_folder, shape)
    freeze(model, trained.freeze)
    tensors = load_file(weights)
    wanted = {name: weight.shape for name, weight in trained_weights(model).items()}
    if wanted != {name: weight.shape for name, weight in tensors.items()}:
        raise DataError(f"{weights}: not the tensors model.json tells of: run `offhook train nlu`")
    model.load_state_dict(tensors, strict=False)
    return model.eval()
