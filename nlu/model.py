"""Joint BERT: one encoder, and on it three heads: intent, slots (BIO), sentiment.

After Chen, Zhuo, Wang 2019, "BERT for Joint Intent Classification and Slot Filling"
(arXiv:1902.10909); the sentence is the mean of its word pieces, as the MiniLM sentence encoder was
trained, not the [CLS] piece. The encoder stays frozen and learns through LoRA (arXiv:2106.09685).
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from nlu import DataError

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


class JointBert(nn.Module):
    """Ids (batch, pieces) to logits: (batch, intents), (batch, pieces, labels), (batch, 3)."""

    def __init__(self, encoder: nn.Module, hidden: int, shape: Shape) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(shape.dropout)
        self.intent = nn.Linear(hidden, shape.intents)
        self.slots = nn.Linear(hidden, shape.slot_labels)
        self.sentiment = nn.Linear(hidden, shape.sentiments)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """`mask` is 1 on word pieces and 0 on padding."""
        pieces = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask.unsqueeze(-1).to(pieces.dtype)
        sentence = self.dropout((pieces * weight).sum(1) / weight.sum(1))
        return self.intent(sentence), self.slots(self.dropout(pieces)), self.sentiment(sentence)


def build(encoder_folder: Path, shape: Shape) -> JointBert:
    """Put fresh heads (and a fresh adapter) on the pretrained encoder."""
    encoder = load_encoder(encoder_folder)
    hidden = encoder.config.hidden_size
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


def load_encoder(folder: Path) -> Any:
    """Load a BertModel without its pooler; attention spelled out, which exports and fuses best."""
    from safetensors.torch import load_file
    from transformers import BertConfig, BertModel

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
    """Return what training changed: the adapter's and the heads' tensors."""
    learned = {name for name, weight in model.named_parameters() if weight.requires_grad}
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
        len(labels.intents), len(labels.slot_labels), len(labels.sentiments), trained.rank
    )
    model = build(encoder_folder, shape)
    tensors = load_file(weights)
    wanted = {name: weight.shape for name, weight in trained_weights(model).items()}
    if wanted != {name: weight.shape for name, weight in tensors.items()}:
        raise DataError(f"{weights}: not the tensors model.json tells of: run `offhook train nlu`")
    model.load_state_dict(tensors, strict=False)
    return model.eval()
