"""Is the phone line as good at the caller's ear as it says?

Interruptions at random points of a reply: how long until the ear is silent, and is the text that
the dialogue keeps the one that was heard there (by one of two ASR models)? Coughs, "mhm" and
"okay": does the reply go on? The assistant's own voice as an echo: does it interrupt itself? A bad
network: are the caller's words still understood? Real time, real models, the emulator's far end.

    python -m tests.bench.phone --interruptions 50
"""

import argparse
import itertools
import json
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import jiwer
import numpy as np
from anyio import CapacityLimiter, create_task_group
from rich.progress import Progress, TaskID

from telephony.compose import load_parts
from telephony.far_end.caller import Caller
from telephony.far_end.network import Impairments
from telephony.far_end.protocol import PACKET_SECONDS
from telephony.far_end.sound import Microphone, levels, speech_threshold
from telephony.parts import Parts
from telephony.settings import load_settings
from tests.bench.barge_in_data import Kind, Overlap, overlaps
from tests.bench.phone_line import (
    Overheard,
    asks,
    at_8_khz,
    at_16_khz,
    hold_call,
    listens,
    puts_in,
)
from tests.bench.report import REPO, environment, quantiles, write_report
from tests.bench.vad_data import read
from tests.bench.wer import normalise
from voice.asr import Asr, AsrOptions, load_asr
from voice.audio import Int16, frames
from voice.expectation import OPEN_SPEECH

AN4 = REPO.parent / "shared" / "data" / "an4"
A_CALL = 5  # things a caller does in one call
AT_ONCE = 4  # calls at the same time, so that it takes minutes
SILENT_BLOCKS = 20  # 0.4 s without a sound: no pause of a sentence
ECHO_DB = -10.0
JUDGES = ("base", "tiny.en")  # each mishears some words of any voice; what one heard was there
LATE_SECONDS = 0.25  # more than this, and the caller begins again
BAD = Impairments(loss=0.05, jitter_seconds=0.06, reorder=0.05, duplicate=0.05, seed=1)


def main() -> None:
    """Measure, print and write the report."""
    options = _arguments()
    parts = load_parts(load_settings())
    chance = random.Random(options.seed)  # noqa: S311 - chance, not a secret
    every = overlaps()
    sounds = [one for one in every if one.split == options.split]
    prompt = next(at_8_khz(one.sound) for one in every if one.words == "can you repeat that")
    by_kind = {
        kind: chance.sample(own, min(len(own), options.sounds))
        for kind in Kind
        for own in [[one for one in sounds if one.kind is kind]]
    }
    short = [one for one in by_kind[Kind.INTERRUPTION] if len(one.sound) < 2 * 16_000]
    cuts = chance.choices(short, k=options.interruptions)
    result: dict[str, Any] = {
        "benchmark": "phone",
        "environment": environment(),
        "models": dict(parts.models),
        "split": options.split,
        "calls_at_once": AT_ONCE,
    }
    questions: dict[str, Callable[[], dict[str, Any]]] = {
        "interruptions": lambda: _interruptions(cuts, chance, parts),
        "interruption": lambda: _stopped(by_kind[Kind.INTERRUPTION], chance, parts, prompt),
        "go_on": lambda: _stopped(by_kind[Kind.GO_ON], chance, parts, prompt),
        "no_words": lambda: _stopped(by_kind[Kind.NO_WORDS], chance, parts, prompt),
        "echo": lambda: _echo(options.stories, parts, prompt),
        "network": lambda: _network(options.utterances, parts),
    }
    for question, measure in questions.items():
        if question in (options.only or questions):
            result[question] = measure()
            print(question, json.dumps(result[question], indent=2))
    write_report(options.out, result)


def _interruptions(cuts: list[Overlap], chance: random.Random, parts: Parts) -> dict[str, Any]:
    """Cut the assistant short, and compare the text it keeps with the ear."""
    silences: list[float] = []
    differences: list[int] = []
    apart: list[tuple[str, ...]] = []
    judges = [load_asr(AsrOptions(model=model)) for model in JUDGES]
    late: list[str] = []
    groups = _groups(cuts)
    heard = [[at_8_khz(one.sound) for one in group] for group in groups]
    callers = [puts_in(waves, lambda: chance.uniform(0.8, 6.0)) for waves in heard]
    calls = _hold(callers, parts, "interrupting")
    for group, waves, call in zip(groups, heard, calls, strict=True):
        for index, sound in enumerate(waves):
            began = _began(call, index, sound)
            silences.append(_silent_from(call, began) - began)
            if silences[-1] > LATE_SECONDS:
                late.append(f"{group[index].words} ({group[index].source}): {silences[-1]:.2f} s")
        for kept, ear in _replies(call):
            texts = [_hear(ear, asr) for asr in judges]
            differences.append(min(_word_errors(kept, text) for text in texts))
            if differences[-1] > 1:
                apart.append((kept, *texts))
    return {
        "count": len(silences),
        "silent_after_ms": quantiles([1000 * each for each in silences]),
        "late": sorted(late),
        "within_a_word": sum(each <= 1 for each in differences),
        "compared": len(differences),
        "further_apart": apart,
    }


def _replies(call: Overheard) -> Iterator[tuple[str, Int16]]:
    """Yield what was kept of each cut reply, and the sound at the ear from then to the next."""
    spoken = [turn for turn in call.record.turns if turn.speaker == "assistant"]
    for turn, after in itertools.pairwise(spoken):
        if turn.heard != turn.text:
            yield turn.heard, call.ear(max(0.0, turn.start_s - 0.3), after.start_s - 0.1)


def _stopped(
    sounds: Sequence[Any], chance: random.Random, parts: Parts, prompt: Int16
) -> dict[str, Any]:
    """Put each sound into a story; say how many stories ended there, and when others went on."""
    stopped: list[str] = []
    went_on: list[float] = []
    groups = _groups(sounds)
    heard = [[at_8_khz(one.sound) for one in group] for group in groups]
    callers = [puts_in(waves, lambda: chance.uniform(0.8, 6.0), prompt) for waves in heard]
    calls = _hold(callers, parts, f"{sounds[0].kind} over the assistant")
    for group, waves, call in zip(groups, heard, calls, strict=True):
        cut = [index for index in range(len(group)) if _was_cut(call, index, waves[index])]
        kept = [index for index in range(len(group)) if index not in cut]
        went_on += [_goes_on_after(call, index) for index in kept]
        stopped += [
            f"{group[index].words or group[index].name} ({group[index].source}) heard as"
            f" {_after(call, index, waves[index])!r}"
            for index in cut
        ]
    return {
        "count": len(sounds),
        "stopped": len(stopped),
        "went_on_after_ms": quantiles([1000 * each for each in went_on]) if went_on else {},
        "which": sorted(stopped),
    }


def _was_cut(call: Overheard, index: int, sound: Int16) -> bool:
    """Say whether the reply under way at this sound was not heard to its end."""
    began = _began(call, index, sound)
    spoken = [turn for turn in call.record.turns if turn.speaker == "assistant"]
    under_way = [turn for turn in spoken if turn.start_s <= began]
    return not under_way or under_way[-1].heard != under_way[-1].text


def _goes_on_after(call: Overheard, index: int) -> float:
    """How long after the end of the sound the ear is quiet, in seconds; 0 when it never was."""
    end = len(call.tape.cues) - call.tape.cues[::-1].index(index)
    audible = call.audible()[end:]
    return audible.index(True) * PACKET_SECONDS if True in audible else 0.0


def _after(call: Overheard, index: int, sound: Int16) -> str:
    """What the ASR made of the sound."""
    began = _began(call, index, sound)
    said = [turn for turn in call.record.turns if turn.speaker == "caller" and turn.end_s > began]
    return said[0].text if said else ""


def _echo(stories: int, parts: Parts, prompt: Int16) -> dict[str, Any]:
    """Play the assistant's voice back to it."""
    held = stopped = 0
    seconds = 0.0
    callers = [listens(A_CALL, prompt) for _ in range(stories // A_CALL)]
    microphone = partial(Microphone, echo_db=ECHO_DB)
    for call in _hold(callers, parts, "echo", microphone):
        held += len(call.log.clears)
        stopped += sum(
            said != heard for said, heard in zip(call.agent.said, call.agent.heard, strict=True)
        )
        seconds += sum(call.audible()) * PACKET_SECONDS
    told = A_CALL * len(callers)
    return {"stories": told, "spoken_s": round(seconds), "held": held, "stopped": stopped}


def _network(utterances: int, parts: Parts) -> dict[str, Any]:
    """Say the same over a good and a bad network."""
    if not AN4.is_dir():
        return {}
    lines = (AN4 / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines[:: len(lines) // utterances][:utterances]]
    waves = [at_8_khz(read(AN4 / row["file"])) for row in rows]
    said = [normalise(row["text"].lower()) for row in rows]
    result: dict[str, Any] = {"utterances": len(rows)}
    for name, impairments in (("good", Impairments()), ("bad", BAD)):
        heard: list[str] = []
        groups = _groups(waves)
        callers = [asks(group) for group in groups]
        calls = _hold(callers, parts, f"{name} network", impairments=impairments)
        for group, call in zip(groups, calls, strict=True):
            turns = [turn.text for turn in call.agent.turns]
            heard += [normalise(text) for text in (turns + [""] * len(group))[: len(group)]]
        result[name] = round(100 * float(jiwer.wer(said, heard)), 1)
    return result


def _groups(things: Sequence[Any]) -> list[list[Any]]:
    return [list(things[start : start + A_CALL]) for start in range(0, len(things), A_CALL)]


def _hold(
    callers: Sequence[Caller],
    parts: Parts,
    title: str,
    microphone: Callable[[], Microphone] = Microphone,
    impairments: Impairments | None = None,
) -> list[Overheard]:
    """Hold the calls, a few at the same time."""
    calls: dict[int, Overheard] = {}

    async def one(index: int, limit: CapacityLimiter, progress: Progress, task: TaskID) -> None:
        async with limit:
            calls[index] = await hold_call(callers[index], parts, microphone(), impairments)
        progress.advance(task)

    async def every() -> None:
        with Progress() as progress:
            task = progress.add_task(title, total=len(callers))
            async with create_task_group() as tasks:
                limit = CapacityLimiter(AT_ONCE)
                for index in range(len(callers)):
                    tasks.start_soon(one, index, limit, progress, task)

    anyio.run(every)
    return [calls[index] for index in range(len(callers))]


def _began(call: Overheard, index: int, sound: Int16) -> float:
    """When the caller's sound was as loud as speech at first, in seconds of the call."""
    quiet = int(np.argmax(levels(sound) >= speech_threshold(sound)))
    return (call.tape.cues.index(index) + quiet) * PACKET_SECONDS


def _silent_from(call: Overheard, began: float) -> float:
    """When the ear fell silent after `began`, and stayed so for 0.4 s."""
    audible = call.audible()
    start = round(began / PACKET_SECONDS)
    for block in range(start, len(audible)):
        if not any(audible[block : block + SILENT_BLOCKS]):
            return block * PACKET_SECONDS
    return len(audible) * PACKET_SECONDS


def _hear(sound: Int16, asr: Asr) -> str:
    async def transcribe() -> str:
        stream = asr.open(OPEN_SPEECH)
        for frame in frames([at_16_khz(sound)]):
            stream.feed(frame)
        return (await stream.finish()).text

    return anyio.run(transcribe)


def _word_errors(kept: str, heard: str) -> int:
    kept, heard = normalise(kept), normalise(heard)
    if not kept or not heard:
        return len((kept or heard).split())
    found = jiwer.process_words(kept, heard)
    return int(found.substitutions + found.deletions + found.insertions)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.phone", description=__doc__)
    parser.add_argument("--interruptions", type=int, default=50)
    parser.add_argument("--sounds", type=int, default=40, help="of each kind")
    parser.add_argument("--stories", type=int, default=20, help="under echo")
    parser.add_argument("--utterances", type=int, default=20, help="on each network")
    parser.add_argument("--only", nargs="*", help="of the questions, by their names in the report")
    parser.add_argument("--split", default="test", choices=("dev", "test"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=REPO / "docs" / "bench" / "phone.json")
    return parser.parse_args()


if __name__ == "__main__":
    main()
