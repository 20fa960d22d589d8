"""Offhook and its peers side by side, at the caller's ear.

Each runs alone on the same two cores, with the same weights where it can have them, and is called
by the same callers over the emulated Twilio: how long until the answer is heard, who is cut off at
a pause within a sentence, how soon an interrupted assistant is silent, and what it costs. Peers
that need a language model ask one here that answers after 50 ms; Offhook answers from its dialogue.

    python -m tests.bench.peers                                # all, one and eight calls at once
    python -m tests.bench.peers --prepare                      # before a quiet hour: set up alone
    python -m tests.bench.peers --quick                        # half as long
    python -m tests.bench.peers pipecat --calls 1 --stops 4 --fluent 2

What is measured replaces the same of the report; the rest of it stays.
"""

import argparse
import json
import shutil
import socket
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
from anyio import create_task_group, sleep

from telephony.emulator import STAGGER_SECONDS, Plan, numbers, place_call
from telephony.far_end.exchange import Conditions, Exchange, new_sid
from telephony.far_end.web import Site, real_web
from tests.bench.endpoint_data import ASKED
from tests.bench.peers import stub
from tests.bench.peers.callers import QUESTIONS, Question, questions
from tests.bench.peers.ear import Heard, summary
from tests.bench.peers.plot import plot
from tests.bench.peers.subjects import (
    OUT,
    SUBJECTS,
    Address,
    Subject,
    prepare,
    running,
)
from tests.bench.peers.usage import Usage
from tests.bench.report import REPO, environment, write_report

MAX_SECONDS = 90.0  # of a call


def main() -> None:
    """Measure, print and write the report."""
    options = _arguments()
    for peer in {SUBJECTS[name].peer for name in options.subjects} - {""}:
        prepare(peer)
    asked = questions(OUT / "callers", options.stops, options.fluent)
    if options.prepare:
        return
    for name in options.subjects:
        found = anyio.run(_measure, name, asked, options.calls, backend="asyncio")
        print(name, json.dumps(found["calls_at_once"], indent=2))
        _write(options.out, name, found)


async def _measure(name: str, asked: Sequence[Question], at_once: Sequence[int]) -> dict[str, Any]:
    """Call one subject: once to warm up, then all questions at each number of calls at once."""
    subject, model = SUBJECTS[name], stub.Stub()
    rounds: dict[str, Any] = {}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        at = Address(_free_port(), f"http://127.0.0.1:{listening.getsockname()[1]}/v1")
        async with create_task_group() as tasks:
            tasks.start_soon(model.serve, listening)
            with running(subject, name, at) as process:
                usage = Usage(process.pid)
                tasks.start_soon(usage.watch)
                await _call(subject, at, asked[:1], 1)
                for count in at_once:
                    answered, before = model.answered, usage.restart()
                    heard = await _call(subject, at, asked, count)
                    after = usage.now()
                    own = None if subject.peer else _turns_on_record(_kept(subject, heard, count))
                    rounds[str(count)] = {
                        **summary(heard, after.cpu - before.cpu),
                        "turns_heard": model.answered - answered if own is None else own,
                        "peak_rss_mb": round(usage.peak_rss_bytes / 1e6),
                        "taken_by_others": round(after.others_since(before), 3),
                    }
            tasks.cancel_scope.cancel()
    return {"about": subject.about, "calls_at_once": rounds}


def _kept(subject: Subject, heard: Sequence[Heard], count: int) -> list[Path]:
    """Keep Offhook's records of a round in a folder of their own, for `tests.bench.waits`."""
    folder = subject.calls.with_name(f"calls-{count}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = (subject.calls / f"{one.call.call_sid}.json" for one in heard if one.taken)
    return [Path(shutil.copy(file, folder)) for file in files]


def _turns_on_record(files: Sequence[Path]) -> int:
    """How many turns of the callers are in Offhook's records; of peers their model is asked."""
    records = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    return sum(turn["speaker"] == "caller" for record in records for turn in record["turns"])


async def _call(
    subject: Subject, at: Address, asked: Sequence[Question], at_once: int
) -> list[Heard]:
    """Ask every question in a call of its own, so many callers at once.

    Who is declined does not call again and leaves the question to the others; the last one stays.
    """
    heard: list[Heard] = []
    waiting, lanes = deque(asked), at_once

    async def call(lane: int, number: str) -> None:
        nonlocal lanes
        await sleep(lane * STAGGER_SECONDS)
        while waiting:
            question = waiting.popleft()
            plan = Plan(
                question.caller,
                number=number,
                voice_path=subject.voice_path,
                status_path=subject.status_path,
            )
            heard.append(Heard(question, await place_call(exchange, plan)))
            if not heard[-1].taken and lanes > 1:
                lanes -= 1
                waiting.append(question)
                return

    async with real_web() as web, create_task_group() as tasks:
        exchange = Exchange(
            site=Site(at.url, at.url),
            web=web,
            tasks=tasks,
            account_sid=new_sid("AC"),
            conditions=Conditions(max_seconds=MAX_SECONDS),
        )
        while waiting:
            async with create_task_group() as callers:
                for lane, number in enumerate(numbers("+15550001111", lanes)):
                    callers.start_soon(call, lane, number)
    return heard


def _write(path: Path, name: str, found: dict[str, Any]) -> None:
    """Put what was found of a subject into the report, in place of the same rounds."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    peers = dict(kept.get("peers", {}))
    rounds = {**peers.get(name, {}).get("calls_at_once", {}), **found["calls_at_once"]}
    peers[name] = {
        **found,
        "calls_at_once": dict(sorted(rounds.items(), key=lambda at: int(at[0]))),
    }
    result = {
        "benchmark": "peers",
        "environment": environment(),
        "language_model": {
            "first_token_ms": round(1000 * stub.FIRST_TOKEN_SECONDS),
            "token_ms": round(1000 * stub.TOKEN_SECONDS),
        },
        "peers": {known: peers[known] for known in SUBJECTS if known in peers},
    }
    write_report(path, result)
    plot(result, path.with_suffix(".png"))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("subjects", nargs="*", default=list(SUBJECTS), metavar="|".join(SUBJECTS))
    parser.add_argument("--calls", type=int, nargs="+", default=[1, 8], help="at once (1 8)")
    parser.add_argument("--stops", type=int, default=len(ASKED), help="sentences with a stop")
    parser.add_argument("--fluent", type=int, default=len(QUESTIONS), help="and without")
    parser.add_argument("--prepare", action="store_true", help="set all up, measure nothing")
    parser.add_argument("--out", type=Path, default=REPO / "docs" / "bench" / "peers.json")
    parser.add_argument("--quick", action="store_true", help="8 and 3 of them")
    options = parser.parse_args()
    if options.quick:
        options.stops, options.fluent = 8, 3
    for name in set(options.subjects) - set(SUBJECTS):
        parser.error(f"{name} is none of {', '.join(SUBJECTS)}")
    return options


if __name__ == "__main__":
    main()
