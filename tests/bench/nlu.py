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
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from models.registry import model_path
from nlu import NluError
from nlu.files import WEIGHTS, model_folder, read_trained
from tests.bench.nlu_data import load
from tests.bench.nlu_retail import ASSISTANT, retail
from tests.bench.nlu_sets import TASKS, mean_of, prepared, scored, trial
from tests.bench.report import environment, model_hashes, write_report
from tests.conftest import SHARED_DATA


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
