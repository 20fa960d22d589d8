"""What the command line's parts share: panels of the help, common options."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

CALLS, ALONE, SETUP = "Answer calls", "Try a part alone", "Set up"

Assistant = Annotated[
    Path | None,
    typer.Option("--assistant", "-a", metavar="DIR", help="Its folder; or retail, clinic."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


class Learns(StrEnum):
    """What of the encoder learns, besides the heads."""

    ADAPTER = "adapter"
    TOP = "top"
    WHOLE = "whole"


def epilog(*examples: str, more: str = "") -> str:
    """Return what stands below a command's help; typer keeps the line breaks."""
    return "\n".join([*([more, ""] if more else []), "[bold]Examples[/]", *examples])
