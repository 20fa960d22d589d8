"""Placement: what is asked for is given or refused in one line; threads are the user's to set."""

import os

import pytest

from models import ModelError
from models.device import Device, place


def test_cpu_runs_int8_with_the_threads_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFHOOK_THREADS", "3")
    assert place("cpu") == Device("cpu", "int8", 3)


def test_unasked_the_threads_are_the_cores_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OFFHOOK_THREADS", raising=False)
    assert 1 <= place("cpu").threads <= (os.cpu_count() or 1)


@pytest.mark.parametrize("wrong", ["0", "-1", "two", "1.5"])
def test_threads_that_are_no_number_are_refused(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("OFFHOOK_THREADS", wrong)
    with pytest.raises(ModelError, match=f"OFFHOOK_THREADS is '{wrong}'"):
        place("cpu")


def test_an_unknown_device_names_the_known_ones() -> None:
    with pytest.raises(ModelError, match="choose auto, cpu or cuda"):
        place("tpu")


@pytest.mark.slow
def test_without_a_gpu_auto_is_the_cpu_and_cuda_is_refused() -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert place("auto").kind == "cpu"
    with pytest.raises(ModelError, match=r"device cuda: .* choose cpu or auto"):
        place("cuda")


@pytest.mark.slow
@pytest.mark.gpu
def test_with_a_gpu_auto_is_cuda_in_half_precision() -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("this machine has no GPU")
    assert (place("auto").kind, place("auto").compute_type) == ("cuda", "float16")
