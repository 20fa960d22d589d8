"""How well are callers understood, and how fast?

`python -m tests.bench.nlu [SET…] [--seeds N] [--folds N] [--per-intent N] [--teachers N]
[--data DIR] [--out DIR]`

- retail: the shipped model on sentences written apart from its examples, as text and as our ASR
  hears them spoken over a phone line; and milliseconds a sentence in ONNX Runtime (int8, float) and
  in torch.
- snips, atis, clinc150, banking77, nlupp, mixsnips, mixatis, dstc11, and crosswoz, which is
  Chinese: the joint model trained whole on a public set's training part, or on `--per-intent N`
  sentences of each intent, and measured on its test part with the set's own metrics, the published
  figures beside. Early stopping and thresholds come from the development part (cut from the
  training part where a set has none).

`--data DIR` takes the set from another folder of the same shape: another split, or your own; for
retail, a file that `offhook eval nlu` reads. One JSON file a set is written into the folder
`--out`, and that of retail beside it.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from models.onnx import open_graph
from models.registry import model_path
from nlu import NluError
from nlu.dataset import Example
from nlu.decode import Labels
from nlu.doubt import in_doubt, understood
from nlu.engine import NluOptions, load_nlu, run_onnx, run_torch
from nlu.evaluate import Judged, figures, judge, load_examples
from nlu.export import export_onnx
from nlu.files import WEIGHTS, model_folder, read_trained
from nlu.model import load_trained
from nlu.tokens import load_tokenizer, tokenize
from nlu.understand import Alternative, Context, LookAgain, Nlu
from telephony.rehearse import Heard
from tests.bench.heard import heard
from tests.bench.nlu_data import load
from tests.bench.nlu_sets import TASKS, mean_of, prepared, scored, trial
from tests.bench.report import REPO, environment, model_hashes, write_report
from tests.conftest import SHARED_DATA

ASSISTANT = REPO / "dialogue" / "assistants" / "retail"
HELD_OUT = REPO / "tests" / "nlu"
HELD_OUT_FILES = ("retail_test.yaml", "retail_spoken_test.yaml")
TODAY = date(2025, 3, 12)
TWELVE_WORDS = "I ordered a blue kettle last Tuesday and it still has not arrived"
RUNS = 300


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
    return {"held_out": found, "speed": speed()}


def heard_figures(nlu: Nlu, labels: Labels, examples: Sequence[Example]) -> dict[str, Any]:
    """The same, spoken by our voices over a phone line and written down by our ASR.

    `heard` is as in a call, `heard_first` without the second look at what is in doubt. Marks are
    those of what was said: their values count, not where they stand.
    """
    both: dict[str, Any] = {}
    results = heard(examples)
    firsts = [nlu.understand(result.heard, Context()) for _, result in results]
    called = [
        understood(nlu, result.heard, "", labels.slots, look_again(result)) for _, result in results
    ]
    for name, taken in (("heard", called), ("heard_first", firsts)):
        judged = [Judged(each, way) for (each, _), way in zip(results, taken, strict=True)]
        both[name] = figures(judged, labels, TODAY)
        del both[name]["slots"]
    looked = [
        look_again(result) is not None and in_doubt(first, "", labels.slots)
        for (_, result), first in zip(results, firsts, strict=True)
    ]
    both["heard"]["looked_again"] = round(sum(looked) / len(looked), 4)
    return both


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


def public(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Train on a public set, fold by fold and seed by seed, and score it."""
    task = TASKS[name]
    options = replace(
        task.options, threads=arguments.threads, device=arguments.device,
        teachers=arguments.teachers,
    )  # fmt: skip
    if arguments.epochs:
        options = replace(options, epochs=arguments.epochs, patience=arguments.epochs)
    if arguments.rate:
        options = replace(options, adapter_rate=arguments.rate)
    if arguments.freeze is not None:
        options = replace(options, freeze=arguments.freeze)
    encoder = folder_of(arguments.encoder or task.encoder)
    began = time.perf_counter()
    found = []
    folds = load(name, arguments.shared, arguments.data)[: arguments.folds or task.folds]
    for fold, whole in enumerate(folds):
        for seed in range(options.seed, options.seed + arguments.seeds):
            print(f"{name}: fold {fold + 1} of {len(folds)}, seed {seed}", flush=True)
            seeded = replace(options, seed=seed)
            corpus = prepared(whole, task, arguments.per_intent, seed)
            run = arguments.run / f"{name}-{fold}-{seed}" if arguments.run else None
            done = trial(encoder, corpus, seeded, run)
            found.append(scored(done, seeded))
            print(f"  {found[-1]}", flush=True)
    return {
        "published": task.published,
        "note": task.note + (f"; {len(folds)} of them" if len(folds) < task.folds else ""),
        "measured": mean_of(found),
        "each": found,
        "parts": {"train": len(corpus.train), "development": len(corpus.development),
                  "test": len(corpus.test)},
        "per_intent": arguments.per_intent,
        "encoder": encoder.name,
        "seconds": round(time.perf_counter() - began),
        "options": asdict(options),
    }  # fmt: skip


def folder_of(encoder: str) -> Path:
    """Give the folder of an encoder named in the manifest, or the folder itself."""
    folder = Path(encoder)
    return folder if (folder / "config.json").is_file() else model_path(encoder)


def main() -> None:
    """Run from the command line."""
    usage = argparse.ArgumentParser(
        prog="python -m tests.bench.nlu", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    usage.add_argument("sets", nargs="*", choices=["retail", *TASKS, []], metavar="SET")
    usage.add_argument("--per-intent", type=int, help="training sentences of each intent (all)")
    usage.add_argument("--epochs", type=int, help="at most (each set has its own)")
    usage.add_argument("--rate", type=float, help="peak learning rate of the encoder")
    usage.add_argument("--freeze", type=int, help="lowest layers that stay as they are")
    usage.add_argument("--seeds", type=int, default=1, help="trainings, of which the mean is told")
    usage.add_argument("--folds", type=int, help="of cross-validated sets (all)")
    usage.add_argument("--teachers", type=int, default=0, help="trained first and distilled")
    usage.add_argument(
        "--encoder", help="a name of the manifest or a folder (each set has its own)"
    )
    usage.add_argument("--threads", type=int, default=1)
    usage.add_argument("--device", default="auto", help="auto, cpu or cuda")
    usage.add_argument("--shared", type=Path, default=SHARED_DATA, help="where the sets are")
    usage.add_argument("--data", type=Path, help="the set's folder, if another one")
    usage.add_argument(
        "--run", type=Path, help="keep logs and checkpoints here, and go on from them"
    )
    usage.add_argument("--out", type=Path, default=Path("out/bench/nlu"))
    arguments = usage.parse_args()
    try:
        run(arguments)
    except NluError as error:
        raise SystemExit(str(error)) from None


def run(arguments: argparse.Namespace) -> None:
    """Measure each set and write its file."""
    for name in arguments.sets or ["retail"]:
        found = retail(arguments.data) if name == "retail" else public(name, arguments)
        named = read_trained(ASSISTANT).encoder if name == "retail" else TASKS[name].encoder
        encoder = folder_of(arguments.encoder or named)
        models = [encoder / "model.safetensors"]
        if name == "retail":
            models.append(model_folder(ASSISTANT) / WEIGHTS)
        suffix = f"-{encoder.name}" if arguments.encoder else ""
        suffix += "-taught" if arguments.teachers else ""
        # the retail report is a table of its own in the README, beside the folder of public sets
        path = (
            arguments.out.parent / "retail.json"
            if name == "retail"
            else arguments.out / f"{name}{suffix}.json"
        )
        about = {"environment": environment(arguments.device), "models": model_hashes(models)}
        write_report(path, {**about, **found})
        print(f"{path} written")


if __name__ == "__main__":
    main()
