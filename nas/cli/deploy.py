"""`nas deploy`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nas.cli.options import console


def deploy(
    name: Annotated[str, typer.Option(help="Of the registered model.")],
    directory: Annotated[
        Path | None,
        typer.Argument(help="Of a search with a winner, or of an export.", show_default=False),
    ] = None,
    alias: Annotated[str, typer.Option(help="That is to point at it.")] = "champion",
    version: Annotated[
        int | None, typer.Option(help="Point the alias at this version instead, e.g. to go back.")
    ] = None,
    tracking_uri: Annotated[
        str | None, typer.Option(help="MLflow store. By default the search's, or sqlite under results/.")
    ] = None,
) -> None:
    """Register a winner in MLflow, to be served: it answers raw rows with class names and probabilities."""
    from nas.tracking import deploy as register

    made = register(directory, name, alias, tracking_uri, version)
    was = f" (was version {made.before})" if made.before and made.before != made.version else ""
    console.print(
        f"[bold green]{made.name}[/] version {made.version} is {made.alias}{was}.", highlight=False, soft_wrap=True
    )
    for line in (
        f"Serve it: MLFLOW_TRACKING_URI={made.store} mlflow models serve -m {made.uri} --env-manager local --port 5001",
        "Ask it:   curl http://127.0.0.1:5001/invocations -H 'Content-Type: application/json' "
        "-d '{\"inputs\": [ROW, …]}'",
        f"Go back:  nas deploy --name {made.name} --alias {made.alias} --version N",
    ):
        console.print(line, highlight=False, soft_wrap=True, markup=False)
