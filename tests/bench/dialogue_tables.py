"""The README's tables of recommendation, and of the guard of a language model's answers."""

from typing import Any

from tests.bench.markdown import percent, table

Report = dict[str, Any]


def recommend(report: Report) -> str:
    """Methods by set."""
    k = report["k"]
    named = {name: found["methods"] for name, found in report["sets"].items()}
    named["a product that nobody has bought, synthetic"] = report["new_products"]
    rows = [
        (
            name,
            *(f"{100 * found['recall']:.1f} / {found['ndcg']:.3f}" for found in methods.values()),
        )
        for name, methods in named.items()
    ]
    methods = next(iter(named.values()))
    sample, chance = report["sample"], report["sets"]["tau2 retail"]["lift_spread"]
    drawn = table((f"recall@{k}, % / NDCG@{k}", *methods), rows)
    note = (
        "Each customer's last purchase held out. tau2's orders are generated, with pairs bought"
        f" together as often as chance has it (spread {chance:.2f}, 1 is chance): popularity"
        " cannot be beaten there. The synthetic sets have tastes put into them: they show that"
        " tastes are found, not what a real shop gains. The sample loads in"
        f" {sample['load_seconds']:.2f} s; a suggestion takes {sample['suggest_ms']:.2f} ms."
    )
    return f"**Recommendation**\n\n{drawn}\n\n{note}"


def guard(report: Report) -> str:
    """Rewordings of passages; and what a model said."""
    rows = [
        (
            {"dev": "made on", "test": "other businesses"}[part],
            f"{found['supported']} / {found['unsupported']}",
            percent(found["precision"]),
            percent(found["recall"]),
            f"{found['let_through']}",
        )
        for part, found in report["rewordings"].items()
    ]
    head = ("rewordings", "supported / not", "precision", "recall", "inventions let through")
    note = f"Written by hand, by one hand; a clause is judged in {_judged(report)} ms."
    if model := report.get("model"):
        begun = model.get("begun", 0)
        note += (
            f" {model['name']}, {model['questions']} questions: {model.get('reworded', 0)} answered"
            f" in its words, {begun} begun so and ended as written, {model.get('as written', 0)}"
            " read as written."
        )
    return f"**The guard of a language model's answers**\n\n{table(head, rows)}\n\n{note}"


def tau2(report: Report) -> str:
    """What passes, and why the rest does not."""
    caller, count = report["caller_reasons"], report["count"]
    passed, right = f"{report['passed']}", caller["by_reason"]
    rows = [("nothing: all is stated", f"{report['attempted']}", passed, passed)]
    rows += [
        (reason, f"{tasks}", "0", f"{right.get(reason, 'not played')}")
        for reason, tasks in sorted(report["not_attempted"].items(), key=lambda pair: -pair[1])
    ]
    rows.append(("all", f"{count}", passed, f"{caller['right']} of {caller['played']}"))
    head = ("what a task leaves to reason", "tasks", "passed", "right if the caller does")
    note = (
        f"pass^1 {percent(report['pass_1'])}, of the {count} training tasks, by the final database."
        " The simulated caller has no language model: it knows the expected tool calls and gives"
        " their arguments in words when asked: this measures understanding, dialogue and actions,"
        " not reasoning, and is not comparable with tau2's results of language models; what is to"
        " be told to the caller is not scored."
        " The examples were improved twice on these very calls."
    )
    return f"**tau2 retail**\n\n{table(head, rows)}\n\n{note}"


def _judged(report: Report) -> str:
    return f"{report['rewordings']['test']['judge_ms']:.0f}"
