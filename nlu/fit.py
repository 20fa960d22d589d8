"""The training loop of the joint model: torch, seeded, stopped early."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from nlu.augment import slot_values, vary
from nlu.course import IGNORE, Course, Epoch, Outputs, Row, TrainOptions
from nlu.decode import Labels
from nlu.metrics import slot_spans
from nlu.model import JointBert, Shape, build, trained_weights

WARM_UP = 0.1  # share of the steps in which the learning rate rises
CLIP_NORM = 1.0
WEIGHT_DECAY = 0.01
AVERAGE_DECAY = 0.98  # of the weights' moving average, per step: what is judged and kept
SMOOTHING = 0.1  # of intent and sentiment labels: some sentences could mean another thing too
SLOT_WEIGHT = 8.0  # most words are in no slot, so their mean loss is small


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model as it was in its best epoch; `weights` is what training changed."""

    model: JointBert
    weights: dict[str, Tensor]
    best: Epoch
    epochs: int

    @property
    def parameters(self) -> int:
        """How many numbers were trained."""
        return sum(weight.numel() for weight in self.weights.values())


def fit(
    encoder: Path, course: Course, options: TrainOptions, progress: Callable[[Epoch], None]
) -> Fitted:
    """Train until the development score no longer rises."""
    labels = course.labels
    with _seeded(options):
        shape = Shape(
            len(labels.intents),
            len(labels.slot_labels),
            len(labels.sentiments),
            options.rank,
            options.dropout,
        )
        model = build(encoder, shape)
        draw = random.Random(options.seed)  # noqa: S311 - reproducible, not secret
        steps = options.epochs * -(-len(course.taught) // options.batch)
        optimizer, schedule = _optimizer(model, options, steps)
        averaging = get_ema_multi_avg_fn(AVERAGE_DECAY)  # type: ignore[no-untyped-call]  # torch's
        average = AveragedModel(model, multi_avg_fn=averaging)
        held = [course.row(example) for example in course.held]
        best, weights = Epoch(0, options.epochs, 0.0, 0.0, 0.0, 0.0), trained_weights(model)
        number = 0
        for number in range(1, options.epochs + 1):
            batches = _batches(_variants(course, options, draw), options.batch, draw)
            loss = _teach(model, batches, optimizer, schedule, average)
            epoch = Epoch(
                number, options.epochs, loss, *scores(outputs(average.module, held), labels)
            )
            progress(epoch)
            if epoch.score > best.score:
                best, weights = epoch, trained_weights(average.module)
            elif number - best.number >= options.patience:
                break
        model.load_state_dict(weights, strict=False)
        return Fitted(model.eval(), weights, best, number)


def _variants(course: Course, options: TrainOptions, draw: random.Random) -> list[Row]:
    if not options.augment:
        return [course.row(example) for example in course.taught]
    values = slot_values(course.taught)
    slots = course.labels.slots
    return [course.row(vary(example, slots, values, draw)) for example in course.taught]


def outputs(model: nn.Module, rows: Sequence[Row], batch: int = 64) -> Outputs:
    """Run the model in inference mode."""
    model.eval()
    intent, slots, sentiment = [], [], []
    with torch.inference_mode():
        for first in range(0, len(rows), batch):
            chunk = rows[first : first + batch]
            ids, mask = _padded([row.tokens.ids for row in chunk])
            of_intent, of_slots, of_sentiment = (out.numpy() for out in model(ids, mask))
            intent.append(of_intent)
            slots += [
                piece[: len(row.tokens.ids)] for piece, row in zip(of_slots, chunk, strict=True)
            ]
            sentiment.append(of_sentiment)
    return Outputs(rows, np.concatenate(intent), slots, np.concatenate(sentiment))


def scores(of: Outputs, labels: Labels) -> tuple[float, float, float]:
    """Intent accuracy, slot span F1, sentiment accuracy."""
    intent, intents = of.intents()
    sentiment, sentiments = of.sentiments()
    return (
        float((intent.argmax(-1) == intents).mean()) if len(intents) else 1.0,
        float(slot_spans(of, labels)["f1"]),
        float((sentiment.argmax(-1) == sentiments).mean()) if len(sentiments) else 1.0,
    )


def _batches(rows: list[Row], size: int, draw: random.Random) -> list[list[Row]]:
    """Batch rows of like length, in random order: little padding, little waste."""
    draw.shuffle(rows)
    rows.sort(key=lambda row: len(row.tokens.ids) // 4)
    batches = [rows[first : first + size] for first in range(0, len(rows), size)]
    draw.shuffle(batches)
    return batches


def _teach(
    model: JointBert,
    batches: Sequence[Sequence[Row]],
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    average: AveragedModel,
) -> float:
    """Go through the batches once, the average in tow; return the mean loss."""
    model.train()
    total = 0.0
    for rows in batches:
        ids, mask = _padded([row.tokens.ids for row in rows])
        slots, _ = _padded([row.slots for row in rows], IGNORE)
        loss = _loss(
            model(ids, mask),
            torch.tensor([row.intent for row in rows]),
            slots,
            torch.tensor([row.sentiment for row in rows]),
        )
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it unannotated
        nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        optimizer.step()
        schedule.step()
        average.update_parameters(model)
        total += loss.item()
    return total / len(batches)


def _loss(
    logits: tuple[Tensor, Tensor, Tensor], intent: Tensor, slots: Tensor, sentiment: Tensor
) -> Tensor:
    """Add the three cross-entropies, each the mean over what is labelled in the batch."""
    total = torch.zeros(())
    for weight, smoothing, head, target in (
        (1.0, SMOOTHING, logits[0], intent),
        (SLOT_WEIGHT, 0.0, logits[1].flatten(0, 1), slots.flatten()),
        (1.0, SMOOTHING, logits[2], sentiment),
    ):
        if bool((target != IGNORE).any()):
            total = total + weight * nn.functional.cross_entropy(
                head, target, ignore_index=IGNORE, label_smoothing=smoothing
            )
    return total


def _padded(rows: Sequence[Sequence[int]], fill: int = 0) -> tuple[Tensor, Tensor]:
    """Stack rows of unlike length; the mask is 1 where a row has something."""
    longest = max(map(len, rows))
    stacked = torch.full((len(rows), longest), fill)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for i, row in enumerate(rows):
        stacked[i, : len(row)] = torch.tensor(row)
        mask[i, : len(row)] = 1
    return stacked, mask


def _optimizer(
    model: JointBert, options: TrainOptions, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW with linear warm-up and decay; the heads learn faster than the adapter."""
    heads = [*model.intent.parameters(), *model.slots.parameters(), *model.sentiment.parameters()]
    adapter = [weight for weight in model.encoder.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": adapter, "lr": options.adapter_rate},
            {"params": heads, "lr": options.head_rate},
        ],
        weight_decay=WEIGHT_DECAY,
    )
    warm = max(1, round(WARM_UP * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, (steps - step) / max(1, steps - warm))
    )
    return optimizer, schedule


@contextmanager
def _seeded(options: TrainOptions) -> Iterator[None]:
    """Seed torch and bound its threads for the while; leave both as they were."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        torch.set_num_threads(options.threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
