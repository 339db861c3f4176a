"""`nas ui`"""

from __future__ import annotations

from typing import Annotated

import typer

from nas.cli.options import console


def ui(
    tracking_uri: Annotated[str | None, typer.Option(help="MLflow store. By default sqlite under results/.")] = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 5000,
) -> None:
    """Review all searches in the MLflow UI, on this machine only. Ctrl-C ends it."""
    from nas.tracking import serve

    serve(tracking_uri, port, lambda text: console.print(text, soft_wrap=True, markup=False, highlight=False))
