"""What the speech recognition makes of held-out sentences, and how many words it gets wrong.

`python -m tests.bench.heard FILE [--snr DB] [--model base]`

FILE is an intents.yaml. Both shipped voices say the sentences, each every second one, over a
telephone line, in a quiet room or in noise (pink and babble by turns). Voice, noise and their seed
follow from the sentence alone, so that what is in `out/bench/heard` is not said again. Synthetic
voices speak more clearly than people: the error rates are a lower bound.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from models.device import yield_idle_cores
from models.registry import digest
from nlu.alignment import word_errors
from nlu.dataset import Example, load_intents
from telephony.rehearse import NOISES, VOICES, Heard, Take, perform, read_heard
from tests.bench.report import REPO
from voice.asr import AsrOptions, load_asr
from voice.tts import load_tts, voice_id

CACHE = REPO / "out" / "bench" / "heard"
SPEAKERS = ("joe", "heart")
REVISION = 2  # of how sentences are said here: raise it when that changes


@dataclass(frozen=True, slots=True)
class Rates:
    """Errors by words said, over so many utterances; in `unheard` of them no word was found."""

    wer: float
    utterances: int
    unheard: int


def heard(
    examples: Sequence[Example], snr_db: float | None = None, model: str = "base"
) -> list[tuple[Example, Heard]]:
    """Each example with what the ASR makes of it; None is a quiet room. Minutes, the first time."""
    return list(zip(examples, hear(examples, snr_db, model), strict=True))


def hear(
    examples: Sequence[Example], snr_db: float | None = None, model: str = "base"
) -> Iterator[Heard]:
    """Yield what became of each example, as it comes."""
    planned = [take_of(example.text, snr_db) for example in examples]
    file = cache_file(model)
    known = {each.take: each for each in read_heard(file)}
    if known.keys() >= {*planned}:  # without loading a model
        return iter([known[take] for take in planned])
    voices = {name: load_tts(VOICES[name]) for name in SPEAKERS}
    asr = load_asr(AsrOptions(model=model, device="cpu"))
    return perform(planned, voices, asr, file=file)


def take_of(said: str, snr_db: float | None) -> Take:
    """How a sentence is said."""
    drawn = hashlib.sha256(said.encode()).digest()
    take = Take(said, SPEAKERS[drawn[0] % 2], seed=int.from_bytes(drawn[1:4]))
    if snr_db is None:
        return take
    return replace(take, noise=sorted(NOISES)[drawn[4] % len(NOISES)], snr_db=snr_db)


def cache_file(model: str) -> Path:
    """Where transcripts of these weights and voices are kept."""
    parts = [str(REVISION), digest(f"whisper-{model}"), *(voice_id(VOICES[n]) for n in SPEAKERS)]
    return CACHE / f"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]}.jsonl"


def rates(results: Sequence[Heard]) -> dict[str, Rates]:
    """Word error rates by voice, and of all; a number written another way is no error."""
    of = {name: [each for each in results if each.take.voice == name] for name in SPEAKERS}
    return {name: _rates(some) for name, some in ({"all": list(results)} | of).items() if some}


def _rates(results: Sequence[Heard]) -> Rates:
    counts = [word_errors(each.said, each.heard) for each in results]
    words = sum(said for _, said in counts)
    return Rates(
        wer=sum(wrong for wrong, _ in counts) / max(words, 1),
        utterances=len(results),
        unheard=sum(not each.heard for each in results),
    )


def main() -> None:
    """Hear a file's sentences and print the word error rates."""
    parser = argparse.ArgumentParser(description="what the ASR makes of held-out sentences")
    parser.add_argument("file", type=Path, help="an intents.yaml")
    parser.add_argument("--snr", type=float, help="dB of speech over noise; a quiet room if absent")
    parser.add_argument("--model", default="base", help="Whisper size")
    options = parser.parse_args()
    examples = load_intents(options.file).examples
    with Progress() as progress:
        results = list(
            progress.track(
                hear(examples, options.snr, options.model),
                total=len(examples),
                description="saying and hearing",
            )
        )
    Console().print(_table(rates(results)))


def _table(found: Mapping[str, Rates]) -> Table:
    table = Table("voice", "utterances", "WER", "nothing heard")
    for name, rate in found.items():
        table.add_row(name, str(rate.utterances), f"{rate.wer:.1%}", str(rate.unheard))
    return table


if __name__ == "__main__":
    yield_idle_cores()
    main()
