"""`nas evolve`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nas.cli.data_flags import with_data_flags
from nas.cli.options import DATA_HELP, console
from nas.cli.output import tell_outcome
from nas.config.data_options import DataOptions


@with_data_flags
def evolve(
    champion: Annotated[
        str, typer.Argument(help="A search or an export, a registered model, or your own network as module:attribute.")
    ],
    options: DataOptions,
    data: Annotated[str, typer.Option(help=DATA_HELP)],
    budget: Annotated[str, typer.Option(help="As of [bold]nas search[/].")] = "10m",
    alias: Annotated[str, typer.Option(help="Of the registered model that names its champion.")] = "champion",
    space: Annotated[str, typer.Option(help="To search; by default the champion's, or by the data.")] = "auto",
    directory: Annotated[
        Path | None, typer.Option(help="Where the search is kept. By default a new one under results/searches.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same decisions.")] = 0,
    executor: Annotated[
        str, typer.Option(help="[bold]ray[/]: many trainings at once. [bold]local[/]: one, in this process.")
    ] = "auto",
    tracking_uri: Annotated[
        str | None,
        typer.Option(help="MLflow store of the champion and of the search. By default sqlite under results/."),
    ] = None,
) -> None:
    """Search for a network that beats a deployed one; it takes the place only where a paired test says so."""
    import nas
    from nas.records.verdict import TOO_FEW
    from nas.report.progress import Progress

    found = nas.evolve(
        champion, data, budget, alias=alias, options=options, space=space, tracking_uri=tracking_uri,
        observers=[Progress(console)], say=_print, directory=directory, seed=seed, executor=executor,
    )  # fmt: skip
    tell_outcome(console, found.result, lambda document: None, as_json=False, quiet=False)
    if found.verdict.kind == TOO_FEW:
        _print(f"No gain found: {found.verdict.sentence}. The champion stays.")
    elif not found.better:
        _print(f"No gain found: the challenger is {found.verdict.sentence}. The champion stays.")
    elif found.version:
        _print(
            f"The challenger is {found.verdict.sentence}. It is {alias} of {champion} now, as version {found.version}."
        )
    else:
        _print(
            f"The challenger is {found.verdict.sentence}. Put it in place: nas deploy {found.result.directory} --name …"
        )


def _print(text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
