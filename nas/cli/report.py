"""`nas report`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nas.cli.options import Directory, console


def report(
    directory: Directory,
    out: Annotated[
        Path | None, typer.Option(help="The file. By default report.html in the search's directory.")
    ] = None,
) -> None:
    """Write a search as one HTML page that needs nothing beside itself; also while it runs."""
    from nas.errors import InputError
    from nas.report.page import write_page
    from nas.report.search_result import open as opened

    found = opened(directory)
    assert found.stored is not None  # noqa: S101 - for the type checker
    try:
        path = write_page(found.stored, found, out)
    except OSError as error:
        raise InputError(f"The page cannot be written: {error}. Name another file: --out FILE.") from None
    console.print(f"Written: {path}", soft_wrap=True, markup=False, highlight=False)
