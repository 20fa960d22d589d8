"""`offhook kb`: import, check and ask what an assistant knows."""

# ruff: noqa: PLR0913, PLR0917 - a command has as many arguments as options

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from telephony.cli_errors import ExitCode
from telephony.cli_options import Assistant, epilog

kb_app = typer.Typer(
    help="Import, check and ask what an assistant knows: answers, documents, a graph.",
    no_args_is_help=True,
)


@kb_app.command(
    "import",
    epilog=epilog(
        "offhook kb import policy.md                            # a document",
        "offhook kb import answers.csv                          # columns question,answer[,also]",
        "offhook kb import parts.csv --class shop:Accessory --link fits",
        "offhook kb import catalog.ttl                          # also .nt, .rdf, .jsonld",
        more="The first column of a table names a thing, the others are relations. It is checked"
        " first; a file with a mistake changes nothing.",
    ),
)
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="CSV, JSON, RDF or .md.")],
    assistant: Assistant = None,
    kind: Annotated[str, typer.Option("--class", help="Of the things, like shop:Product.")] = "",
    columns: Annotated[str, typer.Option(help="To take of the table, like price,stock.")] = "",
    link: Annotated[str, typer.Option(help="Columns that name other things.")] = "",
    into: Annotated[str, typer.Option(metavar="PATH", help="In the folder.")] = "",
) -> None:
    """Take tables, RDF and documents into the assistant's folder."""
    from dialogue.knowledge.importing import Mapped, import_file

    mapped = Mapped(kind, _listed(columns), _listed(link), into)
    folder = _folder(assistant)
    for file in files:
        written = import_file(file, folder, mapped)
        Console().print(f"{file}: is in {written} now", highlight=False, soft_wrap=True)


@kb_app.command("check", epilog=epilog("offhook kb check", "offhook kb check my-shop/"))
def check(
    assistant: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Its folder, if not the shipped one.")
    ] = None,
) -> ExitCode:
    """Name every fault in the answers, documents, graph and questions."""
    from dialogue.folder import check_knowledge
    from dialogue.identity import Identity, all_facts
    from dialogue.reading import read_toml

    folder, out = _folder(assistant), Console()
    facts = all_facts(read_toml(folder / "assistant.toml").validate(Identity))
    faults = check_knowledge(folder, facts)
    for fault in faults:
        out.print(str(fault), highlight=False, markup=False, soft_wrap=True)
    if faults:
        return ExitCode.BAD_INPUT
    out.print(f"{folder}: nothing is wrong", highlight=False, soft_wrap=True)
    return ExitCode.OK


@kb_app.command(
    "ask",
    epilog=epilog(
        "offhook kb ask 'does the warranty cover the bulb of the desk lamp?'",
        "offhook kb ask -v 'is my battery covered?' --bought 'desk lamp=2025-08-14'",
    ),
)
def ask(
    questions: Annotated[list[str], typer.Argument(metavar="TEXT…", help="A caller's question.")],
    assistant: Assistant = None,
    verbose: Annotated[bool, typer.Option("-v", help="What else was near, with scores.")] = False,
    bought: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=DAY", help="What the caller has bought, and when."),
    ] = None,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Warranties end by it.")
    ] = None,
) -> None:
    """Answer questions, and say where the answer stands."""
    from dialogue.assistant import load_assistant
    from dialogue.knowledge import Known, Purchase, load_knowledge
    from telephony.cli_knowledge import print_answer
    from telephony.settings import load_settings

    settings = load_settings(assistant=assistant)
    loaded = load_assistant(_folder(settings.assistant))
    purchases = tuple(Purchase(name, day) for name, day in map(_purchase, bought or ()))
    known = Known(today.date() if today else date.today(), purchases)
    knowledge = load_knowledge(loaded.library, settings.graph_endpoint)
    for question in questions:
        print_answer(question, knowledge.find(question, known), loaded.facts, verbose, Console())


def _folder(assistant: Path | None) -> Path:
    from dialogue.assistant import default_assistant
    from telephony.settings import load_settings

    return load_settings(assistant=assistant).assistant or default_assistant()


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _purchase(text: str) -> tuple[str, date]:
    name, _, day = text.partition("=")
    try:
        return name, date.fromisoformat(day)
    except ValueError as error:
        raise typer.BadParameter(f"'{text}' is not like 'desk lamp=2025-08-14'") from error
