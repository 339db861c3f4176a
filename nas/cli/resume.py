"""`nas resume`"""

from __future__ import annotations

from typing import Annotated

import typer

from nas.cli.options import Directory, console
from nas.cli.output import JsonOption, QuietOption, document_only, tell_outcome, watching


def resume(
    directory: Directory,
    budget: Annotated[
        str | None, typer.Option(help="A new budget, or more of the old one, e.g. [bold]+1h[/]; what was spent counts.")
    ] = None,
    accept_changed_code: Annotated[
        bool, typer.Option("--accept-changed-code", help="Go on with your own cells as their code is now.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Go on with a search that was interrupted, killed, or given more budget. Nothing finished is repeated."""
    import nas

    with document_only(as_json) as document:
        observer = watching(console, as_json, quiet)
        result = nas.resume(directory, budget=budget, observers=[observer], accept_changed_code=accept_changed_code)
        tell_outcome(console, result, document, as_json, quiet)
