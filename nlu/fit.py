"""The training loop of the joint model: torch through accelerate, seeded, stopped early."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from nlu import NluError
from nlu.augment import joined, manner_of, slot_values, swap, vary
from nlu.checkpoint import Checkpoints, key_of
from nlu.confusions import confuse, read_confusions
from nlu.course import Course, Epoch, Outputs, Row, Taught, TrainOptions
from nlu.dataset import Example
from nlu.decode import Labels
from nlu.losses import Adversary, Batch, Teaching, loss, padded
from nlu.metrics import slot_spans
from nlu.model import JointBert, Shape, Standard, build, freeze, layer_of, trained_weights
from nlu.tags import primary
from nlu.understand import OUT_OF_SCOPE

WARM_UP = 0.1  # share of the steps in which the learning rate rises
CLIP_NORM = 1.0
WEIGHT_DECAY = 0.01
AVERAGE_SPAN = 0.5  # epochs: the memory of the weights' moving average, which is judged and kept
AVERAGE_EVERY = 2  # steps
SETTLED_ON = 300  # examples, for the centre and spread of the encoder's vectors
MISHEARD_WORDS = 0.1  # of an example that is misheard
ASKED_AT_ONCE = 256  # utterances, of a teacher


@dataclass(frozen=True, slots=True)
class Fitted:
    """The model as it was in its best epoch; `weights` is what training changed."""

    model: JointBert
    weights: dict[str, Tensor]
    best: Epoch
    history: tuple[Epoch, ...]

    @property
    def parameters(self) -> int:
        """How many numbers were trained."""
        return sum(weight.numel() for weight in self.weights.values())


def fit(
    encoder: Path,
    course: Course,
    options: TrainOptions,
    progress: Callable[[Epoch], None],
    run: Path | None = None,
) -> Fitted:
    """Train until the development score no longer rises.

    With a `run` folder, TensorBoard logs go there, and training goes on from the checkpoint there
    if it is of the same course.
    """
    if not course.held:
        raise NluError("no example is held back: give each intent two or more that differ")
    with _seeded(options), _accelerator(options, run) as accelerator:
        pupil = _pupil(encoder, course, options, accelerator)
        held = [course.row(example) for example in course.held]
        checkpoints = Checkpoints(run, accelerator, key_of(encoder, course, options))
        teachers = [teacher.to(accelerator.device) for teacher in course.teachers]
        history, weights = checkpoints.resume()
        best = _best(history, options)
        weights = weights or trained_weights(pupil.average.module)
        for number in range(len(history) + 1, options.epochs + 1):
            if history and history[-1].number - best.number >= options.patience:
                break
            batches = pupil.drawn(number)
            if teachers:
                batches = _answered(batches, teachers)
            mean = _teach(pupil, batches)
            found = scores(outputs(pupil.average.module, held), course.labels)
            epoch = Epoch(number, options.epochs, mean, *found)
            history.append(epoch)
            progress(epoch)
            if epoch.score > best.score:
                best, weights = epoch, trained_weights(pupil.average.module)
            checkpoints.keep(history, weights, pupil.schedule.get_last_lr()[-1])
        model = accelerator.unwrap_model(pupil.model).cpu()
        model.load_state_dict(weights, strict=False)
        return Fitted(model.eval(), weights, best, tuple(history))


@dataclass(frozen=True, slots=True)
class _Pupil:
    """The model in training and what trains it; `drawn` gives an epoch's batches."""

    model: JointBert
    average: AveragedModel
    optimizer: Any
    schedule: Any
    accelerator: Any
    teaching: Teaching
    drawn: Callable[[int], list[list[Row]]]


def _pupil(encoder: Path, course: Course, options: TrainOptions, accelerator: Any) -> _Pupil:
    labels = course.labels
    model = build(encoder, _shape(labels, options))
    freeze(model, options.freeze)
    taught = [course.row(example) for example in course.taught]
    if isinstance(model.standard, Standard):
        _settle(model, model.standard, taught)

    def drawn(number: int) -> list[list[Row]]:
        draw = random.Random(f"{options.seed} {number}")  # noqa: S311 - reproducible, no secret
        rows = _variants(course, taught, options, draw)
        return (_paired if options.contrast else _batches)(rows, options.batch, draw)

    steps = len(drawn(1))
    model, optimizer, schedule = accelerator.prepare(
        model, *_optimizer(model, options, options.epochs * steps)
    )
    average = _average(model, steps)
    accelerator.register_for_checkpointing(average)
    oos = labels.intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in labels.intents else -1
    weights = _balance(taught, labels, options.balance, accelerator.device)
    teaching = Teaching(options, weights, oos)
    return _Pupil(model, average, optimizer, schedule, accelerator, teaching, drawn)


def _settle(model: JointBert, standard: Standard, rows: Sequence[Row]) -> None:
    """Let the pretrained encoder say of some examples where its vectors lie."""
    some = rows[:: max(1, len(rows) // SETTLED_ON)]
    model.eval()
    with torch.no_grad():
        pieces = [model.encode(*padded([row.tokens.ids]))[0][0] for row in some]
        standard.settle(torch.cat(pieces))


def outputs(model: nn.Module, rows: Sequence[Row], batch: int = 64) -> Outputs:
    """Run the model in inference mode; rows of like length together."""
    model.eval()
    device = next(model.parameters()).device
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].tokens.ids))
    answers: list[tuple[Any, ...]] = [()] * len(rows)
    with torch.inference_mode():
        for first in range(0, len(rows), batch):
            chunk = order[first : first + batch]
            ids, mask = padded([rows[i].tokens.ids for i in chunk])
            answered = [out.float().cpu().numpy() for out in model(ids.to(device), mask.to(device))]
            for at, i in enumerate(chunk):
                answers[i] = tuple(out[at] for out in answered)
    intent, several, slots, sentiment = zip(*answers, strict=True)
    return Outputs(
        rows,
        np.stack(intent),
        np.stack(several),
        [of[: len(row.tokens.ids)] for of, row in zip(slots, rows, strict=True)],
        np.stack(sentiment),
        transitions(model),
    )


def transitions(model: Any) -> tuple[Any, Any, Any]:
    """Give the CRF's scores of a first, a last and a next label."""
    crf = model.crf
    first, last, after = (
        of.detach().float().cpu().numpy() for of in (crf.first, crf.last, crf.next)
    )
    return first, last, after


def scores(of: Outputs, labels: Labels) -> tuple[float, float, float]:
    """Intent accuracy (where several are said: all right), slot F1, sentiment accuracy."""
    sentiment, sentiments = of.sentiments()
    several, intent, wanted = of.any_intents()
    single = wanted.sum(-1) == 1
    right = (several > 0) == wanted
    right[single] = (intent.argmax(-1) == wanted.argmax(-1))[single, None]
    slots = slot_spans(of, labels)["f1"]
    return (
        float(right.all(-1).mean()) if len(right) else 1.0,
        1.0 if slots is None else slots,  # nothing to find does not hold training up
        float((sentiment.argmax(-1) == sentiments).mean()) if len(sentiments) else 1.0,
    )


def _shape(labels: Labels, options: TrainOptions) -> Shape:
    return Shape(
        len(labels.intents), len(labels.slot_labels), len(labels.sentiments), options.rank,
        options.dropout, options.standardise,
    )  # fmt: skip


def _variants(
    course: Course, taught: list[Row], options: TrainOptions, draw: random.Random
) -> list[Row]:
    values = slot_values(course.taught)
    if options.augment:
        slots = course.labels.slots
        count = round(options.joined * len(course.taught)) if options.several else 0
        once = _balanced(course.taught, draw)
        manner = manner_of(course.labels.language)
        said = (*once, *joined(course.taught, course.labels.alone, count, draw, manner))
        varied = [vary(example, slots, values, draw, manner) for example in said]
        mishear = options.mishear if primary(course.labels.language) == "en" else 0.0
        return [course.row(example) for example in _heard(varied, mishear, draw)]
    if options.swap and values:
        return [course.row(swap(e, values, options.swap, draw)) for e in course.taught]
    return list(taught)


def _balanced(examples: Sequence[Example], draw: random.Random) -> Sequence[Example]:
    """Draw no more examples of sentiment alone than there are of what callers want.

    A small assistant would spend most of its training on what ships with Offhook.
    """
    saying = [example for example in examples if example.says]
    feeling = [example for example in examples if not example.says]
    if len(feeling) <= len(saying):
        return examples
    return (*saying, *draw.sample(feeling, len(saying)))


def _heard(examples: Sequence[Example], share: float, draw: random.Random) -> list[Example]:
    """Take a share of the examples as the recogniser could have written them."""
    if not share:
        return list(examples)
    table = read_confusions()
    return [
        confuse(example, table, MISHEARD_WORDS, draw) if draw.random() < share else example
        for example in examples
    ]


def _answered(batches: Sequence[Sequence[Row]], teachers: Sequence[JointBert]) -> list[list[Row]]:
    """Ask the teachers; their mean is what is followed."""
    rows = [row for batch in batches for row in batch]
    answers = [outputs(teacher, rows, ASKED_AT_ONCE) for teacher in teachers]
    taught = (
        replace(
            row,
            taught=Taught(
                np.mean([of.intent[i] for of in answers], 0),
                np.mean([of.several[i] for of in answers], 0),
                np.mean([of.slots[i] for of in answers], 0),
            ),
        )
        for i, row in enumerate(rows)
    )
    return [list(islice(taught, len(batch))) for batch in batches]


def _batches(rows: list[Row], size: int, draw: random.Random) -> list[list[Row]]:
    """Batch rows of like length, in random order: little padding, little waste."""
    rows = list(rows)
    draw.shuffle(rows)
    rows.sort(key=lambda row: len(row.tokens.ids) // 4)
    batches = [rows[first : first + size] for first in range(0, len(rows), size)]
    draw.shuffle(batches)
    return batches


def _paired(rows: list[Row], size: int, draw: random.Random) -> list[list[Row]]:
    """Batch the rows so that most have another one of their intent beside them."""
    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.intent, []).append(row)
    pairs = []
    for group in groups.values():
        draw.shuffle(group)
        pairs += [group[i : i + 2] for i in range(0, len(group), 2)]
    draw.shuffle(pairs)
    flat = [row for pair in pairs for row in pair]
    return [flat[first : first + size] for first in range(0, len(flat), size)]


def _teach(pupil: _Pupil, batches: Sequence[Sequence[Row]]) -> float:
    """Go through the batches once, the average in tow; return the mean loss."""
    model, accelerator = pupil.model, pupil.accelerator
    model.train()
    length = pupil.teaching.options.adversarial
    adversary = Adversary(model, length) if length else None
    total = torch.zeros((), device=accelerator.device)
    for step, rows in enumerate(batches):
        batch = Batch.of(rows, model.intent.out_features, accelerator.device)
        pupil.optimizer.zero_grad()
        with accelerator.autocast():
            told = loss(model, batch, pupil.teaching)
        accelerator.backward(told)
        if adversary:
            adversary.turn()
            with accelerator.autocast():
                worse = loss(model, batch, pupil.teaching)
            accelerator.backward(worse)
            adversary.rest()
        accelerator.clip_grad_norm_(model.parameters(), CLIP_NORM)
        pupil.optimizer.step()
        pupil.schedule.step()
        if step % AVERAGE_EVERY == 0:
            pupil.average.update_parameters(model)
        total += told.detach()
    if adversary:
        adversary.close()
    return total.item() / len(batches)


def _average(model: JointBert, steps_per_epoch: float) -> AveragedModel:
    span = max(20.0, AVERAGE_SPAN * steps_per_epoch) / AVERAGE_EVERY  # updates
    averaging = get_ema_multi_avg_fn(1 - 1 / span)  # type: ignore[no-untyped-call]  # torch's
    return AveragedModel(model, multi_avg_fn=averaging)


def _balance(
    rows: Sequence[Row], labels: Labels, share: float, device: torch.device
) -> Tensor | None:
    if not share:
        return None
    counts = np.bincount(
        [row.intent for row in rows if row.intent >= 0], minlength=len(labels.intents)
    )
    weights = (counts.mean() / np.maximum(counts, 1)) ** share
    return torch.tensor(weights, dtype=torch.float32, device=device)


def _optimizer(
    model: JointBert, options: TrainOptions, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """AdamW with linear warm-up and decay; the heads learn faster than the encoder."""
    inside = {id(weight) for weight in model.encoder.parameters()}
    heads = [weight for weight in model.parameters() if id(weight) not in inside]
    layers = 1 + max((layer_of(n) or 0 for n, _ in model.encoder.named_parameters()), default=0)
    alike: dict[float, list[nn.Parameter]] = {options.head_rate: heads}
    for name, weight in model.encoder.named_parameters():
        if weight.requires_grad:
            layer = layer_of(name)
            depth = layers - (-1 if layer is None else layer)
            decay = options.layer_decay ** (depth - 1) if not options.rank else 1.0
            alike.setdefault(options.adapter_rate * decay, []).append(weight)
    groups = [{"params": weights, "lr": rate} for rate, weights in alike.items()]
    optimizer = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
    warm = max(1, round(WARM_UP * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, (steps - step) / max(1, steps - warm))
    )
    return optimizer, schedule


@contextmanager
def _seeded(options: TrainOptions) -> Iterator[None]:
    """Seed torch and bound its threads for the while; leave both as they were."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng():
        torch.manual_seed(options.seed)
        torch.set_num_threads(options.threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


@contextmanager
def _accelerator(options: TrainOptions, run: Path | None) -> Iterator[Any]:
    """Device, precision, logs and checkpoints, by Hugging Face's library for them."""
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState

    from models.device import place

    on_cpu = place(options.device).kind == "cpu"
    accelerator = Accelerator(
        cpu=on_cpu,
        mixed_precision=options.precision,
        log_with="tensorboard" if run else None,
        project_dir=run,
        step_scheduler_with_optimizer=False,
    )
    if run:
        run.mkdir(parents=True, exist_ok=True)
        accelerator.init_trackers("tensorboard")
    try:
        yield accelerator
    finally:
        accelerator.end_training()
        AcceleratorState._reset_state(reset_partial_state=True)


def _best(history: Sequence[Epoch], options: TrainOptions) -> Epoch:
    nothing = Epoch(0, options.epochs, 0.0, 0.0, 0.0, 0.0)
    return max((nothing, *history), key=lambda epoch: (epoch.score, -epoch.number))
