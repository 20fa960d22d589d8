"""`offhook call`: emulated phone calls."""

import json
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import anyio
import numpy as np
from anyio import create_task_group
from rich.console import Console
from rich.table import Table
from rich.text import Text
from typer import BadParameter

from dialogue.identity import Voice
from models import ModelError
from telephony import SettingsError
from telephony.cli_errors import ExitCode
from telephony.compose import asr_options, tts_options
from telephony.emulator import (
    LAG_SECONDS,
    STATUS_PATH,
    VOICE_PATH,
    CallResult,
    Plan,
    listen,
    people_of,
    place_call,
    place_calls,
    plan_of,
    plan_of_recording,
    result_of,
)
from telephony.far_end import ScriptError
from telephony.far_end.cloud import Cloud, serve_cloud
from telephony.far_end.conformance import Finding, Probe, examine
from telephony.far_end.exchange import Callee, Conditions, Exchange, new_sid
from telephony.far_end.measure import Turn
from telephony.far_end.script import Script, Speak, load_script, to_phone_rate
from telephony.far_end.web import Site, real_web
from telephony.settings import Settings
from voice import VoiceError
from voice.asr import Asr, load_asr
from voice.audio import Int16
from voice.tts import Tts, load_tts

SCRIPTS = {".yaml", ".yml"}


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What the command line asks for."""

    script: Path
    server: str
    number: str
    called: str
    calls: int = 1
    conditions: Conditions = field(default_factory=Conditions)
    out: Path | None = None
    as_json: bool = False
    transcript: bool = True
    cloud: int | None = None  # the port of the stand-in for Twilio's REST API


def call_server(settings: Settings, options: CallOptions, console: Console) -> ExitCode:
    """Make the calls, print what came of them; returns how to end."""
    site_of(settings, options.server)  # before seconds of loading
    listening = _listen(settings, options)
    script = load_script(options.script) if _is_script(options.script) else None
    if script is not None and not script.turns and options.cloud is None:
        raise ScriptError(f"{options.script}: has no turns; add some, or wait with --cloud PORT")
    with Console(stderr=True).status("preparing the caller"):
        asr = _load_ears(settings, script, options)
        speak = _load_voice(settings, script)
    work = partial(_call, settings, options, script, speak, listening)
    results, plan = anyio.run(work, backend="asyncio")
    results = anyio.run(_heard, results, plan, asr, backend="asyncio")
    if options.out is not None:
        for result in results:
            result.write_sound(_sound_path(options.out, result, alone=len(results) == 1))
    if options.as_json:
        plain = [result.as_json() for result in results]
        print(json.dumps(plain[0] if len(plain) == 1 else plain, indent=2, ensure_ascii=False))
    elif len(results) == 1:
        show_call(results[0], plan, console)
    else:
        show_calls(results, console)
    return ExitCode.OK if all(result.succeeded for result in results) else ExitCode.PROBLEM


def site_of(settings: Settings, server: str) -> Site:
    """Return where the server is, and where Twilio would believe it to be."""
    local = server.rstrip("/")
    if not local.startswith(("http://", "https://")):
        raise BadParameter(f"{server} is no http:// URL", param_hint="--server")
    public = settings.public_url.rstrip("/") or local
    return Site(local, public, settings.twilio_auth_token.get_secret_value())


async def _call(
    settings: Settings,
    options: CallOptions,
    script: Script | None,
    speak: Speak | None,
    listening: socket.socket | None,
) -> tuple[list[CallResult], Plan]:
    plan, people = await _prepare(options, script, speak)
    placed: list[CallResult] = []  # by the server, through the REST API
    async with real_web() as web, create_task_group() as tasks:
        exchange = Exchange(
            site=site_of(settings, options.server),
            web=web,
            tasks=tasks,
            account_sid=settings.twilio_account_sid or new_sid("AC"),
            people=people,
            speak=speak,
            conditions=options.conditions,
            tell=_teller() if options.calls == 1 and not options.as_json else lambda line: None,
            on_outbound=lambda call: placed.append(
                replace(result_of(call), caller=call.who.called)
            ),
        )
        if listening is not None:
            token = settings.twilio_auth_token.get_secret_value()
            tasks.start_soon(serve_cloud, Cloud(exchange, token), listening)
            exchange.tell(f"Twilio's REST API: OFFHOOK_TWILIO_API=http://127.0.0.1:{options.cloud}")
        if script is not None and not script.turns:
            await _until_interrupted()
            results = placed
        else:
            results = await _place(exchange, plan, options.calls)
        tasks.cancel_scope.cancel()
    return results, plan


async def _prepare(
    options: CallOptions, script: Script | None, speak: Speak | None
) -> tuple[Plan, dict[str, Callee]]:
    people: dict[str, Callee] = {}
    if script is None or speak is None:  # a script is not read without a voice
        plan = plan_of_recording(options.script)
    else:
        plan = await plan_of(script, options.script.parent, speak)
        people = await people_of(script, options.script.parent, speak)
    return replace(plan, number=options.number, called=options.called), people


async def _heard(results: list[CallResult], plan: Plan, asr: Asr | None) -> list[CallResult]:
    if asr is None:
        return results
    return [await listen(result, asr, plan) for result in results]


async def _until_interrupted() -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            return


def _listen(settings: Settings, options: CallOptions) -> socket.socket | None:
    if options.cloud is None:
        return None
    if not settings.twilio_account_sid or not settings.twilio_auth_token.get_secret_value():
        raise SettingsError(
            "--cloud needs an account to check: set OFFHOOK_TWILIO_ACCOUNT_SID and"
            " OFFHOOK_TWILIO_AUTH_TOKEN to anything, for the server too"
        )
    try:
        return socket.create_server(("127.0.0.1", options.cloud))
    except OSError as error:
        raise SettingsError(
            f"--cloud {options.cloud}: {error.strerror}: choose another port"
        ) from error


def _is_script(path: Path) -> bool:
    return path.suffix.lower() in SCRIPTS


def try_conformance(settings: Settings, options: CallOptions, console: Console) -> ExitCode:
    """Try the protocol's facts on the server; print each; returns how to end."""
    findings = anyio.run(_examine, settings, options, console, backend="asyncio")
    if options.as_json:
        print(json.dumps([asdict(finding) for finding in findings], indent=2))
    broken = sum(bool(finding.broken) for finding in findings)
    return ExitCode.PROBLEM if broken else ExitCode.OK


async def _examine(settings: Settings, options: CallOptions, console: Console) -> list[Finding]:
    async with real_web() as web:
        site = site_of(settings, options.server)
        account = settings.twilio_account_sid or new_sid("AC")
        probe = Probe(site, web, account, VOICE_PATH, options.called, STATUS_PATH)
        return await examine(probe, lambda one: None if options.as_json else _show(one, console))


def _show(finding: Finding, console: Console) -> None:
    state, colour = ("broken", "red") if finding.broken else ("holds", "green")
    if finding.skipped:
        state, colour = "skipped", "yellow"
    line = Text(f"{state:8}", style=colour).append(finding.name, style="default")
    if why := finding.broken or finding.skipped:
        line.append(f": {why}", style="default")
    console.print(line, soft_wrap=True)


async def _place(exchange: Exchange, plan: Plan, count: int) -> list[CallResult]:
    if count == 1:
        return [await place_call(exchange, plan)]
    over: list[CallResult] = []
    with Console(stderr=True).status(f"{count} calls begin") as status:

        def ended(result: CallResult) -> None:
            over.append(result)
            status.update(f"{len(over)} of {count} calls are over")

        return await place_calls(exchange, plan, count, ended)


def _teller() -> Callable[[str], None]:
    console = Console(stderr=True)
    return lambda line: console.print(Text(line, style="dim"), soft_wrap=True)


def _load_voice(settings: Settings, script: Script | None) -> Speak | None:
    """Return the voice of scripted callers and of Twilio's Say; recorded callers do without."""
    engine = settings.model_copy(update={"tts_engine": "hibari", "tts_voice": ""})
    with suppress(*(() if script is not None else (VoiceError, ModelError))):
        return partial(_speak, load_tts(tts_options(engine, Voice())))
    return None


async def _speak(tts: Tts, text: str) -> Int16:
    pieces = []
    async with aclosing(tts.synthesize(text)) as spoken:
        async for frame in spoken:
            pieces.append(frame.samples)
    return to_phone_rate(pieces) if pieces else np.zeros(0, np.int16)


def _load_ears(settings: Settings, script: Script | None, options: CallOptions) -> Asr | None:
    """Return what hears the calls: needed where a script says what must be heard."""
    needed = script is not None and any(turn.hear for turn in script.turns)
    if not needed and (not options.transcript or options.calls > 1):
        return None
    with suppress(*(() if needed else (VoiceError, ModelError))):
        return load_asr(asr_options(settings))
    return None


def _sound_path(out: Path, result: CallResult, *, alone: bool) -> Path:
    """Return where one call's sound goes; of several each has its caller's number in the name."""
    return out if alone else out.with_name(f"{out.stem}-{result.caller}{out.suffix}")


def show_call(result: CallResult, plan: Plan, console: Console) -> None:
    """Print one call as its caller lived it."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    table.add_column(overflow="fold")
    for index, turn in enumerate(result.turns):
        if turn.cue >= 0 or turn.end:
            table.add_row(f"{turn.start:.1f}", "caller", _said(turn, plan))
        notes = _notes(turn)
        words = result.heard[index] if result.heard else ""
        answer = Text(words or ("(not transcribed)" if turn.reply_ms is not None else ""))
        table.add_row("", "assistant", answer.append(f"  {notes}", style="dim"))
    console.print(table)
    for step in result.steps:
        console.print(Text(f"{step.at:.1f}  {step.verb}: {step.what}", style="dim"), soft_wrap=True)
    for line in problems(result):
        console.print(Text(line, style="red"), soft_wrap=True)
    line = f"{result.seconds:.1f} s; reply after {_percentiles(reply_times([result]))}"
    if silences := silence_times([result]):
        line += f"; silent after an interruption within {_percentiles(silences)}"
    console.print(Text(line, style="bold"), soft_wrap=True)


def show_calls(results: Sequence[CallResult], console: Console) -> None:
    """Print many calls as a table, the worst first."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("caller", "seconds", "turns", "reply p50", "worst ms", "underruns", "problems"):
        table.add_column(title, justify="right")
    for result in sorted(results, key=lambda one: -max(reply_times([one]), default=0.0)):
        times = reply_times([result])
        table.add_row(
            result.caller,
            f"{result.seconds:.1f}",
            str(len(result.turns) - 1),
            f"{np.percentile(times, 50):.0f}" if times else "",
            f"{max(times):.0f}" if times else "",
            str(len(result.underruns)),
            "; ".join(problems(result)),
        )
    console.print(table)
    failed = sum(not result.succeeded for result in results)
    line = (
        f"{len(results)} calls, {failed} failed; reply after {_percentiles(reply_times(results))}"
    )
    if silences := silence_times(results):
        line += f"; silent after an interruption within {_percentiles(silences)}"
    console.print(Text(line, style="bold"), soft_wrap=True)


def problems(result: CallResult) -> list[str]:
    """Say what went wrong, one line each."""
    lines = [str(violation) for violation in result.violations]
    lines += [f"not heard: {words}" for words in result.missing]
    if not result.streams:
        lines.append("no media stream was opened")
    if result.underruns:
        gap = max(underrun.seconds for underrun in result.underruns)
        lines.append(f"choppy: {len(result.underruns)} gaps in speech, up to {gap * 1000:.0f} ms")
    if result.lag_seconds > LAG_SECONDS:
        lines.append(
            f"this machine is too busy to measure: the emulator's own clock was"
            f" {result.lag_seconds * 1000:.0f} ms late"
        )
    return lines


def reply_times(results: Sequence[CallResult]) -> list[float]:
    """Return all turns' reply times in ms, without those of greetings."""
    turns = [turn for result in results for turn in result.turns[1:]]
    return [turn.reply_ms for turn in turns if turn.reply_ms is not None]


def silence_times(results: Sequence[CallResult]) -> list[float]:
    """Return the times in ms from an interruption to silence."""
    turns = [turn for result in results for turn in result.turns]
    return [turn.silence_ms for turn in turns if turn.silence_ms is not None]


def _said(turn: Turn, plan: Plan) -> str:
    if 0 <= turn.cue < len(plan.cues):  # of somebody who was called, the script is not here
        cue = plan.cues[turn.cue]
        return cue.words or f"(keys {cue.keys})"
    return f"(keys {turn.keys})" if turn.keys else f"({turn.end - turn.start:.1f} s of speech)"


def _notes(turn: Turn) -> str:
    notes = []
    if turn.interrupts and turn.silence_ms is None:
        notes.append("spoke on")
    elif turn.interrupts:
        notes.append(f"silent after {turn.silence_ms:.0f} ms")
    if turn.reply_ms is not None:
        notes.append(f"{turn.reply_ms:.0f} ms")
    return ", ".join(notes) or "nothing"


def _percentiles(times: Sequence[float]) -> str:
    if not times:
        return "… never"
    middle, high = np.percentile(times, [50, 95])
    return f"{middle:.0f} ms p50, {high:.0f} ms p95, {max(times):.0f} ms worst"
