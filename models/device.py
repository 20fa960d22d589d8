"""Where inference runs: the device, CTranslate2's number type on it, and how many CPU threads."""

import os
import sys
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

from models import ModelError

_MOST_THREADS = 4  # one utterance gains little from more: the layers are small


@dataclass(frozen=True, slots=True)
class Device:
    """One place to run a model."""

    kind: Literal["cpu", "cuda"]  # as torch and CTranslate2 name it
    compute_type: Literal["int8", "float16"]  # of CTranslate2; torch runs float32 on the CPU
    threads: int  # of the CPU, for one inference


def place(preference: str = "auto") -> Device:
    """The device of that name; "auto" is CUDA where there is a GPU, else the CPU.

    The threads are OFFHOOK_THREADS, else the cores this process may use, four at most; 1 serves
    best when many calls run side by side. Raises ModelError.
    """
    if preference not in {"auto", "cpu", "cuda"}:
        raise ModelError(f"device {preference!r} is unknown: choose auto, cpu or cuda")
    threads = _threads()
    if preference == "cuda" or (preference == "auto" and not _is_cpu_build()):
        import torch

        if torch.cuda.is_available():
            return Device("cuda", "float16", threads)
        if preference == "cuda":
            build = "sees no GPU" if torch.version.cuda else "is a CPU-only build"
            raise ModelError(
                f"device cuda: PyTorch {build}: choose cpu or auto, or install its CUDA build"
            )
    return Device("cpu", "int8", threads)


def _is_cpu_build() -> bool:
    """Tell without importing torch, which takes seconds."""
    return version("torch").endswith("+cpu")


def yield_idle_cores() -> bool:
    """Let OpenMP's idle threads sleep instead of spin; False when it is too late to say so.

    A spinning thread of one inference takes the core of the next: with one other busy core,
    speech synthesis is three to eight times slower. OpenMP reads OMP_WAIT_POLICY when it is loaded,
    so this comes before torch, ctranslate2 or onnxruntime is imported. A value already set stays.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return not {"torch", "ctranslate2", "onnxruntime"} & sys.modules.keys()


def _threads() -> int:
    asked = os.environ.get("OFFHOOK_THREADS", "")
    if not asked:
        return min(cores(), _MOST_THREADS)
    if not asked.isdecimal() or int(asked) < 1:
        raise ModelError(f"OFFHOOK_THREADS is {asked!r}: set it to a number of threads, 1 or more")
    return int(asked)


def cores() -> int:
    """The cores this process may use; where the system cannot say, all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
