"""`offhook chat`: the phone's agent, by text. Every reply is heard to its end."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path

import anyio
from rich.console import Console
from rich.text import Text

from dialogue.agent import CallerTurn, Exchange, Opening, Said, Silence, Waiting, converse
from dialogue.conversation import FlowAgent
from dialogue.state import Idle, State, Step
from telephony.compose import live, load_agents
from telephony.settings import Settings

PROMPT = "you  "
COMMANDS = "/press KEYS, /state, /repeat, /quit"


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What the command line asks for."""

    verbose: bool = False
    caller: str = ""
    script: Path | None = None
    keep: bool = False


def hold(settings: Settings, options: ChatOptions, console: Console) -> None:
    """Load the assistant, and talk with whoever is at this terminal until one side is done."""
    said = script_lines(options.script) if options.script else None
    world = live(settings)
    if not options.keep:
        world = replace(world, database=None)
    with console.status("") as status:
        agents = load_agents(settings, world, status.update)
    chat = Chat(agents(options.caller), console, options.verbose)
    if said is not None:
        chat.run(chat.echoed(said))
    elif sys.stdin.isatty():
        console.print(Text(f"an empty line: you say nothing; {COMMANDS}", "dim"))
        chat.run(typed(console))
    else:
        chat.run(chat.echoed(sys.stdin))


class Chat:
    """One conversation: lines in, replies printed."""

    def __init__(self, agent: FlowAgent, console: Console, verbose: bool) -> None:
        self._agent = agent
        self._console = console
        self._verbose = verbose
        self._reply = ""

    def run(self, lines: Iterable[str]) -> None:
        """Talk until the lines end, the caller leaves, or the assistant hangs up."""
        with suppress(KeyboardInterrupt):
            self._answer(Opening())
            for line in lines:
                if line.strip() == "/quit":
                    break
                self._take(line.strip())
                if self._agent.outcome is not None:
                    outcome = self._agent.outcome.replace("_", " ")
                    self._console.print(f"the call is over: {outcome}", style="bold")
                    return
        self._console.print("you hung up", style="bold")

    def echoed(self, lines: Iterable[str]) -> Iterator[str]:
        """Print lines that nobody typed here."""
        for line in lines:
            self._print(PROMPT, line.strip() or "(nothing)", "cyan")
            yield line

    def _take(self, line: str) -> None:
        command, _, rest = line.partition(" ")
        if not line:
            self._answer(Silence())
        elif command == "/press" and rest.strip():
            self._answer(Said("".join(rest.split()), keys=True))
        elif command == "/state":
            for told in standing(self._agent.state, self._agent.waiting):
                self._note(told)
        elif command == "/repeat":
            self._print("     ", self._reply, "green")
        elif command.startswith("/"):
            self._note(f"{command} is not known here: {COMMANDS}")
        else:
            self._answer(Said(line))

    def _answer(self, turn: CallerTurn) -> None:
        self._reply = anyio.run(converse, self._agent, turn, backend="trio")
        self._print("     ", self._reply, "green")
        if self._verbose:
            for told in trace(self._agent.exchange):
                self._note(told)
            for told in standing(self._agent.state, self._agent.waiting):
                self._note(told)

    def _print(self, before: str, text: str, colour: str) -> None:
        line = Text(before, style="dim").append(text, style=colour)
        self._console.print(line, soft_wrap=True)

    def _note(self, text: str) -> None:
        self._print("       ", text, "dim")


def typed(console: Console) -> Iterator[str]:
    """Yield what is typed until ctrl-D; arrow keys edit, and bring back earlier lines."""
    with suppress(ImportError):
        import readline  # noqa: F401 - input() then has a history
    while True:
        try:
            yield console.input(f"[dim]{PROMPT}[/]")
        except EOFError:
            console.print()
            return


def script_lines(path: Path) -> list[str]:
    """Return the lines of a script, without its comments."""
    text = path.read_text(encoding="utf-8", errors="replace")
    return [line for line in text.splitlines() if not line.startswith("#")]


def trace(exchange: Exchange | None) -> list[str]:
    """Say what led to a reply: what was understood, where the answer is from, and how fast."""
    if exchange is None:
        return []
    lines = []
    if understood := exchange.understanding:
        parts = [f"{understood.intent} {understood.confidence:.0%}"]
        parts += [f"+ {name}" for name in understood.more]
        parts += [f"{slot.name} = {slot.value or '?'}" for slot in understood.slots]
        feeling = understood.sentiment
        parts.append(f"{feeling.label} {feeling.score:+.2f}")
        lines.append(" · ".join(parts))
    if exchange.trace:
        lines.append(f"because {' → '.join(exchange.trace)}")
    if exchange.sources:
        lines.append(f"from {', '.join(exchange.sources)}")
    if exchange.answered:
        lines.append(f"the language model: {exchange.answered}")
    took = [
        f"{what} {seconds * 1000:.1f} ms"
        for what, seconds in (
            ("understood in", exchange.nlu_seconds),
            ("decided in", exchange.dialogue_seconds),
        )
        if seconds is not None
    ]
    return [*lines, ", ".join(took)]


def standing(state: State, waiting: Waiting) -> list[str]:
    """Say where the dialogue stands, and what the ears expect."""
    step = "" if isinstance(state.step, Idle) else _step(state.step)
    known = ", ".join(f"{slot} = {value}" for slot, value in state.slots)
    expects = f"expects {waiting.type}"
    expects += f" for {waiting.slot}" if waiting.slot else ""
    expects += f", {waiting.length} long" if waiting.length else ""
    expects += f", like {', '.join(waiting.vocabulary[:3])}" if waiting.vocabulary else ""
    expects += ", private" if waiting.private else ""
    at = " · ".join(part for part in (state.flow or "no flow", step, known) if part)
    return [f"at {at}", expects]


def _step(step: Step) -> str:
    told = [
        f"{field.name} {value}"
        for field in fields(step)
        if isinstance(value := getattr(step, field.name), str) and value
    ]
    return " ".join([type(step).__name__, *told])
