"""The command `chat`: a conversation by text. Its work is in `chatting`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from telephony.cli_options import Assistant, epilog

CHAT_EPILOG = epilog(
    "offhook chat",
    "offhook chat -v --assistant my-shop/          # what it understood, where it stands",
    "printf 'where is my order\\n15213\\nyes\\n' | offhook chat -v",
    "offhook chat --script caller.txt              # what a caller says, line by line",
    more="What answers is what answers the phone: the same understanding, flows and answers. An"
    " empty line is a caller who says nothing; /press 1 is a key, /state tells where it stands,"
    " /repeat prints the last reply again, /quit or ctrl-D hangs up. Orders are the sample tables,"
    " fresh each time; with --keep they are those of OFFHOOK_DATABASE, and changes stay.",
)


def chat(
    assistant: Assistant = None,
    verbose: Annotated[
        bool, typer.Option("-v", help="Show of every reply what led to it, and how long it took.")
    ] = False,
    caller: Annotated[
        str, typer.Option(metavar="NUMBER", help="Who calls: the conversation's name in --keep.")
    ] = "",
    script: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Take the caller's lines from here; # comments."),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep changes and history in OFFHOOK_DATABASE.")
    ] = False,
) -> None:
    """Talk with the assistant by text, here in the terminal."""
    from telephony.chatting import ChatOptions, hold
    from telephony.settings import load_settings

    options = ChatOptions(verbose, caller, script, keep)
    hold(load_settings(assistant=assistant), options, Console())
