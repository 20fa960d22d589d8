"""Which voice activity engine, at which threshold? Frame by frame, against marks.

`python -m tests.bench.vad [--data DIR] [--noise DIR] [--out FILE]`

Speech, from the shared data folder:

- meeting: AMI excerpts as recorded, far from the microphones, with people's own marks (RTTM);
- meeting-telephone: the same as a telephone carries it (a caller's loudness, 8 kHz, µ-law);
- caller: AN4 speakers, close, in a recorded noise at 20, 10 or 5 dB, on the telephone.

A threshold is chosen on the train parts and every second noise: of those that call at most 1 % of
speechless frames speech (each one may cut the assistant off) the one with the best F1. An engine is
chosen on the development parts. The test parts, the other noises and the tones of a telephone
network are only reported.

`--data DIR` measures on your own recordings instead: a folder with `manifest.jsonl`, on each line
`{"file": "a.wav", "speech": [[0.5, 2.1], …], "split": "test"}`, seconds; split is train,
development or test (the default). Without a train part the shipped thresholds are used.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import metrics

from models.registry import model_path
from tests.bench import vad_data as data
from tests.bench.report import environment, model_hashes, write_report
from tests.bench.vad_data import SPLITS, VOICES, Bits, Clip, Floats
from tests.conftest import SHARED_DATA
from voice.audio import Int16, frames
from voice.vad import ENGINES, SPEECH_PROBABILITY, Vad, load_vad

THRESHOLDS = [0.01, 0.02, 0.03, *(round(0.05 * step, 2) for step in range(1, 20))]
FALSE_ALARM_BUDGET = 0.01


@dataclass(frozen=True, slots=True)
class Scored:
    """What an engine said about some frames, and the truth."""

    probability: Floats
    speech: Bits

    def at(self, threshold: float) -> dict[str, float]:
        """What comes of calling speech what is as probable as the threshold."""
        heard = self.probability >= threshold
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            self.speech, heard, average="binary", zero_division=0.0
        )
        return {
            "precision": round(float(precision), 4),
            "recall": round(float(recall), 4),
            "f1": round(float(f1), 4),
            "false_alarm_rate": round(_share(heard[~self.speech]), 4),
        }

    def summary(self, threshold: float) -> dict[str, Any]:
        """Everything the report says about one corpus and split."""
        return {
            "frames": len(self.speech),
            "share_of_speech": round(_share(self.speech), 4),
            "roc_auc": self._roc_auc(),
            "at_threshold": self.at(threshold),
            "roc": {str(each): self.at(each) for each in THRESHOLDS},
        }

    def _roc_auc(self) -> float | None:
        """None where there is only speech, or none."""
        if len(np.unique(self.speech)) < 2:
            return None
        return round(float(metrics.roc_auc_score(self.speech, self.probability)), 4)


def pooled(parts: Iterable[Scored]) -> Scored:
    """All frames together."""
    every = list(parts)
    return Scored(
        np.concatenate([part.probability for part in every]),
        np.concatenate([part.speech for part in every]),
    )


def listen(vad: Vad, sound: Int16) -> Floats:
    """The probability of every frame."""
    return np.array([vad.probability(frame) for frame in frames([sound])])


def score(make: Callable[[], Vad], clips: Sequence[Clip]) -> Scored:
    """All clips' frames, each clip heard afresh."""
    return pooled(
        Scored(listen(make(), clip.sound)[: len(clip.speech)], clip.speech) for clip in clips
    )


def choose_threshold(train: Scored) -> float:
    """The best F1 within the budget of false alarms; the strictest where none keeps it."""
    affordable = [t for t in THRESHOLDS if train.at(t)["false_alarm_rate"] <= FALSE_ALARM_BUDGET]
    return max(affordable or THRESHOLDS[-1:], key=lambda threshold: train.at(threshold)["f1"])


def microseconds(make: Callable[[], Vad], sound: Int16) -> dict[str, float]:
    """Time for a frame of 20 ms (Silero computes at about every second)."""
    vad, each = make(), []
    for frame in frames([sound]):
        began = time.perf_counter()
        vad.probability(frame)
        each.append((time.perf_counter() - began) * 1e6)
    return {
        "mean": round(float(np.mean(each)), 1),
        "p50": round(float(np.percentile(each, 50)), 1),
        "p95": round(float(np.percentile(each, 95)), 1),
    }


def measure(
    name: str, corpora: dict[str, list[Clip]], noises: dict[str, Int16], tones: dict[str, Int16]
) -> dict[str, Any]:
    """One engine's part of the report."""
    make = load_vad(name)
    scored = {
        split: {
            corpus: score(make, part)
            for corpus, clips in corpora.items()
            if (part := _of(clips, split))
        }
        for split in SPLITS
    }
    heard = {sound: listen(make(), samples) for sound, samples in (noises | tones).items()}
    choosing, testing = data.noise_halves(noises)
    threshold = SPEECH_PROBABILITY[name]
    if scored["train"]:
        silent = [Scored(heard[noise], np.zeros(len(heard[noise]), bool)) for noise in choosing]
        threshold = choose_threshold(pooled([*scored["train"].values(), *silent]))
    called = {sound: round(_share(each >= threshold), 4) for sound, each in heard.items()}
    return {
        "threshold": threshold,
        "threshold_from": "train" if scored["train"] else "shipped",
        "splits": {
            split: {corpus: one.summary(threshold) for corpus, one in by_corpus.items()}
            for split, by_corpus in scored.items()
        },
        "called_speech": {
            "noises_for_choosing": {sound: called[sound] for sound in choosing},
            "noises_for_test": {sound: called[sound] for sound in testing},
            "tones": {sound: called[sound] for sound in tones},
            "voices": {sound: called[sound] for sound in noises if sound in VOICES},
        },
        "microseconds_per_frame": microseconds(make, next(iter(corpora.values()))[0].sound),
    }


def read_corpora(own: Path | None, noises: dict[str, Int16]) -> dict[str, list[Clip]]:
    """Clips by the name of what they are, as the module's docstring tells."""
    if own:
        return {own.name: data.manifest(own)}
    if not SHARED_DATA.is_dir():
        raise SystemExit("the shared data folder is not on this machine; give --data DIR")
    meeting = data.ami(SHARED_DATA / "ami-vad13")
    return {
        "meeting": meeting,
        "meeting-telephone": _on_the_phone(meeting),
        "caller": _on_the_phone(data.callers(SHARED_DATA / "an4", noises)),
    }


def main() -> None:
    """Measure every engine and write the report."""
    parser = argparse.ArgumentParser(description="voice activity: engines and thresholds")
    parser.add_argument("--data", type=Path, help="a folder with manifest.jsonl")
    parser.add_argument("--noise", type=Path, default=SHARED_DATA / "noise-rir" / "noise")
    parser.add_argument("--out", type=Path, default=Path("out/bench/vad.json"))
    options = parser.parse_args()

    noises = data.noises_of(options.noise)
    corpora = read_corpora(options.data, noises)
    on_line = {name: data.line(sound) for name, sound in noises.items()}
    tones = {name: data.line(sound) for name, sound in data.tones().items()}
    engines = {name: measure(name, corpora, on_line, tones) for name in ENGINES}
    write_report(
        options.out,
        {
            "question": "which voice activity engine, at which threshold",
            "environment": environment(),
            "models": model_hashes(model_path("silero-vad").glob("*.onnx")),
            "corpora": {name: len(clips) for name, clips in corpora.items()},
            "engines": engines,
        },
    )
    for name, result in engines.items():
        shown = {
            f"{split}/{corpus}": one["at_threshold"]
            for split, by_corpus in result["splits"].items()
            for corpus, one in by_corpus.items()
        }
        rest = {key: value for key, value in result.items() if key != "splits"}
        print(name, json.dumps(rest | shown, indent=1))


def _of(clips: Sequence[Clip], split: str) -> list[Clip]:
    return [clip for clip in clips if clip.split == split]


def _on_the_phone(clips: Sequence[Clip]) -> list[Clip]:
    return [Clip(clip.split, data.telephone(clip.sound), clip.speech) for clip in clips]


def _share(bits: Bits) -> float:
    return float(bits.mean()) if len(bits) else 0.0


if __name__ == "__main__":
    main()
