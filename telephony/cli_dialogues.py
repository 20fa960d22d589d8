"""The command `eval dialogue`. Its work is in `rehearsing`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from telephony.cli_errors import ExitCode
from telephony.cli_options import Assistant, Json, epilog

EVAL_DIALOGUE_EPILOG = epilog(
    "offhook eval dialogue tests/dialogues",
    "offhook eval dialogue --assistant my-shop/          # its own dialogues/*.yaml",
    "offhook eval dialogue my-shop/dialogues/orders.yaml --json",
    more="docs/dialogues.md explains the files. The real understanding hears text, the day is the"
    " file's, and every dialogue has fresh sample tables. It ends with 1 when one failed.",
)


def eval_dialogue(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILES", help="YAML, or folders; if not the assistant's dialogues/"),
    ] = None,
    assistant: Assistant = None,
    as_json: Json = False,
) -> ExitCode:
    """Play scripted dialogues, and tell which went as they should."""
    from telephony.rehearsing import rehearse
    from telephony.settings import load_settings

    return rehearse(load_settings(assistant=assistant), files or [], as_json, Console())
