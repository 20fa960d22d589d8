"""What does a reply cost of the CPU, by kind of reply, and does it grow with what is known?

Plays the scripted dialogues with the real agent, without a language model: once with the retail
assistant as it ships, once with a FAQ and a graph of made-up things beside its own. So that the
answers are not few, the development questions of the knowledge are asked too, one a conversation;
they count in the row of their kind alone. A reply is all that the dialogue does for a turn, from
the words to what is written down once they are heard, in all threads; the understanding, a model of
its own, is measured beside it. Of several rounds each reply's least counts: on a busy machine other
programs take the caches, and that is no cost of ours.

    python -m tests.bench.replies --out docs/bench/replies.json
"""

import argparse
import logging
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import numpy as np

from dialogue.agent import CallerTurn, NobodyCame, Opening, Said, converse
from dialogue.assistant import Assistant, default_assistant, load_assistant
from dialogue.conversation import FlowAgent
from dialogue.extras import Extras
from dialogue.knowledge import Knowledge, load_knowledge
from dialogue.practice import Clock
from dialogue.recommendation.recommend import Recommender
from dialogue.recommendation.suggestions import Suggestions
from dialogue.scripted import Dialogue, dialogue_files, load_dialogues
from dialogue.seeds import Seed
from dialogue.store import open_store
from models.registry import digest
from nlu.engine import NluOptions, load_nlu
from nlu.sentences import ENCODER, SentenceEncoder, load_encoder
from nlu.understand import OUT_OF_SCOPE, Context, Nlu, Understanding
from tests.bench.knowledge_cost import CATEGORIES, TRIPLES_PER_THING
from tests.bench.knowledge_data import (
    graph_questions,
    made_up_answers,
    made_up_things,
    text_questions,
)
from tests.bench.report import REPO, environment, write_report

DIALOGUES = REPO / "tests" / "dialogues"
ENTRIES, TRIPLES = 10_000, 1_000_000
ROUNDS = 5
ALL, OUT = "all replies", "out of scope, no answer"
KINDS = {  # by where an answer stands
    "answer of the graph": "graph:",
    "answer of the FAQ": r"faq\.md#",
    "answer of a document": r".+\.md#",
    "look-up in the store": "",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU milliseconds of one reply."""

    kind: str
    dialogue: float
    nlu: float


class Timed:
    """The understanding; `spent` is the CPU time that it took since `spent` was last set."""

    def __init__(self, nlu: Nlu) -> None:
        self.spent = 0.0
        self._nlu = nlu

    def understand(self, text: str, context: Context) -> Understanding:
        """See `nlu.understand.Nlu`."""
        began = time.thread_time()
        try:
            return self._nlu.understand(text, context)
        finally:
            self.spent += time.thread_time() - began


@dataclass(frozen=True, slots=True)
class Desk:
    """What all the dialogues share."""

    assistant: Assistant
    nlu: Timed
    knowledge: Knowledge
    extras: Extras
    clock: Clock
    encoder: SentenceEncoder
    database: "Database"


class Database:
    """The store in a file, as a server has it; each dialogue finds the sample data as they were."""

    def __init__(self, folder: Path, seeds: Sequence[Seed]) -> None:
        self._path = folder / "offhook.db"
        self._seeds = seeds
        self._fresh: dict[date, bytes] = {}
        self.store = open_store(self._path, seeds, date.today())

    def renew(self, today: date) -> None:
        """Begin anew, on this day."""
        self.store.close()
        for file in self._path.parent.glob("offhook.db*"):
            file.unlink()
        if today not in self._fresh:
            open_store(self._path, self._seeds, today).close()
            self._fresh[today] = self._path.read_bytes()
        self._path.write_bytes(self._fresh[today])


def main() -> None:
    """Measure, print and write the report."""
    options = _arguments()
    logging.disable(logging.ERROR)  # of look-ups that the dialogues let fail
    assistant = load_assistant(default_assistant())
    dialogues = [
        one
        for file in dialogue_files([DIALOGUES])
        for one in load_dialogues(file, assistant)
        if not one.script.not_yet
    ]
    clock = Clock(dialogues[0].now)
    nlu = Timed(load_nlu(assistant.path, NluOptions(today=clock.today)))
    small = load_knowledge(assistant.library)
    with TemporaryDirectory() as folder:
        database = Database(Path(folder), assistant.seeds)
        desk = Desk(assistant, nlu, small, _extras(assistant), clock, load_encoder(), database)
        measured = {"as it ships": _measured(dialogues, desk)}
        desk = replace(desk, knowledge=_grown(assistant))
        measured[f"{ENTRIES:,} answers, {TRIPLES:,} triples"] = _measured(dialogues, desk)
    result = {
        "benchmark": "replies",
        "environment": environment(),
        "models": {ENCODER: digest(ENCODER)},
        "dialogues": len(dialogues),
        "rounds": ROUNDS,
        "cpu_milliseconds": measured,
    }
    write_report(options.out, result)
    for name, kinds in measured.items():
        print(name, *(f"\n  {kind:<20} {found}" for kind, found in kinds.items()))


def _extras(assistant: Assistant) -> Extras:
    shelf = assistant.recommend
    assert shelf is not None
    recommender = Recommender(shelf.products, shelf.purchases, load_encoder())
    return Extras(suggestions=Suggestions(recommender, shelf.stock))


def _grown(assistant: Assistant) -> Knowledge:
    """The assistant's knowledge among that of a business with very much of it."""
    library = assistant.library
    more = {one.anchor: one for one in made_up_answers(ENTRIES - len(library.passages))}
    grown = replace(library, faq={**library.faq, **more})
    graph = grown.graph
    assert graph is not None
    things = (TRIPLES - len(graph.store)) // TRIPLES_PER_THING
    graph.store.bulk_extend(made_up_things(things, CATEGORIES))
    return load_knowledge(grown)


def _measured(dialogues: Iterable[Dialogue], desk: Desk) -> dict[str, Any]:
    calls = [(one.now, [turn.done for turn in one.script.turns]) for one in dialogues]
    asked = [(calls[0][0], [Said(text)]) for text in _questions()]
    scripted = [cost for now, turns in calls for cost in _least(now, turns, desk)]
    single = [cost for now, turns in asked for cost in _least(now, turns, desk)]
    kinds = sorted({cost.kind for cost in scripted})
    return {ALL: _summary(scripted)} | {
        kind: _summary([cost for cost in (*scripted, *single) if cost.kind == kind])
        for kind in kinds
    }


def _questions() -> list[str]:
    to_graph = [one.text for one in graph_questions("dev")]
    return list(dict.fromkeys([*to_graph, *(one.text for one in text_questions("dev"))]))


def _least(now: datetime, turns: Sequence[CallerTurn], desk: Desk) -> list[Cost]:
    """What each reply of a call cost in the best of the rounds."""
    played = [anyio.run(_play, now, turns, desk) for _ in range(ROUNDS)]
    return [
        Cost(costs[0].kind, min(cost.dialogue for cost in costs), min(cost.nlu for cost in costs))
        for costs in zip(*played, strict=True)
    ]


async def _play(now: datetime, turns: Sequence[CallerTurn], desk: Desk) -> list[Cost]:
    desk.database.renew(now.date())
    desk.clock.now = now
    desk.encoder.forget()  # the same words were said in the round before
    agent = FlowAgent(
        desk.assistant,
        desk.nlu,
        desk.database.store,
        desk.clock,
        knowledge=desk.knowledge,
        extras=desk.extras,
    )
    costs = []
    await converse(agent, Opening())
    for turn in turns:
        if agent.outcome is not None and not isinstance(turn, NobodyCame):
            break
        desk.nlu.spent = 0.0
        began = time.process_time()
        await converse(agent, turn)
        spent = time.process_time() - began - desk.nlu.spent
        costs.append(Cost(_kind(agent), 1000 * spent, 1000 * desk.nlu.spent))
    return costs


def _kind(agent: FlowAgent) -> str:
    exchange = agent.exchange
    assert exchange is not None
    if not isinstance(exchange.caller, Said) or exchange.understanding is None:
        return "silence or noise"
    for source in exchange.sources:
        for kind, pattern in KINDS.items():
            if re.match(pattern, source):
                return kind
    return OUT if exchange.understanding.intent == OUT_OF_SCOPE else "other flow step"


def _summary(costs: list[Cost]) -> Mapping[str, Any]:
    return {
        "replies": len(costs),
        "dialogue": _quantiles([cost.dialogue for cost in costs]),
        "nlu": _quantiles([cost.nlu for cost in costs]),
    }


def _quantiles(values: list[float]) -> dict[str, float]:
    named = zip(("p50", "p95", "max"), np.quantile(values, (0.5, 0.95, 1.0)), strict=True)
    return {name: round(float(value), 2) for name, value in named}


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, default=Path("out/bench/replies.json"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
