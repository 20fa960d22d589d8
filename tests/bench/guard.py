"""Does the guard let through what passages support, and nothing else?

`python -m tests.bench.guard [--model NAME] [--out FILE]`

- rewordings: the hand-written test part of tests/dialogue/rewordings.yaml: passages of businesses
  that the guard was not made on. Precision and recall of "supported", and what each check stopped.
- model: a language model answers the test questions of tests/dialogue/questions.yaml out of the
  retail assistant's answers. How many are said in its words, how many begin so and end as written,
  and how many are read as written; `said` holds the first, to be judged by eye.
"""

import argparse
import time
from collections import Counter
from contextlib import aclosing
from pathlib import Path
from statistics import median
from typing import Any

import anyio
import yaml

from dialogue.assistant import default_assistant, load_assistant
from dialogue.llm.grounding import REWORDED, Speaker, answer_from
from dialogue.llm.guard import Guard, SupportGuard
from dialogue.llm.model import LlmLimits, LlmOptions, load_llm
from dialogue.phrasing import render
from nlu.sentences import load_encoder
from tests.bench.report import REPO, environment, write_report

TEXTS = REPO / "tests" / "dialogue"
PATIENT = LlmLimits(first_token=120.0, whole=240.0)  # quality is asked for here, not speed


def rewordings(guard: Guard) -> dict[str, Any]:
    """Judge what was written by hand."""
    texts = yaml.safe_load((TEXTS / "rewordings.yaml").read_text(encoding="utf-8"))
    found = {}
    for part in ("dev", "test"):
        let_through: Counter[str] = Counter()
        stopped: Counter[str] = Counter()
        took = []
        for item in texts[part]:
            for label in ("supported", "unsupported"):
                for clause in item[label]:
                    began = time.perf_counter()
                    verdict = guard.judge(clause, [item["passage"]])
                    took.append(time.perf_counter() - began)
                    let_through[label] += verdict.supported
                    stopped[label] += not verdict.supported
                    if verdict.finding and label == "unsupported":
                        stopped[verdict.finding.value] += 1
        good, bad = let_through["supported"], let_through["unsupported"]
        found[part] = {
            "supported": good + stopped.pop("supported"),
            "unsupported": bad + stopped.pop("unsupported"),
            "precision": round(good / (good + bad), 3),
            "recall": round(good / sum(len(item["supported"]) for item in texts[part]), 3),
            "let_through": bad,
            "stopped_by": dict(stopped),
            "judge_ms": round(1000 * median(took), 1),
        }
    return found


async def answered(name: str, guard: Guard) -> dict[str, Any]:
    """Have a model answer questions, one for each entry of the FAQ."""
    retail = load_assistant(default_assistant())
    questions = yaml.safe_load((TEXTS / "questions.yaml").read_text(encoding="utf-8"))["test"]
    llm = load_llm(LlmOptions("transformers", name, limits=PATIENT))
    speaker = Speaker(llm, guard, PATIENT.whole)
    ends: Counter[str] = Counter()
    said, first = [], []
    for anchor, asked in questions.items():
        if anchor not in retail.faq:
            continue
        entry = retail.faq[anchor]
        passage = " ".join((entry.title, *render(entry.text, retail.facts)))
        how: list[str] = []
        began = time.perf_counter()
        async with aclosing(answer_from([passage], asked[0], speaker, how.append)) as clauses:
            heard = [clause async for clause in clauses]
        first.append(time.perf_counter() - began)
        reworded = how[-1] == REWORDED
        ends["reworded" if reworded else "begun" if REWORDED in how else "as written"] += 1
        if REWORDED in how:
            said.append({"asked": asked[0], "heard": " ".join(heard), "how": how[-1]})
    return {
        "name": name,
        "questions": len(first),
        **ends,
        "answer_seconds": round(median(first), 1),
        "said": said,
    }


def main() -> None:
    """Measure, and write the report."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", default="", help="a local one, for example smollm2-135m")
    parser.add_argument("--out", type=Path, default=Path("docs/bench/guard.json"))
    options = parser.parse_args()
    guard = SupportGuard(load_encoder())
    report = {"environment": environment(), "rewordings": rewordings(guard)}
    if options.model:
        report["model"] = anyio.run(answered, options.model, guard)
    write_report(options.out, report)
    print(report["rewordings"])


if __name__ == "__main__":
    main()
