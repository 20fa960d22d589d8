"""The command `call`: an emulated Twilio with a caller. Its work is in `cli_emulator`."""

# ruff: noqa: PLR0913, PLR0917 - a command has as many arguments as options

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from telephony.cli_errors import ExitCode
from telephony.cli_options import Json, epilog

CALL_EPILOG = epilog(
    "offhook serve --insecure-local                     [dim]in another terminal[/]",
    "offhook call tests/clips/order_status.wav --out ear.wav",
    "offhook call script.yaml --loss 5 --jitter 60 --reorder 2 --duplicate 2 --echo -10",
    "offhook call script.yaml --calls 8 --json > calls.json",
    "offhook call --conformance --server http://127.0.0.1:8000",
    more="It posts the voice webhook, obeys the TwiML, streams media, plays what it gets on its"
    " own clock, and measures at the caller's ear. A YAML script says what the caller does and"
    " must hear; a recording takes turns. With OFFHOOK_TWILIO_AUTH_TOKEN and OFFHOOK_PUBLIC_URL"
    " as the server has them, requests are signed. docs/emulator.md explains it all. It ends"
    " with 7 when something was not heard, or the server broke Twilio's rules.",
)


def call(
    script: Annotated[
        Path | None,
        typer.Argument(metavar="SCRIPT|WAV", help="What the caller does: YAML, or a recording."),
    ] = None,
    server: Annotated[
        str, typer.Option(metavar="URL", help="Where the server is reached.")
    ] = "http://127.0.0.1:8000",
    number: Annotated[str, typer.Option("--from", metavar="NUMBER", help="The caller's.")] = (
        "+15550001111"
    ),
    called: Annotated[str, typer.Option("--to", metavar="NUMBER", help="The one they dial.")] = (
        "+15559990000"
    ),
    calls: Annotated[int, typer.Option(min=1, help="So many at once, from as many numbers.")] = 1,
    loss: Annotated[float, typer.Option(min=0, max=100, help="% of packets that are lost.")] = 0,
    jitter: Annotated[float, typer.Option(min=0, help="ms that a packet is late at most.")] = 0,
    reorder: Annotated[float, typer.Option(min=0, max=100, help="% that come after the next.")] = 0,
    duplicate: Annotated[float, typer.Option(min=0, max=100, help="% that come twice.")] = 0,
    echo: Annotated[
        float | None, typer.Option(help="dB: the caller's microphone hears the assistant, at -10.")
    ] = None,
    noise: Annotated[
        float | None, typer.Option(help="dB of the caller's voice above the noise around, like 20.")
    ] = None,
    drop_after: Annotated[
        float | None, typer.Option(metavar="S", help="Lose the line after so many seconds.")
    ] = None,
    max_seconds: Annotated[float, typer.Option(help="The caller hangs up then.")] = 600.0,
    seed: Annotated[int, typer.Option(help="Of all chance.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the call: WAV, mouth left, ear right."),
    ] = None,
    transcript: Annotated[
        bool, typer.Option(help="Write down what one caller hears, where the ASR model is here.")
    ] = True,
    cloud: Annotated[
        int | None,
        typer.Option(metavar="PORT", help="Answer there as Twilio's REST API on this machine."),
    ] = None,
    conformance: Annotated[
        bool, typer.Option("--conformance", help="Try the protocol's facts; needs no SCRIPT.")
    ] = False,
    as_json: Json = False,
) -> ExitCode:
    """Call a server as Twilio and a caller would."""
    from telephony.cli_emulator import CallOptions, call_server, try_conformance
    from telephony.far_end.exchange import Conditions
    from telephony.far_end.network import Impairments
    from telephony.settings import load_settings

    network = Impairments(loss / 100, jitter / 1000, reorder / 100, duplicate / 100, seed)
    conditions = Conditions(network, echo, noise, drop_after, max_seconds)
    if script is None and not conformance:
        raise typer.BadParameter("name a script or a recording, or add --conformance")
    options = CallOptions(
        script or Path(), server, number, called, calls, conditions, out, as_json, transcript, cloud
    )
    if conformance:
        return try_conformance(load_settings(), options, Console())
    return call_server(load_settings(), options, Console())
