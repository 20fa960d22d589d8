"""Does each part of the training pay, where there are few examples, as in a new assistant?

`python -m tests.bench.ablation [--seeds 3] [--out FILE]`

The default training, and the same with one thing changed, on 20 sentences of each SNIPS intent
(intents and slots) and 15 of each of 22 intents of an insurer (DSTC11). Each figure is the mean
over seeds, which also draw the sentences; beside it the gain on the default and how many standard
errors of the paired differences that is. Text alone: what mishearing gains shows in speech.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager as Around
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from models.registry import model_path
from nlu import fit
from nlu.course import TrainOptions
from nlu.encoders import ENGLISH
from nlu.model import JointBert, Shape, build
from tests.bench.nlu_data import few, load
from tests.bench.nlu_sets import scored, trial
from tests.bench.report import environment, model_hashes, write_report
from tests.conftest import SHARED_DATA

FEW = {"snips": 20, "dstc11": 15}  # training sentences of each intent
LEAST_ERROR = 1e-4  # of the mean gain: seeds that agree by chance to less tell nothing
FIGURES = ("intents", "slot_f1", "sentences", "ece")


@dataclass(frozen=True, slots=True)
class Variant:
    """The default training with one thing changed."""

    change: Mapping[str, Any]
    around: Callable[[], Around[Any]] = nullcontext


@contextmanager
def without_crf() -> Iterator[None]:
    """Leave the chain's scores at zero: each word's label is then a softmax of its own."""

    def flat(encoder: Path, shape: Shape) -> JointBert:
        model = build(encoder, shape)
        model.crf.requires_grad_(requires_grad=False)
        return model

    with patch.object(fit, "build", flat):
        yield


VARIANTS = {
    "default": Variant({}),
    "no CRF": Variant({}, around=without_crf),
    "no mishearing": Variant({"mishear": 0.0}),
    "no variation of examples": Variant({"augment": False}),
    "no head for several intents": Variant({"several": 0.0}),
    "no label smoothing": Variant({"smoothing": 0.0}),
    "adversarial steps (FGM 0.5)": Variant({"adversarial": 0.5}),
    "contrastive pairs (0.3)": Variant({"contrast": 0.3}),
    "two teachers, distilled": Variant({"teachers": 2}),
    "whole encoder": Variant({"rank": 0, "adapter_rate": 2e-4, "head_rate": 1e-3}),
}


def measure(name: str, variant: Variant, seed: int) -> dict[str, float]:
    """Train on few sentences and give the figures on the whole test part."""
    corpus = few(load(name, SHARED_DATA)[0], FEW[name], seed)
    options = replace(TrainOptions(), seed=seed, threads=1, **variant.change)
    with variant.around():
        found = scored(trial(model_path(ENGLISH), corpus, options, None), options)
    return {figure: found[figure] for figure in FIGURES if figure in found}


def compared(each: list[dict[str, float]], default: list[dict[str, float]]) -> dict[str, Any]:
    """Give the mean of each figure, its gain on the default and the gain in standard errors."""
    told = {}
    for figure in each[0]:
        found, base = (np.array([one[figure] for one in of]) for of in (each, default))
        gains = found - base
        error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else 0.0
        told[figure] = {
            "mean": round(float(found.mean()), 4),
            "gain": round(float(gains.mean()), 4),
            "errors": round(float(gains.mean() / error), 1) if error > LEAST_ERROR else None,
        }
    return told


def main() -> None:
    """Run from the command line."""
    usage = argparse.ArgumentParser(
        prog="python -m tests.bench.ablation", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    usage.add_argument("sets", nargs="*", choices=[*FEW, []], metavar="SET", help=" ".join(FEW))
    usage.add_argument("--seeds", type=int, default=3)
    usage.add_argument("--out", type=Path, default=Path("out/bench/nlu/ablation.json"))
    arguments = usage.parse_args()
    found: dict[str, dict[str, Any]] = {}
    for name in arguments.sets or FEW:
        default: list[dict[str, float]] = []
        for variant, how in VARIANTS.items():
            each = [measure(name, how, 7 + seed) for seed in range(arguments.seeds)]
            default = default or each
            found.setdefault(variant, {})[name] = compared(each, default)
            print(name, variant, found[variant][name], flush=True)
    about = {
        "environment": environment("auto"),
        "models": model_hashes([model_path(ENGLISH) / "model.safetensors"]),
        "seeds": arguments.seeds,
        "per_intent": FEW,
    }
    write_report(arguments.out, {**about, "variants": found})


if __name__ == "__main__":
    main()
