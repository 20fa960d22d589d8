"""The README's table of Offhook beside its peers."""

from typing import Any

from tests.bench.markdown import percent, table

Report = dict[str, Any]

QUIET = 0.1  # of the machine, taken by others: more, and they were measured too
HEAD = (
    "",
    "calls at once",
    "callers turned away",
    "caller → answer, p50 / p95 ms",
    "unanswered",
    "talked into a stop",
    "turns heard / said",
    "interruption → silence, p50 / p95 ms",
    "CPU s per call minute",
    "peak MB",
)
TITLE = "**Beside others**, at the caller's ear"


def peers(report: Report) -> str:
    """Draw what the callers of each lived through, in the rounds that had the machine alone."""
    rounds = [
        (name, calls, found)
        for name, peer in report["peers"].items()
        for calls, found in peer["calls_at_once"].items()
    ]
    quiet = [(name, calls, found) for name, calls, found in rounds if is_quiet(found)]
    busy = "" if len(quiet) == len(rounds) else _left_out(len(rounds) - len(quiet), len(rounds))
    if not quiet:
        return f"{TITLE}: {busy}"
    shown = dict.fromkeys(name for name, _, _ in quiet)
    abouts = "; ".join(f"**{name}**: {report['peers'][name]['about']}" for name in shown)
    note = (
        "Each alone on the same two cores, called over the emulated Twilio by the same recorded"
        " callers, everything measured at their ears. Peers ask a language model here that answers"
        f" after {report['language_model']['first_token_ms']} ms; Offhook answers from its own"
        " dialogue, and speaks sentences that it knows beforehand from its cache. An answer that"
        " has not begun after 10 s is none. “Talked into a stop”: of the sentences with 0.5 to"
        " 0.7 s of silence at their comma, how often an answer was heard before they were over;"
        " who answers late is not heard, but hears two turns where one was said."
    )
    drawn = table(HEAD, [_row(*one) for one in quiet])
    return "\n\n".join([TITLE, drawn, f"{abouts}.", f"{note} {busy}".strip()])


def is_quiet(found: Report) -> bool:
    """Whether the round had the machine alone."""
    return bool(found["taken_by_others"] <= QUIET)


def _left_out(count: int, of: int) -> str:
    return (
        f"{count} of {of} rounds are not shown, as other programs took more than {percent(QUIET)}"
        " of the machine in them."
    )


def _row(name: str, calls: str, found: Report) -> tuple[str, ...]:
    went_on = f", {found['went_on']} went on" if found["went_on"] else ""
    ungreeted = f", {found['ungreeted']} not greeted" if found["ungreeted"] else ""
    cpu = found["cpu_seconds_per_call_minute"]
    return (
        name,
        calls,
        f"{found['turned_away']}",
        _two(found["voice_to_voice_ms"]),
        f"{found['unanswered']} of {found['questions']}{ungreeted}",
        f"{found['cut_off']} of {found['stops']}",
        f"{found['turns_heard']} / {found['turns_said']}",
        _two(found["silent_after_ms"]) + went_on,
        "" if cpu is None else f"{cpu:.1f}",
        f"{found['peak_rss_mb']:,}",
    )


def _two(found: Report) -> str:
    return f"{found['p50']} / {found['p95']}" if "p50" in found else ""
