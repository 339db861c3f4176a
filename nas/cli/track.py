"""`nas track`"""

from __future__ import annotations

from typing import Annotated

import typer

from nas.cli.options import Directory, console


def track(
    directory: Directory,
    tracking_uri: Annotated[
        str | None, typer.Option(help="MLflow store. By default the search's, or sqlite under results/.")
    ] = None,
) -> None:
    """Write a search, ended or running, into an MLflow store, once: what is there already is left alone."""
    from nas.report.search_result import open as open_search
    from nas.tracking import record

    opened = open_search(directory)
    assert opened.stored is not None  # noqa: S101 - for the type checker
    uri, anything = record(opened, opened.stored, tracking_uri)
    said = f"{len(opened.candidates)} trials written to" if anything else "Everything is there already:"
    console.print(f"{said} {uri}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"Look at it: nas ui --tracking-uri {uri}", markup=False, highlight=False, soft_wrap=True)
