"""What the joint model is taught by: the heads' losses, teachers, made-up outliers. Torch."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from nlu.course import IGNORE, Row, TrainOptions
from nlu.model import JointBert

WORDS_WEIGHT = 8.0  # of the slots: most words are in none, so their mean loss is small
DISTILL_TEMPERATURE = 2.0
CONTRAST_TEMPERATURE = 0.1
OUTLIER_MIX = (0.3, 0.7)  # of the one sentence in a mixture with another

Logits = tuple[Tensor, Tensor, Tensor, Tensor]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows as tensors; `words` are the places of the words' first pieces, (batch, words)."""

    ids: Tensor  # (batch, pieces)
    mask: Tensor  # (batch, pieces)
    intent: Tensor  # (batch,), IGNORE where there is not exactly one
    intents: Tensor  # (batch, intents), 1.0 where said
    says: Tensor  # (batch,), whether intents and slots are told
    words: Tensor
    lengths: Tensor  # (batch,), words
    slots: Tensor  # (batch, words)
    sentiment: Tensor  # (batch,)
    taught: tuple[Tensor, Tensor, Tensor] | None  # the teachers' logits, pieces padded

    @classmethod
    def of(cls, rows: Sequence[Row], intents: int, device: torch.device) -> "Batch":
        """Stack rows of unlike length."""
        ids, mask = padded([row.tokens.ids for row in rows])
        words, there = padded([row.tokens.firsts for row in rows])
        slots, _ = padded([[row.slots[i] for i in row.tokens.firsts] for row in rows])
        said = torch.zeros(len(rows), intents)
        for i, row in enumerate(rows):
            said[i, list(row.intents)] = 1.0
        made = cls(
            ids, mask, torch.tensor([row.intent for row in rows]), said,
            torch.tensor([row.says and bool(row.tokens.firsts) for row in rows]),
            words, there.sum(1), slots, torch.tensor([row.sentiment for row in rows]),
            _taught(rows, ids.shape[1]),
        )  # fmt: skip
        return made if device.type == "cpu" else made.to(device)

    def to(self, device: torch.device) -> "Batch":
        """Move to a device."""
        from accelerate.utils import send_to_device

        moved = {name: send_to_device(getattr(self, name), device) for name in self.__slots__}
        return Batch(**moved)


@dataclass(frozen=True, slots=True)
class Teaching:
    """What the loss needs to know besides the batch."""

    options: TrainOptions
    weights: Tensor | None  # of the intents, where they are balanced
    out_of_scope: int  # column, or -1


def loss(model: JointBert, batch: Batch, teaching: Teaching) -> Tensor:
    """Add the heads' losses, each the mean over what is told in the batch."""
    pieces, sentence = model.encode(batch.ids, batch.mask)
    logits = model.heads(pieces, sentence)
    total = _told(model, logits, batch, teaching)
    if teaching.options.outliers and teaching.out_of_scope >= 0:
        total = total + _outliers(model, sentence, batch, teaching)
    if teaching.options.contrast:
        total = total + teaching.options.contrast * _contrast(sentence, batch)
    if batch.taught is not None:
        share = teaching.options.distill
        total = (1 - share) * total + share * _as_taught(logits, batch, batch.taught)
    return total


def _told(model: JointBert, logits: Logits, batch: Batch, teaching: Teaching) -> Tensor:
    intent, intents, slots, sentiment = logits
    options = teaching.options
    total = intent.sum() * 0.0
    if bool((batch.intent != IGNORE).any()):
        total = total + functional.cross_entropy(
            intent, batch.intent, teaching.weights, ignore_index=IGNORE,
            label_smoothing=options.smoothing,
        )  # fmt: skip
    if options.several and bool(batch.says.any()):
        each = functional.binary_cross_entropy_with_logits(
            intents[batch.says], batch.intents[batch.says], reduction="none"
        )
        total = total + options.several * each.sum(1).mean()
    if slots.shape[-1] > 1 and bool(batch.says.any()):
        scores = slots.gather(1, batch.words[..., None].expand(-1, -1, slots.shape[-1]))
        of = batch.says
        total = total + model.crf.loss(
            scores[of].float(), batch.slots[of], batch.lengths[of]
        ) * WORDS_WEIGHT  # fmt: skip
    if bool((batch.sentiment != IGNORE).any()):
        total = total + functional.cross_entropy(
            sentiment, batch.sentiment, ignore_index=IGNORE, label_smoothing=options.smoothing
        )
    return total


def _outliers(model: JointBert, sentence: Tensor, batch: Batch, teaching: Teaching) -> Tensor:
    """Teach mixtures of two intents' sentences as out of scope.

    After Zhan et al. 2021 (arXiv:2106.08616): what lies between the intents belongs to none.
    """
    count = max(1, round(teaching.options.outliers * len(sentence)))
    one, other = torch.randint(len(sentence), (2, 4 * count), device=sentence.device)
    known = (batch.intent != IGNORE) & (batch.intent != teaching.out_of_scope)
    unlike = (batch.intent[one] != batch.intent[other]) & known[one] & known[other]
    one, other = one[unlike][:count], other[unlike][:count]
    if not len(one):
        return sentence.sum() * 0.0
    low, high = OUTLIER_MIX
    share = low + (high - low) * torch.rand(len(one), 1, device=sentence.device)
    mixed = share * sentence[one] + (1 - share) * sentence[other]
    target = torch.full((len(one),), teaching.out_of_scope, device=sentence.device)
    return teaching.options.outliers * functional.cross_entropy(
        model.intent(model.dropout(mixed)), target
    )


def _contrast(sentence: Tensor, batch: Batch) -> Tensor:
    """Draw sentences of one intent together and others apart.

    Supervised contrastive loss (Khosla et al. 2020, arXiv:2004.11362) on the sentences that the
    intent head sees: what SetFit (arXiv:2209.11055) does beforehand, done in the same pass.
    """
    known = batch.intent != IGNORE
    vectors = functional.normalize(sentence[known], dim=-1)
    intents = batch.intent[known]
    alike = intents[:, None] == intents[None, :]
    itself = torch.eye(len(intents), dtype=torch.bool, device=alike.device)
    alike = alike & ~itself
    anchors = alike.any(1)
    if not bool(anchors.any()):
        return sentence.sum() * 0.0
    near = (vectors @ vectors.T / CONTRAST_TEMPERATURE).masked_fill(itself, -torch.inf)
    likely = near.log_softmax(1).masked_fill(~alike, 0.0)
    return -(likely.sum(1)[anchors] / alike.sum(1)[anchors]).mean()


def _as_taught(logits: Logits, batch: Batch, taught: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    """Follow the teachers: Hinton et al. 2015 (arXiv:1503.02531)."""
    intent, intents, slots, _ = logits
    taught_intent, taught_intents, taught_slots = taught
    hot = DISTILL_TEMPERATURE
    says = batch.says
    if not bool(says.any()):
        return intent.sum() * 0.0

    def apart(student: Tensor, teacher: Tensor) -> Tensor:
        return hot**2 * functional.kl_div(
            (student / hot).log_softmax(-1), (teacher / hot).log_softmax(-1),
            reduction="none", log_target=True,
        ).sum(-1)  # fmt: skip

    total = apart(intent[says], taught_intent[says]).mean()
    each = functional.binary_cross_entropy_with_logits(
        intents[says], taught_intents[says].sigmoid(), reduction="none"
    )
    total = total + each.sum(1).mean()
    where = batch.words[..., None].expand(-1, -1, slots.shape[-1])
    there = torch.arange(where.shape[1], device=where.device) < batch.lengths[:, None]
    words = apart(slots.gather(1, where), taught_slots.gather(1, where))
    there = there & says[:, None]
    return total + WORDS_WEIGHT * words[there].mean()


def _taught(rows: Sequence[Row], pieces: int) -> tuple[Tensor, Tensor, Tensor] | None:
    of = [row.taught for row in rows if row.taught is not None]
    if len(of) < len(rows):
        return None
    return (
        torch.stack([torch.as_tensor(one.intent) for one in of]),
        torch.stack([torch.as_tensor(one.intents) for one in of]),
        torch.stack(
            [
                functional.pad(torch.as_tensor(one.slots), (0, 0, 0, pieces - len(one.slots)))
                for one in of
            ]
        ),
    )


def padded(rows: Sequence[Sequence[int]], fill: int = 0) -> tuple[Tensor, Tensor]:
    """Stack rows of unlike length; the mask is 1 where a row has something."""
    longest = max(1, *map(len, rows))
    stacked = torch.full((len(rows), longest), fill)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for i, row in enumerate(rows):
        stacked[i, : len(row)] = torch.tensor(row, dtype=torch.long)
        mask[i, : len(row)] = 1
    return stacked, mask


class Adversary:
    """Fast gradient method on the embeddings (Miyato et al. 2017, arXiv:1605.07725).

    It keeps the embeddings' gradient of a pass; between `turn` and `rest` a pass takes the step.
    """

    def __init__(self, model: JointBert, length: float) -> None:
        name = next(n for n, _ in model.encoder.named_modules() if n.endswith("embeddings"))
        self._module = model.encoder.get_submodule(name)
        self._length = length
        self._seen: Tensor | None = None
        self._step: Tensor | None = None
        self._hook = self._module.register_forward_hook(self._embedded)

    def turn(self) -> None:
        """After the first backward pass: the next forward pass takes the step."""
        if self._seen is not None and self._seen.grad is not None:
            gradient = self._seen.grad
            size = gradient.flatten(1).norm(dim=1).clamp_min(1e-12)
            self._step = self._length * gradient / size[:, None, None]

    def rest(self) -> None:
        """After the second: forget the step."""
        self._step = None

    def close(self) -> None:
        """Take the hook off."""
        self._hook.remove()

    def _embedded(self, module: nn.Module, args: object, output: Tensor) -> Tensor:
        if not torch.is_grad_enabled():
            return output
        if self._step is not None:
            return output + self._step
        if not output.requires_grad:
            output.requires_grad_()
        output.retain_grad()
        self._seen = output
        return output
