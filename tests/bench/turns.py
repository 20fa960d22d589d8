"""How often is a caller cut off, and how long do they wait until their turn is seen to be over?

Every recording is one turn, followed by silence. A turn that ends before the recording's last words
is a cut-off; the delay of the others is from the last sound to the decision, in media time, so that
it is the same on every machine. By default AN4 of the shared data folder (people spelling names and
saying numbers, with pauses to think), each heard twice: as open speech, and as what it is.

    python -m tests.bench.turns --data my-turns/     # manifest.jsonl: {"file": …, "field": "zip"}
"""

import argparse
import json
import statistics
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import anyio
from rich.progress import track

from models.device import yield_idle_cores
from tests.bench.report import REPO, environment, write_report
from voice.asr import AsrOptions, load_asr
from voice.audio import SILENCE, Digit, Frame, frame_time
from voice.ears import Ears, Utterance
from voice.expectation import OPEN_SPEECH, Expectation, Kind
from voice.turns import TurnOptions, TurnTaker
from voice.vad import DEFAULT_VAD, SPEECH_PROBABILITY, load_vad
from voice.wav import open_recording

AN4 = REPO.parent / "shared" / "data" / "an4"
SILENT_FRAMES = 150  # after each recording: 3 s
KINDS = {
    "zip": Expectation(Kind.DIGITS, length=5),
    "phone": Expectation(Kind.DIGITS),
    "street_number": Expectation(Kind.DIGITS),
    "birth_date": Expectation(Kind.DATE),
    "last_name_spelled": Expectation(Kind.NAME),
    "first_name_spelled": Expectation(Kind.NAME),
    "command_or_alnum": Expectation(Kind.CODE),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """How one recording was taken: in how many turns, and the last one's delay in seconds."""

    parts: int
    delay: float


def main() -> None:
    """Measure, print and write the report."""
    options = _arguments()
    yield_idle_cores()
    asr, vad = load_asr(AsrOptions()), load_vad(DEFAULT_VAD)
    taker = TurnOptions(speech_probability=SPEECH_PROBABILITY[DEFAULT_VAD])
    listed = list(_listed(options.data, options.turns))
    found: dict[str, list[Turn]] = {"open": [], "expected": []}
    for file, expected in track(listed, "listening"):
        for name, expectation in (("open", OPEN_SPEECH), ("expected", expected)):
            ears = Ears(vad(), asr, TurnTaker(taker))
            found[name].append(anyio.run(partial(_hear, ears, file, expectation), backend="trio"))
    result = {
        "benchmark": "turns",
        "environment": environment(),
        "turns": len(listed),
        "listening": {name: _summary(turns) for name, turns in found.items()},
    }
    write_report(options.out, result)
    print(json.dumps(result["listening"], indent=2))


async def _hear(ears: Ears, file: Path, expectation: Expectation) -> Turn:
    ears.expect(expectation)
    parts = []
    async with aclosing(ears.listen(_then_silence(file))) as events:
        async for event in events:
            if isinstance(event, Utterance) and event.transcript.text:
                parts.append(event.at - event.end)
    return Turn(len(parts), parts[-1] if parts else 0.0)


async def _then_silence(file: Path) -> AsyncGenerator[Frame | Digit]:
    index = 0
    for frame in open_recording(file).frames():
        yield Frame(frame.pcm, frame_time(index))
        index += 1
    for silent in range(SILENT_FRAMES):
        yield Frame(SILENCE, frame_time(index + silent))


def _summary(turns: list[Turn]) -> dict[str, Any]:
    delays = sorted(turn.delay for turn in turns if turn.parts == 1)
    return {
        "cut_off": round(sum(turn.parts > 1 for turn in turns) / len(turns), 4),
        "unheard": round(sum(turn.parts == 0 for turn in turns) / len(turns), 4),
        "delay_ms": {
            "p50": round(1000 * statistics.median(delays)),
            "p95": round(1000 * delays[int(0.95 * (len(delays) - 1))]),
        },
    }


def _listed(data: Path, turns: int) -> Iterator[tuple[Path, Expectation]]:
    """Every n-th of the manifest, with what a dialogue would expect there."""
    lines = (data / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    for line in lines[:: max(1, len(lines) // turns)][:turns]:
        entry = json.loads(line)
        yield data / entry["file"], KINDS.get(entry.get("field", ""), OPEN_SPEECH)


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=AN4, help="recorded turns and manifest.jsonl")
    parser.add_argument("--turns", type=int, default=128, help="recordings to take (128)")
    parser.add_argument("--out", type=Path, default=Path("out/bench/turns.json"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
