"""A model that follows teachers: Hinton et al. 2015 (arXiv:1503.02531)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from nlu.course import Course, Epoch, TrainOptions
from nlu.fit import Fitted, fit

SEEDS_APART = 100


def fit_taught(
    encoder: Path,
    course: Course,
    options: TrainOptions,
    progress: Callable[[Epoch], None],
    run: Path | None = None,
) -> Fitted:
    """Train the teachers that the options ask for, then the model that follows their mean.

    With a `run` folder, each teacher has one of its own in it, from which it goes on.
    """
    teachers = [
        fit(
            encoder, course, teacher_of(options, number), progress,
            run / f"teacher{number}" if run else None,
        ).model
        for number in range(1, options.teachers + 1)
    ]  # fmt: skip
    return fit(encoder, replace(course, teachers=teachers), options, progress, run)


def teacher_of(options: TrainOptions, number: int) -> TrainOptions:
    """Give the options of a teacher: another seed, and where an adapter learns, the whole encoder.

    It is not shipped, so it may be as large as it is.
    """
    seed = options.seed + SEEDS_APART * number
    if not options.rank:
        return replace(options, seed=seed, teachers=0)
    return replace(
        options, seed=seed, teachers=0, rank=0,
        adapter_rate=2e-4, head_rate=1e-3, layer_decay=0.9,
    )  # fmt: skip
