"""A call on the terminal, turn by turn as it happens. Colours only where a person looks."""

from dataclasses import asdict
from statistics import median

from rich.console import Console
from rich.table import Table
from rich.text import Text

from telephony.record import CallRecord, Record, TurnRecord
from telephony.timings import TurnTimings

COLOURS = {"caller": "cyan", "assistant": "green"}


class Conversation:
    """Prints what each side said, what was understood of it, and how long the answer took."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def begin(self, title: str) -> None:
        """Print what comes now."""
        self._console.print(Text(title, style="bold"), soft_wrap=True)

    def show(self, turn: TurnRecord) -> None:
        """Print a turn; `Record` calls this as soon as the turn is over."""
        row = Table.grid(padding=(0, 2, 0, 0))
        row.add_column(width=7, justify="right")
        row.add_column(width=9)
        row.add_column(overflow="fold")
        row.add_row(
            Text(_clock(turn.start_s), style="dim"),
            Text(turn.speaker, style=COLOURS[turn.speaker]),
            _words(turn),
        )
        for note in _notes(turn):
            row.add_row("", "", Text(note, style="dim"))
        self._console.print(row)

    def summarise(self, call: CallRecord | Record) -> None:
        """Print how the call ended, and how long the caller waited for answers."""
        self._console.print(Text(summary(call), style="bold"), soft_wrap=True)


def summary(call: CallRecord | Record) -> str:
    """Return in a line how the call ended, and how long the caller waited for answers."""
    waits = [turn.timings_ms.voice_to_voice for turn in call.turns]
    known = [wait for wait in waits if wait is not None]
    line = f"{call.outcome.replace('_', ' ')} after {_clock(call.seconds).strip()}"
    if known:
        line += (
            f"; answers came after {median(known) / 1000:.2f} s in the median,"
            f" {max(known) / 1000:.2f} s at worst"
        )
    return line


def _words(turn: TurnRecord) -> Text:
    """Return the words, with those struck out that did not reach the other side."""
    if not turn.text:
        return Text("(a voice, but no words)", style="italic dim")
    heard = len(turn.heard)
    words = Text(turn.text[:heard])
    if rest := turn.text[heard:]:
        words.append(rest, style="dim strike").append(" (interrupted)", style="yellow")
    return words


def _notes(turn: TurnRecord) -> list[str]:
    understood = []
    if turn.intent is not None and turn.confidence is not None:
        understood.append(f"{turn.intent} {turn.confidence:.0%}")
    understood += [f"{name} = {value}" for name, value in turn.slots.items()]
    if turn.sentiment not in {None, "neutral"}:
        understood.append(str(turn.sentiment))
    lines = [understood, [f"from {', '.join(turn.sources)}"] if turn.sources else []]
    if turn.speaker == "assistant":
        lines.append(_took(turn.timings_ms))
    return [" · ".join(line) for line in lines if line]


def _took(timings: TurnTimings) -> list[str]:
    if timings.voice_to_voice is None:
        return []
    parts = asdict(timings)
    total = parts.pop("voice_to_voice")
    named = ", ".join(
        f"{name.replace('_', ' ')} {ms:.0f}" for name, ms in parts.items() if ms is not None
    )
    return [f"{total:.0f} ms after the caller: {named}"]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{minutes:.0f}:{rest:04.1f}"
