"""How well and how fast do the ASR engines understand people? Word error rate and CPU seconds.

`python -m tests.bench.speech [--data DIR] [--limit N] [--engines …] [--models …] [--out FILE]`

From the shared data folder:

- an4-dev: spelled names, numbers, dates, commands;
- fsdd: single digits, cut to the bone, with nothing expected and with a number expected.

Every second utterance of AN4 and FSDD's takes 0 and 1 chose the bounds of `voice/asr_guards.py`;
the prompt for a number was chosen there too.

`--data DIR` measures on your own recordings instead: a folder with `manifest.jsonl`, on each line
`{"file": "a.wav", "text": "where is my order"}`.

Each recording is heard as it is, and as a telephone carries it (8 kHz, µ-law); around it is the
silence that the ears of a call leave around a turn. `--limit` takes so many recordings, evenly from
all over a set. What counts as an error is told in `tests/bench/wer.py`.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from models.device import yield_idle_cores
from models.registry import digest
from tests.bench.report import environment, write_report
from tests.bench.vad_data import line, read
from tests.bench.wer import rates
from tests.conftest import SHARED_DATA
from voice.asr import ENGINES, Asr, AsrOptions, SecondLook, Transcript, load_asr
from voice.audio import SAMPLE_RATE_HZ, Int16, frames
from voice.ears import LEAD_IN_SECONDS
from voice.expectation import OPEN_SPEECH, Expectation, Kind

TAIL_SECONDS = 0.4  # of silence, until a pause is a turn's end
MODELS = ("base", "tiny.en")
AS_HEARD: dict[str, Callable[[Int16], Int16]] = {"clean": lambda sound: sound, "telephone": line}
ONCE = SecondLook(hypotheses=1)  # nobody asks what else was said: the sound is not kept for it
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@dataclass(frozen=True, slots=True)
class Spoken:
    """A recording and what is said in it."""

    file: Path
    text: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """Recordings, and what the dialogue expects while it hears them."""

    spoken: Sequence[Spoken]
    expected: Expectation = OPEN_SPEECH


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one recording; `cpu_seconds` over all threads, `seconds` by the clock."""

    transcript: Transcript
    seconds: float
    cpu_seconds: float


def read_manifest(folder: Path) -> list[Spoken]:
    """The recordings that `manifest.jsonl` lists."""
    lines = (folder / "manifest.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(each) for each in lines if each.strip()]
    return [Spoken(folder / row["file"], _in_mixed_case(row["text"])) for row in rows]


def read_fsdd(folder: Path) -> list[Spoken]:
    """Single digits; a file is named for its digit, speaker and take."""
    files = sorted((folder / "recordings").glob("*.wav"))
    return [Spoken(file, DIGITS[int(file.name[0])]) for file in files]


def read_corpora(own: Path | None, limit: int | None) -> dict[str, Corpus]:
    """Recordings by the name of their set."""
    if own and not (own / "manifest.jsonl").is_file():
        raise SystemExit(f"{own} has no manifest.jsonl: give --data a folder that has one")
    if own:
        return {own.name: Corpus(thinned(read_manifest(own), limit))}
    if not SHARED_DATA.is_dir():
        raise SystemExit("the shared data folder is not on this machine; give --data DIR")
    digits = thinned(read_fsdd(SHARED_DATA / "fsdd-test"), limit)
    return {
        "an4-dev": Corpus(thinned(read_manifest(SHARED_DATA / "an4"), limit)),
        "fsdd": Corpus(digits),
        "fsdd, number expected": Corpus(digits, Expectation(Kind.DIGITS)),
    }


def thinned(spoken: Sequence[Spoken], limit: int | None) -> Sequence[Spoken]:
    """So many of them, evenly from all over the set."""
    if limit is None or limit >= len(spoken):
        return spoken
    return [spoken[index * len(spoken) // limit] for index in range(limit)]


def turn(sound: Int16) -> Int16:
    """The sound with the silence that is around it in a call."""
    lead = np.zeros(round(LEAD_IN_SECONDS * SAMPLE_RATE_HZ), np.int16)
    tail = np.zeros(round(TAIL_SECONDS * SAMPLE_RATE_HZ), np.int16)
    return np.concatenate([lead, sound, tail])


def hear(asr: Asr, sound: Int16, expected: Expectation) -> Heard:
    """Transcribe as a call does."""
    stream = asr.open(expected)
    for frame in frames([sound]):
        stream.feed(frame)
    began, cpu_began = time.perf_counter(), time.process_time()
    transcript = anyio.run(stream.finish, backend="trio")
    return Heard(transcript, time.perf_counter() - began, time.process_time() - cpu_began)


def summary(spoken: Sequence[Spoken], heard: Sequence[Heard]) -> dict[str, Any]:
    """One set's part of the report."""
    found = rates([each.text for each in spoken], [each.transcript.text for each in heard])
    return {
        "utterances": len(spoken),
        **{name: round(value, 4) for name, value in asdict(found).items()},
        "rejected": sum(bool(each.transcript.rejected) for each in heard),
        "cpu_seconds_per_utterance": _mean(each.cpu_seconds for each in heard),
        "seconds_p50": round(float(np.percentile([each.seconds for each in heard], 50)), 3),
        "seconds_p95": round(float(np.percentile([each.seconds for each in heard], 95)), 3),
        "transcripts": [
            {"file": said.file.name, "said": said.text, "heard": each.transcript.text}
            for said, each in zip(spoken, heard, strict=True)
        ],
    }


def measure(asr: Asr, corpora: dict[str, Corpus], step: Callable[[], None]) -> dict[str, Any]:
    """One engine and model, on every set, clean and on the telephone."""
    found: dict[str, Any] = {}
    for name, corpus in corpora.items():
        found[name] = {}
        for how, transmit in AS_HEARD.items():
            heard = []
            for each in corpus.spoken:
                heard.append(hear(asr, turn(transmit(read(each.file))), corpus.expected))
                step()
            found[name][how] = summary(corpus.spoken, heard)
    return found


def main() -> None:
    """Measure every engine and model, and write the report."""
    parser = argparse.ArgumentParser(description="speech recognition: word error rate, CPU seconds")
    parser.add_argument("--data", type=Path, help="a folder with manifest.jsonl")
    parser.add_argument("--limit", type=int, help="recordings of each set")
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), default=list(ENGINES))
    parser.add_argument("--models", nargs="+", default=list(MODELS), help="Whisper sizes")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or auto")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads of CTranslate2")
    parser.add_argument("--out", type=Path, default=Path("out/bench/speech.json"))
    options = parser.parse_args()

    yield_idle_cores()
    corpora = read_corpora(options.data, options.limit)
    results: dict[str, Any] = {}
    each = len(AS_HEARD) * sum(len(corpus.spoken) for corpus in corpora.values())
    with Progress() as progress:
        for engine in options.engines:
            for model in options.models:
                asr = load_asr(
                    AsrOptions(engine, model, "en", options.device, options.threads, ONCE)
                )
                bar = progress.add_task(f"{engine} {model}", total=each)
                result = measure(asr, corpora, partial(progress.advance, bar))
                results.setdefault(engine, {})[model] = result
    write_report(
        options.out,
        {
            "question": "how well and how fast do the ASR engines understand people",
            "environment": environment(options.device)
            | {"device": options.device, "threads": options.threads},
            "models": {
                name: digest(name) for name in _model_names(options.engines, options.models)
            },
            "corpora": {name: len(corpus.spoken) for name, corpus in corpora.items()},
            "engines": results,
        },
    )
    Console(width=110).print(_table(results))


def _in_mixed_case(text: str) -> str:
    """Capitals mean spelling to `normalise`; where all is in capitals they mean nothing."""
    return text.lower() if text.isupper() else text


def _model_names(engines: Sequence[str], models: Sequence[str]) -> list[str]:
    endings = {"onnx-whisper": "", "faster-whisper": "", "openai-whisper": "-torch"}
    return [f"whisper-{model}{endings[engine]}" for engine in engines for model in models]


def _table(results: dict[str, Any]) -> Table:
    table = Table(
        "engine", "model", "set", "line", "WER", "CER", "exact", "CPU s", "p50 s", "p95 s"
    )
    for engine, models in results.items():
        for model, corpora in models.items():
            for corpus, lines in corpora.items():
                for name, found in lines.items():
                    shares = [f"{100 * found[key]:.1f} %" for key in ("wer", "cer", "exact")]
                    times = [
                        f"{found[key]:.2f}"
                        for key in ("cpu_seconds_per_utterance", "seconds_p50", "seconds_p95")
                    ]
                    table.add_row(engine, model, corpus, name, *shares, *times)
    return table


def _mean(values: Iterable[float]) -> float:
    return round(float(np.mean(list(values))), 3)


if __name__ == "__main__":
    main()
