"""How well are callers understood, and how fast?

`python -m tests.bench.nlu [--sets NAME…] [--per-intent N] [--data DIR] [--out FILE]`

- retail: the shipped model on sentences held out by hand (`tests/nlu/*_test.yaml`), in torch and in
  ONNX Runtime with float and int8 weights: the same figures for each, and milliseconds a sentence.
- clinc150, banking77, snips, atis: the same method (encoder, LoRA, calibration, threshold) trained
  on a public set's training part, or `--per-intent N` sentences of each intent, and measured on all
  of its test part. Early stopping, temperature and threshold come from the development part.

`--data DIR` measures the shipped model on your own sentences instead: a folder with
`manifest.jsonl`, on each line `{"text": "where is my order", "intent": "order_status"}`.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from models.registry import model_path
from nlu.course import Course, Epoch, Outputs, Row, TrainOptions, make_row
from nlu.dataset import Example, load_intents, load_sentiment
from nlu.decode import Labels
from nlu.engine import NluOptions, load_nlu, open_session, run
from nlu.export import export_onnx
from nlu.files import WEIGHTS, Trained, model_folder, read_trained
from nlu.fit import fit, outputs
from nlu.metrics import evaluate
from nlu.model import load_trained
from nlu.tokens import bio_labels, load_tokenizer
from nlu.train import ENCODER, calibrate
from nlu.understand import Context
from nlu.values import read
from tests.bench.nlu_data import CORPORA, Corpus, few, whole
from tests.bench.report import REPO, environment, model_hashes, write_report
from tests.conftest import SHARED_DATA

ASSISTANT = REPO / "dialogue" / "assistants" / "retail"
HELD_OUT = REPO / "tests" / "nlu"
TODAY = date(2025, 3, 12)
HEADLINES = ("intents", "scope", "slots", "sentiment")
# Public sets carry no slot types or digits to vary, and fewer epochs do for whole training parts.
PUBLIC = replace(TrainOptions(), augment=False)


def retail() -> dict[str, Any]:
    """The shipped model on the held-out sentences."""
    examples = (
        *load_intents(HELD_OUT / "retail_test.yaml").examples,
        *load_sentiment(HELD_OUT / "sentiment_test.yaml"),
    )
    return {
        "sentences": len(examples),
        "slot_values": slot_values([example for example in examples if example.intent]),
        **backends(read_trained(ASSISTANT), examples),
    }


def slot_values(examples: Sequence[Example]) -> dict[str, float]:
    """Precision, recall and F1 of (slot, value), as the dialogue gets them; boundaries forgiven."""
    nlu = load_nlu(ASSISTANT, NluOptions(today=lambda: TODAY))
    kinds = {slot.name: slot for slot in load_intents(HELD_OUT / "retail_test.yaml").slots}
    right = found = wanted = 0
    for example in examples:
        meant = {
            (mark.name, read(kinds[mark.name].kind, example.text[mark.start : mark.end], TODAY))
            for mark in example.marks
        }
        heard = {(s.name, s.value) for s in nlu.understand(example.text, Context()).slots}
        right += len(meant & heard)
        found += len(heard)
        wanted += len(meant)
    precision, recall = right / max(1, found), right / max(1, wanted)
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * right / max(1, found + wanted), 4),
    }


def own(folder: Path) -> dict[str, Any]:
    """The shipped model on the user's sentences."""
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines if line.strip()]
    examples = [Example(entry["text"], entry["intent"]) for entry in entries]
    trained = read_trained(ASSISTANT)
    unknown = sorted({e.intent for e in examples} - set(trained.labels.intents))
    if unknown:
        raise SystemExit(f"{folder}: {unknown[0]!r} is no intent of {ASSISTANT.name}")
    return {"sentences": len(examples), **backends(trained, examples)}


def backends(trained: Trained, examples: Sequence[Example]) -> dict[str, Any]:
    """Measure the same weights in torch and in ONNX Runtime, float and int8, on one thread."""
    import torch

    encoder = model_path(trained.encoder)
    tokenizer = load_tokenizer(encoder / "tokenizer.json")
    rows = [make_row(example, trained.labels, tokenizer) for example in examples]
    weights = model_folder(ASSISTANT) / WEIGHTS
    torch.set_num_threads(1)
    model = load_trained(encoder, trained, weights)
    results = {
        "torch float32": measured(lambda row: first(outputs(model, [row])), rows, trained),
    }
    with TemporaryDirectory() as scratch:
        for name, int8 in (("onnx float32", False), ("onnx int8", True)):
            path = Path(scratch) / f"{name}.onnx"
            export_onnx(load_trained(encoder, trained, weights), path, int8=int8)
            session = open_session(path, threads=1)
            results[name] = measured(partial(graph_logits, session), rows, trained)
            results[name]["megabytes"] = round(path.stat().st_size / 1e6, 1)
    return {"backends": results, "calibration": asdict(trained.calibration)}


def graph_logits(session: Any, row: Row) -> tuple[Any, Any, Any]:
    """The graph's logits of one row."""
    return run(session, row.tokens.ids)


def first(of: Outputs) -> tuple[Any, Any, Any]:
    """The logits of the only row."""
    return of.intent[0], of.slots[0], of.sentiment[0]


def measured(
    understand: Callable[[Row], tuple[Any, Any, Any]], rows: Sequence[Row], trained: Trained
) -> dict[str, Any]:
    """Figures of all heads and the median time of one sentence."""
    logits, seconds = [], []
    understand(rows[0])
    for row in rows:
        began = time.perf_counter()
        logits.append(understand(row))
        seconds.append(time.perf_counter() - began)
    intent, slots, sentiment = zip(*logits, strict=True)
    of = Outputs(rows, np.stack(intent), slots, np.stack(sentiment))
    found = evaluate(of, trained.labels, trained.calibration)
    return {
        "ms_p50": round(1e3 * float(np.percentile(seconds, 50)), 2),
        "ms_p95": round(1e3 * float(np.percentile(seconds, 95)), 2),
        **{name: found[name] for name in HEADLINES},
    }


def public(corpus: Corpus, options: TrainOptions) -> dict[str, Any]:
    """Train on a public set as on an assistant's examples; measure on its test part."""
    everything = (*corpus.train, *corpus.development, *corpus.test)
    slots = sorted({mark.name for example in everything for mark in example.marks})
    intents = tuple(dict.fromkeys(example.intent for example in everything))
    labels = Labels(intents, bio_labels(slots), ("negative", "neutral", "positive"), {})
    encoder = model_path(ENCODER)
    tokenizer = load_tokenizer(encoder / "tokenizer.json")
    course = Course(labels, tokenizer, corpus.train, corpus.development)
    began = time.perf_counter()
    fitted = fit(encoder, course, options, show)
    seconds = time.perf_counter() - began
    held = outputs(fitted.model, [course.row(example) for example in corpus.development])
    calibration = calibrate(held, labels, options.false_rejects)
    test = outputs(fitted.model, [course.row(example) for example in corpus.test])
    found = evaluate(test, labels, calibration)
    forced = evaluate(test, labels, replace(calibration, threshold=0.0))
    return {
        "train": len(corpus.train),
        "development": len(corpus.development),
        "test": len(corpus.test),
        "epochs": fitted.epochs,
        "train_seconds": round(seconds),
        "accuracy": found["intents"]["accuracy"],  # what is refused counts as wrong
        "accuracy_without_threshold": forced["intents"]["accuracy"],  # as papers report it
        "macro_f1": found["intents"]["macro_f1"],
        "slot_f1": found["slots"]["f1"] if slots else None,
        "scope": found["scope"],
        "calibration": asdict(calibration),
        "options": asdict(options),
    }


def show(epoch: Epoch) -> None:
    """One line an epoch."""
    print(
        f"  {epoch.number}/{epoch.of}  loss {epoch.loss:.3f}  intents {epoch.intent_accuracy:.3f}"
        f"  slots {epoch.slot_f1:.3f}",
        flush=True,
    )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="understanding: accuracy, calibration, speed")
    parser.add_argument("--sets", nargs="+", choices=["retail", *CORPORA], default=["retail"])
    parser.add_argument("--per-intent", type=int, help="training sentences of each intent (all)")
    parser.add_argument("--epochs", type=int, default=PUBLIC.epochs)
    parser.add_argument("--seed", type=int, default=PUBLIC.seed)
    parser.add_argument("--threads", type=int, default=PUBLIC.threads)
    parser.add_argument("--shared", type=Path, default=SHARED_DATA, help="where the sets are")
    parser.add_argument("--data", type=Path, help="a folder with manifest.jsonl")
    parser.add_argument("--out", type=Path, default=Path("out/bench/nlu.json"))
    arguments = parser.parse_args()
    options = replace(
        PUBLIC, epochs=arguments.epochs, seed=arguments.seed, threads=arguments.threads
    )
    results: dict[str, Any] = {}
    if arguments.data:
        results[arguments.data.name] = own(arguments.data)
    for name in [] if arguments.data else arguments.sets:
        print(name, flush=True)
        if name == "retail":
            results[name] = retail()
            continue
        corpus = CORPORA[name](arguments.shared)
        shots = arguments.per_intent
        drawn = few(corpus, shots, options.seed) if shots else whole(corpus, options.seed)
        results[name] = {"per_intent": shots, **public(drawn, options)}
    models = [model_path(ENCODER) / "model.safetensors", model_folder(ASSISTANT) / WEIGHTS]
    write_report(
        arguments.out,
        {"environment": environment(), "models": model_hashes(models), "sets": results},
    )
    print(f"{arguments.out} written")


if __name__ == "__main__":
    main()
