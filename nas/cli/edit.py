"""`nas edit`"""

from __future__ import annotations

from typing import Annotated

import typer

from nas.cli.options import Directory, console


def edit(
    directory: Directory,
    ban: Annotated[
        list[str] | None,
        typer.Option(
            help="No network with this cell, e.g. [bold]Transformer[/], or value, e.g. [bold]conv.kernel=7[/]. "
            "Repeatable."
        ),
    ] = None,
    pin: Annotated[
        list[str] | None,
        typer.Option(help="Only networks with this value, e.g. [bold]stem.width=32[/], or one of several. Repeatable."),
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Free what was banned and pinned before.")] = False,
    budget: Annotated[
        str, typer.Option(help="More of it, e.g. [bold]+1h[/] or [bold]'+50 trials'[/], or a new one: [bold]2h[/].")
    ] = "",
    stop_at: Annotated[str, typer.Option(help="End the search phase at this validation score, or [bold]none[/].")] = "",
    patience_trials: Annotated[
        str, typer.Option(help="End it after so many trainings without a better best, or [bold]none[/].")
    ] = "",
) -> None:
    """Change a search from now on: one that runs, or one that is to be resumed.

    Trials of before stay. What is ruled out cannot win any more, and still teaches the predictor.

    [dim]Example:[/]

    nas edit DIRECTORY --ban Transformer --pin stem.width=32 --budget +1h
    """
    from nas.steering.edits import edit as change

    said = change(
        directory,
        ban=ban or (),
        pin=pin or (),
        clear=clear,
        budget=budget,
        stop_at=stop_at,
        patience_trials=patience_trials,
    )
    console.print(said, markup=False, highlight=False, soft_wrap=True)
