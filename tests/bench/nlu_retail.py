"""The shipped retail assistant's understanding: of what is read, of what is heard, and how fast.

`python -m tests.bench.nlu retail` runs it.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from models.onnx import open_graph
from models.registry import model_path
from nlu.confusions import project
from nlu.dataset import Example, Mark
from nlu.decode import Labels
from nlu.doubt import in_doubt, understood
from nlu.engine import NluOptions, load_nlu, run_onnx, run_torch
from nlu.evaluate import Judged, figures, judge, load_examples, span_f1
from nlu.export import export_onnx
from nlu.files import WEIGHTS, model_folder, read_trained
from nlu.model import load_trained
from nlu.numbers import find_digits
from nlu.samples import say_digits
from nlu.tokens import load_tokenizer, tokenize
from nlu.understand import Alternative, Context, LookAgain, Nlu, Understanding
from telephony.rehearse import Heard
from tests.bench.heard import heard
from tests.bench.report import REPO

ASSISTANT = REPO / "dialogue" / "assistants" / "retail"
HELD_OUT = REPO / "tests" / "nlu"
HELD_OUT_FILES = ("retail_test.yaml", "retail_spoken_test.yaml")
TODAY = date(2025, 3, 12)
TWELVE_WORDS = "I ordered a blue kettle last Tuesday and it still has not arrived"
RUNS = 300
ORDER_NUMBERS = 350
DIGITS = 5
WITH_A_NUMBER = (
    "{}",
    "it's {}",
    "order {}",
    "my order number is {}, where is it",
    "I need to return order {}, please",
    "for order number {}, can I change the address",
)


def retail(data: Path | None) -> dict[str, Any]:
    """The shipped model on held-out sentences, read and heard; and its speed."""
    paths = [data] if data else [HELD_OUT / name for name in HELD_OUT_FILES]
    nlu = load_nlu(ASSISTANT, NluOptions(today=lambda: TODAY))
    labels = read_trained(ASSISTANT).labels
    found: dict[str, Any] = {}
    for path in paths:
        examples = load_examples(path)
        found[path.stem] = {
            "text": figures(judge(nlu, examples), labels, TODAY),
            **heard_figures(nlu, labels, examples),
        }
    return {"held_out": found, "order_numbers": numbers_heard(nlu, labels), "speed": speed()}


def heard_figures(nlu: Nlu, labels: Labels, examples: Sequence[Example]) -> dict[str, Any]:
    """The same, spoken by our voices over a phone line and written down by our ASR.

    `heard` is as in a call, `heard_first` without the second look at what is in doubt. `slots` are
    those of what was heard: a misheard product must be found where it stands. `slot_values` are
    those of what was said: it must be the product that the caller named.
    """
    both: dict[str, Any] = {}
    results = heard(examples)
    firsts = [nlu.understand(result.heard, Context()) for _, result in results]
    called = [understood_in_a_call(nlu, labels, result) for _, result in results]
    for name, taken in (("heard", called), ("heard_first", firsts)):
        judged = [Judged(each, way) for (each, _), way in zip(results, taken, strict=True)]
        found = [Judged(_as_heard(each.example, each.understood.text), each.understood)
                 for each in judged]  # fmt: skip
        both[name] = figures(judged, labels, TODAY) | {"slots": span_f1(found)}
    looked = [
        look_again(result) is not None and in_doubt(first, in_a_call(result), labels.slots)
        for (_, result), first in zip(results, firsts, strict=True)
    ]
    both["heard"]["looked_again"] = round(sum(looked) / len(looked), 4)
    return both


def _as_heard(example: Example, heard: str) -> Example:
    """Mark what was heard; what nothing was heard of stands nowhere, and cannot be found."""
    found = project(example, heard)
    names = Counter(mark.name for mark in example.marks)
    lost = (names - Counter(mark.name for mark in found.marks)).elements()
    nowhere = (Mark(name, -place, -place) for place, name in enumerate(lost, 1))
    return replace(found, marks=(*found.marks, *nowhere))


def numbers_heard(nlu: Nlu, labels: Labels) -> dict[str, Any]:
    """Give how many order numbers are right, and how many are another one, once they are heard.

    They are said in all ways that callers say them in, by our voices over a phone line, nobody
    having asked for one. The others are none: too long, too short, or not heard at all.
    """
    results = heard(order_numbers())
    as_written = Context(spoken=False)
    firsts = [nlu.understand(result.heard, as_written) for _, result in results]
    called = [understood_in_a_call(nlu, labels, result) for _, result in results]
    return {"sentences": len(results)} | {
        name: _right_and_wrong([example for example, _ in results], taken)
        for name, taken in (("heard_first", firsts), ("heard", called))
    }


def order_numbers(seed: int = 1) -> list[Example]:
    """Draw sentences with a number, in words, figures, pairs, "double four", "oh"."""
    generator = random.Random(seed)  # noqa: S311 - reproducible, not secret
    examples: list[Example] = []
    while len(examples) < ORDER_NUMBERS:
        said = say_digits(DIGITS, generator)
        sentence = generator.choice(WITH_A_NUMBER)
        if find_digits(said, DIGITS):  # "fifty, seven" may be another number
            start = sentence.index("{")
            mark = Mark("order_number", start, start + len(said))
            examples.append(Example(sentence.format(said), "order_status", (mark,)))
    return examples


def _right_and_wrong(
    examples: Sequence[Example], taken: Sequence[Understanding]
) -> dict[str, float]:
    right = wrong = 0
    for example, each in zip(examples, taken, strict=True):
        (mark,) = example.marks
        meant = find_digits(example.text[mark.start : mark.end], DIGITS)
        got = [slot.value for slot in each.slots if slot.name == mark.name]
        whole = [value for value in got if len(value) == DIGITS]
        right += meant is not None and whole == [meant.value]
        wrong += bool(whole) and (meant is None or whole != [meant.value])
    return {"right": round(right / len(taken), 4), "wrong": round(wrong / len(taken), 4)}


def understood_in_a_call(nlu: Nlu, labels: Labels, result: Heard) -> Understanding:
    """What it means, once it has been heard again where that is worth it."""
    return understood(nlu, result.heard, in_a_call(result), labels.slots, look_again(result))


def in_a_call(result: Heard) -> Context:
    """What the dialogue tells of it, where it waits for nothing."""
    return Context(confidence=result.confidence)


def look_again(result: Heard) -> LookAgain | None:
    """What a second look finds, which the transcripts keep."""
    ways = tuple(Alternative(each.text, each.confidence) for each in result.alternatives)
    return (lambda: ways) if ways else None


def speed() -> dict[str, Any]:
    """Milliseconds for an utterance of twelve words on one thread, and its understanding whole."""
    import torch

    trained = read_trained(ASSISTANT)
    encoder = model_path(trained.encoder)
    ids = tokenize(load_tokenizer(encoder / "tokenizer.json"), TWELVE_WORDS).ids
    weights = model_folder(ASSISTANT) / WEIGHTS
    torch.set_num_threads(1)
    model = load_trained(encoder, trained, weights)
    found = {"torch float32": timed(lambda: run_torch(model, [ids]))}
    with TemporaryDirectory() as scratch:
        for name, int8 in (("onnx float32", False), ("onnx int8", True)):
            path = Path(scratch) / f"{name}.onnx"
            export_onnx(load_trained(encoder, trained, weights), path, int8=int8)
            session = open_graph(path)
            found[name] = timed(partial(run_onnx, session, ids))
            found[name]["megabytes"] = round(
                sum(each.stat().st_size for each in path.parent.glob(f"{path.name}*")) / 1e6, 1
            )
    nlu = load_nlu(ASSISTANT)
    found["whole understanding"] = timed(lambda: nlu.understand(TWELVE_WORDS, Context()))
    return found


def timed(call: Callable[[], object]) -> dict[str, float]:
    """Median and 95th percentile of many calls, ms."""
    for _ in range(20):
        call()
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    p50, p95 = np.percentile(seconds, (50, 95))
    return {"ms_p50": round(1e3 * float(p50), 2), "ms_p95": round(1e3 * float(p95), 2)}
