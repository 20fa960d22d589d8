"""`offhook serve`: the phone line."""

import signal
import time
from contextlib import suppress
from functools import partial

import anyio
from anyio import create_task_group, open_signal_receiver
from rich.console import Console
from rich.text import Text

from telephony.cli_errors import ExitCode, say_error
from telephony.compose import live, load_parts
from telephony.console import summary
from telephony.server import Server, listen, make_service
from telephony.service import Service
from telephony.sessions import Session
from telephony.settings import Settings

CONSOLE = (
    ("/twilio/voice", "a call comes in, and the primary handler fails"),
    ("/twilio/status", "call status changes"),
    ("/twilio/message", "a message comes in"),
)
"""What to enter for a number: our paths, and Twilio's words for when it asks them."""


class LastingConsole(Console):
    """A console that falls silent when nobody reads it any more; others end the process."""

    def on_broken_pipe(self) -> None:
        """Go on: calls are in progress."""
        with suppress(SystemExit):
            super().on_broken_pipe()


def serve(settings: Settings, insecure_local: bool, console: Console) -> ExitCode:
    """Answer phone calls until a signal; returns how to end."""
    listening = listen(settings, insecure_local)
    try:
        address = listening.getsockname()[:2]
        service = make_service(settings, address, insecure_local, partial(print_call, console))
        for line in announcement(service, address):
            console.print(line, soft_wrap=True, highlight=False)
        return anyio.run(_serve, Server(service, listening), settings, console)
    finally:
        listening.close()


def announcement(service: Service, address: tuple[str, int]) -> list[str]:
    """Return what whoever starts the server should know: where it is, and what is off."""
    settings = service.settings
    lines = [f"{service.assistant.name} listens on http://{address[0]}:{address[1]}"]
    if service.guard.insecure_local:
        lines.append("signatures are not checked (--insecure-local): for this machine alone")
    elif not settings.twilio_auth_token.get_secret_value():
        lines.append(
            "off: every call, as nothing tells Twilio from others; set OFFHOOK_TWILIO_ACCOUNT_SID"
            " and OFFHOOK_TWILIO_AUTH_TOKEN, or try it here with --insecure-local"
        )
    if settings.public_url:
        lines.append("in Twilio's console, as HTTP POST:")
        lines += [f"  {service.url(path)}  {when}" for path, when in CONSOLE]
    elif not service.guard.insecure_local:
        lines.append("off: calls from Twilio, which does not know the way; set OFFHOOK_PUBLIC_URL")
    return lines


async def _serve(server: Server, settings: Settings, console: Console) -> ExitCode:
    began = time.perf_counter()

    def loaded(failure: str) -> None:
        if failure:
            say_error(f"{failure} (until it is mended callers get a person, or voicemail)")
        else:
            took = time.perf_counter() - began
            console.print(
                f"ready after {took:.1f} s; ctrl-C lets calls in progress end", style="bold"
            )

    async with create_task_group() as tasks:
        cut = anyio.Event()
        tasks.start_soon(_obey_signals, server, cut, console)
        await server.run(partial(load_parts, settings, live(settings)), loaded)
        tasks.cancel_scope.cancel()
    return ExitCode.INTERRUPTED if cut.is_set() else ExitCode.OK


async def _obey_signals(server: Server, cut: anyio.Event, console: Console) -> None:
    """Drain at the first signal; at the second set `cut` and stop."""
    async with create_task_group() as tasks:
        with open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for _ in signals:
                if server.draining:
                    cut.set()
                    await server.stop()
                else:
                    console.print("no new calls; those in progress go on; once more ends them")
                    tasks.start_soon(server.drain)


def print_call(console: Console, session: Session) -> None:
    """Print a call that is over; no word of the caller, and not their number."""
    line = Text(f"{session.call_sid[:2]}…{session.call_sid[-6:]}  ", "dim")
    console.print(line.append(summary(session.record), "bold"), soft_wrap=True)
