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

    They learn as it does but for the seed. With a `run` folder, each has one of its own in it,
    from which it goes on.
    """
    teachers = [
        fit(
            encoder, course, replace(options, seed=options.seed + SEEDS_APART * number, teachers=0),
            progress, run / f"teacher{number}" if run else None,
        ).model
        for number in range(1, options.teachers + 1)
    ]  # fmt: skip
    return fit(encoder, replace(course, teachers=teachers), options, progress, run)
