"""A training's run folder: TensorBoard logs, and where to go on after it was broken off."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlu.confusions import CONFUSIONS_FILE
from nlu.course import Course, Epoch, TrainOptions
from nlu.dataset import digest

if TYPE_CHECKING:
    from torch import Tensor

_BEST = "best.safetensors"
_PROGRESS = "progress.json"


def key_of(encoder: Path, course: Course, options: TrainOptions) -> str:
    """Digest all that a training depends on."""
    from safetensors.torch import save

    from nlu.model import trained_weights

    told = [
        str(encoder), digest(course.taught), digest(course.held), repr(course.labels),
        hashlib.sha256(CONFUSIONS_FILE.read_bytes()).hexdigest(), repr(asdict(options)),
        *(hashlib.sha256(save(trained_weights(t))).hexdigest() for t in course.teachers),
    ]  # fmt: skip
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


class Checkpoints:
    """Keeps the last epoch, whole or not at all; does nothing without a folder."""

    def __init__(self, folder: Path | None, accelerator: Any, key: str) -> None:
        self._folder = folder
        self._accelerator = accelerator
        self._key = key

    def resume(self) -> tuple[list[Epoch], "dict[str, Tensor] | None"]:
        """Give the epochs that are done and the best weights, if they are of the same training."""
        if self._folder is None or not (self._folder / _PROGRESS).exists():
            return [], None
        from safetensors.torch import load_file

        told = json.loads((self._folder / _PROGRESS).read_text(encoding="utf-8"))
        if told["key"] != self._key:
            return [], None
        history = [Epoch(**epoch) for epoch in told["history"]]
        state = self._state(len(history))
        self._accelerator.load_state(str(state))
        return history, load_file(state / _BEST)

    def keep(self, history: Sequence[Epoch], best: "dict[str, Tensor]", rate: float) -> None:
        """Log the last epoch and write where training is; progress.json, written last, says so."""
        last = asdict(history[-1])
        number = last.pop("number")
        self._accelerator.log({**last, "rate": rate}, step=number)
        if self._folder is None:
            return
        from safetensors.torch import save_file

        state = self._state(number)
        self._accelerator.save_state(str(state))
        save_file(best, state / _BEST)
        told = {"key": self._key, "history": [asdict(epoch) for epoch in history]}
        part = self._folder / f"{_PROGRESS}.part"
        part.write_text(json.dumps(told), encoding="utf-8")
        part.replace(self._folder / _PROGRESS)
        for old in self._folder.glob("epoch-*"):
            if old != state:
                shutil.rmtree(old)

    def _state(self, number: int) -> Path:
        assert self._folder is not None  # noqa: S101 - asked for only where there is one
        return self._folder / f"epoch-{number}"
