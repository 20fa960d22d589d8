"""The README's table of Offhook beside its peers."""

from typing import Any

from tests.bench.markdown import percent, table

Report = dict[str, Any]

QUIET = 0.05  # of the machine: more, and others were measured too
HEAD = (
    "",
    "calls at once",
    "callers declined",
    "caller → answer, p50 / p95 ms",
    "unanswered",
    "talked into a stop",
    "turns heard / said",
    "interruption → silence, p50 / p95 ms",
    "CPU s per call minute",
    "peak MB",
)


def peers(report: Report) -> str:
    """Draw what the callers of each lived through."""
    rows = [
        _row(name, calls, found)
        for name, peer in report["peers"].items()
        for calls, found in peer["calls_at_once"].items()
    ]
    model = report["language_model"]
    abouts = "; ".join(f"**{name}**: {peer['about']}" for name, peer in report["peers"].items())
    others = max(
        found["taken_by_others"]
        for peer in report["peers"].values()
        for found in peer["calls_at_once"].values()
    )
    note = (
        "Each alone on the same two cores, called over the emulated Twilio by the same recorded"
        " callers, everything measured at their ears. Peers ask a language model here that answers"
        f" after {model['first_token_ms']} ms; Offhook answers from its own dialogue, and speaks"
        " sentences that it knows beforehand from its cache. An answer that has not begun after"
        " 10 s is none. “Talked into a stop”: of the sentences with 0.5 to 0.7 s of silence at"
        " their comma, how often an answer was heard before they were over; who answers late is"
        " not heard, but hears two turns where one was said."
    )
    if others > QUIET:
        note += (
            f" **Other programs took up to {percent(others)} of the machine meanwhile: these"
            " figures show that it runs, and compare nothing.**"
        )
    title = "**Beside others**, at the caller's ear"
    return f"{title}\n\n{table(HEAD, rows)}\n\n{abouts}.\n\n{note}"


def _row(name: str, calls: str, found: Report) -> tuple[str, ...]:
    went_on = f", {found['went_on']} went on" if found["went_on"] else ""
    cpu = found["cpu_seconds_per_call_minute"]
    return (
        name,
        calls,
        f"{found['declined']}",
        _two(found["voice_to_voice_ms"]),
        f"{found['unanswered']} of {found['questions']}",
        f"{found['cut_off']} of {found['stops']}",
        f"{found['turns_heard']} / {found['turns_said']}",
        _two(found["silent_after_ms"]) + went_on,
        "" if cpu is None else f"{cpu:.1f}",
        f"{found['peak_rss_mb']:,}",
    )


def _two(found: Report) -> str:
    return f"{found['p50']} / {found['p95']}" if "p50" in found else ""
