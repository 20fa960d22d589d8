"""How many of tau2's retail tasks end with the right database, called by a simulated caller?

The caller knows the expected calls of the tools and says what they need in words. That measures
understanding, dialogue and actions, not reasoning from prose: a task whose prose asks for some is
played as well, but counts as failed. The test tasks are not touched.

    offhook train nlu out/tau2/assistant        # after --convert; some minutes
    python -m tests.bench.tau2 --out docs/bench/tau2.json
"""

import argparse
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import anyio
from rich.progress import track

from dialogue.assistant import Assistant, load_assistant
from dialogue.conversation import FlowAgent
from dialogue.store import open_store
from nlu.engine import load_nlu
from nlu.files import WEIGHTS, model_folder
from nlu.understand import Nlu
from tests.bench.report import environment, model_hashes, write_report
from tests.bench.tau2_retail.caller import Line, call, judged, wishes, wishes_of
from tests.bench.tau2_retail.convert import convert, read_shop, read_tasks, state
from tests.bench.tau2_retail.tools import TOOLS, Document, Refused, Shop

FOLDER = Path("out/tau2/assistant")
NOW = datetime(2024, 5, 15, 15, 0)  # the shop's local time


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task went: what in its prose calls for reasoning, and whether its end was right."""

    task: str
    wanted: tuple[str, ...]
    reasoning: str | None
    right: bool
    lines: tuple[Line, ...]

    @property
    def passed(self) -> bool:
        """Whether it counts."""
        return self.right and self.reasoning is None


def main() -> None:
    """Measure, print and write the report."""
    options = _arguments()
    shop = read_shop()
    convert(shop, FOLDER)
    if options.convert:
        return
    logging.disable(logging.ERROR)  # of changes that were refused
    assistant = load_assistant(FOLDER)
    nlu = load_nlu(FOLDER)
    reasons = judged()
    outcomes = [
        _played(task, shop, assistant, nlu, reasons.get(task["id"]))
        for task in track(read_tasks(), "calling")
    ]
    result = {
        "benchmark": "tau2",
        "environment": environment(),
        "models": model_hashes([model_folder(FOLDER) / WEIGHTS]),
        **summary(outcomes),
    }
    write_report(options.out, result)
    if options.calls:
        options.calls.write_text("\n".join(map(_shown, outcomes)), encoding="utf-8")
    print({key: value for key, value in result.items() if key != "tasks"})


def summary(outcomes: Sequence[Outcome]) -> Mapping[str, Any]:
    """Count; only what needs no reasoning from prose may pass."""
    attempted = [one for one in outcomes if one.reasoning is None]
    called = [one for one in outcomes if one.wanted]
    return {
        "count": len(outcomes),
        "attempted": len(attempted),
        "passed": sum(one.passed for one in outcomes),
        "pass_1": round(sum(one.passed for one in outcomes) / len(outcomes), 3),
        "not_attempted": dict(Counter(one.reasoning for one in outcomes if one.reasoning)),
        "caller_reasons": {
            "played": len(called),
            "right": sum(one.right for one in called),
            "by_reason": {
                reason: sum(one.right for one in called if one.reasoning == reason)
                for reason in sorted({one.reasoning for one in called if one.reasoning})
            },
            "by_change": _by_tool(called),
        },
        "tasks": {one.task: _result(one) for one in outcomes},
    }


def _by_tool(called: Sequence[Outcome]) -> Mapping[str, Any]:
    kinds = sorted({name for one in called for name in one.wanted})
    with_kind = {kind: [one for one in called if kind in one.wanted] for kind in kinds}
    return {
        kind: {"tasks": len(some), "right": sum(one.right for one in some)}
        for kind, some in with_kind.items()
    }


def _result(one: Outcome) -> str:
    if one.reasoning:
        return f"not attempted: {one.reasoning}"
    return "passed" if one.passed else "failed"


def _played(
    task: Mapping[str, Any], shop: Shop, assistant: Assistant, nlu: Nlu, why: str | None
) -> Outcome:
    wanted = tuple(action["name"] for action in wishes_of(task))
    if not wanted:
        return Outcome(task["id"], wanted, why, False, ())
    store = open_store(None, assistant.seeds, NOW.date())
    try:
        agent = FlowAgent(assistant, nlu, store, lambda: NOW)
        lines = anyio.run(call, agent, wishes(task, shop), int(task["id"]))
        right = state(store) == expected(task, shop)
    finally:
        store.close()
    return Outcome(task["id"], wanted, why, right, tuple(lines))


def expected(task: Mapping[str, Any], shop: Shop) -> dict[str, dict[str, Document]]:
    """Return users and orders after the expected calls."""
    after = deepcopy({"users": shop["users"], "orders": shop["orders"]})
    whole = {**after, "products": shop["products"]}
    for action in wishes_of(task):
        with suppress(Refused):  # as tau2 goes on then, too
            TOOLS[action["name"]](whole, **action["arguments"])
    return after


def _shown(one: Outcome) -> str:
    head = f"{one.task} {'right' if one.right else 'WRONG'} {one.reasoning or ''} {one.wanted}"
    turns = (f"  C: {t.caller}  [{t.intent}]\n  A: {t.assistant}" for t in one.lines)
    return "\n".join((head, *turns))


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--convert", action="store_true", help="make the folder, and no more")
    parser.add_argument("--calls", type=Path, help="write what was said in each call")
    parser.add_argument("--out", type=Path, default=Path("out/bench/tau2.json"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
