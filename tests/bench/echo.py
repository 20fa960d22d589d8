"""Does the assistant interrupt itself on a speakerphone, and are callers heard who speak over it?

`python -m tests.bench.echo [--out FILE]`

Calls of three sentences in the voices that ship, their echo 10 dB below, later by 80 to 580 ms,
with and without a room's response, through µ-law at 8 kHz there and back, and line noise. Whether
the VAD and the turn-taker report an onset is asked without a guard and with `voice/echo.py`. Then
callers of AN4 speak over the assistant, 6 dB louder, as loud as it and 6 dB softer: how many are
heard, how much later than without any assistant, and what the ASR makes of it; and the same on a
handset, without echo. Sentences, callers and delays are others than those that chose the guard's
constants.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import anyio
import numpy as np
from rich.progress import track
from scipy.signal import fftconvolve  # type: ignore[import-untyped]

from models.device import yield_idle_cores
from tests.bench.barge_in_data import VOICES, spoken, trimmed
from tests.bench.report import REPO, environment, write_report
from tests.bench.vad_data import Floats, line, loudness, read
from tests.bench.wer import rates
from tests.conftest import SHARED_DATA
from voice.asr import Asr, AsrOptions, load_asr
from voice.audio import FRAME_SECONDS, SAMPLE_RATE_HZ, SILENCE, Frame, Int16, frames
from voice.ears import LEAD_IN_SECONDS, for_vad
from voice.echo import EchoGuard
from voice.expectation import OPEN_SPEECH
from voice.turns import SpeechStarted, TurnTaker
from voice.vad import Vad, load_vad

ECHO_DB = -10.0
NOISE_DBFS = -65.0
DELAYS_SECONDS = (0.08, 0.13, 0.22, 0.33, 0.47, 0.58)
ROOMS = ("none", "rir2", "rir3", "rir4")
LEVELS_DB = (6, 0, -6)
SENTENCES = REPO / "tests" / "voice" / "service_sentences.txt"
FIRST_SENTENCE = 24  # those before chose the constants
A_CALL = 3  # sentences
GAP_SECONDS = 1.0
ROOM_SECONDS = 0.25  # of a room's response
SOON_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Heard:
    """One call as the server hears it: its onsets' report times, what the guard left, its cost."""

    onsets: list[float]
    sound: Int16
    guard_ms: float


@dataclass(frozen=True, slots=True)
class Case:
    """A caller's utterance over the assistant's voice, beginning at `at` seconds."""

    played: Int16
    caller: Int16
    at: float
    seconds: float
    words: str
    delay: float
    room: str


def main() -> None:
    """Measure, print and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, default=Path("out/bench/echo.json"))
    options = parser.parse_args()
    yield_idle_cores()
    vad, asr = load_vad("silero"), load_asr(AsrOptions())
    result = {
        "benchmark": "echo",
        "environment": environment(),
        "alone": alone(vad),
        "interrupted": {str(level): interrupted(vad, asr, level) for level in LEVELS_DB},
        "handset": interrupted(vad, asr, 0, speakerphone=False),
    }
    write_report(options.out, result)
    print(json.dumps(result, indent=2))


def alone(vad: Callable[[], Vad]) -> dict[str, Any]:
    """Share of sentences in which the assistant hears itself."""
    found: dict[str, list[bool]] = {"without": [], "with": [], "first_with": []}
    costs = []
    calls = list(_calls())
    for index, (delay, played) in enumerate(track(list(product(DELAYS_SECONDS, calls)), "alone")):
        sound = heard_sound(echo(_joined(played), delay, ROOMS[index % len(ROOMS)]))
        without = listen(vad(), sound, None)
        guarded = listen(vad(), sound, _joined(played))
        costs.append(guarded.guard_ms)
        spans = _spans(played)
        found["without"] += [_any(without.onsets, *span) for span in spans]
        found["with"] += [_any(guarded.onsets, *span) for span in spans]
        found["first_with"] += [_any(guarded.onsets, *spans[0])]
    return {
        "sentences": len(found["with"]),
        "onsets": {name: sum(hits) for name, hits in found.items()},
        "guard_ms_per_frame": round(statistics.mean(costs), 3),
    }


def interrupted(
    vad: Callable[[], Vad], asr: Asr, level_db: float, *, speakerphone: bool = True
) -> dict[str, Any]:
    """How callers are heard who speak over the assistant."""
    delays, early, texts = [], 0, []
    cases = list(_cases(level_db))
    for case in track(cases, f"{level_db:+.0f} dB"):
        by_itself = heard_sound(case.caller / 1.0)
        together = (
            heard_sound(case.caller + echo(case.played, case.delay, case.room))
            if speakerphone
            else by_itself
        )
        clean = listen(vad(), by_itself, None)
        guarded = listen(vad(), together, case.played)
        early += any(onset < case.at for onset in guarded.onsets)
        first = next((onset for onset in guarded.onsets if onset >= case.at), None)
        delays.append(None if first is None else first - clean.onsets[0])
        sounds = (by_itself, together, guarded.sound)
        texts.append([_text(asr, _piece(sound, case)) for sound in sounds])
    reported = sorted(delay for delay in delays if delay is not None)
    names = ("clean", "echo", "guarded")
    words = [case.words for case in cases]
    return {
        "interruptions": len(cases),
        "heard": len(reported),
        "heard_within_250_ms": sum(delay <= SOON_SECONDS for delay in reported),
        "onset_before_the_caller": early,
        "added_delay_ms": {
            "p50": round(1000 * statistics.median(reported)),
            "p95": round(1000 * reported[int(0.95 * (len(reported) - 1))]),
        },
        "same_text_as_clean": sum(clean == guarded for clean, _, guarded in texts),
        "wer": {
            name: round(rates(words, [row[place] for row in texts]).wer, 4)
            for place, name in enumerate(names)
        },
    }


def echo(played: Int16, delay: float, room: str) -> Floats:
    """What of it comes back: through the line to a loudspeaker, and the room."""
    back = fftconvolve(line(played) / 1.0, _response(room))[: len(played)] * 10 ** (ECHO_DB / 20)
    late: Floats = np.concatenate([np.zeros(round(delay * SAMPLE_RATE_HZ)), back])[: len(played)]
    return late


def heard_sound(sound: Floats) -> Int16:
    """With the line's noise, through the line."""
    noise = np.random.default_rng(seed=0).normal(size=len(sound)) * 10 ** (NOISE_DBFS / 20) * 32768
    return line(np.clip(sound + noise, -32768, 32767).astype(np.int16))


def listen(vad: Vad, sound: Int16, played: Int16 | None) -> Heard:
    """Hear the sound as a call does; `played` is None without a guard."""
    guard, turns = EchoGuard(), TurnTaker()
    onsets, cleaned, seconds = [], [], 0.0
    playing = iter(()) if played is None else frames([played])
    for frame in frames([sound]):
        if played is not None:
            out = next(playing, Frame(SILENCE, 0.0)).pcm
            began = time.perf_counter()
            frame = guard.clean(frame, None if out == SILENCE else out)  # noqa: PLW2901
            seconds += time.perf_counter() - began
        cleaned.append(frame.samples)
        if isinstance(turns.hear(frame.at, vad.probability(for_vad(frame))), SpeechStarted):
            onsets.append(frame.at + FRAME_SECONDS)
    return Heard(onsets, np.concatenate(cleaned), 1000 * seconds / len(cleaned))


def _calls() -> Iterator[list[Int16]]:
    texts = SENTENCES.read_text("utf-8").splitlines()[FIRST_SENTENCE:]
    for voice, first in product(VOICES, range(0, len(texts) - A_CALL + 1, A_CALL)):
        yield [spoken(voice, text) for text in texts[first : first + A_CALL]]


def _joined(sentences: Sequence[Int16]) -> Int16:
    gap = np.zeros(round(GAP_SECONDS * SAMPLE_RATE_HZ), np.int16)
    return np.concatenate([gap, *(piece for sentence in sentences for piece in (sentence, gap))])


def _spans(sentences: Sequence[Int16]) -> list[tuple[float, float]]:
    """From each sentence's beginning until the next one's."""
    lengths = [len(sentence) / SAMPLE_RATE_HZ + GAP_SECONDS for sentence in sentences]
    starts = [GAP_SECONDS + sum(lengths[:place]) for place in range(len(lengths))]
    return list(zip(starts, [*starts[1:], float("inf")], strict=True))


def _any(times: Sequence[float], start: float, end: float) -> bool:
    return any(start <= at < end for at in times)


def _cases(level_db: float) -> Iterator[Case]:
    rng = np.random.default_rng(seed=5)
    calls = [_joined(call) for call in _calls()]
    lines = (SHARED_DATA / "an4" / "manifest.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(row) for place, row in enumerate(lines) if place % 11 and place % 8 == 1]
    for index, row in enumerate(rows):
        said = trimmed(read(SHARED_DATA / "an4" / row["file"]))
        played = calls[index % len(calls)]
        at = GAP_SECONDS + rng.uniform(0.6, 5.0)
        start = round(at * SAMPLE_RATE_HZ)
        gain = 10 ** (level_db / 20) * loudness(played) / loudness(said)
        caller = np.zeros(max(len(played), start + len(said) + SAMPLE_RATE_HZ // 2))
        caller[start : start + len(said)] = said * gain
        whole = np.zeros(len(caller), np.int16)
        whole[: len(played)] = played
        delay, room = DELAYS_SECONDS[index % 6], ROOMS[index % 4]
        loud = np.clip(caller, -32768, 32767).astype(np.int16)
        yield Case(whole, loud, at, len(said) / SAMPLE_RATE_HZ, row["text"].lower(), delay, room)


def _piece(sound: Int16, case: Case) -> Int16:
    start = max(0.0, case.at - LEAD_IN_SECONDS)
    end = case.at + case.seconds + 0.3
    return sound[round(start * SAMPLE_RATE_HZ) : round(end * SAMPLE_RATE_HZ)]


def _text(asr: Asr, sound: Int16) -> str:
    stream = asr.open(OPEN_SPEECH)
    for frame in frames([sound]):
        stream.feed(frame)
    return anyio.run(stream.finish).text


def _response(room: str) -> Floats:
    """From its direct sound on, at unit power."""
    if room == "none":
        return np.ones(1)
    response = read(SHARED_DATA / "noise-rir" / "rir" / f"{room}.flac") / 1.0
    direct = max(0, int(np.argmax(np.abs(response))) - 16)
    kept = response[direct : direct + round(ROOM_SECONDS * SAMPLE_RATE_HZ)]
    whole: Floats = kept / np.sqrt(np.square(kept).sum())
    return whole


if __name__ == "__main__":
    main()
