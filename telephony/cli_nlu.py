"""The commands about understanding: `train nlu`, `understand`, `eval nlu`."""

# ruff: noqa: PLR0913, PLR0917 - a command has as many arguments as options

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from telephony.cli_options import Assistant, Learns, epilog

train_app = typer.Typer(help="Train what an assistant has of its own.", no_args_is_help=True)
eval_app = typer.Typer(help="Measure what an assistant has learned.", no_args_is_help=True)

UNDERSTAND_EPILOG = epilog(
    "offhook understand 'where is order one five two one three'",
    "offhook understand -v 'the blue one broke'      # which words decided",
    "offhook understand 'fifteen two thirteen' --waiting-for order_number",
)


@train_app.command(
    "nlu",
    epilog=epilog(
        "offhook train nlu my-shop/",
        "offhook train nlu --assistant my-shop/ --epochs 60 --seed 3",
        "offhook train nlu my-shop/ --run out/my-shop   # TensorBoard logs; goes on if broken off",
        "offhook train nlu my-shop/ --teachers 4 --device cuda",
        more="Minutes on two cores. Stops by itself when the held back examples get no better;"
        " the same examples and seed give the same model. The report is in the folder's nlu/.",
    ),
)
def train_nlu(
    assistant: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="The assistant's folder, if not the shipped one."),
    ] = None,
    named: Assistant = None,
    epochs: Annotated[int | None, typer.Option(help="At most.", min=1)] = None,
    seed: Annotated[int | None, typer.Option(help="Another one gives another model.")] = None,
    learns: Annotated[
        Learns, typer.Option(help="What of the encoder learns: an adapter is 3 MB, the whole 22.")
    ] = Learns.ADAPTER,
    teachers: Annotated[
        int,
        typer.Option(help="Trained first and followed: each takes as long as the model.", min=0),
    ] = 0,
    hold_back: Annotated[
        float, typer.Option(help="Share of the examples that judges instead of teaching.")
    ] = 0.2,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep logs and checkpoints here.")
    ] = None,
) -> None:
    """Teach the understanding what intents.yaml says."""
    from telephony.cli_train import options_of
    from telephony.cli_train import train_nlu as train
    from telephony.settings import load_settings

    folder = load_settings(assistant=named or assistant).assistant
    options = replace(
        options_of(epochs, seed, learns, device), teachers=teachers, development=hold_back
    )
    train(folder, options, run, Console())


def understand(
    sentences: Annotated[list[str], typer.Argument(metavar="TEXT…", help="What a caller says.")],
    assistant: Assistant = None,
    verbose: Annotated[
        bool, typer.Option("-v", help="What else it could be, and which words decided.")
    ] = False,
    waiting_for: Annotated[str, typer.Option(help="The slot that was asked for, or yes_no.")] = "",
) -> None:
    """Show what the assistant understands: intents, slots with values, sentiment."""
    from dialogue.assistant import default_assistant
    from telephony.cli_understand import understand as show
    from telephony.settings import load_settings

    folder = load_settings(assistant=assistant).assistant or default_assistant()
    show(folder, sentences, waiting_for, verbose, Console())


@eval_app.command(
    "nlu",
    epilog=epilog(
        "offhook eval nlu --data calls.jsonl",
        "offhook eval nlu --assistant my-shop/ --data held-out.yaml --report out/nlu.json",
        more="DATA is YAML like intents.yaml, CSV with the columns text,intent, or JSON lines such"
        ' as {"text": "where is 15213", "intent": "order_status",'
        ' "slots": [{"name": "order_number", "start": 9, "end": 14}]}.',
    ),
)
def eval_nlu(
    data: Annotated[Path, typer.Option(metavar="FILE", help="Labelled sentences.")],
    assistant: Assistant = None,
    report: Annotated[Path | None, typer.Option(metavar="FILE", help="JSON with all.")] = None,
    today: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="What “tomorrow” counts from.")
    ] = None,
) -> None:
    """Measure how well an assistant understands sentences that it has not seen."""
    from dialogue.assistant import default_assistant
    from telephony.cli_understand import evaluate
    from telephony.settings import load_settings

    day = today.date() if today else date.today()
    folder = load_settings(assistant=assistant).assistant or default_assistant()
    evaluate(folder, data, report, day, Console())
