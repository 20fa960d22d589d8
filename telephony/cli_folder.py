"""The commands `new` and `check`: begin an assistant's folder, and find what is wrong with it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from telephony.cli_errors import ExitCode
from telephony.cli_options import Assistant, Json, epilog

NEW_EPILOG = epilog(
    "offhook new my-shop",
    "offhook new my-shop --from retail",
    more="starter is small and explains itself: change it piece by piece. retail is a whole shop.",
)
CHECK_EPILOG = epilog(
    "offhook check my-shop/",
    "offhook check my-shop/ --json",
    more="Every fault has its file, its line, and what to do; with faults it ends with 1. Warnings"
    " are apart: the assistant works, but should be better.",
)


class Template(StrEnum):
    """Assistants that ship."""

    STARTER = "starter"
    RETAIL = "retail"


def new(
    name: Annotated[Path, typer.Argument(metavar="NAME", help="The folder to make.")],
    template: Annotated[
        Template, typer.Option("--from", help="Which assistant to begin with.")
    ] = Template.STARTER,
) -> None:
    """Begin an assistant of your own: copy a small complete one."""
    from telephony.folders import begin

    begin(name, template.value, Console())


def check(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Its folder, if not the shipped one.")
    ] = None,
    named: Assistant = None,
    as_json: Json = False,
) -> ExitCode:
    """Find everything that is wrong in an assistant's folder, and say how to mend it."""
    from telephony.folders import inspect
    from telephony.settings import load_settings

    return inspect(load_settings(assistant=named or folder).assistant, as_json, Console())
